#!/usr/bin/env python3
"""Bad input on raw sockets, from clients and from upstreams: the right status in the client's dialect, a
connection that is closed or usable as it must be, and a server that goes on serving. Bad HTTP is in http_vectors.py.

After every vector the same server answers /healthz and a mock request on new connections. What another host than the
native one leaves out stands in bad_input_skips.txt.
"""
import json
import os
import tempfile

import bad_dialects
import messages
import signalbox_server
import wire
from bad_vectors import BODIES, BODY, CARRIED, HI, JSON, MODEL, VERSION, post, with_messages
from tap import Tap
from upstream import Upstream

# What the server may hold beyond its resting size, in KB, after bodies of 30 MB and refused ones: one such
# body that the allocator has kept, for each of the two threads, and as much again for slack.
RSS_GROWTH_KB_MAX = 128 * 1024
# And at any moment: a body's buffer may double while it grows, on both threads, plus the slack above.
PEAK_GROWTH_KB_MAX = 320 * 1024
# A request of each kind.
ANYTHING = (("GET", "/healthz", b""), ("GET", "/v1/models", b""), ("POST", "/v1/messages", BODY),
            ("OPTIONS", "/v1/messages", b""), ("POST", "/signalbox/explain", BODY), ("GET", "/nothing", b""))


