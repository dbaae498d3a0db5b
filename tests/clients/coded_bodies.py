#!/usr/bin/env python3
"""Request bodies in content codings, on raw sockets: decoded under the budget where the host can, refused where it cannot; and
bodies beyond the budget, coded or not, at no cost."""
import gzip
import subprocess
import tempfile
import time
import zlib

import signalbox_server
import wire
from bad_vectors import BODY, HI, JSON, VERSION, post
from tap import Tap
from upstream import Upstream

OURS = signalbox_server.HOST == "native"
TAKEN = "zstd, br, gzip, deflate" if OURS else "identity"
MIB = 1 << 20
LIMIT_BYTES = 32 * MIB
# What the process may have grown by at its peak. A bomb fills its budget, in a buffer that is as large; what is refused
# unread costs nothing but the air that a process has.
BOMB_GROWTH_KB_MAX = 40 * 1024
REFUSED_GROWTH_KB_MAX = 1024


def deflate_bare(body):
    coder = zlib.compressobj(9, wbits=-15)
    return coder.compress(body) + coder.flush()


def brotli(body):
    """By node, which brings it."""
    code = "process.stdout.write(require('zlib').brotliCompressSync(require('fs').readFileSync(0), {params: {1: 5}}))"
    return subprocess.run(["node", "-e", code], input=body, stdout=subprocess.PIPE, check=True).stdout


def zstd(body):
    """A frame as RFC 8878 section 3.1.1 has it, of raw blocks and of runs, which need no coder."""
    out = b"\x28\xb5\x2f\xfd\x00\x38"  # a window of 128 KiB, and no checksum
    pieces = [body[at:at + (128 << 10)] for at in range(0, len(body), 128 << 10)] or [b""]
    for number, piece in enumerate(pieces):
        last, run = number + 1 == len(pieces), len(piece) > 1 and piece == piece[:1] * len(piece)
        out += (last | (run << 1) | len(piece) << 3).to_bytes(3, "little") + (piece[:1] if run else piece)
    return out


CODERS = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli, "zstd": zstd}


