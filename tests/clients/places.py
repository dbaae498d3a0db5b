#!/usr/bin/env python3
"""Bounds on requests at a time, and waiting for a place, with many clients at once: never more at an upstream than its
bound, over all threads of the native host; whoever waits is served, and whoever may not is told to come back.

SIGNALBOX_HOST: native (default), worker (and over several isolates: worker_places.py), wasi (an instance has one exchange: nobody waits).
"""
import json
import os
import time

import raw_upstream
import signalbox_server
import wire
from crowds import Crowd, Held, under_way, until_under_way
from tap import Tap

HOST = os.environ.get("SIGNALBOX_HOST", "native")
BODY = json.dumps({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}).encode()
STREAM = json.dumps({"model": "m", "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": "hi"}]}).encode()
ANSWER = json.dumps({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
                     "content": [{"type": "text", "text": "Hello"}], "usage": {"input_tokens": 1, "output_tokens": 1}}).encode()
JSON = ("content-type", "application/json")


def server_for(upstream, most, queue=None, **failover):
    route = {"match": "*", "targets": ["up/*"]}
    if queue:
        route["queue"] = queue
    config = {"server": {"listen": ["127.0.0.1:0"], "threads": 4}, "failover": failover,
              "providers": {"up": signalbox_server.provider(upstream, concurrent_max=most)}, "routes": [route]}
    return signalbox_server.Server(config, "places")


def ask(server, body=BODY):
    return server.ask("POST", "/v1/messages", body, [JSON], seconds=60)


def crowd_of(server, count, body=BODY):
    crowd = Crowd()
    for _ in range(count):
        crowd.begin(ask, server, body)
    return crowd


def refused(tap):
    upstream = Held(ANSWER)
    with server_for(upstream, 2) as server:
        crowd = crowd_of(server, 12)
        wire.wait_until(lambda: len(crowd.ended) == 10, 30)
        told = crowd.ended
        upstream.let_go(2)
        tap.equal("no more than the bound at a time", upstream.most, 2)
        tap.equal("two are served, the others told to come back", sorted(crowd.statuses()), [200] * 2 + [529] * 10)
        tap.check("a refusal says when, in the client's dialect", all(answer.header("retry-after") and
                  json.loads(answer.body)["error"]["type"] == "overloaded_error" for answer in told), [answer.body for answer in told])
        upstream.let_go()
        tap.check("and the places come back", wire.wait_until(lambda: ask(server).status == 200))


def queued(tap):
    """A turn of which nobody hears is found at the next look, a second later: so sixty that wait for three places would not all
    be served within the time that they may wait."""
    upstream = Held(ANSWER, hold_s=0.02)
    with server_for(upstream, 3, {"places_max": 100, "wait_ms_max": 12_000}) as server:
        tap.equal("everybody who waits is served, and turns come at once", crowd_of(server, 60).statuses(), [200] * 60)
        tap.check("no more than the bound at a time", upstream.most <= 3, upstream.most)
        if HOST == "native":
            tap.check("the log says how long", wire.wait_until(lambda: "queued" in server.text()), server.text()[-400:])


def overfull(tap):
    upstream = Held(ANSWER)
    with server_for(upstream, 1, {"places_max": 2, "wait_ms_max": 60_000}) as server:
        crowd = crowd_of(server, 10)
        wire.wait_until(lambda: len(crowd.ended) == 7, 30)
        upstream.let_go(3)
        tap.equal("a queue holds no more than its places", sorted(crowd.statuses()), [200] * 3 + [529] * 7)
        tap.equal("one at a time", upstream.most, 1)


def waited_out(tap):
    upstream = Held(ANSWER)
    with server_for(upstream, 1, {"places_max": 5, "wait_ms_max": 300}, gate_ms=100, keep_alive_ms=100) as server:
        crowd = crowd_of(server, 3, STREAM)
        wire.wait_until(lambda: len(crowd.ended) == 2, 30)
        upstream.let_go(3)
        ended = [answer for answer in crowd.answers() if b"event: error" in answer.body]
        tap.equal("who streams and waits too long gets an error as an event", len(ended), 2)
        tap.check("behind signs of life", all(answer.status == 200 and b"overloaded_error" in answer.body for answer in ended),
                  [answer.body for answer in ended])


