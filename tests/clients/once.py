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
from crowds import Crowd, under_way, until_under_way
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


HELLO = [BEGIN, delta("Hel"), delta("lo"), END]
LONG_PIECE = delta("x" * 10_000)


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

    def until_heard(self, text):
        """Waits until `text` has come, and leaves it to be read."""
        def heard():
            return text in self.connection.socket.recv(1 << 16, socket.MSG_PEEK)
        if not wire.wait_until(heard, 20):
            raise AssertionError("%r did not come" % text)

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


def asked_by(server, upstream, count, asked=None):
    """So many clients that ask the same: the first has a call, of which the upstream knows, and the others have come."""
    clients = [Asking(server, asked)]
    until_asked(upstream, 1)
    clients += [Asking(server, asked) for _ in range(count - 1)]
    until_under_way(server, count)
    return clients


def read_all(clients):
    crowd = Crowd()
    for client in clients:
        crowd.begin(client.read)
    return crowd.answers()


def bodies(clients):
    return {answer.body for answer in read_all(clients)}


def until_asked(upstream, count):
    return wire.wait_until(lambda: upstream.count >= count, 20)


def log_lines(server):
    """Of those that asked a model."""
    lines = [json.loads(line) for line in server.text().splitlines() if line.startswith('{"time_ms"')]
    return [line for line in lines if line.get("event") == "exchange" and line.get("provider") == "up"]


def shared(tap):
    upstream = Upstream(HELLO)
    with server_for(upstream) as server:
        clients = asked_by(server, upstream, 10)
        upstream.more(2)
        clients[0].until_heard(b"Hel")
        clients += [Asking(server) for _ in range(5)]  # within the answer
        until_under_way(server, 15)
        upstream.more(2)
        answers = read_all(clients)
        tap.equal("everybody gets the same answer, from its beginning", {answer.body for answer in answers}, {b"".join(HELLO)})
        tap.equal("with a head", {answer.status for answer in answers}, {200})
        tap.equal("for one call", upstream.count, 1)
        tap.equal("under a request-id of his own", len({answer.header("request-id") for answer in answers}), 15)
        leader = answers[0].header("request-id")
        tap.equal("and the head says with whom", {answer.header("x-signalbox-followed") for answer in answers[1:]}, {leader})
        if HOST == "native":
            wire.wait_until(lambda: len(log_lines(server)) == 15)
            lines = log_lines(server)
            tap.equal("the log too", sum(line.get("followed") == leader for line in lines), 14)
            tap.equal("and counts the tokens once", sum(line.get("output_tokens", 0) for line in lines), 9)
        # It is over: the next one asks anew.
        server.settled(15)
        again = Asking(server)
        until_asked(upstream, 2)
        upstream.more(4)
        tap.equal("nothing is kept behind it", (again.read().header("x-signalbox-followed"), upstream.count), (None, 2))


def whole(tap):
    upstream = Upstream(whole=WHOLE)
    with server_for(upstream) as server:
        clients = asked_by(server, upstream, 6, body(False))
        upstream.more()
        answers = read_all(clients)
        tap.equal("a whole answer is shared", ({answer.body for answer in answers}, upstream.count), ({WHOLE}, 1))
        tap.equal("with its length", {answer.header("content-length") for answer in answers}, {str(len(WHOLE))})


def failing(tap):
    error = json.dumps({"type": "error", "error": {"type": "overloaded_error", "message": "full"}}).encode()
    upstream = Upstream(whole=error, status=529)
    with server_for(upstream) as server:
        clients = asked_by(server, upstream, 8)
        upstream.more(50)
        answers = read_all(clients)
        tap.equal("an upstream that fails is asked once", (upstream.count, {answer.status for answer in answers}), (1, {529}))