class Suite:
    def __init__(self, tap):
        self.tap = tap
        self.upstream = Upstream(tempfile.mkdtemp(prefix="upstream-"), rules="history")
        config = signalbox_server.config_for(self.upstream, server={"threads": 1})
        config["providers"]["mock"] = {"builtin": "mock"}
        config["routes"].insert(0, {"match": "mock", "targets": ["mock/*"]})
        self.server = signalbox_server.Server(config, "coded-bodies")

    def serves(self):
        answer = self.server.ask("POST", "/v1/messages", {"model": "mock", "max_tokens": 9, "messages": HI}, [JSON, VERSION])
        assert answer.status == 200, answer.body

    def asked(self, coding, coded, connection=None, status=200, words=()):
        """Sends one body; gives the answer."""
        with wire.Connection(self.server.port) as fresh:
            use = connection or fresh
            use.send_lenient(post(coded, "content-encoding: %s\r\n" % coding))
            answer = use.receive()
        assert answer.status == status, (answer.status, answer.body[:300])
        if status != 200:
            message = answer.json()["error"]["message"]
            assert all(word in message for word in words), message
        return answer

    def arrived(self, answer):
        record = self.upstream.records[-1]
        assert record.body == BODY and answer.body == record.answer, (record.body[:200], answer.body[:200])
        assert record.head.header("content-encoding") is None, record.head.fields
        assert record.head.all("content-length") == [str(len(BODY))], record.head.fields

    def decoded(self, coding, coded):
        before = self.upstream.count
        self.arrived(self.asked(coding, coded))
        assert self.upstream.count == before + 1

    def in_pieces(self, coding, coded):
        with wire.Connection(self.server.port) as connection:
            connection.send(post(b"", "content-encoding: %s\r\ncontent-length: %d\r\nexpect: 100-continue\r\n" % (coding, len(coded)), length=False))
            assert wire.read_head(connection.stream).startswith(b"HTTP/1.1 100 ")
            for byte in coded:
                connection.send(bytes([byte]))
            self.arrived(connection.receive())
            connection.send(post(b"", "content-encoding: %s\r\ntransfer-encoding: chunked\r\n" % coding, length=False))
            for byte in coded:
                connection.send(b"1\r\n" + bytes([byte]) + b"\r\n")
            connection.send(b"0\r\n\r\n" + wire.request_bytes("GET", "/healthz"))
            self.arrived(connection.receive())
            assert connection.receive("GET").status == 200

    def framing_alone(self, coding, coded):
        """A chunk extension byte by byte: reads that bring nothing for the decoder."""
        with wire.Connection(self.server.port) as connection:
            connection.send(post(b"", "content-encoding: %s\r\ntransfer-encoding: chunked\r\n" % coding, length=False))
            connection.send(b"9\r\n" + coded[:9] + b"\r\n")
            for byte in b"%x;a=%s\r\n" % (len(coded) - 9, b"b" * 60):
                connection.send(bytes([byte]))
                time.sleep(0.002)  # a read of its own
            connection.send(coded[9:] + b"\r\n0\r\n\r\n")
            self.arrived(connection.receive())

    def refused(self, coding, coded, *words):
        before = self.upstream.count
        with wire.Connection(self.server.port) as connection:
            self.asked(coding, coded, connection, 400, words)
            connection.send(wire.request_bytes("GET", "/healthz"))
            assert connection.receive("GET").status == 200
        assert self.upstream.count == before, "something reached the upstream"

    def left(self, coding, coded):
        before = self.upstream.count
        with wire.Connection(self.server.port) as connection:
            connection.send(post(coded[:len(coded) // 2], "content-encoding: %s\r\ncontent-length: %d\r\n" % (coding, len(coded)), length=False))
        self.serves()
        assert self.upstream.count == before

    def bomb(self, coding, coded):
        self.server.forget_peak()
        before = self.server.rss_kb("VmHWM")
        self.asked(coding, coded, status=413, words=["more than", "when decoded"])
        grown = self.server.rss_kb("VmHWM") - before
        assert grown < BOMB_GROWTH_KB_MAX, "grown by %d KB" % grown
        self.serves()

    def not_taken(self, coding):
        answer = self.asked(coding, BODY, status=415, words=['"%s"' % coding.split(",")[0]])
        assert answer.header("accept-encoding") == TAKEN, answer.fields

    def refused_unread(self, coding):
        peak, of_files = self.server.rss_kb("VmHWM"), self.server.rss_kb("RssFile")
        head = "content-length: %d\r\n" % (90 * MIB) + ("content-encoding: %s\r\n" % coding if coding else "")
        for _ in range(4):
            with wire.Connection(self.server.port) as connection:
                connection.send_lenient(post(b"", head, length=False))
                for _ in range(90):
                    connection.send_lenient(b" " * MIB)
                assert connection.receive().status == 413
        # What wasmtime and workerd hold is their own, and what a sanitizer keeps is its.
        grown = self.server.rss_kb("VmHWM") - peak if OURS and not signalbox_server.sanitized() else 0
        # Code that is read in for the first time, and as much around it as the system likes, is no cost of a body.
        grown -= max(0, self.server.rss_kb("RssFile") - of_files)
        assert grown <= REFUSED_GROWTH_KB_MAX, "grown by %d KB" % grown
        self.serves()

    def crossing(self, coding, piece, times):
        with wire.Connection(self.server.port) as connection:
            connection.send(post(b"", "transfer-encoding: chunked\r\n" + ("content-encoding: %s\r\n" % coding if coding else ""), length=False))
            for _ in range(times):
                connection.send_lenient(b"%x\r\n" % len(piece) + piece + b"\r\n")
            assert connection.receive().status == 413
        self.serves()


def main():
    tap = Tap("coded-bodies")
    suite = Suite(tap)
    taken = [] if TAKEN == "identity" else TAKEN.split(", ")
    # First, while the process is small.
    for coding in [None] + taken[:1]:
        tap.run("90 MB announced in %s: refused unread, at no cost" % (coding or "no coding"), suite.refused_unread, coding)
    for coding in ["compress", "gzip, br", "nonsense"] + [name for name in CODERS if name not in taken]:
        tap.run("%s: 415, with what is taken" % coding, suite.not_taken, coding)
    for coding in taken:
        coded = CODERS[coding](BODY)
        tap.run(coding + ": decoded, and sent on without it", suite.decoded, coding, coded)
        tap.run(coding + ": byte by byte, after 100 Continue and in chunks", suite.in_pieces, coding, coded)
        tap.run(coding + ": chunk framing alone between its bytes", suite.framing_alone, coding, coded)
        tap.run(coding + ": cut", suite.refused, coding, coded[:-1], coding, "ends before")
        tap.run(coding + ": garbage behind it", suite.refused, coding, coded + b"xy", coding, "goes on behind")
        tap.run(coding + ": no such coding", suite.refused, coding, BODY, coding, "not valid")
        tap.run(coding + ": a client leaves in the middle", suite.left, coding, coded)
        tap.run(coding + ": a bomb is stopped by the budget", suite.bomb, coding, CODERS[coding](bytes(200 * MIB)))
    if "gzip" in taken:
        tap.run("gzip by its old name", suite.decoded, "X-Gzip", gzip.compress(BODY))
        tap.run("gzip in two members", suite.decoded, "gzip", gzip.compress(BODY[:9]) + gzip.compress(BODY[9:]))
        wrong = bytearray(gzip.compress(BODY))
        wrong[-6] ^= 1
        tap.run("gzip: a checksum that fails", suite.refused, "gzip", bytes(wrong), "checksum")
        tap.run("zstd: a window of 9 MiB", suite.refused, "zstd", b"\x28\xb5\x2f\xfd\x00\x69\x01\x00\x00", "a window of 8 MiB at most (zstd -19 or lower, no --long)")
        tap.run("identity is nothing", suite.decoded, "identity", BODY)
    if TAKEN.endswith("deflate"):
        tap.run("deflate without zlib's wrapping", suite.decoded, "deflate", deflate_bare(BODY))
    tap.run("no length: refused where it crosses", suite.crossing, None, b" " * MIB, 33)
    if "zstd" in taken:
        empty = b"\x50\x2a\x4d\x18\0\0\0\0" * (MIB // 8)
        tap.run("zstd: nothing, by the million: refused where the coded bytes cross", suite.crossing, "zstd", empty, 33)
    code = suite.server.stop()
    if OURS:
        tap.equal("ends with code 0", code, 0)
    signalbox_server.check_secrets(tap)
    tap.exit()


if __name__ == "__main__":
    main()