def leavers(tap):
    upstream = Held(ANSWER)
    with server_for(upstream, 1, {"places_max": 50, "wait_ms_max": 60_000}) as server:
        crowd = crowd_of(server, 1)
        wire.wait_until(lambda: upstream.inside == 1)
        leaving = [wire.Connection(server.port) for _ in range(20)]
        for client in leaving:
            client.send(wire.request_bytes("POST", "/v1/messages", BODY, [JSON, *server.client_headers]))
        until_under_way(server, 21)
        for client in leaving:
            client.close()
        if HOST == "native":
            until_under_way(server, 1)
        crowd.begin(ask, server)
        # A host that does not see them leave asks for some of them all the same.
        upstream.let_go(22)
        tap.equal("whoever comes behind those that have left is served", crowd.statuses(), [200, 200])
        if HOST == "native":
            tap.equal("and the upstream does not get what they asked", upstream.count, 2)


def events(count):
    """A stream of so many long pieces."""
    def event(kind, **more):
        return b"event: %s\ndata: %s\n\n" % (kind.encode(), json.dumps({"type": kind, **more}).encode())
    yield b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
    yield event("message_start", message={**json.loads(ANSWER), "content": [], "stop_reason": None})
    yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    for _ in range(count):
        yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": "z" * 60_000})
    yield event("content_block_stop", index=0)
    yield event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 9})
    yield event("message_stop")


def stalled(tap):
    """Who takes nothing of an answer gives his place up in the end, and who takes it slowly does not."""
    for reads in (False, True):
        upstream = raw_upstream.RawUpstream(lambda _: events(600) if upstream.count == 1 else
                                            [b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(ANSWER) + ANSWER])
        config = {"server": {"listen": ["127.0.0.1:0"], "threads": 2, "limits": {"client_stalled_ms_max": 3000}},
                  "providers": {"up": signalbox_server.provider(upstream, concurrent_max=1)},
                  "routes": [{"match": "*", "targets": ["up/*"], "queue": {"places_max": 5, "wait_ms_max": 60_000}}]}
        with signalbox_server.Server(config, "stalled") as server, wire.Connection(server.port) as client:
            client.send(wire.request_bytes("POST", "/v1/messages", STREAM, [JSON, *server.client_headers]))
            wire.wait_until(lambda: upstream.count == 1)
            if not reads:
                tap.equal("who waits behind one who reads nothing is served", ask(server).status, 200)
                tap.check("and the log says that he was left", wire.wait_until(lambda: "client_gone" in server.text()), server.text()[-600:])
                continue
            out = bytearray()
            while b"message_stop" not in out[-200:]:
                piece = client.socket.recv(2 << 20)
                if not piece:
                    break
                out += piece
                time.sleep(0.05)
            tap.check("who takes it slowly gets all of it", b"message_stop" in out[-200:] and len(out) > 600 * 60_000, len(out))


def counted(tap):
    """GET /metrics sums over all threads, and nothing that has ended is missing."""
    upstream = Held(ANSWER, hold_s=0.05)
    with server_for(upstream, 2) as server:
        statuses = crowd_of(server, 40).statuses()
        tap.check("nobody is left in flight", wire.wait_until(lambda: under_way(server) == 0))
        text = server.ask("GET", "/metrics").body.decode()
        samples = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        requests = 'signalbox_requests_total{route="*",provider="%s",outcome="%s"}'
        tap.equal("metrics count who was served", int(samples.get(requests % ("up", "ok"), 0)), statuses.count(200))
        tap.equal("and who was refused", sum(int(count) for name, count in samples.items() if name.startswith("signalbox_requests_total") and 'outcome="refused"' in name), statuses.count(529))
        tap.equal("each attempt", samples.get('signalbox_attempts_total{provider="up",result="answered"}'), str(statuses.count(200)))
        tap.equal("each in one bucket", int(samples.get('signalbox_request_duration_seconds_bucket{route="*",provider="up",le="+Inf"}', 0)), statuses.count(200) + (int(samples.get(requests % ("up", "refused"), 0))))


def alone(tap):
    """Where an instance has one exchange there is nobody to wait for, and nobody else to count."""
    upstream = Held(ANSWER, hold_s=0.05)
    with server_for(upstream, 1, {"places_max": 5, "wait_ms_max": 1_000}) as server:
        tap.equal("a bound does not stand in the way of one request", [ask(server).status for _ in range(3)], [200] * 3)


def main():
    tap = Tap("places" if HOST == "native" else "%s-places" % HOST)
    if HOST == "worker":
        import worker_host
        import worker_server
        worker_server.DIST = worker_host.bundle()
    for test in [alone] if HOST.startswith("wasi") else [alone, refused, queued, overfull, waited_out, leavers] + ([counted, stalled] if HOST == "native" else []):
        tap.run(test.__name__, test, tap)
    if HOST == "worker":
        import worker_places
        worker_places.run_all(tap)
    tap.exit()


if __name__ == "__main__":
    main()