class Suite:
    def __init__(self, tap):
        self.tap = tap
        self.skips = signalbox_server.read_skips(os.path.join(os.path.dirname(os.path.abspath(__file__)), "bad_input_skips.txt"))
        self.skipped = set()
        self.upstream = Upstream(tempfile.mkdtemp(prefix="upstream-"), rules="history")
        config = signalbox_server.config_for(
            self.upstream, timeouts={"first_byte_ms": 300, "idle_ms": 300, "connect_ms": 300},
            server={"threads": 2, "limits": {"request_head_ms_max": 300, "request_body_idle_ms_max": 300}})
        closed = Upstream(tempfile.mkdtemp(prefix="upstream-"), rules="history")
        closed.close()
        config["providers"]["closed"] = signalbox_server.provider(closed)
        config["providers"]["mock"] = {"builtin": "mock"}
        config["models"] = {"sonnet": {"provider": "up", "upstream_model": "script-text"}}
        config["routes"] = [{"match": "mock", "targets": ["mock/*"]}, {"match": "closed", "targets": ["closed/*"]},
                            {"match": "sonnet", "targets": ["sonnet"]}, {"match": "script-*", "targets": ["up/*"]}]
        self.server = signalbox_server.Server(config, "bad-input")

    def plays(self, name):
        if name in self.skips:
            self.skipped.add(name)
            print("# skipped %s: %s" % (name, self.skips[name]))
        return name not in self.skips

    def use_default_times(self):
        """Another server, for bodies of 30 MB: both sides here take their time over them."""
        code = self.server.stop()
        config = signalbox_server.config_for(self.upstream, server={"threads": 2})
        config["providers"]["mock"] = {"builtin": "mock"}
        config["routes"].insert(0, {"match": "mock", "targets": ["mock/*"]})
        self.server = signalbox_server.Server(config, "bad-input-large")
        return code

    def serves(self, name):
        """The server is there and answers, on new connections."""
        def test():
            assert self.server.alive(), "the server has ended: " + self.server.text()[-2000:]
            assert self.server.ask("GET", "/healthz").status == 200
            answer = self.server.ask("POST", "/v1/messages", {"model": "mock", "max_tokens": 9, "messages": HI}, [JSON, VERSION])
            assert answer.status == 200 and answer.json()["type"] == "message", answer.body
        self.tap.run(name + ": goes on serving", test)

    def refused(self, answer, statuses, type_=None, shape="anthropic", names=()):
        assert answer is not None, "the connection was closed without an answer"
        assert answer.status in statuses, (answer.status, answer.body[:300])
        body = answer.json()
        assert answer.header("content-type", "").startswith("application/json"), answer.fields
        assert isinstance(body["error"]["message"], str) and body["error"]["message"], body
        if shape == "anthropic":
            assert body["type"] == "error" and body["error"]["type"], body
        if type_:
            assert body["error"]["type"] == type_, body
        assert not names or any(name in body["error"]["message"] for name in names), (names, body["error"]["message"])
        return body

    def body(self, name, body, status, type_, names):
        before = self.upstream.count
        def test():
            with wire.Connection(self.server.port) as connection:
                for path in ("/v1/messages", "/v1/messages/count_tokens"):
                    connection.send(post(body, path=path))
                    self.refused(connection.receive(), {status}, type_, names=names)
                connection.send(wire.request_bytes("GET", "/healthz"))
                assert connection.receive("GET").status == 200
            assert self.upstream.count == before, "something reached the upstream"
        self.tap.run("%s: %d %s, connection usable" % (name, status, type_), test)
        self.serves(name)

    def carried(self, name, body):
        def test():
            answer = self.server.ask("POST", "/v1/messages", body, [JSON, VERSION])
            record = self.upstream.records[-1]
            assert record.body == body, "the upstream got %r" % record.body[:300]
            assert answer.status == 200 and answer.body == record.answer, (answer.status, answer.body[:300])
        self.tap.run(name + ": carried byte for byte", test)
        self.serves(name)

    # One request at a time, in ways that are unusual and right.

    def pipelined(self):
        one, two = dict(MODEL, model="mock"), dict(MODEL, stream=True)
        with wire.Connection(self.server.port) as connection:
            connection.send(wire.request_bytes("GET", "/healthz") + post(json.dumps(one).encode()) + post(json.dumps(two).encode())
                            + post(b"{") + wire.request_bytes("GET", "/v1/models", headers=[("x-api-key", "any")]))
            answers = [connection.receive() for _ in range(5)]
        assert [answer.status for answer in answers] == [200, 200, 200, 400, 200], [answer.start for answer in answers]
        assert "mock" in answers[1].json()["content"][0]["text"].lower()
        assert answers[2].body == self.upstream.records[-1].answer and b"message_stop" in answers[2].body

    def continue_100(self):
        with wire.Connection(self.server.port) as connection:
            connection.send(post(b"", "expect: 100-continue\r\ncontent-length: %d\r\n" % len(BODY), length=False))
            head = wire.read_head(connection.stream)
            assert head.startswith(b"HTTP/1.1 100 "), head
            connection.send(BODY)
            assert connection.receive().status == 200

    def continue_refused(self):
        with wire.Connection(self.server.port) as connection:
            connection.send(post(b"", "expect: 100-continue\r\ncontent-length: 99999999\r\n", length=False))
            head = wire.read_head(connection.stream)
            assert head.startswith(b"HTTP/1.1 413 "), head

    def head_method(self):
        with wire.Connection(self.server.port) as connection:
            for path in ("/healthz", "/v1/models", "/nothing"):
                connection.send(wire.request_bytes("GET", path))
                get = connection.receive("GET")
                connection.send(wire.request_bytes("HEAD", path))
                head = connection.receive("HEAD")
                assert (head.status, head.body) == (get.status, b""), (head.status, get.status)
                assert head.header("content-length") == str(len(get.body)), (head.fields, len(get.body))

    def http_1_0(self):
        with wire.Connection(self.server.port) as connection:
            connection.send(b"GET /healthz HTTP/1.0\r\n\r\n")
            assert connection.receive("GET").status == 200
            assert connection.closed_by_peer()
        with wire.Connection(self.server.port) as connection:
            connection.send(post(json.dumps(dict(MODEL, stream=True)).encode(), version="HTTP/1.0"))
            answer = connection.receive()
            assert answer.header("transfer-encoding") is None, answer.fields
            assert answer.body == self.upstream.records[-1].answer and answer.body, answer.body[:200]
            assert connection.closed_by_peer()

    def deep(self):
        """100,000 deep: refused, or carried as it is; the upstream is free to refuse it."""
        body = with_messages(b'[{"role":"user","content":' + b"[" * 100_000 + b"]" * 100_000 + b"}]")
        before = self.upstream.count
        answer = self.server.ask("POST", "/v1/messages", body, [JSON, VERSION])
        assert answer.status == 400, answer.status
        if self.upstream.count > before:
            assert self.upstream.records[-1].body == body and answer.body == self.upstream.records[-1].answer
        for raw in (b"[" * 100_000, b'{"a":' * 100_000):
            with wire.Connection(self.server.port) as connection:
                connection.send(post(raw))
                self.refused(connection.receive(), {400}, "invalid_request_error")
        mock = with_messages(b'[{"role":"user","content":' + b"[" * 100_000 + b"]" * 100_000 + b"}]").replace(b"script-text", b"mock")
        assert self.server.ask("POST", "/v1/messages", mock, [JSON, VERSION]).status in (200, 400)

    def large(self):
        """A string of 30 MB, whole and in chunks: carried."""
        body = with_messages(b'[{"role":"user","content":"' + b"a" * (30 << 20) + b'"}]')
        answer = self.server.ask("POST", "/v1/messages", body, [JSON, VERSION], seconds=60)
        assert answer.status == 200 and self.upstream.records[-1].body == body, (answer.status, answer.body[:300])
        self.upstream.records[-1].body = self.upstream.records[-1].head.body = b""
        pieces = [body[i:i + 1_000_003] for i in range(0, len(body), 1_000_003)]
        chunked = b"".join(b"%x\r\n" % len(piece) + piece + b"\r\n" for piece in pieces) + b"0\r\n\r\n"
        with wire.Connection(self.server.port, 60) as connection:
            connection.send(post(chunked, "transfer-encoding: chunked\r\n", length=False))
            assert connection.receive().status == 200
        assert self.upstream.records[-1].body == body
        self.upstream.records[-1].body = self.upstream.records[-1].head.body = b""

    def announced_too_large(self):
        with wire.Connection(self.server.port) as connection:
            connection.send(post(b"", "content-length: %d\r\n" % ((32 << 20) + 1), length=False))
            self.refused(connection.receive(), {413}, "request_too_large")

    def sent_too_large(self):
        """40 MB announced and sent: the client, which reads only afterwards, still gets to see the 413."""
        with wire.Connection(self.server.port) as connection:
            connection.send_lenient(post(b"", "content-length: %d\r\n" % (40 << 20), length=False))
            self.refused(connection.receive(), {413}, "request_too_large")
            for _ in range(40):
                connection.send_lenient(b"a" * (1 << 20))
            assert connection.closed_by_peer()

    def chunked_too_large(self):
        with wire.Connection(self.server.port) as connection:
            connection.send(post(b"", "transfer-encoding: chunked\r\n", length=False))
            chunk = b"%x\r\n" % (1 << 20) + b" " * (1 << 20) + b"\r\n"
            for _ in range(33):
                connection.send_lenient(chunk)
            self.refused(connection.receive(), {413}, "request_too_large")
            assert connection.closed_by_peer()

    def memory(self, resting, peak):
        assert wire.wait_until(lambda: self.server.rss_kb() - resting < RSS_GROWTH_KB_MAX, 5), \
            "RSS %d KB, resting %d KB" % (self.server.rss_kb(), resting)
        assert self.server.rss_kb("VmHWM") - peak < PEAK_GROWTH_KB_MAX, "peak %d KB" % self.server.rss_kb("VmHWM")

    def slow_head(self):
        with wire.Connection(self.server.port) as connection:
            connection.send(b"POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\n")
            answer = connection.receive()
            assert answer is None or answer.status == 408, answer and answer.start
            assert connection.closed_by_peer()

    def slow_body(self):
        with wire.Connection(self.server.port) as connection:
            connection.send(post(b'{"mod', "content-length: 100\r\n", length=False))
            self.refused(connection.receive(), {408})
            assert connection.closed_by_peer()

    def cut_body(self):
        before = self.upstream.count
        with wire.Connection(self.server.port) as connection:
            connection.send(post(BODY[:20], "content-length: %d\r\n" % len(BODY), length=False))
        assert self.server.ask("GET", "/healthz").status == 200 and self.upstream.count == before

    def coding(self):
        for coding in ("compress", "nonsense"):
            with wire.Connection(self.server.port) as connection:
                connection.send_lenient(post(head="content-encoding: %s\r\n" % coding))
                answer = connection.receive()
                self.refused(answer, {415}, "invalid_request_error", names=['"%s"' % coding])
                assert answer.header("accept-encoding"), answer.fields

    def websocket(self):
        """Told to ask by HTTP, with the one status after which Codex does, and on a connection that goes on."""
        with wire.Connection(self.server.port) as connection:
            connection.send(b"GET /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nanthropic-version: 2023-06-01\r\n"
                            b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
            self.refused(connection.receive("GET"), {426}, "invalid_request_error", names=["WebSocket"])
            connection.send(wire.request_bytes("GET", "/healthz"))
            assert connection.receive("GET").status == 200

    def methods(self):
        for method in ("GET", "PUT", "DELETE", "PATCH"):
            answer = self.server.ask(method, "/v1/messages", headers=[VERSION])
            self.refused(answer, {405})
            assert "POST" in answer.header("allow", ""), answer.fields

    def options(self):
        for path in ("/v1/messages", "/nothing"):
            self.options_at(path)

    def options_of_all(self):
        self.options_at("*")

    def options_at(self, path):
        answer = self.server.ask("OPTIONS", path)
        assert answer.status == 204, (path, answer.start)
        assert not any(name.lower().startswith("access-control") for name, _ in answer.fields), answer.fields

    def shapes(self):
        body = self.refused(self.server.ask("GET", "/nothing", headers=[VERSION]), {404}, "not_found_error")
        assert body["type"] == "error"
        body = self.refused(self.server.ask("GET", "/nothing"), {404}, shape=None)
        assert "type" not in body and body["error"]["type"], body
        body = self.refused(self.server.ask("GET", "/nothing", headers=[("x-goog-api-key", "x")]), {404}, shape=None)
        assert body["error"]["code"] == 404 and body["error"]["status"] == "NOT_FOUND", body
        body = self.refused(self.server.ask("POST", "/v1beta/nothing"), {404}, shape=None)
        assert body["error"]["code"] == 404, body

    def web_pages(self):
        """A web page must not spend the user's keys: foreign Origin and Sec-Fetch-Site on every path."""
        before = self.upstream.count
        for method, path, body in ANYTHING:
            for headers in ([("Origin", "https://evil.example")], [("Origin", "null")], [("Sec-Fetch-Site", "cross-site")]):
                answer = self.server.ask(method, path, body, headers)
                assert answer.status == 403, (path, headers, answer.status)
        assert self.upstream.count == before

    def foreign_hosts(self):
        """Nor may one whose name has come to mean this machine: foreign Host on every path."""
        before = self.upstream.count
        for method, path, body in ANYTHING:
            for host in ("evil.example", "evil.example:%d" % self.server.port, "localhost.evil.example", "127.0.0.1.evil.example"):
                answer = wire.ask(self.server.port, method, path, body, host=host)
                assert answer.status == 403, (path, host, answer.status)
                assert not any(name.lower().startswith("access-control") for name, _ in answer.fields)
        for host in ("localhost", "LOCALHOST:%d" % self.server.port, "127.0.0.1:%d" % self.server.port, "[::1]:8484"):
            assert wire.ask(self.server.port, "GET", "/healthz", host=host).status == 200, host
        assert self.upstream.count == before

    # The upstream's side.

    def from_upstream(self, script, status, stream):
        before = self.upstream.count
        answer = self.server.ask("POST", "/v1/messages", dict(MODEL, model="script-" + script, stream=stream), [JSON, VERSION])
        self.refused(answer, {status}, names=())
        assert messages.KEY not in answer.body.decode() and answer.header("location") is None
        assert answer.header("x-signalbox-provider") == "up", answer.fields
        assert self.upstream.count == before + 1, "asked %d times" % (self.upstream.count - before)

    def cut_stream(self, script):
        """After content: what came goes out, then an error event, and never the end of a good message."""
        answer = self.server.ask("POST", "/v1/messages", dict(MODEL, model="script-" + script, stream=True), [JSON, VERSION])
        if script == "cut-early" and answer.status != 200:
            self.refused(answer, {502})
            return
        self.upstream.records[-1].finished.wait(5)
        record = self.upstream.records[-1]
        events = [block for block in answer.body.split(b"\n\n") if block]
        assert events[-1].startswith(b"event: error\n"), answer.body[-300:]
        error = json.loads(events[-1].split(b"data: ", 1)[1])
        assert error["type"] == "error" and error["error"]["type"] in ("api_error", "overloaded_error", "timeout_error"), error
        assert b"message_stop" not in answer.body
        ours = answer.body[:answer.body.rindex(b"event: error\n")]
        whole = record.answer[:record.answer.rindex(b"\n\n") + 2]
        assert ours == (whole if not record.answer.endswith(b"\n\n") else record.answer), "what came before the cut differs"

    def error_event(self):
        answer = self.server.ask("POST", "/v1/messages", dict(MODEL, model="script-error-event", stream=True), [JSON, VERSION])
        assert answer.status == 200 and answer.body == self.upstream.records[-1].answer, answer.body[-300:]

    def closed(self):
        answer = self.server.ask("POST", "/v1/messages", dict(MODEL, model="closed"), [JSON, VERSION])
        self.refused(answer, {502})
        assert answer.header("x-signalbox-provider") == "closed"


def main():
    tap = Tap("bad input")
    suite = Suite(tap)
    suite.serves("at first")
    for row in BODIES:
        if suite.plays(row[0]):
            suite.body(*row)
    for row in CARRIED:
        if suite.plays(row[0]):
            suite.carried(*row)
    for test in (suite.pipelined, suite.continue_100, suite.continue_refused, suite.head_method, suite.http_1_0, suite.deep, suite.slow_head, suite.slow_body, suite.cut_body, suite.coding,
                 suite.websocket, suite.methods, suite.options, suite.options_of_all, suite.shapes, suite.web_pages,
                 suite.foreign_hosts, suite.closed, suite.error_event):
        name = test.__name__.replace("_", " ")
        if suite.plays(name):
            tap.run(name, test)
            suite.serves(name)
    for script, status in (("garbage", 502), ("half-head", 502), ("huge-header", 502), ("endless-header", 502), ("smuggle", 502),
                           ("redirect", 502), ("wrong-type", 502), ("html-200", 502), ("empty-200", 502), ("silent", 504)):
        name = "upstream " + script
        if suite.plays(name):
            for form in ("whole", "streamed"):
                tap.run("%s, %s: %d, asked once" % (name, form, status), suite.from_upstream, script, status, form == "streamed")
                suite.serves("%s, %s" % (name, form))
    for script in ("cut", "cut-clean", "cut-early", "hold"):
        name = "upstream %s in a stream" % script
        if suite.plays(name):
            tap.run(name + ": an error event and no success", suite.cut_stream, script)
            suite.serves(name)
    bad_dialects.play(suite)
    code = suite.use_default_times()
    suite.serves("before large bodies")
    resting, peak = suite.server.rss_kb(), suite.server.rss_kb("VmHWM")
    for test in (suite.large, suite.announced_too_large, suite.sent_too_large, suite.chunked_too_large):
        name = test.__name__.replace("_", " ")
        if suite.plays(name):
            for repeat in range(3):
                tap.run("%s, time %d" % (name, repeat + 1), test)
    suite.serves("after large bodies")
    if suite.plays("memory"):
        tap.run("memory stays within %d MB above resting, %d MB at its peak" % (RSS_GROWTH_KB_MAX >> 10, PEAK_GROWTH_KB_MAX >> 10),
                suite.memory, resting, peak)
    last_code = suite.server.stop()
    if suite.plays("ends"):
        tap.equal("ends with code 0, after bad input and after large bodies", (code, last_code), (0, 0))
    print("# %s: %d vectors skipped" % (signalbox_server.HOST, len(suite.skipped)))
    tap.check("bad_input_skips.txt names vectors that exist", set(suite.skips) <= suite.skipped, set(suite.skips) - suite.skipped)
    signalbox_server.check_secrets(tap)
    tap.exit()


if __name__ == "__main__":
    main()
