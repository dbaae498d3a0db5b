#!/usr/bin/env python3
"""What only the Cloudflare Worker has: state shared over isolates by its Durable Object, an instance that traps, a
configuration with problems, secrets that stay outside, kept connections that are lost, uploads beyond what an isolate
holds. In a real workerd.

SIGNALBOX_HOST=worker, with hosts/cloudflare-worker built (scripts/build-worker).
"""
import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

os.environ["SIGNALBOX_HOST"] = "worker"
import signalbox_server  # noqa: E402
import wire  # noqa: E402
import worker_server  # noqa: E402
from tap import Tap  # noqa: E402

KEY = (("x-signalbox-key", worker_server.PLAYER_KEY),)
MESSAGE = {"model": "m", "max_tokens": 10, "messages": [{"role": "user", "content": "Hello"}]}
ANSWER = json.dumps({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
                     "stop_sequence": None, "content": [{"type": "text", "text": "Hello"}],
                     "usage": {"input_tokens": 3, "output_tokens": 1}}).encode()
CHAT_ANSWER = json.dumps({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [
    {"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}]}).encode()
HERE = os.path.dirname(os.path.abspath(__file__))
EXCHANGE_OBJECTS = 700  # what an exchange makes that is not of a step: heads, request, log


class Upstream:
    """Answers each request with what `answer(number)` gives: (status, headers, body), or what it does itself."""

    def __init__(self, answer):
        self.answer, self.requests, self.listener = answer, [], socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            try:
                while request := wire.read_message(stream):
                    self.requests.append(request)
                    answered = self.answer(connection)
                    if answered is None:
                        return
                    status, headers, body = answered
                    lines = ["HTTP/1.1 %d Status" % status, "content-length: %d" % len(body)]
                    lines += ["%s: %s" % pair for pair in headers]
                    connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
            except (OSError, wire.WireError):
                pass


def config(**providers):
    return {"providers": {name: {"dialect": "anthropic", "base_url": "http://127.0.0.1:%d" % port, "key": "${UPSTREAM_KEY}"}
                          for name, port in providers.items()},
            "routes": [{"match": "*", "targets": [name + "/*" for name in providers]}]}


SECRET = "sk-upstream-71aa02"
signalbox_server.SECRETS.append(SECRET)
ENV = {"UPSTREAM_KEY": SECRET}


def ask(server, body=MESSAGE, path="/v1/messages", headers=()):
    return server.ask("POST", path, body, headers)


def test_isolates(tap):
    """One process, two Workers: each is an isolate of its own, and they share the object."""
    limited, good = Upstream(lambda _: (429, [("content-type", "application/json"), ("retry-after", "60")], b"{}")), \
        Upstream(lambda _: (200, [("content-type", "application/json")], ANSWER))
    with worker_server.WorkerServer(config(a=limited.port, b=good.port), "isolates", env=dict(ENV, SIGNALBOX_STATE_MS_MAX="0"),
                                    isolates=2) as server:
        second = server.ports[1]
        tap.equal("the first isolate is answered by b", ask(server).status, 200)
        tap.equal("and has asked a before it", len(limited.requests), 1)

        def knows():
            """A dry run asks no upstream, so that the isolate cannot have found out by itself."""
            return b"cooling_for_ms" in wire.ask(second, "POST", "/signalbox/explain", MESSAGE, KEY).body
        tap.check("its word reaches another isolate", wire.wait_until(knows, 10))
        passed_over = wire.ask(second, "POST", "/v1/messages", MESSAGE, KEY).status == 200 and len(limited.requests) == 1
        tap.check("which passes over the lane without having asked it", passed_over,
                  "%d requests came to the lane" % len(limited.requests))
        sizes = json.loads(server.ask("GET", "/corrupt").body)
        tap.check("bytes that are no state change nothing", len(set(sizes)) == 1 and sizes[0] > 0, sizes)
        before, trapped, after = json.loads(server.ask("GET", "/trap-state").body)
        tap.check("and an instance of the object's that traps loses nothing", trapped and before == after, (before, trapped, after))
        answer = wire.ask(second, "POST", "/v1/messages", MESSAGE, KEY)
        tap.check("and the lane is still passed over", answer.status == 200 and len(limited.requests) == 1)
    with worker_server.WorkerServer(config(a=limited.port, b=good.port), "held", env=dict(ENV, HOLD_STATE="1")) as server:
        tap.equal("an answer waits for no state", ask(server).status, 200)
        tap.check("which is asked for behind it", wire.wait_until(lambda: "the state is asked" in server.text()))
        tap.equal("nor does the next one", ask(server).status, 200)
        tap.equal("and the object was not there for either of them", server.ask("GET", "/release").body, b"released")
    with worker_server.WorkerServer(config(a=limited.port, b=good.port), "alone", env=ENV, state=False) as server:
        before = len(limited.requests)
        tap.check("without the object an isolate remembers by itself",
                  ask(server).status == 200 and ask(server).status == 200 and len(limited.requests) == before + 1)


def test_trap(tap):
    release = threading.Event()

    def stream(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 12\r\n\r\npassed")
        release.wait(10)
        connection.sendall(b" whole")

    def silent(_):
        release.wait(10)

    slow, streaming = Upstream(silent), Upstream(stream)
    setup = config(slow=slow.port, streaming=streaming.port)
    setup["routes"] = [{"match": "slow", "targets": ["slow/*"]},
                       {"match": "passed", "targets": ["streaming/*"], "accounting": "off"}]
    with worker_server.WorkerServer(setup, "trap", env=ENV) as server:
        waiting = wire.Connection(server.port)
        waiting.send(wire.request_bytes("POST", "/v1/messages", json.dumps(dict(MESSAGE, model="slow")).encode(), KEY))
        passed = wire.Connection(server.port)
        passed.send(wire.request_bytes("POST", "/v1/messages", json.dumps(dict(MESSAGE, model="passed", stream=True)).encode(), KEY))
        tap.check("two exchanges are under way",
                  wire.wait_until(lambda: slow.requests and streaming.requests) and passed.stream.peek(1) != b"")
        trapped = server.ask("GET", "/trap").body
        tap.check("a call traps", b"RuntimeError" in trapped, trapped)
        lost = waiting.receive()
        tap.check("an exchange of the lost instance ends with an error in its dialect",
                  lost.status == 500 and lost.json()["error"]["type"] == "api_error", lost.body)
        release.set()
        tap.equal("an answer that the platform carries comes whole", passed.receive().body, b"passed whole")
        tap.equal("the next request is served by a fresh instance", server.ask("GET", "/v1/models").status, 200)
        tap.check("the log tells of the trap", wire.wait_until(lambda: "the core has trapped" in server.text()))
        waiting.close()
        passed.close()


def test_problems(tap):
    admin = "sbk-admin-11c9"
    signalbox_server.SECRETS.append(admin)
    broken = config(a=1)
    broken["server"] = {"admin_keys": [{"name": "root", "key": "${ADMIN_KEY}"}],
                        "client_keys": [{"name": "x", "key": "${CLIENT_KEY}"}]}
    broken["providers"]["a"]["proxy"] = "http://proxy.example:3128"
    with worker_server.WorkerServer(broken, "problems", env={"ADMIN_KEY": admin}) as server:
        answer = ask(server, headers=(("x-api-key", "any"),))
        tap.check("a configuration with problems is 503 in the dialect",
                  answer.status == 503 and answer.json()["type"] == "error" and "3 problems" in answer.body.decode(), answer.body)
        answer = ask(server, path="/v1/chat/completions")
        tap.check("and in the other one", answer.status == 503 and "message" in answer.json()["error"], answer.body)
        tap.equal("it is alive all the same", server.ask("GET", "/healthz").status, 200)
        ready = server.ask("GET", "/readyz")
        tap.check("anyone sees how many problems there are", ready.status == 503 and ready.json()["problems"] == 3 and
                  "messages" not in ready.json(), ready.body)
        ready = server.ask("GET", "/readyz", b"", (("x-api-key", admin),))
        told = " ".join(ready.json().get("messages", []))
        tap.check("an admin key sees which, with the names of missing secrets",
                  "CLIENT_KEY is not set" in told and "UPSTREAM_KEY is not set" in told and "proxy" in told, ready.body)
        tap.check("and so does the log", wire.wait_until(lambda: "UPSTREAM_KEY is not set" in server.text()))
    for text in ("{", "", "[]", '{"providers": {"a": {"builtin": "mock"}}', "\ufeff{}"):
        with worker_server.WorkerServer(text or " ", "broken", env={}) as server:
            good = text == ""  # nothing is the embedded default
            tap.equal("a configuration of %r is %s" % (text, "the mock" if good else "not ready"),
                      server.ask("GET", "/readyz").status, 200 if good else 503)


def test_failing_kv(tap):
    with worker_server.WorkerServer(config(a=1), "failing-kv", env=dict(ENV, FAIL_KV="1")) as server:
        answer = ask(server)
        tap.check("a configuration that cannot be looked up is 503 in the dialect",
                  answer.status == 503 and answer.json()["type"] == "error", answer.body)
        tap.equal("and the next request looks again", server.ask("GET", "/v1/models").status, 200)


def test_without_keys(tap):
    with worker_server.WorkerServer(json.dumps(dict(worker_server.MOCK)), "open") as server:
        tap.equal("without client keys the mock answers", ask(server).status, 200)
        tap.equal("and nothing else does", server.ask("GET", "/v1/models").status, 503)
        tap.check("explain asks for an admin key", server.ask("POST", "/signalbox/explain", MESSAGE).status == 403)
    upstream = Upstream(lambda _: (200, [("content-type", "application/json")], ANSWER))
    with worker_server.WorkerServer(json.dumps(config(a=upstream.port)), "closed", env=ENV) as server:
        answer = ask(server)
        tap.check("nobody's credentials are spent for who cannot be seen", answer.status == 503 and not upstream.requests, answer.body)
    with worker_server.WorkerServer(config(a=upstream.port), "keys", env=ENV) as server:
        ask(server)
        tap.equal("the upstream gets its credential", upstream.requests[-1].header("x-api-key"), SECRET)
        tap.equal("and explain the admin", ask(server, path="/signalbox/explain").status, 200)


GOOD = (200, [("content-type", "application/json")], ANSWER)


def closes(connection):
    """Without a word."""


def slowly(seconds):
    return lambda connection: time.sleep(seconds)


def says(data):
    return lambda connection: connection.sendall(data)


class Kept(Upstream):
    """Answers the first request of each connection, and does with the next one what `then` says; `fresh`: what it does with the first."""

    def __init__(self):
        self.answered, self.fresh, self.then, self.together = set(), lambda _: GOOD, closes, threading.Barrier(1)
        super().__init__(self.one)

    def one(self, connection):
        if connection.getpeername() in self.answered:
            return self.then(connection)
        self.answered.add(connection.getpeername())
        self.together.wait(10)
        return self.fresh(connection)

    def keep(self, server, count=1):
        """Leaves so many connections with the platform, and gives how many requests there were by then."""
        self.fresh, self.together = lambda _: GOOD, threading.Barrier(count)
        assert at_once(server, MESSAGE, count) == [200] * count
        self.together = threading.Barrier(1)
        return len(self.requests)


def test_sending_again(tap):
    """A request is sent again where the connection was kept and is lost at once, and nowhere else."""
    setup = config(a=1)
    setup.update(failover={"attempts_max": 1}, failures={"cool_ms": 0})

    def played(upstream, before):
        answer = ask(server)
        return answer.status, len(upstream.requests) - before

    def with_upstream(first_byte_ms=2500):
        upstream = Kept()
        setup["providers"]["a"].update(base_url="http://127.0.0.1:%d" % upstream.port, timeouts={"first_byte_ms": first_byte_ms})
        return upstream, worker_server.WorkerServer(setup, "again", env=ENV)

    upstream, server = with_upstream()
    with server:
        before = upstream.keep(server)
        answer = ask(server)
        tap.equal("a request whose kept connection is closed as it comes is served by a new one", (answer.status, len(upstream.requests) - before), (200, 2))
        tap.equal("as one attempt", answer.header("x-signalbox-attempts"), "1")
        first, second = upstream.requests[-2:]
        tap.check("it is the same request, with its credential", first.body == second.body and first.body and
                  (first.header("x-api-key"), second.header("x-api-key")) == (SECRET, SECRET), (first.body, second.body))
    upstream, server = with_upstream()
    with server:
        upstream.keep(server, 4)
        before = len(upstream.requests)
        tap.equal("one that loses one kept connection after the other is sent twice", played(upstream, before), (502, 2))
    upstream, server = with_upstream()
    with server:
        upstream.fresh = closes
        tap.equal("an upstream that closes every connection without a word is asked once", played(upstream, 0), (502, 1))
        upstream.fresh = says(b"HTTP/1.1 200 OK\r\ncontent-ty")
        tap.equal("and so is one that breaks off in its head", played(upstream, 1), (502, 1))
        before = upstream.keep(server)
        upstream.fresh = closes
        tap.equal("where it has answered before, once on the kept connection and once on a new one", played(upstream, before), (502, 2))
        tap.equal("and from then on once", played(upstream, before + 2), (502, 1))
    for what, then, status in (("status 500", lambda _: (500, [("content-type", "application/json")], b"{}"), 500),
                               ("bytes that are no HTTP", says(b"SSH-2.0-not-http\r\n\r\n"), 502),
                               ("nothing for a while", slowly(1.4), 502)):
        upstream, server = with_upstream()
        with server:
            before, upstream.then = upstream.keep(server), then
            tap.equal("a request that got %s on a kept connection is not sent again" % what, played(upstream, before), (status, 1))
    upstream, server = with_upstream()
    with server:
        before, upstream.fresh = upstream.keep(server), slowly(4)
        tap.equal("the deadline holds for all tries", played(upstream, before), (504, 2))
    upstream, server = with_upstream()
    with server:
        upstream.keep(server)
        before, upstream.fresh = len(upstream.requests), closes
        time.sleep(5.5)  # the platform keeps no connection for longer
        tap.equal("nor is one whose connection was used too long ago to be kept", played(upstream, before), (502, 1))
    other = Upstream(lambda _: time.sleep(0.4) or GOOD)
    setup.update(config(a=1, b=other.port), failover={"attempts_max": 2})
    upstream, server = with_upstream(first_byte_ms=150)
    with server:
        asked = wire.wait_until(lambda: ask(server).header("x-signalbox-provider") == "a")
        before, upstream.then = len(upstream.requests), slowly(0.2)
        answer = ask(server)
        tap.equal("nor one that the exchange has left for another lane",
                  (asked, answer.header("x-signalbox-provider"), len(upstream.requests) - before), (True, "b", 1))


def test_heads(tap):
    """An upstream's head is bounded as natively, and the next lane asked."""
    head, good = [], Upstream(lambda _: GOOD)
    upstream = Upstream(lambda _: (200, [("content-type", "application/json"), *head], ANSWER))
    setup = config(a=upstream.port, b=good.port)
    setup.update(server={"limits": {"answer_head_bytes_max": 4096}}, failures={"cool_ms": 0})
    with worker_server.WorkerServer(setup, "heads", env=ENV) as server:
        for what, headers, provider in (("128 headers", [("x-%d" % number, "1") for number in range(126)], "a"),
                                        ("129", [("x-%d" % number, "1") for number in range(127)], "b"),
                                        ("5000", [("x-%d" % number, "1") for number in range(5000)], "b"),
                                        ("3900 bytes", [("x-long", "y" * 3900)], "a"),
                                        ("4200 bytes", [("x-long", "y" * 4200)], "b")):
            head[:] = headers
            answer = ask(server)
            tap.equal("an answer with a head of %s is served by %s" % (what, provider), (answer.status, answer.header("x-signalbox-provider")), (200, provider))
        tap.check("and the log says why", wire.wait_until(lambda: server.text().count("a: upstream_head_too_large") == 3), server.text()[-600:])


CHUNKS = 400  # of the answer below; each ends within a frame, so that no chunk is what the client gets


def chat_stream(connection):
    def frame(delta, finish="null"):
        return b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[' \
            b'{"index":0,"delta":%s,"finish_reason":%s}]}\n\n' % (delta.encode(), finish.encode())
    body = b"".join(frame('{"content":"word %d "}' % i) for i in range(3 * CHUNKS)) + frame("{}", '"stop"') + b"data: [DONE]\n\n"
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body))
    for begin in range(0, len(body), len(body) // CHUNKS):
        connection.sendall(body[begin:begin + len(body) // CHUNKS])
        time.sleep(0.003)  # so that they are read one by one


def objects(server, method, path, body=None):
    """How many objects the Worker's functions make for one answer."""
    inspector = re.search(r'"listen-inspector".*?"port":(\d+)', server.text()).group(1)
    command = ["node", os.path.join(HERE, "worker_objects.mjs"), inspector, "http://127.0.0.1:%d%s" % (server.port, path), method,
               json.dumps({**dict(KEY), "content-type": "application/json"})]
    done = subprocess.run(command + ([json.dumps(body)] if body else []), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


PLATFORM = ("read", "send")  # the two functions in which the platform makes objects for any reader and any stream


def test_objects(tap):
    """A step of a body makes at most one object beyond what the platform makes for any reader and any stream."""
    upstream = Upstream(chat_stream)
    setup = config(a=upstream.port)
    setup["providers"]["a"]["dialect"] = "openai_chat"
    with worker_server.WorkerServer(setup, "objects", arguments=["--inspector-addr=127.0.0.1:0"], env=ENV) as server:
        for how, path in (("rewritten", "/v1/messages"), ("observed", "/v1/chat/completions")):
            # Each beside the loop, three times, and the best of them counts: what V8 makes while it compiles a function anew is no
            # step's, and on a busy machine one of the two may get its chunks in fewer pieces, or so few that nothing is counted.
            counted = [(objects(server, "GET", "/loop?http://127.0.0.1:%d/" % upstream.port), objects(server, "POST", path, dict(MESSAGE, stream=True)))
                       for _ in range(3)]
            counted = [pair for pair in counted if all(set(PLATFORM) <= each.keys() for each in pair)]
            loop, ours = min(counted, key=lambda pair: max(pair[1][name] - pair[0][name] for name in PLATFORM))
            tap.check("objects are counted", loop["read"] > CHUNKS and loop["send"] > CHUNKS, loop)
            tap.check("reading an answer that is %s and sending it on makes no more objects than a loop that does nothing else" % how,
                      all(ours[name] < loop[name] + CHUNKS / 4 for name in PLATFORM), (ours, loop))
            # `copy` is the one array, which V8 makes of two objects or of five.
            ours = min(({name: made for name, made in each.items() if name not in (*PLATFORM, "copy")} for _, each in counted),
                       key=lambda each: sum(each.values()))
            tap.check("and a step makes none between the two but one array (%d objects in %d steps)" % (sum(ours.values()), CHUNKS),
                      sum(ours.values()) <= EXCHANGE_OBJECTS, ours)


def at_once(server, body, count=8):
    """The statuses of so many requests at the same time."""
    statuses = []

    def one():
        try:
            statuses.append(ask(server, body).status)
        except (OSError, wire.WireError):
            statuses.append(503)  # refused while it was still sending
    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def test_instances(tap):
    """However much comes: one instance at a time, and a fresh one as soon as one that has grown has no exchange."""
    release = threading.Event()

    def stream(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 12\r\n\r\npassed")
        release.wait(60)
        connection.sendall(b" whole")

    upstream, streaming = Upstream(lambda _: (200, [("content-type", "application/json")], ANSWER)), Upstream(stream)
    setup = config(a=upstream.port, streaming=streaming.port)
    setup["routes"] = [{"match": "passed", "targets": ["streaming/*"], "accounting": "off"}, {"match": "*", "targets": ["a/*"]}]
    with worker_server.WorkerServer(setup, "instances", env=ENV) as server:
        def large_now():
            return int(server.ask("GET", "/memory").body) > 48 << 20
        with wire.Connection(server.port) as client:
            client.send(wire.request_bytes("POST", "/v1/messages", json.dumps(dict(MESSAGE, model="passed", stream=True)).encode(), KEY))
            assert client.stream.peek(1)
            at_once(server, dict(MESSAGE, messages=[{"role": "user", "content": "x" * (14 << 20)}]))
            tap.equal("an instance that has grown serves on", ask(server).status, 200)
            tap.check("while it has an exchange", large_now())
            release.set()
            tap.equal("which it serves to its end", client.receive().body, b"passed whole")
        ask(server)
        tap.check("and then a fresh one takes its place", wire.wait_until(lambda: not large_now()))


GROW = """const module = new WebAssembly.Module(require("fs").readFileSync(process.argv[1]));
const { memory } = new WebAssembly.Instance(module, {}).exports;
try { for (;;) memory.grow(1); } catch { console.log(memory.buffer.byteLength >> 20); }"""


def test_large(tap):
    module = os.path.join(worker_server.WORKER, "build", "signalbox.wasm")
    most = subprocess.run(["node", "-e", GROW, module], capture_output=True, text=True).stdout
    tap.equal("the core's memory never grows beyond 80 MB of an isolate's 128", most.strip(), "80")
    upstream = Upstream(lambda _: (200, [("content-type", "application/json")], ANSWER))
    with worker_server.WorkerServer(config(a=upstream.port), "large", env=ENV) as server:
        def sized(count):
            return dict(MESSAGE, messages=[{"role": "user", "content": "x" * count}])
        # What an isolate learns with its first exchanges may lie behind their bodies, and the room before it is then too small.
        for _ in range(3):
            ask(server, sized(1 << 20))
        resting = int(server.ask("GET", "/memory").body)
        served = [ask(server, sized(1 << 20)).status for _ in range(20)]
        tap.equal("twenty exchanges one after the other take no more memory than the first ones",
                  (served, int(server.ask("GET", "/memory").body)), ([200] * 20, resting))
        tap.equal("a body of 15 MB goes through", ask(server, sized(15 << 20)).status, 200)
        digest = hashlib.sha256(upstream.requests[-1].body).hexdigest()
        tap.equal("and arrives as it was", digest, hashlib.sha256(json.dumps(sized(15 << 20)).encode()).hexdigest())
        with wire.Connection(server.port) as client:
            client.send(("POST /v1/messages HTTP/1.1\r\nHost: x\r\nx-signalbox-key: %s\r\nContent-Length: %d\r\n\r\n" % (
                worker_server.PLAYER_KEY, 17 << 20)).encode())
            tap.equal("one of 17 MB is refused before it has come", client.receive().status, 413)
        answers = at_once(server, sized(14 << 20))
        tap.check("of eight large ones at once each is answered, or refused as too much", set(answers) <= {200, 503} and 200 in answers,
                  answers)
        tap.check("and the core has not trapped for it", "trapped" not in server.text(), server.text()[-500:])
        tap.equal("and afterwards the next one is served", ask(server).status, 200)
        memory = int(server.ask("GET", "/memory").body)
        tap.check("by an instance that is small again (%d MB)" % (memory >> 20), memory <= 48 << 20)


def test_large_translated(tap):
    """What is translated stands in memory three times: whoever has no room for it is refused, and takes nobody along."""
    release = threading.Event()

    def answered(connection):
        release.wait(60)
        return 200, [("content-type", "application/json")], CHAT_ANSWER
    small, large = Upstream(answered), Upstream(lambda _: (200, [("content-type", "application/json")], CHAT_ANSWER))
    setup = config(small=small.port, large=large.port)
    for provider in setup["providers"].values():
        provider["dialect"] = "openai_chat"
    setup["routes"] = [{"match": name, "targets": [name + "/*"]} for name in ("small", "large")]
    with worker_server.WorkerServer(setup, "large-translated", env=ENV) as server:
        whole = dict(MESSAGE, model="large", messages=[{"role": "user", "content": ""}])
        whole["messages"][0]["content"] = "x" * ((16 << 20) - len(json.dumps(whole)))
        tap.equal("the largest body there may be is translated", ask(server, whole).status, 200)
        waiting = wire.Connection(server.port, 60)
        waiting.send(wire.request_bytes("POST", "/v1/messages", json.dumps(dict(MESSAGE, model="small")).encode(), KEY))
        wire.wait_until(lambda: small.requests)
        answers = at_once(server, dict(MESSAGE, model="large", messages=[{"role": "user", "content": "x" * (15 << 20)}]))
        tap.check("of eight large ones to translate at once each is answered, or refused as too much",
                  set(answers) <= {200, 503} and 200 in answers, answers)
        release.set()
        tap.equal("a small one that was under way meanwhile is answered", waiting.receive().status, 200)
        tap.check("and the core has not trapped", "trapped" not in server.text(), server.text()[-500:])
        waiting.close()


def test_large_answers(tap):
    def answered(_):
        return 200, [("content-type", "application/json")], CHAT_ANSWER.replace(b"Hello", b"x" * (14 << 20))
    upstream = Upstream(answered)
    setup = config(a=upstream.port)
    setup["providers"]["a"]["dialect"] = "openai_chat"
    with worker_server.WorkerServer(setup, "large-answers", env=ENV) as server:
        answers = at_once(server, MESSAGE, 4)
        tap.check("answers that memory has no room to translate are refused as too much", set(answers) <= {200, 503}, answers)
        tap.check("and the core has not trapped for them", "trapped" not in server.text(), server.text()[-500:])


def bundle():
    """The Worker with the tests' own paths."""
    folder = tempfile.mkdtemp(prefix="signalbox-worker-")
    wrangler = os.path.join(worker_server.WORKER, "node_modules", ".bin", "wrangler")
    subprocess.run([wrangler, "deploy", "--dry-run", "--config", os.path.join(worker_server.WORKER, "wrangler.jsonc"),
                    os.path.join(HERE, "worker_entry.js"), "--outdir", folder], check=True, cwd=worker_server.WORKER,
                   env={**os.environ, "WRANGLER_SEND_METRICS": "false"}, stdout=subprocess.DEVNULL)
    return folder


def main():
    tap = Tap("worker")
    worker_server.DIST = bundle()
    for test in (test_isolates, test_trap, test_problems, test_failing_kv, test_without_keys, test_sending_again, test_heads, test_objects, test_instances, test_large,
                 test_large_translated, test_large_answers):
        before = time.monotonic()
        tap.run(test.__name__ + " ran to its end", test, tap)
        print("# %s took %.1f s" % (test.__name__, time.monotonic() - before))
    signalbox_server.check_secrets(tap)
    tap.exit()


if __name__ == "__main__":
    main()
