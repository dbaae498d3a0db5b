#!/usr/bin/env python3
"""Memory and endings under load: ten thousand quiet streams, clients that leave, slow readers, large bodies, a restarted
upstream, SIGTERM and kill -9 in the middle, and a soak (README.md here). The figures it prints are the gateway's PSS and RSS
as the kernel counts them. Waits are nets, never measures.

    tests/clients/run load              the short form
    tests/clients/run load-long         with ten minutes of soak, one part after the other
    tests/load/load.py [--long] [--seed N] [PART...]      inside a network namespace of one's own
"""
import argparse
import concurrent.futures
import json
import os
import random
import signal
import socket
import tempfile
import threading
import time

from gateway import Crowd, Gateway, config, messages, signalbox_server, streams_possible

import wire
from tap import Tap
from upstream import Upstream

STREAMS = 10_000
STREAM_BYTES_GOAL, STREAM_BYTES_MAX = 18_000, 40_000  # of memory, for each that says nothing
SLOW_READERS = 24
# client_unsent_bytes_max (256 KiB), in a text that may have doubled to hold it, with what one window of 64 KiB becomes.
SLOW_READER_KB_MAX = 768
BODY_BYTES = 24 << 20
# What may stay behind load beside a tenth of what was there. Connections to upstreams are kept for a minute, each in a page of
# its own: the short form does not wait for their end.
REST_KB, REST_LONG_KB = 1 << 10, 512
HEADERS = [("content-type", "application/json"), ("anthropic-version", "2023-06-01")]


def warm(crowd, server, model):
    """What the first exchanges of a process allocate for good is not a stream's."""
    crowd.gateway(server, model)
    crowd.command("mixed", 1, 16, 1)
    crowd.command("open", 50)
    crowd.command("leave")


def comes_back(tap, name, server, idle_kb, options):
    bound_kb = int(idle_kb * 1.1) + (REST_LONG_KB if options.long else REST_KB)
    good = wire.wait_until(lambda: server.rss_kb() <= bound_kb, 90)
    tap.check("%s: memory goes back: %d KB of RSS at first, %d KB now (bound %d)" % (name, idle_kb, server.rss_kb(), bound_kb), good)


