#!/usr/bin/env python3
"""The upstream of the chaos parts: lanes, each speaking all four dialects, which do to each request what its prompt says
(faults.py). CHAOS_KEYS names the lanes and their keys, CHAOS_TLS a certificate and its key for the lane that nobody should trust.
Prints the ports as JSON; for each line of standard input what it saw."""
import asyncio
import json
import os
import socket
import ssl
import sys

from cases import CLIENT_COUNT, FINE, PROMPT, faults_in
from faults import Exchange
from faulty_dialects import dialect_of

KEYS = json.loads(os.environ["CHAOS_KEYS"])  # lane -> its keys
PLANT = os.environ.get("CHAOS_PLANT")  # what the right answers to each fifth request become, for the clients to notice


class Lane:
    def __init__(self, name):
        self.name, self.requests, self.busy, self.violations, self.sessions = name, 0, 0, [], {}

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
        dialect, found = dialect_of(lines[0]), PROMPT.findall(body)
        if len(found) != 1 or not dialect:
            self.violations.append("%s: not a request of ours: %r %r" % (self.name, lines[0], body[:300]))
            return False
        answers, field, before = dialect
        key = fields.get(field, "").removeprefix(before)
        if key not in KEYS[self.name]:
            self.violations.append("%s: the key of another lane, or none: %r" % (self.name, lines))
        nonce, pieces = found[0][0].decode(), int(found[0][2])
        answer = answers(nonce, pieces)
        self.busy += 1
        try:
            stream = json.loads(body).get("stream", False) or ":streamGenerateContent" in lines[0]
            fault = faults_in(found[0][1])[self.name]
            if PLANT and fault in FINE and int(nonce[2:], 16) % 5 == 0:
                fault = "plant-" + PLANT
            return await Exchange(writer, reader, answer, stream, key).play(fault)
        finally:
            self.busy -= 1


class NoTls:
    """What stands where TLS is expected: answers the client's first words with some that are none."""

    async def serve(self, reader, writer):
        try:
            await reader.read(1 << 16)
            writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
            await writer.drain()
        except OSError:
            pass
        writer.close()


async def listen(lane, **options):
    return (await asyncio.start_server(lane.serve, "127.0.0.1", 0, backlog=4 * CLIENT_COUNT, **options)).sockets[0].getsockname()[1]


async def main():
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # handshakes that fail do so by intent
    lanes = [Lane(name) for name in KEYS]
    ports = {lane.name: await listen(lane) for lane in lanes}
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))  # taken and never listened at: a connection to it is refused
    ports["closed"], ports["no-tls"] = closed.getsockname()[1], await listen(NoTls())
    if os.environ.get("CHAOS_TLS"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*json.loads(os.environ["CHAOS_TLS"]))
        untrusted = Lane("untrusted")
        lanes.append(untrusted)
        ports["untrusted"] = await listen(untrusted, ssl=context)
    print(json.dumps(ports), flush=True)
    # A line asks for what was seen so far.
    while await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline):
        print(json.dumps({"requests": sum(lane.requests for lane in lanes), "busy": sum(lane.busy for lane in lanes),
                          "by_lane": {lane.name: lane.requests for lane in lanes},
                          "violations": [text for lane in lanes for text in lane.violations]}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
