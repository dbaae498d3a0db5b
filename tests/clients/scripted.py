"""What scripted upstreams have in common: a server on 127.0.0.1 that records every byte, the choice of a
script, and the oddities of HTTP that are the same in every dialect. A dialect adds its `Answer`.

The script is chosen by what the test put into `once` or `script`, else by the header x-script, else by a
model named `script-NAME`; without any it plays a session: a tool call when the prompt says "run the echo"
and Bash is declared, text otherwise.
One request gives NNNN.request.head, NNNN.request.body, NNNN.answer.body (without framing) in the folder.
"""
import json
import os
import random
import socket
import struct
import sys
import threading

import wire

sys.set_int_max_str_digits(0)  # numbers of 10,000 digits are valid JSON

STREAM = "text/event-stream; charset=utf-8"


class Record:
    """One request that came in, and what was sent for it."""

    def __init__(self, number, head, body):
        self.number, self.head, self.body = number, head, body
        self.answer = b""
        self.script = None
        self.refused = None                   # why the request was found wrong: a message
        self.finished = threading.Event()     # the answer was sent to its end
        self.client_left = threading.Event()  # a held answer's connection was closed by the other side


class Upstream:
    """Listens until it is closed, at `port` when one is given. `answer` is the dialect's class of answers; `options` are for it."""

    def __init__(self, folder, answer, script=None, port=0, **options):
        os.makedirs(folder, exist_ok=True)
        self.folder, self.records, self.lock = folder, [], threading.Lock()
        self.answer, self.options = answer, options
        self.script = script  # when set, what every request gets
        self.release = threading.Event()  # lets held answers go on to their end
        self.retry_after = "7"
        self.large = b""  # the answer of the script of that name
        self.once = []  # scripts for the next requests, one each, before all else
        self.given = {}  # reasoning state that this upstream gave out -> the text beside it
        self.connections = []  # all that were ever accepted
        self.listener = socket.create_server(("127.0.0.1", port), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.url = "http://127.0.0.1:%d" % self.port
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def count(self):
        return len(self.records)

    def refusals(self):
        """What was found wrong in the requests so far."""
        return ["%d: %s" % (record.number, record.refused) for record in self.records if record.refused]

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # ends the accept that waits on it
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        stream, record = connection.makefile("rb"), None
        try:
            while True:
                head = wire.read_message(stream)
                if head is None:
                    return
                with self.lock:
                    record = Record(len(self.records) + 1, head, head.body)
                    self.records.append(record)
                self._store(record, "request.head", head.raw_head)
                self._store(record, "request.body", head.body)
                keep = self.answer(self, connection, record).give()
                self._store(record, "answer.body", record.answer)
                record.finished.set()
                if not keep:
                    return
        except OSError:
            if record:
                record.client_left.set()
        except (wire.WireError, ValueError):
            pass
        finally:
            stream.close()
            connection.close()

    def _store(self, record, what, data):
        with open(os.path.join(self.folder, "%04d.%s" % (record.number, what)), "wb") as file:
            file.write(data)


class Answer:
    """One answer being given. A dialect says what is in it: `give`, `whole_body`, `frames`, `error`."""

    request_id_header = "request-id"
    stream_fields = []

    def __init__(self, upstream, connection, record):
        self.upstream, self.connection, self.record = upstream, connection, record
        self.random = random.Random(record.number)
        try:
            self.request = json.loads(record.body) if record.body else None
        except (ValueError, RecursionError):  # Python's reader gives up on deep nesting; the real ones do, too
            self.request = None
        self.script = record.script = self._script()

    def _script(self):
        with self.upstream.lock:
            if self.upstream.once:
                return self.upstream.once.pop(0)
        if self.upstream.script:
            return self.upstream.script
        if self.record.head.header("x-script"):
            return self.record.head.header("x-script")
        model = self.request.get("model") if isinstance(self.request, dict) else None
        if isinstance(model, str) and model.startswith("script-"):
            return model[len("script-"):]
        return "session"

    # Sending. Everything that belongs to the body is noted in record.answer before it is sent.

    def head(self, status, fields):
        reason = {200: "OK", 302: "Found"}.get(status, "Status")
        lines = ["HTTP/1.1 %d %s" % (status, reason), "%s: req_upstream_%04d" % (self.request_id_header, self.record.number)]
        lines += ["%s: %s" % pair for pair in fields]
        self.connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())

    def whole(self, status, body, content_type="application/json", fields=()):
        self.record.answer = body
        self.head(status, [("content-type", content_type), ("content-length", len(body)), *fields])
        self.connection.sendall(body)
        return True

    def chunk(self, data):
        self.record.answer += data
        self.connection.sendall(b"%x\r\n" % len(data) + data + b"\r\n")

    def begin(self, content_type=STREAM):
        self.head(200, [("content-type", content_type), ("transfer-encoding", "chunked"), *self.stream_fields])

    def stream(self, pieces, pause=None, content_type=STREAM):
        self.begin(content_type)
        for piece in pieces:
            if pause:
                threading.Event().wait(pause)
            self.chunk(piece)
        self.connection.sendall(b"0\r\n\r\n")
        return True

    def reset(self):
        """Breaks the connection as a crashed process does: RST in place of an end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    def wait_for_client(self, finish):
        """Holds until the other side closes the connection, or `release` is set: then finishes."""
        self.connection.settimeout(0.05)
        while not self.upstream.release.is_set():
            try:
                if not self.connection.recv(1, socket.MSG_PEEK):
                    break
            except socket.timeout:
                continue
            except OSError:
                break
        else:
            self.connection.settimeout(20)
            return finish()
        self.record.client_left.set()
        return False

    def cut_up(self, frames):
        """Frames in chunks of odd sizes: borders fall inside frames, lines and characters."""
        data, at, out = b"".join(frames), 0, []
        while at < len(data):
            size = self.random.choice((1, 2, 3, 5, 17, 61, 256, 1024))
            out.append(data[at:at + size])
            at += size
        return out

    # Oddities of HTTP.

    def odd(self):
        """The method for the script, if it is one of the oddities."""
        return getattr(self, "odd_" + self.script.replace("-", "_"), None)

    def odd_garbage(self):
        self.connection.sendall(b"\x16\x03\x01\x02\x00SSH-2.0-not-http\r\n\r\n\x00\xff" * 8)
        return False

    def odd_half_head(self):
        self.connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/ev")
        return False

    def odd_huge_header(self):
        return self.whole(200, self.whole_body("text"), fields=[("x-huge", "a" * (1 << 20))])

    def odd_endless_header(self):
        self.connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:  # ends with the connection: the other side has to have a limit
            self.connection.sendall(b"x-more: " + b"a" * 4096 + b"\r\n")

    def odd_smuggle(self):
        self.head(200, [("content-type", "application/json"), ("content-length", "5"), ("transfer-encoding", "chunked")])
        self.connection.sendall(b"0\r\n\r\n")
        return False

    def odd_large(self):
        """The body that the test has put into `large`."""
        return self.whole(200, self.upstream.large)

    def odd_redirect(self):
        return self.whole(302, b"", fields=[("location", self.upstream.url + "/v1/messages?redirected=1")])

    def odd_wrong_type(self):
        return self.whole(200, b"\x89PNG\r\n\x1a\n", "image/png")

    def odd_html_200(self):
        return self.whole(200, b"<html><body>Sign in to the hotel's network</body></html>", "text/html")

    def odd_empty_200(self):
        return self.whole(200, b"")

    def odd_reset(self):
        """Before a single byte."""
        return self.reset()

    def odd_silent(self):
        return self.wait_for_client(lambda: False)

    # Oddities of streams.

    def some_frames(self):
        """The frames of a stream with thinking and text, for the oddities below."""
        return self.frames("thinking")

    def odd_odd_cuts(self):
        """Every byte in a chunk of its own."""
        if self.request.get("stream"):
            data, content_type = b"".join(self.some_frames()), STREAM
        else:
            data, content_type = self.whole_body("thinking"), "application/json"
        return self.stream([data[i:i + 1] for i in range(len(data))], content_type=content_type)

    def odd_drip(self):
        return self.stream(self.some_frames(), pause=0.02)

    def odd_cut(self):
        """Broken inside a frame, after content."""
        frames = self.some_frames()
        self.begin()
        for piece in frames[:6]:
            self.chunk(piece)
        self.chunk(frames[6][:len(frames[6]) // 2])
        return False

    def odd_cut_reset(self):
        """The same, with a reset."""
        self.odd_cut()
        threading.Event().wait(0.2)  # what was sent is read before the reset overtakes it
        return self.reset()

    def odd_cut_early(self):
        self.begin()
        self.chunk(self.some_frames()[0])
        return False

    def odd_cut_clean(self):
        """Ends as HTTP wants it, without what ends an answer."""
        return self.stream(self.some_frames()[:6])

    def odd_cut_text(self):
        """Broken in the midst of a text, whatever was asked."""
        frames = self.frames("text")
        self.begin()
        for piece in frames[:len(frames) * 2 // 3]:
            self.chunk(piece)
        return False

    def odd_close_delimited(self):
        self.head(200, [("content-type", STREAM), ("connection", "close")])
        self.record.answer = b"".join(self.some_frames())
        self.connection.sendall(self.record.answer)
        return False

    def odd_hold(self):
        """Begins a stream and holds it open."""
        frames = self.some_frames()
        self.begin()
        for piece in frames[:5]:
            self.chunk(piece)

        def finish():
            for piece in frames[5:]:
                self.chunk(piece)
            self.connection.sendall(b"0\r\n\r\n")
            return True

        return self.wait_for_client(finish)


def serve_alone(make):
    """A dialect's module run by hand: `make(folder, script)` gives the upstream; its port is printed."""
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: %s FOLDER [SCRIPT]" % os.path.basename(sys.argv[0]))
    print(make(*sys.argv[1:]).port, flush=True)
    threading.Event().wait()