def quiet_streams(tap, options):
    count = streams_possible(STREAMS)
    if count < STREAMS:
        print("# this system lets a process have descriptors for %d streams, not for %d" % (count, STREAMS))
    for model, count in (("same", count), ("translated", count if options.long else count // 5)):
        with Crowd() as crowd, Gateway(config(crowd.port), "quiet-" + model) as server:
            warm(crowd, server, model)
            name, idle_kb, before_kb = "%d quiet streams, %s" % (count, model), server.rss_kb(), server.pss_kb()
            opened = crowd.command("open", count)
            tap.equal(name + ": all stand", opened, {"open": count, "held": count, "failed": 0})
            each = (server.pss_kb() - before_kb) * 1024 // count
            tap.check("%s: %d bytes of PSS each (goal %d, never above %d)" % (name, each, STREAM_BYTES_GOAL, STREAM_BYTES_MAX), each < STREAM_BYTES_MAX)
            half = count // 2
            tap.equal(name + ": every other one ends, whole, and no other", crowd.command("finish", 2), {"none": count - half, "whole": half, "cut": 0, "wrong": 0})
            tap.equal(name + ": then the rest", crowd.command("finish", 1), {"none": 0, "whole": count, "cut": 0, "wrong": 0})
            crowd.command("end")
            crowd.command("open", count // 5)
            tap.equal(name + ": clients that leave all at once are all seen upstream", crowd.command("leave"), {"held": count // 5, "seen": count // 5})
            comes_back(tap, name, server, idle_kb, options)


def leaving(tap, options):
    """In 100 % of cases the upstream's connection ends soon: a leaving that goes unnoticed stays open there."""
    for model in ("same", "translated"):
        with Crowd() as crowd, Gateway(config(crowd.port), "leaving") as server:
            crowd.gateway(server, model)
            seen = crowd.command("wander", 4000 if options.long else 600, options.seed % 1_000_000 + 1)
            tap.check("%d clients leave at random points, %s: %d requests reached the upstream, %d answers were left, none is left open" % (
                seen["clients"], model, seen["asked"], seen["seen"]), seen["unseen"] == 0 and seen["seen"] > 100, seen)


class Endless:
    """An upstream that never ends its streams, and counts what it was rid of."""

    def __init__(self, chat):
        text = {"choices": [{"index": 0, "delta": {"content": "x" * 900}, "finish_reason": None}]} if chat else {
            "type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x" * 900}}
        frame = (b"" if chat else b"event: content_block_delta\n") + b"data: " + json.dumps(text).encode() + b"\n\n"
        self.first = b"" if chat else b"".join(messages.frames("m", "text", 1)[:3])
        self.data, self.sent, self.left = frame * 16, {}, 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            threading.Thread(target=self._serve, args=(self.listener.accept()[0],), daemon=True).start()

    def _serve(self, connection):
        try:
            wire.read_message(connection.makefile("rb"))
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            for data in [self.first] * bool(self.first) + [self.data] * (1 << 20):
                connection.sendall(b"%x\r\n" % len(data) + data + b"\r\n")
                self.sent[connection] = self.sent.get(connection, 0) + len(data)
        except OSError:
            self.left += 1
        connection.close()


def slow_reader(tap, options):
    """1 KB a second: what the gateway holds is bounded, and so is what the upstream can get rid of."""
    for model in ("same", "translated"):
        upstream = Endless(model == "translated")
        with Crowd() as crowd, Gateway(config(crowd.port, endless=upstream.port), "slow") as server:
            warm(crowd, server, model)
            before_kb, clients = server.pss_kb(), [wire.Connection(server.port) for _ in range(SLOW_READERS)]
            body = {"model": "endless-" + model, "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": "hi"}]}
            for client in clients:
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.send(wire.request_bytes("POST", "/v1/messages", json.dumps(body).encode(), HEADERS))
            read, seen = 0, []
            for _ in range(20 if options.long else 4):
                read += sum(len(client.socket.recv(1024)) for client in clients)
                time.sleep(1)
                seen.append(sum(upstream.sent.values()))
            each_kb = (server.pss_kb() - before_kb) // SLOW_READERS
            tap.check("%d clients have read %d KB of endless streams, %s: the gateway holds %d KB for each (bound %d)" % (
                SLOW_READERS, read >> 10, model, each_kb, SLOW_READER_KB_MAX), each_kb < SLOW_READER_KB_MAX)
            tap.check("and their upstreams are held up, at %d KB each" % ((seen[-1] >> 10) // SLOW_READERS),
                      seen[-1] - seen[len(seen) // 2] <= SLOW_READERS << 16 and len(upstream.sent) == SLOW_READERS, seen)
            for client in clients:
                client.close()
            tap.check("all of them are seen leaving upstream, %s" % model, wire.wait_until(lambda: upstream.left == SLOW_READERS, 20), upstream.left)


def large_bodies(tap, options):
    up = Upstream(tempfile.mkdtemp(prefix="upstream-"), "text")
    import chat_upstream
    chat = chat_upstream.Upstream(tempfile.mkdtemp(prefix="chat-"), "text")
    both = config(up.port, limits={"request_bytes_max": 32 << 20})
    both["providers"]["translated"]["base_url"] = chat.url
    for model, factor in (("same", 1.1), ("translated", 2.2)):
        with Gateway(both, "large") as server:
            body = {"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
            wire.ask(server.port, "POST", "/v1/messages", body, HEADERS)
            body["messages"][0]["content"] = "x" * BODY_BYTES
            data = json.dumps(body).encode()
            before_kb = server.rss_kb()
            server.forget_peak()
            answer = wire.ask(server.port, "POST", "/v1/messages", data, HEADERS, seconds=60)
            grown_kb, bound_kb = server.rss_kb("VmHWM") - before_kb, factor * len(data) / 1024 + 1024
            tap.check("a body of %d KB, %s: %d KB more at the peak (bound %d)" % (len(data) >> 10, model, grown_kb, bound_kb),
                      answer.status == 200 and grown_kb <= bound_kb, (answer.status, answer.body[:200]))
            comes_back(tap, "a large body, " + model, server, before_kb, options)
            if model == "same":
                refused_bodies(tap, server)


def refused_bodies(tap, server):
    for how in ("announced", "chunked"):
        server.forget_peak()
        before_kb = server.rss_kb()
        piece = b" " * (1 << 20)
        with wire.Connection(server.port) as connection:
            head = b"POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            connection.send(head + (b"content-length: %d\r\n\r\n" % (90 << 20) if how == "announced" else b"transfer-encoding: chunked\r\n\r\n"))
            sent = 0
            try:
                for _ in range(90):
                    connection.send(b"%x\r\n" % len(piece) + piece + b"\r\n" if how == "chunked" else piece)
                    sent += 1
                answer = connection.receive()
            except OSError:
                answer = connection.receive()
        grown_kb = server.rss_kb("VmHWM") - before_kb
        # Nothing announces a chunked body: what is within the bound has to be held until it is passed.
        bound_kb = 1024 if how == "announced" else (33 << 10) + 1024
        tap.check("a body of 90 MB, %s: refused with %s after %d MB, %d KB more at the peak (bound %d)" % (how, answer and answer.status, sent, grown_kb, bound_kb),
                  answer and answer.status == 413 and grown_kb <= bound_kb)


def upstream_restarts(tap, options):
    """All its connections and its listener end in mid-stream, and it comes back at the same port: each open stream ends with an
    error, and whoever asks once it is there again is served, on connections that were kept as on new ones."""
    folder = tempfile.mkdtemp(prefix="upstream-")
    up = Upstream(folder)
    with Gateway(signalbox_server.config_for(up, server={"listen": ["127.0.0.1:0"], "threads": 2}), "restart") as server:
        ask = lambda model, **more: json.dumps({"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], **more}).encode()
        open_ = [wire.Connection(server.port) for _ in range(20)]
        for connection in open_:
            connection.send(wire.request_bytes("POST", "/v1/messages", ask("script-hold", stream=True), HEADERS))
            wire.read_head(connection.stream)
        at_once = [wire.Connection(server.port) for _ in range(40)]  # whose connections upstream then lie idle
        for connection in at_once:
            connection.send(wire.request_bytes("POST", "/v1/messages", ask("script-text"), HEADERS))
        for connection in at_once:
            connection.receive()
            connection.close()
        up.close()
        for connection in up.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        endings = []
        for connection in open_:
            body = bytearray()
            wire.read_chunked(connection.stream, body)
            endings.append(body.count(b"event: error\n") == 1 and b"message_stop" not in body)
            connection.close()
        tap.equal("the upstream ends with 20 open streams: each ends with one error", endings, [True] * 20)
        tap.check("while it is away, each request is told so", all(
            wire.ask(server.port, "POST", "/v1/messages", ask("script-text"), HEADERS).status == 502 for _ in range(5)))
        again = Upstream(folder, port=up.port)
        statuses = [wire.ask(server.port, "POST", "/v1/messages", ask("script-text"), HEADERS).status for _ in range(40)]
        tap.equal("it is back: every request is served", statuses, [200] * 40)
        again.close()


def terminated(tap, options):
    """SIGTERM among many streams: those that can end do, whole; the rest is cut at the bound, and looks it."""
    for model in ("same", "translated"):
        with Crowd() as crowd:
            server = Gateway(config(crowd.port, drain_ms=3000), "terminated")
            crowd.gateway(server, model)
            crowd.command("open", 400)
            server.signal(signal.SIGTERM)
            wire.wait_until(lambda: "Stopping" in server.text())
            tap.equal("SIGTERM with 400 streams, %s: half of them end meanwhile, whole" % model, crowd.command("finish", 2), {"none": 200, "whole": 200, "cut": 0, "wrong": 0})
            tap.equal("SIGTERM, %s: the others end at the bound, and none as a success" % model, crowd.command("end"), {"none": 0, "whole": 200, "cut": 200, "wrong": 0})
            tap.check("SIGTERM, %s: then the server ends, and says that something was cut" % model, server.ended() and server.stop() == 4)


def killed(tap, options):
    """kill -9 at any moment, while lanes fail and the state file is being written: the next start reads a state file."""
    random_ = random.Random(options.seed)
    folder = tempfile.mkdtemp(prefix="state-")
    path, bad, good = os.path.join(folder, "state"), Upstream(tempfile.mkdtemp(), "error-500"), Upstream(tempfile.mkdtemp(), "text")
    settings = {"server": {"listen": ["127.0.0.1:0"], "threads": 2, "state_file": path},
                "providers": {"bad": signalbox_server.provider(bad), "good": signalbox_server.provider(good)},
                "routes": [{"match": "*", "targets": ["bad/*", "good/*"]}]}
    refused, kills = [], 20 if options.long else 3
    for turn in range(kills):
        server = Gateway(settings, "killed")
        stop = threading.Event()

        def ask(number, port=server.port):
            while not stop.is_set():
                try:  # another model each time, so that there is always news of a lane
                    wire.ask(port, "POST", "/v1/messages", {"model": "m%d-%d" % (number, random.getrandbits(20)), "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}, HEADERS)
                except (OSError, wire.WireError):
                    return

        asking = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
        for thread in asking:
            thread.start()
        if turn == 0:
            tap.check("the state file is written under load", wire.wait_until(lambda: os.path.exists(path), 20))
        time.sleep(random_.random() * 1.5)
        server.signal(signal.SIGKILL)
        server.ended()
        stop.set()
        for thread in asking:
            thread.join(20)
        server.stop()
        if "not kept in" in server.text():
            refused.append(server.text()[-500:])
    with Gateway(settings, "killed") as server:
        tap.check("after %d times kill -9 the state file is whole, and each start took it" % kills, not refused and "not kept in" not in server.text(), refused)
        tap.check("and names what was learnt", os.path.getsize(path) > 100)
        tap.equal("and the server serves", wire.ask(server.port, "POST", "/v1/messages", {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}, HEADERS).status, 200)


def soak(tap, options):
    """Mixed load over and over: nothing grows but at first."""
    with Crowd() as crowd, Gateway(config(crowd.port, log_level="warn"), "soak") as server:
        warm(crowd, server, "same")
        idle_kb = server.rss_kb()
        rounds, each, seen = (20, 30, []) if options.long else (6, 2, [])
        sums = {"whole": 0, "bad": 0, "left": 0, "unended": 0, "unseen": 0}
        for number in range(rounds):
            crowd.gateway(server, ("same", "translated")[number % 2])
            for key, value in crowd.command("mixed", each, 32, options.seed % 1_000_000 + number + 1).items():
                sums[key] += value
            seen.append(server.rss_kb())
        print("# soak: RSS idle %d KB, then %s KB" % (idle_kb, seen))
        tap.check("soak of %d s: %d answers whole, %d clients left, nothing else happened" % (each * rounds, sums["whole"], sums["left"]),
                  sums["whole"] > 100 and not (sums["bad"] or sums["unended"] or sums["unseen"]), sums)
        half = rounds // 2  # both dialects have been met by then
        tap.check("soak: RSS is flat: at most %d KB in its first half, %d in its second" % (max(seen[:half]), max(seen[half:])),
                  max(seen[half:]) <= max(seen[:half]) * 1.1 + 1024)
        comes_back(tap, "soak", server, idle_kb, options)


PARTS = (quiet_streams, leaving, soak, slow_reader, terminated, large_bodies, killed, upstream_restarts)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("parts", nargs="*")
    options = parser.parse_args()
    print("# seed %d" % options.seed, flush=True)
    tap = Tap("load")

    def run(part):
        began = time.monotonic()
        tap.run(part.__name__ + " ran to its end", part, tap, options)
        print("# %s took %.0f s" % (part.__name__, time.monotonic() - began), flush=True)

    # Most of each part is waiting; in the long form they come one by one, for the figures.
    with concurrent.futures.ThreadPoolExecutor(1 if options.long else 3) as pool:
        list(pool.map(run, [part for part in PARTS if not options.parts or part.__name__ in options.parts]))
    signalbox_server.check_secrets(tap)
    tap.exit()


if __name__ == "__main__":
    main()
