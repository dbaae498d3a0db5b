"""What isolates share on a Worker while something fails: the object of places begins anew or says nothing, the object of
lanes' state cannot read what it kept, an exchange teaches something and goes on. A part of worker-places.
"""
import json
import re
import threading

import once
import raw_upstream
import wire
import worker_server
from worker_host import ANSWER, SECRET, at_once

KEY = (("x-signalbox-key", worker_server.PLAYER_KEY), ("content-type", "application/json"))
MESSAGE = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
FAILS = b"HTTP/1.1 500 No\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(ANSWER), ANSWER)


def server_for(upstreams, name, isolates=1, routes=None, env=(), **bounds):
    """Isolates with these upstreams, one behind the other, or each where `routes` ({model: upstream}) says."""
    providers = {each: {"dialect": "anthropic", "base_url": upstream.url, "key": "${UPSTREAM_KEY}", **bounds}
                 for each, upstream in upstreams.items()}
    routes = [{"match": model, "targets": [each + "/*"]} for model, each in (routes or {}).items()]
    routes.append({"match": "*", "targets": [each + "/*" for each in upstreams]})
    return worker_server.WorkerServer({"providers": providers, "routes": routes}, name, isolates=isolates,
                                      env={"UPSTREAM_KEY": SECRET, **dict(env)})


def ask(port, model="m"):
    return wire.ask(port, "POST", "/v1/messages", json.dumps({**MESSAGE, "model": model}).encode(), KEY, seconds=60)


def get(server, path, isolate=0):
    return wire.ask(server.ports[isolate], "GET", path, b"", KEY).body


class UnderWay:
    """A request that has reached its upstream, which answers when it is let go."""

    def __init__(self):
        self.gate, self.answer = threading.Event(), None

        def held(_):
            self.gate.wait(60)
            yield WHOLE
        self.upstream = raw_upstream.RawUpstream(held)

    def begin(self, port):
        def one():
            self.answer = ask(port)
        self.thread = threading.Thread(target=one)
        self.thread.start()
        wire.wait_until(lambda: self.upstream.count)

    def end(self):
        self.gate.set()
        self.thread.join()
        return self.answer.status


def places_begin_anew(tap):
    held = UnderWay()
    with server_for({"up": held.upstream}, "begins-anew", 2, env={"SIGNALBOX_LEASE_MS": "900"}, concurrent_max=1) as server:
        held.begin(server.ports[0])
        tap.equal("a place is held", get(server, "/places-held"), b"1")
        tap.check("the object that knows of it begins anew", b"a test" in get(server, "/begin-anew"))
        tap.check("and hears of it", wire.wait_until(lambda: get(server, "/places-held") == b"1", 10), server.text()[-1500:])
        tap.equal("another isolate does not get it", ask(server.ports[1]).status, 529)
        tap.equal("he who has it is served", held.end(), 200)
        tap.check("and gives it back", wire.wait_until(lambda: ask(server.ports[1]).status == 200, 10))


def places_silent(tap):
    """What is done behind an answer does not wait for an object that says nothing."""
    upstream = raw_upstream.RawUpstream(lambda _: iter([WHOLE]))
    with server_for({"up": upstream}, "silent", env={"HOLD_PLACES": "1"}, concurrent_max=9) as server:
        at_once(server, {**MESSAGE, "messages": [{"role": "user", "content": "x" * (14 << 20)}]})
        tap.equal("who comes behind large requests is served", ask(server.port).status, 200)
        tap.check("and a fresh instance takes the place of one that has grown", wire.wait_until(lambda: int(get(server, "/memory")) <= 48 << 20, 20))


def state_cannot_be_read(tap):
    upstream = raw_upstream.RawUpstream(lambda _: iter([WHOLE]))
    with server_for({"up": upstream}, "storage", env={"SIGNALBOX_STATE_MS_MAX": "0", "FAIL_STORAGE": "1"}) as server:
        def failed():
            return len(re.findall("could not be shared", server.text()))
        ask(server.port)
        tap.check("what was kept cannot be read", wire.wait_until(lambda: failed() == 1))
        for _ in range(3):
            ask(server.port)
        get(server, "/corrupt")  # asks the object too, behind all of them
        tap.equal("and is read the next time", failed(), 1)


def told_meanwhile(tap):
    """What an exchange has learned is told while it goes on."""
    held, weak = UnderWay(), raw_upstream.RawUpstream(lambda _: iter([FAILS]))
    other = raw_upstream.RawUpstream(lambda _: iter([WHOLE]))
    with server_for({"weak": weak, "well": held.upstream, "other": other}, "meanwhile", 2, {"other": "other"},
                    {"SIGNALBOX_STATE_MS_MAX": "0"}) as server:
        held.begin(server.ports[0])

        def knows():
            ask(server.ports[1], "other")
            return b"cooling_for_ms" in wire.ask(server.ports[1], "POST", "/signalbox/explain", json.dumps(MESSAGE).encode(), KEY).body
        tap.check("another isolate hears of a lane that failed", wire.wait_until(knows, 10))
        tap.equal("while the answer goes on", (held.answer, weak.count), (None, 1))
        tap.equal("which comes", held.end(), 200)


def leader_left_alone(tap):
    """The first client of a shared call does not read, those that follow leave: it gets what there is as soon as it reads."""
    piece, tick, count = once.delta("x" * 10_000) * 10, once.delta("tick"), 60
    upstream = once.Upstream([once.BEGIN, *[piece] * count, tick, tick, once.END])
    with once.server_for(upstream, limits={"once_answer_bytes_max": 16 << 20}) as server:
        leader = once.Asking(server, receive_bytes=4096)
        wire.wait_until(lambda: upstream.count == 1, 20)
        upstream.more(1)
        follower = once.Asking(server)
        follower.connection.socket.settimeout(20)
        wire.wait_until(lambda: server.ask("GET", "/exchanges").body == b"2", 20)
        upstream.more(count)
        wanted, got = len(piece) * count, 0
        while got < wanted and (part := follower.connection.socket.recv(1 << 20)):
            got += len(part)
        tap.check("who follows reads all that comes", got >= wanted, got)
        follower.leave()
        tap.check("and leaves", wire.wait_until(lambda: server.ask("GET", "/exchanges").body == b"1", 20))
        upstream.more(1)
        answer, leader_socket = b"", leader.connection.socket
        leader_socket.settimeout(20)
        try:
            while tick not in answer and (part := leader_socket.recv(1 << 20)):
                answer = answer[-len(tick):] + part
                got -= len(part)
        except TimeoutError:
            pass
        tap.check("the first one gets all of it, though nothing more has come yet", tick in answer, "%d bytes are missing" % got)
        upstream.more(2)
        while b"message_stop" not in answer and (part := leader_socket.recv(1 << 20)):
            answer = answer[-len(once.END):] + part
        tap.check("and then the end", once.END in answer)


TESTS = [places_begin_anew, places_silent, state_cannot_be_read, told_meanwhile, leader_left_alone]
