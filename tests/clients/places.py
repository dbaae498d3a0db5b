#!/usr/bin/env python3
"""Bounds on requests at a time, and waiting for a place, with many clients at once: never more at an upstream than its
bound, over all threads of the native host; whoever waits is served, and whoever may not is told to come back.

SIGNALBOX_HOST: native (default), worker (and over several isolates: worker_places.py), wasi (an instance has one exchange: nobody waits).
"""
import json
import os
import threading
import time

import raw_upstream
import signalbox_server
import wire
from tap import Tap

HOST = os.environ.get("SIGNALBOX_HOST", "native")
BODY = json.dumps({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}).encode()
STREAM = json.dumps({"model": "m", "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": "hi"}]}).encode()
ANSWER = json.dumps({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
                     "content": [{"type": "text", "text": "Hello"}], "usage": {"input_tokens": 1, "output_tokens": 1}}).encode()


class Counted:
    """An upstream that answers when it is let to, and counts how many it has at a time."""

    def __init__(self, hold_s):
        self.hold_s, self.inside, self.most, self.lock = hold_s, 0, 0, threading.Lock()
        self.upstream = raw_upstream.RawUpstream(self.answer)
        self.url = self.upstream.url

    def answer(self, _):
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        time.sleep(self.hold_s)
        with self.lock:
            self.inside -= 1  # before its last byte: the gateway may send the next one as soon as it has that
        yield b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(ANSWER) + ANSWER


def server_for(upstream, most, queue=None, **failover):
    route = {"match": "*", "targets": ["up/*"]}
    if queue:
        route["queue"] = queue
    config = {"server": {"listen": ["127.0.0.1:0"], "threads": 4}, "failover": failover,
              "providers": {"up": signalbox_server.provider(upstream, concurrent_max=most)}, "routes": [route]}
    return signalbox_server.Server(config, "places")


JSON = ("content-type", "application/json")


