"""Places and probes that several isolates share by the Worker's Durable Object; the part of places.py that only it has.

One workerd, several Workers: each is an isolate of its own, and the first one's object owns the places of all.
"""
import json
import os
import subprocess
import threading

import raw_upstream
import wire
import worker_host
import worker_server
import worker_sharing
from crowds import Crowd, Held

MESSAGE = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
KEY = (("x-signalbox-key", worker_server.PLAYER_KEY), ("content-type", "application/json"))
SECRET = {"UPSTREAM_KEY": worker_host.SECRET}


def config(upstreams, queue=None, failures=None, **bounds):
    route = {"match": "*", "targets": [name + "/*" for name in upstreams], **({"queue": queue} if queue else {})}
    providers = {name: {"dialect": "anthropic", "base_url": upstream.url, "key": "${UPSTREAM_KEY}", **bounds}
                 for name, upstream in upstreams.items()}
    return {"providers": providers, "routes": [route], **({"failures": failures} if failures else {})}


def server_for(setup, isolates, state=True, **env):
    return worker_server.WorkerServer(setup, "shared-places", env={**SECRET, **env}, isolates=isolates, state=state)


def ask(port, said="hi", seconds=60):
    body = json.dumps({**MESSAGE, "messages": [{"role": "user", "content": said}]}).encode()
    return wire.ask(port, "POST", "/v1/messages", body, KEY, seconds=seconds)


class Seen:
    """What the owner of places has seen: how often it was `asked`, how often told that a place is still held (`renewed`), and
    how many are `waiting`."""

    def __init__(self, server):
        self.asked, self.renewed, self.waiting = json.loads(wire.ask(server.ports[0], "GET", "/places-seen").body)


def until_asked(server, count):
    """Waits until the owner was asked so often: who asks after that comes behind."""
    if not wire.wait_until(lambda: Seen(server).asked >= count, 20):
        raise AssertionError("the owner of places was asked %d times, and not %d" % (Seen(server).asked, count))


def shared_bound(tap):
    """More isolates than places: never above the bound, everybody is served; and without the object each counts alone."""
    upstream = Held(worker_host.ANSWER, hold_s=0.05)
    with server_for(config({"up": upstream}, {"places_max": 100, "wait_ms_max": 60_000}, concurrent_max=2), 3) as server:
        crowd = Crowd()
        for i in range(60):
            crowd.begin(ask, server.ports[i % 3])
        tap.equal("over three isolates everybody who waits is served", crowd.statuses(), [200] * 60)
        tap.equal("never more at the upstream than the bound of all", upstream.most, 2)
    alone = Held(worker_host.ANSWER)
    with server_for(config({"up": alone}, {"places_max": 100, "wait_ms_max": 60_000}, concurrent_max=1), 3, state=False) as server:
        crowd = Crowd()
        for port in server.ports:
            crowd.begin(ask, port)
        wire.wait_until(lambda: alone.most == 3)
        alone.let_go(3)
        tap.equal("without the object each isolate bounds its own", (crowd.statuses(), alone.most), ([200] * 3, 3))


def shared_order(tap):
    upstream = Held(worker_host.ANSWER)
    with server_for(config({"up": upstream}, {"places_max": 20, "wait_ms_max": 60_000}, concurrent_max=1), 2) as server:
        crowd = Crowd()
        for i in range(9):
            crowd.begin(ask, server.ports[i % 2], "request %d" % i)
            until_asked(server, i + 1)
        wire.wait_until(lambda: upstream.said)
        tap.equal("one is asked", upstream.said, ["request 0"])
        upstream.let_go(9)
        tap.equal("and the others when it has ended", crowd.statuses(), [200] * 9)
        tap.equal("in the order in which they came, whichever isolate they came to", upstream.said, ["request %d" % i for i in range(9)])


def shared_refusal(tap):
    upstream, other = Held(worker_host.ANSWER), Held(worker_host.ANSWER)
    with server_for(config({"up": upstream}, concurrent_max=1), 2) as server:
        crowd = Crowd()
        crowd.begin(ask, server.ports[0])
        wire.wait_until(lambda: upstream.said)
        tap.equal("a place that another isolate has is none", ask(server.ports[1]).status, 529)
        upstream.let_go()
        tap.equal("he who has it is served", crowd.statuses(), [200])
        upstream.let_go()
        tap.check("and then it is given back", wire.wait_until(lambda: ask(server.ports[1]).status == 200))
    upstream = Held(worker_host.ANSWER)
    with server_for(config({"up": upstream, "other": other}, concurrent_max=1), 2) as server:
        crowd = Crowd()
        crowd.begin(ask, server.ports[0])
        wire.wait_until(lambda: upstream.said)
        other.let_go()
        answer = ask(server.ports[1])
        tap.equal("a full lane is passed over for the next one", (answer.status, answer.header("x-signalbox-provider")), (200, "other"))
        upstream.let_go()
        crowd.answers()


