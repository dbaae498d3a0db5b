#!/usr/bin/env python3
"""The upstream of the chaos part: two lanes, each speaking Messages and Chat Completions, which do to each request what its
prompt says (faults.py). Prints their ports as JSON; at the end of standard input, what it saw."""
import asyncio
import json
import os
import socket
import sys

from cases import CLIENT_COUNT, PROMPT, text_of
from faults import Exchange

KEYS = json.loads(os.environ["CHAOS_KEYS"])  # of each lane


def event(type_, **data):
    return ("event: %s\ndata: %s\n\n" % (type_, json.dumps({"type": type_, **data}))).encode()


class Messages:
    def __init__(self, nonce, pieces):
        self.nonce, self.pieces = nonce, pieces
        self.message = {"id": "msg_" + nonce, "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None,
                        "stop_sequence": None, "usage": {"input_tokens": 5, "output_tokens": 1}}

    def frames(self):
        """(before content, content, behind it)"""
        return ([event("message_start", message=self.message),
                 event("content_block_start", index=0, content_block={"type": "text", "text": ""})],
                [event("content_block_delta", index=0, delta={"type": "text_delta", "text": "%s:%d " % (self.nonce, number)})
                 for number in range(self.pieces)],
                [event("content_block_stop", index=0),
                 event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 9}),
                 event("message_stop")])

    def whole(self):
        return json.dumps(dict(self.message, stop_reason="end_turn", content=[{"type": "text", "text": text_of(self.nonce, self.pieces)}])).encode()

    def error(self, message, type_="overloaded_error"):
        return json.dumps({"type": "error", "error": {"type": type_, "message": message}}).encode()

    def error_frame(self, message="Overloaded"):
        return b"event: error\ndata: " + self.error(message) + b"\n\n"


class Chat:
    def __init__(self, nonce, pieces):
        self.nonce, self.pieces = nonce, pieces
        self.head = {"id": "chatcmpl-" + nonce, "created": 1, "model": "m"}

    def chunk(self, delta, finish=None):
        return b"data: " + json.dumps({**self.head, "object": "chat.completion.chunk", "choices": [
            {"index": 0, "delta": delta, "finish_reason": finish}]}).encode() + b"\n\n"

    def frames(self):
        return ([self.chunk({"role": "assistant", "content": ""})],
                [self.chunk({"content": "%s:%d " % (self.nonce, number)}) for number in range(self.pieces)],
                [self.chunk({}, "stop"), b"data: [DONE]\n\n"])

    def whole(self):
        return json.dumps({**self.head, "object": "chat.completion", "usage": {"prompt_tokens": 5, "completion_tokens": 9, "total_tokens": 14}, "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text_of(self.nonce, self.pieces)}}]}).encode()

    def error(self, message, type_="server_error"):
        return json.dumps({"error": {"message": message, "type": type_, "param": None, "code": None}}).encode()

    def error_frame(self, message="Overloaded"):
        return b"data: " + self.error(message) + b"\n\n"


class Lane:
    def __init__(self, name):
        self.name, self.requests, self.busy, self.violations = name, 0, 0, []

    async def serve(self, reader, writer):
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while await self.exchange(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def exchange(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head[:-4].decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        body = await reader.readexactly(int(fields["content-length"]))
        self.requests += 1
        chat = lines[0].startswith("POST /v1/chat/completions ")
        found = PROMPT.findall(body)
        key = fields.get("authorization", "").removeprefix("Bearer ") if chat else fields.get("x-api-key")
        if len(found) != 1 or not (chat or lines[0].startswith("POST /v1/messages ")):
            self.violations.append("%s: not a request of ours: %r %r" % (self.name, lines[0], body[:300]))
            return False
        if key != KEYS[self.name]:
            self.violations.append("%s: the key of another lane, or none: %r" % (self.name, lines))
        nonce, *faults, pieces = (part.decode() for part in found[0])
        answer = (Chat if chat else Messages)(nonce, int(pieces))
        self.busy += 1
        try:
            stream = json.loads(body).get("stream", False)
            return await Exchange(writer, reader, answer, stream, KEYS[self.name]).play(faults["ab".index(self.name)])
        finally:
            self.busy -= 1


async def main():
    lanes = [Lane("a"), Lane("b")]
    servers = [await asyncio.start_server(lane.serve, "127.0.0.1", 0, backlog=4 * CLIENT_COUNT) for lane in lanes]
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))  # taken and never listened at: a connection to it is refused
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers] + [closed.getsockname()[1]]), flush=True)
    # A line asks for what was seen so far.
    while await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline):
        print(json.dumps({"requests": sum(lane.requests for lane in lanes), "busy": sum(lane.busy for lane in lanes),
                          "violations": [text for lane in lanes for text in lane.violations]}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
