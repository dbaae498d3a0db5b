"""The raw clients of the chaos part: HTTP/1.1 as bytes, read without any leniency. Each gives the outcomes of its cases, one
at a time, on a connection that it keeps, gives up or breaks as the case says."""
import asyncio
import json
import re
import socket
import struct

import stream_rules
import wire
from cases import GARBAGE, NONCE, Outcome

SECONDS = 30  # for one case: a net, never a measure


class Cut(Exception):
    """The connection ended inside an answer."""


class Answer:
    def __init__(self):
        self.head = self.body = b""
        self.status, self.fields, self.whole = None, {}, False


async def read_answer(reader, answer, leaves_after=None):
    """Fills `answer` as it comes, so that what came before a cut is kept. True: the connection may be used again."""
    try:
        answer.head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        raise Cut("no answer" if not error.partial else "the head was cut: %r" % error.partial)
    lines = answer.head[:-4].decode("latin-1").split("\r\n")
    answer.status = int(lines[0].split(" ")[1])
    for line in lines[1:]:
        name, _, value = line.partition(":")
        if name.lower() in answer.fields and name.lower() in ("content-length", "transfer-encoding"):
            raise wire.WireError("framed twice: %r" % lines)
        answer.fields[name.lower()] = value.strip()
    try:
        if "transfer-encoding" in answer.fields:
            if answer.fields["transfer-encoding"] != "chunked" or "content-length" in answer.fields:
                raise wire.WireError("odd framing: %r" % answer.fields)
            while size := int((await reader.readuntil(b"\r\n"))[:-2], 16):
                piece = await reader.readexactly(size + 2)
                answer.body += piece[:-2]
                if leaves_after is not None and len(answer.body) >= leaves_after:
                    return False
            if await reader.readexactly(2) != b"\r\n":
                raise wire.WireError("trailers")
        elif "content-length" in answer.fields:
            length = int(answer.fields["content-length"])
            answer.body = await reader.readexactly(length if leaves_after is None else min(length, leaves_after))
        else:
            answer.body = await reader.read()
            answer.whole = True
            return False
    except asyncio.IncompleteReadError as error:
        answer.body += error.partial
        raise Cut("the body was cut")
    answer.whole = True
    return answer.fields.get("connection") != "close"


def texts_of_messages(body):
    return "".join(data["delta"].get("text", "") for name, data in stream_rules.events(body) if name == "content_block_delta")


def read_messages(case, answer):
    """(ending, text, detail) of an answer of status 200."""
    if not case.stream:
        message = json.loads(answer.body)
        return ("success" if message["stop_reason"] == "end_turn" else "no stop_reason"), "".join(block["text"] for block in message["content"]), ""
    if case.route == "unseen" and not (answer.whole and answer.body.endswith(b"\n\n") and b"event: message_stop" in answer.body):
        ours = answer.body[:answer.body.rfind(b"\n\n") + 2].split(b"\x1f\x8b")[0]
        return "error", texts_of_messages(ours[:ours.rfind(b"\n\n") + 2]), "cut, unseen"
    stream = stream_rules.Stream(answer.body)  # raises when an ending comes twice, or something behind it
    if stream.error:
        return ("error" if not stream.stopped else "an error behind a success"), texts_of_messages(answer.body), stream.error
    return ("success" if stream.ended else "ended without a word"), texts_of_messages(answer.body), ""


def read_chat(case, answer):
    if not case.stream:
        choice = json.loads(answer.body)["choices"][0]
        return ("success" if choice["finish_reason"] == "stop" else "no finish_reason"), choice["message"]["content"], ""
    if not answer.body.endswith(b"\n\n"):
        raise ValueError("the stream ends inside a frame")
    text, finished, done, error = "", 0, False, None
    for frame in answer.body.split(b"\n\n")[:-1]:
        if frame.startswith(b":"):
            continue
        if done or (error and frame != b"data: [DONE]"):
            return "something behind the end: %r" % frame, text, ""
        if frame == b"data: [DONE]":
            done = True
            continue
        data = json.loads(frame.removeprefix(b"data: "))
        if "error" in data:
            error = data["error"]
            continue
        for choice in data["choices"]:
            text += choice["delta"].get("content") or ""
            finished += bool(choice.get("finish_reason"))
    if error:
        return ("error" if not finished else "an error behind a success"), text, error
    if done and finished == 1:
        return "success", text, ""
    return ("ended without a word" if not finished else "finished %d times, [DONE]: %s" % (finished, done)), text, ""