def different(tap):
    upstream = Upstream([BEGIN, delta("a"), END])
    with server_for(upstream, keys=True) as server:
        alice, bob = ([("x-signalbox-key", key)] for _, key in KEYS)
        clients = [Asking(server, headers=alice)]
        until_asked(upstream, 1)
        clients.append(Asking(server, headers=bob))
        tap.check("another client key has a call of its own", until_asked(upstream, 2))
        clients.append(Asking(server, body(text="other"), alice))
        tap.check("and so has another body", until_asked(upstream, 3))
        clients.append(Asking(server, headers=[*alice, ("anthropic-beta", "x-1")]))
        tap.check("and a header that may change the answer", until_asked(upstream, 4))
        clients.append(Asking(server, headers=[*alice, ("x-stainless-retry-count", "2"), ("user-agent", "other")]))
        until_under_way(server, 5)
        upstream.more(30)
        tap.equal("all are answered", bodies(clients), {BEGIN + delta("a") + END})
        tap.equal("one that changes nothing does not count", upstream.count, 4)


def slow_follower(tap):
    pieces = [BEGIN, LONG_PIECE * 300, END]
    upstream = Upstream(pieces)
    with server_for(upstream, limits={"once_answer_bytes_max": 16 << 20}) as server:
        leader = Asking(server)
        until_asked(upstream, 1)
        slow, quick = Asking(server, receive_bytes=4096), Asking(server)
        until_under_way(server, 3)
        upstream.more(3)
        # Who is slow reads nothing before these two have read all.
        tap.equal("who reads gets the answer, and does not wait for who does not",
                  [answer.body == b"".join(pieces) for answer in read_all([leader, quick])], [True, True])
        tap.equal("who reads later gets it too", slow.read().body == b"".join(pieces), True)
        tap.equal("for one call", upstream.count, 1)


def slow_leader(tap):
    pieces = [BEGIN] + [LONG_PIECE * 100] * 10 + [END]
    upstream = Upstream(pieces)
    with server_for(upstream, limits={"once_answer_bytes_max": 16 << 20}) as server:
        leader = Asking(server, receive_bytes=4096)
        until_asked(upstream, 1)
        upstream.more(8)
        # The answer is to stand still by then, of which nobody tells. If it does not yet, less is tested and nothing fails.
        time.sleep(0.5)
        follower = Asking(server)
        upstream.more(4)
        tap.equal("who follows one that does not read gets the answer, at his own pace", follower.read().body == b"".join(pieces), True)
        tap.equal("who reads later gets it too", leader.read().body == b"".join(pieces), True)
        tap.equal("for one call", upstream.count, 1)


def leader_leaves(tap):
    for when in ("before the answer", "within it"):
        upstream = Upstream(HELLO)
        with server_for(upstream) as server:
            leader, *followers = asked_by(server, upstream, 4)
            if when == "within it":
                upstream.more(2)
                followers[0].until_heard(b"Hel")
            leader.leave()
            server.ask("GET", "/healthz")  # the one thread has come to that by now, where it can be seen at all
            followers.append(Asking(server))
            until_under_way(server, 5)
            upstream.more(4)
            tap.equal("the first client leaves %s, and the others get it" % when, (bodies(followers), upstream.count), ({b"".join(HELLO)}, 1))
            tap.equal("and the server goes on, %s" % when, server.ask("GET", "/healthz").status, 200)


def all_leave(tap):
    upstream = Upstream([BEGIN] + [delta("x" * 1_000)] * 200)
    with server_for(upstream) as server:
        clients = asked_by(server, upstream, 4)
        upstream.more(2)
        for client in clients:
            client.until_heard(b"xxx")
        for client in clients:
            client.leave()
        until_under_way(server, 0)
        upstream.more(200)
        tap.check("when all have left the upstream is left too", wire.wait_until(lambda: upstream.left == 1), upstream.left)


def followers_leave(tap):
    upstream = Upstream(HELLO)
    with server_for(upstream) as server:
        leader, staying, *leaving = asked_by(server, upstream, 22)
        upstream.more(2)
        staying.until_heard(b"Hel")
        for client in leaving:
            client.leave()
        if HOST == "native":
            until_under_way(server, 2)
        upstream.more(2)
        tap.equal("followers that leave disturb nobody", bodies([leader, staying]), {b"".join(HELLO)})


