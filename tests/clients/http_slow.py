"""Heads and bodies that come too slowly, from clients and from upstreams; played by http_vectors.py."""
import json
import socket

import signalbox_server
import wire
from bad_vectors import MODEL, post
from http_vectors_server import OURS, config, serves
from raw_upstream import RawUpstream

# A bound that slow senders are held to, and far more than what they would take unbounded.
BOUND_MS, SLOW_SECONDS = 300, 20


class Slow:
    """Single bytes, each in time: what holds a connection is the whole, and it ends."""

    def __init__(self, tap):
        self.tap = tap
        self.upstream = RawUpstream(self.answer)
        limits = {"request_head_ms_max": BOUND_MS, "request_body_ms_max": BOUND_MS}
        self.server = signalbox_server.Server(config(self.upstream, limits, timeouts={"first_byte_ms": BOUND_MS, "total_ms": 3 * BOUND_MS}), "http-slow")

    def answer(self, request):
        what = json.loads(request.body)["model"]
        if what == "slow-body":
            yield b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n{"
        elif what == "slow-head":
            yield b"HTTP/1.1 200 OK\r\n"
        for _ in range(SLOW_SECONDS * 50):
            yield 0.02
            yield b"HTTP/1.1 103 Early Hints\r\n\r\n" if what == "slow-interims" else b" " if what == "slow-body" else b"x"

    def run(self):
        starts = {"length body": post(b"{", "content-length: 100000\r\n", length=False),
                  "chunked body": post(b"ffff\r\n{", "transfer-encoding: chunked\r\n", length=False)}
        if OURS:  # heads and chunks are elsewhere another's to bound
            starts.update({"head": b"POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nx-slow: ",
                           "extension": post(b"1;", "transfer-encoding: chunked\r\n", length=False),
                           "body of a path that nobody has": post(b"{", "content-length: 100000\r\n", path="/nothing", length=False)})
        for name, start in starts.items():
            self.tap.run("a client's slow %s ends" % name, self.client, start)
        for name in ("slow-head", "slow-interims", "slow-body") if OURS else ():
            self.tap.run("an upstream's %s ends" % name.replace("-", " "), self.slow_upstream, name)
        self.tap.run("serves after slow ones", serves, self.server)
        code = self.server.stop()
        if OURS:
            self.tap.equal("ends with code 0 after slow ones", code, 0)

    def client(self, start):
        with wire.Connection(self.server.port) as connection:
            connection.send(start)
            connection.socket.settimeout(0.02)
            answer, closed = b"", False
            for _ in range(SLOW_SECONDS * 50):
                connection.send_lenient(b" ")
                try:
                    piece = connection.socket.recv(65536)
                except socket.timeout:
                    continue
                except OSError:
                    piece = b""
                answer += piece
                closed = not piece
                if closed or (answer and not OURS):  # elsewhere another closes, when it likes
                    break
            assert closed or not OURS, "held for %d seconds" % SLOW_SECONDS
            assert answer.startswith((b"HTTP/1.1 408 ", b"HTTP/1.1 404 ")), answer[:100]
        assert not self.upstream.count or self.upstream.requests[-1][1].body[:1] == b"{"

    def slow_upstream(self, name):
        with wire.Connection(self.server.port, SLOW_SECONDS) as connection:
            connection.send(post(json.dumps(dict(MODEL, model=name)).encode()))
            try:
                answer = connection.receive()
            except wire.WireError:
                return  # visibly cut
            assert answer.status in (502, 504), answer.start