def request_of(case):
    body = json.dumps(case.body).encode()
    headers = [("content-type", "application/json")]
    if case.dialect == "messages":
        headers.append(("anthropic-version", "2023-06-01"))
    return wire.request_bytes("POST", "/v1/messages" if case.dialect == "messages" else "/v1/chat/completions", body, headers)


class Client:
    def __init__(self, port, secrets):
        self.port, self.secrets = port, [secret.encode() for secret in secrets]
        self.reader = self.writer = None

    def close(self, resets=False):
        if self.writer:
            if resets:
                self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.writer.transport.abort()
            else:
                self.writer.close()
        self.reader = self.writer = None

    async def ask(self, case):
        try:
            return await asyncio.wait_for(self._ask(case), SECONDS)
        except asyncio.TimeoutError:
            self.close()
            return Outcome(case, "no ending within %d s" % SECONDS)

    async def _ask(self, case):
        for attempt in (1, 2):
            kept = self.writer is not None
            if not kept:
                self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
            answer, data = Answer(), request_of(case)
            size = len(data) // case.sent_in + 1
            try:
                for at in range(0, len(data), size):
                    self.writer.write(data[at:at + size])
                    await self.writer.drain()
                    if case.sent_in > 1:
                        await asyncio.sleep(0.002)
                keeps = await read_answer(self.reader, answer, case.leaves_after)
            except (Cut, OSError) as error:
                self.close()
                if kept and not answer.head:  # it was closed behind the last answer, as a server may
                    continue
                return self.seen(case, answer, str(error))
            except (wire.WireError, ValueError, asyncio.LimitOverrunError) as error:
                self.close()
                return Outcome(case, "not HTTP: %r" % error, status=answer.status)
            if not keeps or not case.keeps or case.leaves_after is not None:
                self.close(case.resets)
            return self.seen(case, answer, "")

    def seen(self, case, answer, cut):
        data = answer.head + answer.body
        foreign = set(NONCE.findall(data)) - {case.nonce.encode()}
        provider = answer.fields.get("x-signalbox-provider")
        if foreign:
            return Outcome(case, "an answer of another request: %s" % foreign)
        if any(secret in data for secret in self.secrets):
            return Outcome(case, "the upstream's key stands in the answer")
        if case.leaves_after is not None:
            return Outcome(case, "left")
        if not answer.head:
            return Outcome(case, "no answer at all: " + cut)
        if answer.status != 200:
            return self.refused(case, answer, provider, cut)
        if not answer.whole and case.stream and case.route != "unseen":
            return Outcome(case, "a stream was cut without an error in it: %r" % answer.body[-120:], provider=provider)
        answer.body = answer.body.replace(GARBAGE, b"")  # handed on as it came, before the error that follows from it
        if not answer.whole and not case.stream:
            return Outcome(case, "error", provider=provider, status=200, detail=cut)
        try:
            ending, text, detail = (read_messages if case.dialect == "messages" else read_chat)(case, answer)
        except (stream_rules.Broken, ValueError, KeyError, TypeError) as broken:
            return Outcome(case, "unreadable", provider=provider, status=200, detail="%r in %r" % (broken, answer.body[-300:]))
        return Outcome(case, ending, text, provider, 200, str(detail))

    def refused(self, case, answer, provider, cut):
        """Our own errors are whole, and in the client's dialect."""
        try:
            error = json.loads(answer.body)["error"]
            good = answer.whole and answer.status >= 400 and error["message"] and error["type"] and not cut
        except (ValueError, KeyError, TypeError):
            good = False
        if not good or not re.fullmatch(rb"HTTP/1\.1 [45]\d\d .*", answer.head.split(b"\r\n")[0]):
            return Outcome(case, "an error that is none: %r" % (answer.head + answer.body)[:400], provider=provider)
        return Outcome(case, "error", provider=provider, status=answer.status, detail=str(error))


async def run(port, cases_by_client, deadline_passed, secrets, note):
    """Plays each client's cases until time is up; `note` takes each outcome."""
    async def play(cases):
        client = Client(port, secrets)
        for case in cases:
            if deadline_passed():
                break
            note(await client.ask(case))
        client.close()

    await asyncio.gather(*(play(cases) for cases in cases_by_client))