def bound(tap):
    """Answers of 20 MB that nobody but the first reads: what is kept stays within the bounds."""
    pieces = [BEGIN] + [LONG_PIECE * 100] * 20 + [END]
    upstream = Upstream(pieces)
    with server_for(upstream, limits={"once_answer_bytes_max": 1 << 20, "once_bytes_max": 4 << 20}) as server:
        leader = Asking(server)
        until_asked(upstream, 1)
        slow = [Asking(server, receive_bytes=4096) for _ in range(40)]
        until_under_way(server, 41)
        before = server.rss_kb()
        upstream.more(22)
        tap.equal("the first gets it whole", len(leader.read().body), len(b"".join(pieces)))
        grown = server.rss_kb() - before
        # For each what its own connection may have unsent (256 KiB and what is sent at a time), and what is kept.
        tap.check("within the bounds", signalbox_server.sanitized() or grown < 40 * (256 + 64) + 6 * 1024, grown)
        answers = read_all(slow)
        tap.equal("who was too far behind is cut, and takes no part for the whole", {answer.cut or b"event: error" in answer.body for answer in answers}, {True})
        again = Asking(server)
        tap.check("and is served when it asks again", until_asked(upstream, 2))
        upstream.more(22)
        tap.equal("whole", len(again.read().body), len(b"".join(pieces)))


def slow_leaders(tap):
    """Eight calls of 12 MB whose first client does not read, while another does: what is kept stays within the bound of all."""
    pieces = [BEGIN] + [delta("x" * 10_000) * 10] * 120 + [END]
    upstream = Upstream(pieces)
    with server_for(upstream, limits={"once_answer_bytes_max": 16 << 20, "once_bytes_max": 16 << 20}) as server:
        before = server.rss_kb()
        leaders, got = [], []
        for i in range(8):
            leaders.append(Asking(server, body(text=str(i)), receive_bytes=4096))
            until_asked(upstream, i + 1)
            others = under_way(server)
            follower = Asking(server, body(text=str(i)))
            until_under_way(server, others + 1)
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
    begun = BEGIN + delta("Hel")

    def answer(_):
        upstream.steps.acquire()
        yield b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        yield b"%x\r\n%s\r\n" % (len(begun), begun)
        yield 0.3
        yield None
    upstream.upstream.answer = answer
    with server_for(upstream) as server:
        clients = asked_by(server, upstream, 5)
        upstream.more(10)
        answers = read_all(clients)
        tap.equal("a stream that breaks off ends with an error event for each",
                  [answer.body.startswith(begun) and b"event: error" in answer.body and not answer.cut for answer in answers], [True] * 5)
        tap.check("that has his own request-id", all(answer.header("request-id").encode() in answer.body for answer in answers))


def threads(tap):
    upstream = Upstream([BEGIN, delta("Hello"), END])
    with server_for(upstream, threads=4) as server:
        clients = asked_by(server, upstream, 40)
        upstream.more(200)
        tap.equal("everybody has his answer, whichever thread he came to", bodies(clients), {BEGIN + delta("Hello") + END})
        tap.check("for no more than one call a thread", 1 <= upstream.count <= 4, upstream.count)


def alone(tap):
    """Where an instance has one exchange, each request has a call of its own."""
    upstream = Upstream([BEGIN, END])
    with server_for(upstream) as server:
        clients = [Asking(server) for _ in range(3)]
        tap.check("nothing is shared where nobody knows of the others", until_asked(upstream, 3))
        upstream.more(6)
        tap.equal("and all are answered", bodies(clients), {BEGIN + END})


def main():
    tap = Tap("once" if HOST == "native" else "%s-once" % HOST)
    if HOST == "worker":
        import worker_host
        import worker_server
        worker_server.DIST = worker_host.bundle()
    everywhere = [shared, whole, failing, different, slow_follower, slow_leader, leader_leaves, followers_leave, broken]
    tests = [alone] if HOST.startswith("wasi") else everywhere + ([all_leave, bound, slow_leaders, threads] if HOST == "native" else [])
    for test in tests:
        tap.run(test.__name__, test, tap)
    tap.exit()


if __name__ == "__main__":
    main()
