#!/usr/bin/env python3
"""One upstream call for identical concurrent requests (routes[].once), with real clients: who gets what while others read
slowly, leave, or are cut off.

SIGNALBOX_HOST: native (default), worker (shared within an isolate), wasi (each request has a call of its own).
"""
import json
import os
import socket
import threading
import time

import raw_upstream
import signalbox_server
import wire
from messages import frame
from tap import Tap

HOST = os.environ.get("SIGNALBOX_HOST", "native")
JSON = ("content-type", "application/json")
KEYS = [("alice", "sbk-alice-44d0"), ("bob", "sbk-bob-91c2")]
BEGIN = frame("message_start", message={"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [],
                                        "stop_reason": None, "usage": {"input_tokens": 7, "output_tokens": 1}}) + \
    frame("content_block_start", index=0, content_block={"type": "text", "text": ""})
END = frame("content_block_stop", index=0) + \
    frame("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 9}) + frame("message_stop")
WHOLE = json.dumps({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
                    "content": [{"type": "text", "text": "Hello"}], "usage": {"input_tokens": 7, "output_tokens": 9}}).encode()


def delta(text):
    return frame("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


def body(stream=True, text="hi"):
    return json.dumps({"model": "m", "max_tokens": 9, "stream": stream, "messages": [{"role": "user", "content": text}]}).encode()


class Upstream:
    """Answers with a stream of `pieces`, each when `more` was called for it; `status` other than 200 is an error."""

    def __init__(self, pieces=(), whole=None, status=200):
        self.pieces, self.whole, self.status = pieces, whole, status
        self.steps = threading.Semaphore(0)
        self.left = 0
        self.upstream = raw_upstream.RawUpstream(self.answer)
        self.url = self.upstream.url

    @property
    def count(self):
        return self.upstream.count

    def more(self, steps=1):
        self.steps.release(steps)

    def answer(self, _):
        try:
            if self.whole is not None:
                self.steps.acquire()
                yield b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (self.status, len(self.whole)) + self.whole
                return
            yield b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            for piece in self.pieces:
                self.steps.acquire()
                yield b"%x\r\n%s\r\n" % (len(piece), piece)
            yield b"0\r\n\r\n"
        except GeneratorExit:
            self.left += 1  # the gateway has left within
            raise


def server_for(upstream, threads=1, limits=None, keys=False, **route):
    server = {"listen": ["127.0.0.1:0"], "threads": threads}
    if limits:
        server["limits"] = limits
    if keys:
        server["client_keys"] = [{"name": name, "key": key} for name, key in KEYS]
    config = {"server": server, "providers": {"up": signalbox_server.provider(upstream)},
              "routes": [{"match": "*", "targets": ["up/*"], "once": "on", **route}]}
    return signalbox_server.Server(config, "once")


class Asking:
    """A client that has asked and reads when it is told to."""

    def __init__(self, server, asked=None, headers=(), receive_bytes=None):
        self.connection = wire.Connection.__new__(wire.Connection)
        self.connection.socket = socket.socket()
        if receive_bytes:
            self.connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.connection.socket.settimeout(30)
        self.connection.socket.connect(("127.0.0.1", server.port))
        self.connection.stream = self.connection.socket.makefile("rb")
        self.connection.send(wire.request_bytes("POST", "/v1/messages", asked or body(), [JSON, *(headers or server.client_headers)]))

    def read(self):
        """The answer; of one that was cut, what came of it, with `cut` set."""
        try:
            answer = self.connection.receive()
            answer.cut = False
        except wire.WireError as error:
            answer = error.partial
            answer.cut = True
        return answer

    def leave(self):
        self.connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.connection.close()


def read_all(clients):
    answers = [None] * len(clients)

    def one(i):
        answers[i] = clients[i].read()
    threads = [threading.Thread(target=one, args=(i,)) for i in range(len(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def asked(upstream, count):
    return wire.wait_until(lambda: upstream.count >= count, 20)


def settle():
    """Time for requests that nobody can see to have come."""
    time.sleep(0.5)


def log_lines(server):
    return [json.loads(line) for line in server.text().splitlines() if line.startswith('{"time_ms"')]


def shared(tap):
    upstream = Upstream([BEGIN, delta("Hel"), delta("lo"), END])
    with server_for(upstream) as server:
        clients = [Asking(server)]
        asked(upstream, 1)
        clients += [Asking(server) for _ in range(9)]
        settle()
        upstream.more(2)
        settle()
        clients += [Asking(server) for _ in range(5)]  # within the answer
        settle()
        upstream.more(2)
        answers = read_all(clients)
        tap.equal("everybody gets the same answer, from its beginning", {answer.body for answer in answers}, {BEGIN + delta("Hel") + delta("lo") + END})
        tap.equal("with a head", {answer.status for answer in answers}, {200})
        tap.equal("for one call", upstream.count, 1)
        tap.equal("under a request-id of his own", len({answer.header("request-id") for answer in answers}), 15)
        leader = answers[0].header("request-id")
        tap.equal("and the head says with whom", {answer.header("x-signalbox-followed") for answer in answers[1:]}, {leader})
        lines = server.settled(15) if HOST == "worker" else None
        lines = [line for line in log_lines(server) if line.get("event") == "exchange"]
        if lines and HOST == "native":
            tap.equal("the log too", sum(line.get("followed") == leader for line in lines), 14)
            tap.equal("and counts the tokens once", sum(line.get("output_tokens", 0) for line in lines), 9)
        # It is over: the next one asks anew.
        again = Asking(server)
        asked(upstream, 2)
        upstream.more(4)
        tap.equal("nothing is kept behind it", (again.read().header("x-signalbox-followed"), upstream.count), (None, 2))


def whole(tap):
    upstream = Upstream(whole=WHOLE)
    with server_for(upstream) as server:
        clients = [Asking(server, body(False)) for _ in range(6)]
        asked(upstream, 1)
        settle()
        upstream.more()
        answers = read_all(clients)
        tap.equal("a whole answer is shared", ({answer.body for answer in answers}, upstream.count), ({WHOLE}, 1))
        tap.equal("with its length", {answer.header("content-length") for answer in answers}, {str(len(WHOLE))})


def failing(tap):
    error = json.dumps({"type": "error", "error": {"type": "overloaded_error", "message": "full"}}).encode()
    upstream = Upstream(whole=error, status=529)
    with server_for(upstream) as server:
        clients = [Asking(server) for _ in range(8)]
        asked(upstream, 1)
        settle()
        upstream.more(50)
        answers = read_all(clients)
        tap.equal("an upstream that fails is asked once", (upstream.count, {answer.status for answer in answers}), (1, {529}))


def different(tap):
    upstream = Upstream([BEGIN, delta("a"), END])
    with server_for(upstream, keys=True) as server:
        alice, bob = ([("x-signalbox-key", key)] for _, key in KEYS)
        clients = [Asking(server, headers=alice)]
        asked(upstream, 1)
        clients.append(Asking(server, headers=bob))
        tap.check("another client key has a call of its own", asked(upstream, 2))
        clients.append(Asking(server, body(text="other"), alice))
        tap.check("and so has another body", asked(upstream, 3))
        clients.append(Asking(server, headers=[*alice, ("anthropic-beta", "x-1")]))
        tap.check("and a header that may change the answer", asked(upstream, 4))
        clients.append(Asking(server, headers=[*alice, ("x-stainless-retry-count", "2"), ("user-agent", "other")]))
        settle()
        tap.equal("one that changes nothing does not count", upstream.count, 4)
        upstream.more(30)
        tap.equal("all are answered", {answer.body for answer in read_all(clients)}, {BEGIN + delta("a") + END})


def slow_follower(tap):
    piece = delta("x" * 10_000)
    upstream = Upstream([BEGIN, piece * 300, END])
    with server_for(upstream, limits={"once_answer_bytes_max": 16 << 20}) as server:
        leader = Asking(server)
        asked(upstream, 1)
        slow, quick = Asking(server, receive_bytes=4096), Asking(server)
        settle()
        upstream.more(3)
        began = time.monotonic()
        answers = read_all([leader, quick])
        took = time.monotonic() - began
        tap.equal("who reads gets the answer", [answer.body == BEGIN + piece * 300 + END for answer in answers], [True, True])
        tap.check("and does not wait for who does not", took < 10, took)
        tap.equal("who reads later gets it too", slow.read().body == BEGIN + piece * 300 + END, True)
        tap.equal("for one call", upstream.count, 1)


def slow_leader(tap):
    piece = delta("x" * 10_000)
    pieces = [BEGIN] + [piece * 100] * 10 + [END]
    upstream = Upstream(pieces)
    with server_for(upstream, limits={"once_answer_bytes_max": 16 << 20}) as server:
        leader = Asking(server, receive_bytes=4096)
        asked(upstream, 1)
        upstream.more(8)
        settle()  # it stands still by now, and the answer with it
        follower = Asking(server)
        upstream.more(4)
        began = time.monotonic()
        tap.equal("who follows one that does not read gets the answer", follower.read().body == b"".join(pieces), True)
        tap.check("at his own pace", time.monotonic() - began < 10, time.monotonic() - began)
        tap.equal("who reads later gets it too", leader.read().body == b"".join(pieces), True)
        tap.equal("for one call", upstream.count, 1)


def leader_leaves(tap):
    for when in ("before the answer", "within it"):
        upstream = Upstream([BEGIN, delta("Hel"), delta("lo"), END])
        with server_for(upstream) as server:
            leader = Asking(server)
            asked(upstream, 1)
            followers = [Asking(server) for _ in range(3)]
            settle()
            if when == "within it":
                upstream.more(2)
                settle()
            leader.leave()
            settle()
            followers.append(Asking(server))
            settle()
            upstream.more(4)
            answers = read_all(followers)
            tap.equal("the first client leaves %s, and the others get it" % when,
                      ({answer.body for answer in answers}, upstream.count), ({BEGIN + delta("Hel") + delta("lo") + END}, 1))
            tap.equal("and the server goes on, %s" % when, server.ask("GET", "/healthz").status, 200)


def all_leave(tap):
    upstream = Upstream([BEGIN] + [delta("x" * 1_000)] * 200)
    with server_for(upstream) as server:
        clients = [Asking(server)]
        asked(upstream, 1)
        clients += [Asking(server) for _ in range(3)]
        settle()
        upstream.more(2)
        settle()
        for client in clients:
            client.leave()
        settle()
        upstream.more(200)
        tap.check("when all have left the upstream is left too", wire.wait_until(lambda: upstream.left == 1), upstream.left)


def followers_leave(tap):
    upstream = Upstream([BEGIN, delta("Hel"), delta("lo"), END])
    with server_for(upstream) as server:
        leader = Asking(server)
        asked(upstream, 1)
        leaving = [Asking(server) for _ in range(20)]
        staying = Asking(server)
        settle()
        upstream.more(2)
        settle()
        for client in leaving:
            client.leave()
        upstream.more(2)
        tap.equal("followers that leave disturb nobody", {answer.body for answer in read_all([leader, staying])}, {BEGIN + delta("Hel") + delta("lo") + END})


def bound(tap):
    """Answers of 20 MB that nobody but the first reads: what is kept stays within the bounds."""
    piece = delta("x" * 10_000)
    upstream = Upstream([BEGIN] + [piece * 100] * 20 + [END])
    with server_for(upstream, limits={"once_answer_bytes_max": 1 << 20, "once_bytes_max": 4 << 20}) as server:
        leader = Asking(server)
        asked(upstream, 1)
        slow = [Asking(server, receive_bytes=4096) for _ in range(40)]
        settle()
        before = server.rss_kb()
        upstream.more(22)
        tap.equal("the first gets it whole", len(leader.read().body), len(BEGIN + piece * 2000 + END))
        grown = server.rss_kb() - before
        # For each what its own connection may have unsent (256 KiB and what is sent at a time), and what is kept.
        tap.check("within the bounds", grown < 40 * (256 + 64) + 6 * 1024, grown)
        answers = read_all(slow)
        tap.equal("who was too far behind is cut, and takes no part for the whole", {answer.cut or b"event: error" in answer.body for answer in answers}, {True})
        again = Asking(server)
        tap.check("and is served when it asks again", asked(upstream, 2))
        upstream.more(22)
        tap.equal("whole", len(again.read().body), len(BEGIN + piece * 2000 + END))


def slow_leaders(tap):
    """Eight calls of 12 MB whose first client does not read, while another does: what is kept stays within the bound of all."""
    pieces = [BEGIN] + [delta("x" * 10_000) * 10] * 120 + [END]
    upstream = Upstream(pieces)
    with server_for(upstream, limits={"once_answer_bytes_max": 16 << 20, "once_bytes_max": 16 << 20}) as server:
        before = server.rss_kb()
        leaders, got = [], []
        for i in range(8):
            leaders.append(Asking(server, body(text=str(i)), receive_bytes=4096))
            asked(upstream, i + 1)
            follower = Asking(server, body(text=str(i)))
            settle()
            upstream.more(len(pieces))
            got.append(follower.read().body == b"".join(pieces))
        tap.equal("who follows gets it whole", got, [True] * 8)
        grown = server.rss_kb() - before
        # Beside what is kept, what each connection may have unsent. The system's own buffers take 4 MB of each.
        tap.check("what first clients do not read is within the bound", grown < 8 * (256 + 64) + (16 + 6) * 1024, grown)
        answers = read_all(leaders)
        whole = [answer.body for answer in answers if not answer.cut]
        tap.equal("one that is not cut off gets it whole", set(whole), {b"".join(pieces)})
        tap.check("and one that is cut off no more than was there", all(b"".join(pieces).startswith(answer.body) for answer in answers))
        tap.check("for some of them there was no room", 0 < len(whole) < 8, len(whole))


def broken(tap):
    upstream = Upstream()

    def answer(_):
        upstream.steps.acquire()
        yield b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        yield b"%x\r\n%s\r\n" % (len(BEGIN + delta("Hel")), BEGIN + delta("Hel"))
        yield 0.3
        yield None
    upstream.upstream.answer = answer
    with server_for(upstream) as server:
        clients = [Asking(server) for _ in range(5)]
        asked(upstream, 1)
        settle()
        upstream.more(10)
        answers = read_all(clients)
        tap.equal("a stream that breaks off ends with an error event for each",
                  [answer.body.startswith(BEGIN + delta("Hel")) and b"event: error" in answer.body and not answer.cut for answer in answers], [True] * 5)
        tap.check("that has his own request-id", all(answer.header("request-id").encode() in answer.body for answer in answers))


def threads(tap):
    upstream = Upstream([BEGIN, delta("Hello"), END])
    with server_for(upstream, threads=4) as server:
        clients = [Asking(server) for _ in range(40)]
        asked(upstream, 1)
        settle()
        upstream.more(200)
        answers = read_all(clients)
        tap.check("no more than one call a thread", 1 <= upstream.count <= 4, upstream.count)
        tap.equal("and everybody has his answer", {answer.body for answer in answers}, {BEGIN + delta("Hello") + END})


def alone(tap):
    """Where an instance has one exchange, each request has a call of its own."""
    upstream = Upstream([BEGIN, END])
    with server_for(upstream) as server:
        clients = [Asking(server) for _ in range(3)]
        tap.check("nothing is shared where nobody knows of the others", asked(upstream, 3))
        upstream.more(6)
        tap.equal("and all are answered", {answer.body for answer in read_all(clients)}, {BEGIN + END})


def main():
    tap = Tap("once" if HOST == "native" else "%s-once" % HOST)
    everywhere = [shared, whole, failing, different, slow_follower, slow_leader, leader_leaves, followers_leave, broken]
    tests = [alone] if HOST.startswith("wasi") else everywhere + ([all_leave, bound, slow_leaders, threads] if HOST == "native" else [])
    for test in tests:
        tap.run(test.__name__, test, tap)
    tap.exit()


if __name__ == "__main__":
    main()
