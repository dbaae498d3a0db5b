"""What the lanes of faulty_upstream.py do to a request: a method for each fault of cases.py, which says whether the connection goes on."""
import asyncio
import gzip
import socket
import struct

BOMB = gzip.compress(b"\0" * (64 << 20))


def chunked(data):
    return b"%x\r\n" % len(data) + data + b"\r\n"


class Exchange:
    def __init__(self, writer, reader, answer, stream, key):
        self.writer, self.reader, self.answer, self.stream, self.key = writer, reader, answer, stream, key

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    def head(self, status=200, *fields, type_=None):
        type_ = type_ or ("text/event-stream" if self.stream else "application/json")
        return ("HTTP/1.1 %d X\r\ncontent-type: %s\r\n%s\r\n" % (status, type_, "".join(field + "\r\n" for field in fields))).encode()

    def body(self, content=True, ending=True):
        """A stream's bytes up to where it is to stop."""
        before, pieces, behind = self.answer.frames()
        return b"".join(before + (pieces if ending else pieces[:max(1, len(pieces) // 2)] if content else []) + (behind if ending else []))

    def whole_or_frames(self):
        return self.body() if self.stream else self.answer.whole()

    def part(self):
        """The right answer, broken off inside its content."""
        if self.stream:
            return self.body(ending=False)
        whole = self.answer.whole()
        return whole[:len(whole) - 40]

    async def framed(self, data, *fields, status=200, type_=None, rest=b""):
        """Streams are sent chunked, whole answers with their length."""
        if self.stream and status == 200 and type_ is None:
            chunk = chunked(data) if data else b""  # an empty one is the last
            await self.send(self.head(status, "transfer-encoding: chunked", *fields) + chunk + b"0\r\n\r\n" + rest)
        else:
            await self.send(self.head(status, "content-length: %d" % len(data), *fields, type_=type_ or "application/json") + data + rest)
        return True

    async def begun(self, data):
        await self.send(self.head(200, "transfer-encoding: chunked") + chunked(data))

    def reset(self):
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
        return False

    async def left(self):
        """Says nothing until the other side leaves."""
        while await self.reader.read(1 << 16):
            pass
        return False

    async def play(self, fault):
        if fault.startswith("error-"):
            if fault[6:].isdigit():
                return await self.framed(self.answer.error("Scripted"), status=int(fault[6:]))
        return await getattr(self, "on_" + fault.replace("-", "_"))()

    # Before or with the head.

    async def on_close(self):
        return False

    async def on_reset(self):
        return self.reset()

    async def on_silent(self):
        return await self.left()

    async def on_garbage(self):
        await self.send(b"\x16\x03\x01\x02\x00SSH-2.0-not-http\r\n\r\n\x00\xff" * 8)
        return False

    async def on_half_head(self):
        await self.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/ev")
        return False

    async def on_huge_header(self):
        return await self.framed(self.whole_or_frames(), "x-huge: " + "a" * (1 << 20))

    async def on_many_headers(self):
        return await self.framed(self.whole_or_frames(), *("x-%d: 1" % number for number in range(5000)))

    async def on_endless_head(self):
        await self.send(b"HTTP/1.1 200 OK\r\n")
        while True:
            await self.send(b"x-more: " + b"a" * 4096 + b"\r\n")

    async def on_endless_interim(self):
        while True:
            await self.send(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" * 50)

    async def on_switch(self):
        await self.send(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n" + b"\x81\x05hello")
        return await self.left()

    async def on_two_framings(self):
        await self.send(self.head(200, "content-length: 5", "transfer-encoding: chunked") + b"0\r\n\r\n")
        return False

    async def on_bad_length(self):
        await self.send(self.head(200, "content-length: -5") + self.whole_or_frames())
        return False

    async def on_huge_length_head(self):
        """More than a number of 64 bits holds."""
        await self.send(self.head(200, "content-length: 99999999999999999999999") + self.whole_or_frames())
        return False

    async def on_redirect(self, status=302):
        return await self.framed(b"", "location: /stolen", status=status)

    async def on_redirect_308(self):
        return await self.on_redirect(308)

    async def on_retry_after(self, seconds=1):
        return await self.framed(self.answer.error("Slow down", "rate_limit_error"), "retry-after: %d" % seconds, status=429)

    async def on_retry_later(self):
        return await self.on_retry_after(600)

    async def on_key_in_error(self):
        """The words of a provider that quotes the key it refuses."""
        return await self.framed(self.answer.error("Incorrect API key provided: %s." % self.key, "authentication_error"), status=401)

    async def on_key_in_failure(self):
        """The same in words that clients are told."""
        return await self.framed(self.answer.error("No quota for %s." % self.key), status=503)

    async def on_page(self):
        return await self.framed(b"<html>Sign in to the hotel's network</html>", type_="text/html")

    async def on_image(self):
        return await self.framed(b"\x89PNG\r\n\x1a\n", type_="image/png")

    async def on_gzip_bomb(self):
        return await self.framed(BOMB, "content-encoding: gzip")

    # Before content.

    async def on_no_content(self):
        """A stream that begins well and is cut; of a whole answer, nothing."""
        if self.stream:
            await self.begun(self.body(content=False, ending=False))
        else:
            await self.send(self.head(200, "content-length: 400"))
        return False

    async def on_empty(self):
        return await self.framed(b"")

    async def on_error_first(self):
        if not self.stream:
            return await self.framed(self.answer.error("Overloaded"))
        return await self.framed(self.answer.frames()[0][0] + self.answer.error_frame())

    async def on_stall_first(self):
        await self.begun(self.body(content=False, ending=False) if self.stream else b"{")
        return await self.left()

    async def on_half_json(self):
        """Half an object, in right framing; of a stream, half of its first frame's."""
        data = self.answer.frames()[0][0] if self.stream else self.answer.whole()
        data = data[:len(data) // 3]
        return await self.framed(data + b"\n\n" if self.stream else data)

    async def on_bad_json(self):
        return await self.framed(b"data: {]}\n\n" if self.stream else b'{"id": nonsense,}')

    # Behind content.

    async def on_cut(self):
        await self.begun(self.part())
        return False

    async def on_cut_reset(self):
        await self.begun(self.part())
        await asyncio.sleep(0.05)  # so that it is read before the reset overtakes it
        return self.reset()

    async def on_no_terminal(self):
        return await self.framed(self.part())

    async def on_stall(self):
        await self.begun(self.part())
        return await self.left()

    async def on_error_event(self):
        if not self.stream:
            return await self.on_cut()
        return await self.framed(self.part() + self.answer.error_frame())

    async def on_key_in_event(self):
        if not self.stream:
            return await self.on_cut()
        return await self.framed(self.part() + self.answer.error_frame("No quota for %s." % self.key))

    async def on_bad_chunk(self):
        await self.send(self.head(200, "transfer-encoding: chunked") + chunked(self.part()) + b"zz\r\nnonsense\r\n0\r\n\r\n")
        return False

    async def on_short(self):
        """Names a length and sends less."""
        data = self.whole_or_frames()
        await self.send(self.head(200, "content-length: %d" % (len(data) + 100)) + self.part())
        return False

    async def on_long(self):
        """Names a length and sends more."""
        await self.send(self.head(200, "content-length: %d" % len(self.part())) + self.whole_or_frames())
        return True

    async def on_garbage_frame(self):
        if not self.stream:
            return await self.on_cut()
        return await self.framed(self.part() + b"data: \xff\xfe{\x00\n\nevent: \x00\ndata: [[[[\n\n")

    async def on_gzip_in_stream(self):
        """A coding nobody was told of, behind good frames."""
        return await self.framed(self.part() + BOMB[:20000])

    # As it should be, if oddly.

    async def on_fine(self):
        return await self.framed(self.whole_or_frames())

    async def on_drip_slowly(self):
        return await self.on_drip(0.03)

    async def on_drip(self, seconds=0.005):
        await self.send(self.head(200, "transfer-encoding: chunked"))
        data = self.whole_or_frames()
        for at in range(0, len(data), max(1, len(data) // 20)):
            await self.send(chunked(data[at:at + max(1, len(data) // 20)]))
            await asyncio.sleep(seconds)
        await self.send(b"0\r\n\r\n")
        return True

    async def on_odd_cuts(self):
        data, size = self.whole_or_frames()[:], 1 + len(self.answer.nonce) % 3
        await self.send(self.head(200, "transfer-encoding: chunked") + b"".join(
            chunked(data[at:at + size]) for at in range(0, len(data), size)) + b"0\r\n\r\n")
        return True

    async def on_interim_100(self):
        await self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        return await self.on_fine()

    async def on_interim_103(self):
        await self.send(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" * 2)
        return await self.on_drip()

    async def on_excess(self):
        """Answers twice: the second answer is nobody's, and must not become the next request's."""
        other = type(self.answer)("nc" + "f" * 14, 3)
        second = Exchange(self.writer, self.reader, other, self.stream, self.key).whole_or_frames()
        return await self.framed(self.whole_or_frames(), rest=b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                                 b"content-length: %d\r\n\r\n" % len(second) + second)

    async def on_closing(self):
        await self.framed(self.whole_or_frames(), "connection: close")
        return False

    async def on_until_close(self):
        await self.send(self.head(200) + self.whole_or_frames())
        return False

    # What no gateway can notice, and every client has to: only where a run asks for it.

    def other(self):
        """An answer to somebody else."""
        return Exchange(self.writer, self.reader, type(self.answer)("nc" + "e" * 14, self.answer.pieces), self.stream, self.key)

    async def on_plant_nonce(self):
        return await self.other().on_fine()

    async def on_plant_spliced(self):
        if not self.stream:
            return await self.on_plant_nonce()
        (before, pieces, behind), others = self.answer.frames(), self.other().answer.frames()[1]
        return await self.framed(b"".join([*before, *pieces[:len(pieces) // 2], *others[len(pieces) // 2:], *behind]))

    async def on_plant_ended_early(self):
        before, pieces, behind = type(self.answer)(self.answer.nonce, self.answer.pieces).frames()
        return await self.framed(b"".join([*before, *pieces[:-1], *behind]) if self.stream else type(self.answer)(self.answer.nonce, self.answer.pieces - 1).whole())

    async def on_plant_hung(self):
        """Goes on with signs of life, and never ends."""
        await self.begun(self.part())
        while not self.reader.at_eof():
            await self.send(chunked(b": alive\n\n" if self.stream else b" "))
            await asyncio.sleep(0.5)
        return False

    async def on_plant_failed(self):
        return await self.framed(self.answer.error("Planted"), status=500)