def crowd(server, count, body=BODY, seconds=60):
    answers = [None] * count

    def one(i):
        answers[i] = server.ask("POST", "/v1/messages", body, [JSON], seconds=seconds)
    threads = [threading.Thread(target=one, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def refused(tap):
    upstream = Counted(0.3)
    with server_for(upstream, 2) as server:
        answers = crowd(server, 12)
        statuses = [answer.status for answer in answers]
        tap.check("no more than the bound at a time", upstream.most <= 2, upstream.most)
        tap.check("two or more are served, the others told to come back", statuses.count(200) >= 2 and statuses.count(200) + statuses.count(529) == 12, statuses)
        told = [answer for answer in answers if answer.status == 529]
        tap.check("a refusal says when, in the client's dialect", all(answer.header("retry-after") and
                  json.loads(answer.body)["error"]["type"] == "overloaded_error" for answer in told))
        tap.equal("and the places come back", crowd(server, 1)[0].status, 200)


def queued(tap):
    upstream = Counted(0.05)
    with server_for(upstream, 3, {"places_max": 100, "wait_ms_max": 60_000}) as server:
        began = time.monotonic()
        answers = crowd(server, 60)
        took = time.monotonic() - began
        tap.equal("everybody who waits is served", [answer.status for answer in answers], [200] * 60)
        tap.check("no more than the bound at a time", upstream.most <= 3, upstream.most)
        tap.check("and turns come at once, not at the next look", took < 15, took)
        if HOST == "native":
            tap.check("the log says how long", wire.wait_until(lambda: '"queued_ms":' in server.text() or "queued" in server.text()), server.text()[-400:])


def overfull(tap):
    upstream = Counted(0.4)
    with server_for(upstream, 1, {"places_max": 2, "wait_ms_max": 60_000}) as server:
        statuses = sorted(answer.status for answer in crowd(server, 10))
        tap.check("a queue holds no more than its places", statuses.count(529) >= 1 and statuses.count(200) >= 3, statuses)
        tap.equal("one at a time", upstream.most, 1)


def waited_out(tap):
    upstream = Counted(1.5)
    with server_for(upstream, 1, {"places_max": 5, "wait_ms_max": 300}, gate_ms=100, keep_alive_ms=100) as server:
        answers = crowd(server, 3, STREAM)
        ended = [answer for answer in answers if b"event: error" in answer.body]
        tap.equal("who streams and waits too long gets an error as an event", len(ended), 2)
        tap.check("behind signs of life", all(answer.status == 200 and b"overloaded_error" in answer.body for answer in ended),
                  [answer.body for answer in ended])


def leavers(tap):
    upstream = Counted(0.3)
    with server_for(upstream, 1, {"places_max": 50, "wait_ms_max": 60_000}) as server:
        request = wire.request_bytes("POST", "/v1/messages", BODY, [JSON, *server.client_headers])
        first = threading.Thread(target=crowd, args=(server, 1))
        first.start()
        leaving = []
        for _ in range(20):
            client = wire.Connection(server.port)
            client.send(request)
            leaving.append(client)
        time.sleep(0.1)
        for client in leaving:
            client.close()
        began = time.monotonic()
        tap.equal("whoever comes behind those that have left is served", crowd(server, 1)[0].status, 200)
        first.join()
        # A host that does not see them leave asks for some of them all the same.
        if HOST == "native":
            tap.check("and does not wait for them", time.monotonic() - began < 3, time.monotonic() - began)
            tap.check("nor does the upstream get what they asked", upstream.upstream.count < 8, upstream.upstream.count)


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
        config = {"server": {"listen": ["127.0.0.1:0"], "threads": 2, "limits": {"client_stalled_ms_max": 1000}},
                  "providers": {"up": signalbox_server.provider(upstream, concurrent_max=1)},
                  "routes": [{"match": "*", "targets": ["up/*"], "queue": {"places_max": 5, "wait_ms_max": 60_000}}]}
        with signalbox_server.Server(config, "stalled") as server, wire.Connection(server.port) as client:
            client.send(wire.request_bytes("POST", "/v1/messages", STREAM, [JSON, *server.client_headers]))
            wire.wait_until(lambda: upstream.count == 1)
            if not reads:
                tap.equal("who waits behind one who reads nothing is served", crowd(server, 1, seconds=30)[0].status, 200)
                tap.check("and the log says that he was left", wire.wait_until(lambda: '"client_gone"' in server.text() or "client_gone" in server.text()), server.text()[-600:])
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
    upstream = Counted(0.05)
    with server_for(upstream, 2) as server:
        statuses = [answer.status for answer in crowd(server, 40)]
        text = server.ask("GET", "/metrics").body.decode()
        samples = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        requests = 'signalbox_requests_total{route="*",provider="%s",outcome="%s"}'
        tap.equal("metrics count who was served", int(samples.get(requests % ("up", "ok"), 0)), statuses.count(200))
        tap.equal("and who was refused", sum(int(count) for name, count in samples.items() if name.startswith("signalbox_requests_total") and 'outcome="refused"' in name), statuses.count(529))
        tap.equal("each attempt", samples.get('signalbox_attempts_total{provider="up",result="answered"}'), str(statuses.count(200)))
        tap.equal("each in one bucket", int(samples.get('signalbox_request_duration_seconds_bucket{route="*",provider="up",le="+Inf"}', 0)), statuses.count(200) + (int(samples.get(requests % ("up", "refused"), 0))))
        tap.equal("and nobody is left in flight", samples.get("signalbox_requests_in_flight"), "0")


def alone(tap):
    """Where an instance has one exchange there is nobody to wait for, and nobody else to count."""
    upstream = Counted(0.05)
    with server_for(upstream, 1, {"places_max": 5, "wait_ms_max": 1_000}) as server:
        tap.equal("a bound does not stand in the way of one request", [crowd(server, 1)[0].status for _ in range(3)], [200] * 3)


def main():
    tap = Tap("places" if HOST == "native" else "%s-places" % HOST)
    for test in [alone] if HOST.startswith("wasi") else [alone, refused, queued, overfull, waited_out, leavers] + ([counted, stalled] if HOST == "native" else []):
        tap.run(test.__name__, test, tap)
    if HOST == "worker":
        import worker_places
        worker_places.run_all(tap)
    tap.exit()


if __name__ == "__main__":
    main()