def shared_leaver(tap):
    """A client that waits at one isolate and leaves holds up nobody at another."""
    upstream = Held(worker_host.ANSWER)
    with server_for(config({"up": upstream}, {"places_max": 20, "wait_ms_max": 8_000}, concurrent_max=1), 2) as server:
        crowd = Crowd()
        crowd.begin(ask, server.ports[0], "first")
        wire.wait_until(lambda: upstream.said)
        leaver = wire.Connection(server.ports[1])
        leaver.send(wire.request_bytes("POST", "/v1/messages", json.dumps(MESSAGE).encode(), KEY))
        until_asked(server, 2)
        leaver.close()
        crowd.begin(ask, server.ports[1], "third")
        until_asked(server, 3)
        upstream.let_go(3)
        tap.equal("who comes behind is served", crowd.statuses(), [200, 200])
        upstream.let_go()
        tap.equal("and the place is given back", ask(server.ports[0], "last").status, 200)


def shared_death(tap):
    """What an isolate has that says nothing any more comes free; what one has that lives does not."""
    upstream = Held(worker_host.ANSWER)
    with server_for(config({"up": upstream}, {"places_max": 20, "wait_ms_max": 60_000}, concurrent_max=1), 2,
                    SIGNALBOX_LEASE_MS="2000") as server:
        tap.equal("an isolate takes the place and is heard of no more", wire.ask(server.ports[1], "GET", "/take-place?provider%20up").body, b"0")
        crowd = Crowd()
        crowd.begin(ask, server.ports[0], "waits")
        until_asked(server, 2)
        tap.equal("it is still taken", (upstream.said, Seen(server).waiting), ([], 1))
        tap.check("and free when its time is over", wire.wait_until(lambda: upstream.said == ["waits"], 20))
        crowd.begin(ask, server.ports[1], "behind")
        # It says so three times within that time.
        before = Seen(server).renewed
        tap.check("an isolate that lives says so", wire.wait_until(lambda: Seen(server).renewed >= before + 4, 20))
        tap.equal("and has it for longer than that", upstream.said, ["waits"])
        upstream.let_go(2)
        tap.equal("and both are served", crowd.statuses(), [200, 200])


def shared_unreachable(tap):
    upstream = Held(worker_host.ANSWER, hold_s=0.05)
    with server_for(config({"up": upstream}, concurrent_max=1), 1, HOLD_PLACES="1") as server:
        tap.equal("where the object says nothing the isolate goes by itself", [ask(server.ports[0]).status for _ in range(2)], [200, 200])
        tap.equal("and says so once", server.text().count("bounds hold for each isolate by itself"), 1)


def shared_probe(tap):
    """A half-open lane gets one request, over all isolates, until it is known what becomes of it."""
    fails, release = [True], threading.Event()

    def answer(_):
        if fails[0]:
            yield b"HTTP/1.1 500 No\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
            return
        release.wait(20)
        yield b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(worker_host.ANSWER) + worker_host.ANSWER
    weak, well = raw_upstream.RawUpstream(answer), Held(worker_host.ANSWER, hold_s=0.02)
    setup = config({"weak": weak, "well": well}, failures={"cool_ms": 0, "window_requests_min": 2, "window_failure_percent": 50, "open_ms": 300})
    setup["routes"].insert(0, {"match": "well", "targets": ["well/*"]})
    with server_for(setup, 2, SIGNALBOX_STATE_MS_MAX="0") as server:
        for _ in range(2):
            ask(server.ports[0])
        fails[0] = False

        def heard():
            wire.ask(server.ports[1], "POST", "/v1/messages", json.dumps({**MESSAGE, "model": "well"}).encode(), KEY)
            return b'"half_open"' in wire.ask(server.ports[1], "GET", "/signalbox/state", b"", KEY).body
        tap.check("a lane is half-open, and the other isolate has heard of it", wire.wait_until(heard, 10))
        before = len(well.said)
        crowd = Crowd()
        for i in range(8):
            crowd.begin(ask, server.ports[i % 2])
        wire.wait_until(lambda: len(well.said) - before == 7, 10)
        tap.equal("one request finds out", weak.count, 3)
        tap.equal("the others are served by the lane that is well", len(well.said) - before, 7)
        release.set()
        tap.equal("and all have their answers", crowd.statuses(), [200] * 8)


TESTS = [shared_bound, shared_order, shared_refusal, shared_leaver, shared_death, shared_unreachable, shared_probe]


def run_all(tap):
    for name, file in (("the owner of places", "worker_place_owner.mjs"), ("a lease of places", "worker_place_lease.mjs")):
        alone = subprocess.run(["node", os.path.join(worker_host.HERE, file)], capture_output=True, text=True)
        print(alone.stdout, end="")
        tap.check(name + " by itself", alone.returncode == 0 and "not ok" not in alone.stdout, alone.stdout + alone.stderr)
    worker_server.DIST = worker_host.bundle()
    for test in TESTS + worker_sharing.TESTS:
        tap.run(test.__name__, test, tap)
