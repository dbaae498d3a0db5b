#!/usr/bin/env python3
"""What only the component's own surroundings can show: configuration and secrets, frames that leave at once, a client
that leaves or does not read. State between instances is in wasi_state.py, everything else is played by the scenarios."""
import json
import os
import socket

import messages
import signalbox_server
import wire
from signalbox_server import ADMIN_KEY, CLIENT_KEY
from tap import Tap
from wasi_exchange import ANSWER, ENV, FAILURES, KEYS, MESSAGE, NET_SECONDS, REQUEST, Exchange, Upstreams, asked, config, reply, whole
from wasi_server import ReusingWasiServer, WasiServer

STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
START = {"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "x",
                                              "content": [], "stop_reason": None,
                                              "usage": {"input_tokens": 1, "output_tokens": 1}}}
BLOCK = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}


def frame(event):
    return b"event: %s\ndata: %s\n\n" % (event["type"].encode(), json.dumps(event).encode())


def text(words):
    return frame({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": words}})


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def read_until(stream, mark):
    """The lines of a stream up to the one with the mark, however many pieces brought them."""
    got = b""
    while mark not in got:
        line = stream.readline()
        if not line:
            raise wire.WireError("the stream ended before %r, with %r" % (mark, got[-400:]))
        got += line
    return got


class Streaming:
    """A client in the middle of a stream, with its upstream's connection."""

    def __init__(self, server, upstreams, receive_bytes=None):
        self.client = wire.Connection(server.port, NET_SECONDS)
        if receive_bytes:
            self.client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        body = json.dumps(REQUEST).encode()
        self.client.send(wire.request_bytes("POST", "/v1/messages", body, server.client_headers))
        self.attempt = upstreams.opened.get(timeout=NET_SECONDS)
        self.attempt.send(STREAM_HEAD + chunk(frame(START) + frame(BLOCK) + text("first")), False)
        self.head = wire.read_head(self.client.stream)
        self.got = b""

    def read_until(self, mark):
        self.got += read_until(self.client.stream, mark) if mark not in self.got else b""


def frames_leave_at_once(server_class):
    upstreams = Upstreams()
    try:
        with server_class(config(upstreams, "a"), env=ENV) as server:
            stream = Streaming(server, upstreams)
            stream.read_until(b'"first"')
            for number in range(20):
                # The upstream goes on only when the client has read what came before.
                stream.attempt.send(chunk(text("piece %d." % number)), False)
                stream.read_until(b"piece %d." % number)
            stream.client.close()
    finally:
        upstreams.close()


def leaving_ends_a_silent_upstream(server_class):
    upstreams = Upstreams()
    try:
        with server_class(config(upstreams, "a"), env=ENV) as server:
            stream = Streaming(server, upstreams)
            stream.read_until(b'"first"')
            stream.client.close()
            cancelled = stream.attempt.cancelled()
            server.settled(1)
            return cancelled and '"fault":"client_gone"' in server.text(), server.text()[-600:]
    finally:
        upstreams.close()


def leaving_before_anything_came(server_class):
    """Before the answer's head wasi:http 0.2 has nothing that tells of a client that left: a short gate sends one."""
    upstreams = Upstreams()
    try:
        setting = {**config(upstreams, "a"), "failover": {"gate_ms": 300}}
        with server_class(setting, env=ENV) as server:
            exchange = Exchange(server, body=REQUEST, headers=server.client_headers)
            attempt = upstreams.opened.get(timeout=NET_SECONDS)
            exchange.connection.close()
            cancelled = attempt.cancelled()
            server.settled(1)
            return cancelled and '"fault":"client_gone"' in server.text(), server.text()[-600:]
    finally:
        upstreams.close()


def an_open_gate_names_nobody(server_class):
    """The price of it."""
    upstreams = Upstreams()
    try:
        setting = {**config(upstreams, "a"), "failover": {"gate_ms": 300}}
        with server_class(setting, env=ENV) as server:
            exchange = Exchange(server, body=REQUEST, headers=server.client_headers)
            head = wire.read_head(exchange.connection.stream)
            reply(upstreams, whole(401, {"type": "error", "error": {"type": "authentication_error", "message": "no"}}))
            read_until(exchange.connection.stream, b"event: error")
            exchange.connection.close()
            return head.startswith(b"HTTP/1.1 200") and b"x-signalbox-provider" not in head.lower(), head
    finally:
        upstreams.close()


def a_client_that_does_not_read_holds_the_upstream(server_class):
    upstreams = Upstreams()
    try:
        with server_class(config(upstreams, "a"), env=ENV) as server:
            stream = Streaming(server, upstreams, receive_bytes=1 << 16)
            stream.attempt.hold()
            piece = chunk(text("x" * 8000))
            count = 12000  # 96 MB, more than all buffers between the two
            stream.attempt.perform(lambda: [stream.attempt.send(piece, False) for _ in range(count)])
            held = stream.attempt.is_held_up()
            peak = server.rss_kb("VmHWM")
            stream.client.close()
            return held and peak < 192 << 10, "held up: %s, peak %d KB" % (held, peak)
    finally:
        upstreams.close()


def the_clients_own_credential(tap):
    """With `passthrough` it goes on to the provider, and the gateway's own key does not."""
    upstreams = Upstreams()
    try:
        setting = config(upstreams, "a", client_keys=[{"name": "me", "key": "${MY_KEY}"}])
        del setting["providers"]["a"]["key"]
        setting["providers"]["a"]["passthrough"] = True
        own = "sk-ant-own-51fe20"
        signalbox_server.SECRETS.append(own)
        for server_class in (WasiServer, ReusingWasiServer):
            with server_class(setting, "passthrough", env={"MY_KEY": CLIENT_KEY}) as server:
                for field in (("x-api-key", own), ("authorization", "Bearer " + own)):
                    exchange = Exchange(server, headers=[("x-signalbox-key", CLIENT_KEY), field])
                    sent = reply(upstreams, ANSWER).request
                    seen = [(name, value) for name in ("x-api-key", "authorization", "x-signalbox-key") for value in sent.all(name)]
                    tap.equal("a client's own %s goes on, and nothing of the gateway's" % field[0], (exchange.answer().status, seen), (200, [field]))
    finally:
        upstreams.close()


def problems_are_told(tap):
    broken = {"server": {"client_keys": [{"name": "me", "key": "${MY_KEY}"}], "admin_keys": [{"name": "boss", "key": ADMIN_KEY}]},
              "providers": {"a": {"dialect": "anthropic", "base_url": "http://127.0.0.1:1", "proxy": "http://127.0.0.1:2",
                                  "credentials": [{"name": "one", "key": "${KEY}"}, {"name": "two", "key": "${NOT_SET_ANYWHERE}"}]}},
              "routes": [{"match": "*", "targets": ["a/*"]}]}
    with WasiServer(broken, "broken", env={**ENV, "MY_KEY": CLIENT_KEY}) as server:
        answer = server.ask("POST", "/v1/messages", REQUEST)
        tap.equal("with a broken configuration a request is 503 in its dialect", (answer.status, answer.json().get("type")), (503, "error"))
        answer = server.ask("POST", "/v1/chat/completions", REQUEST)
        tap.check("also in the other dialect", answer.status == 503 and "type" not in answer.json(), answer.body)
        ready = server.ask("GET", "/readyz")
        tap.equal("readyz counts the problems and keeps them", (ready.status, ready.json()["problems"], "messages" in ready.json()), (503, 2, False))
        tap.check("the request is told so, without a route and with no second try",
                  "configuration has 2 problems" in answer.body.decode() and answer.header("x-should-retry") == "false" and
                  answer.header("x-signalbox-route") is None, answer.body)
        ready = server.ask("GET", "/readyz", headers=[("x-signalbox-key", ADMIN_KEY)])
        told = " ".join(ready.json().get("messages", []))
        tap.check("and tells an admin key what they are", "NOT_SET_ANYWHERE" in told and "proxy" in told, told)
        tap.check("and no secret", not any(secret in told for secret in (messages.KEY, CLIENT_KEY, ADMIN_KEY)), "one is there")
        tap.equal("it is alive all the same", server.ask("GET", "/healthz").status, 200)
        tap.check("the log names them with their places",
                  wire.wait_until(lambda: "/config/signalbox.json:" in server.text() and "NOT_SET_ANYWHERE" in server.text(), 5), server.text()[-800:])
    for name, text in (("no JSON", "{ no json"), ("nothing", ""), ("a list", "[]"), ("a cut object", '{"providers": {'),
                       ("JSON behind a byte order mark", "\ufeff{}"), ("larger than a configuration may be", " " * (5 << 20) + "{}")):
        with WasiServer(text, "no-configuration") as server:
            tap.equal("a file that is %s is a problem" % name, unready(server), (503, 503, 1))
    with WasiServer({"providers": {}}, "gone") as server:
        os.remove(server.config_path)
        tap.equal("and one that is missing", unready(server), (503, 503, 1))
        tap.check("the log says so", wire.wait_until(lambda: "/config/signalbox.json: the file is missing" in server.text(), 5), server.text()[-400:])
        os.mkdir(server.config_path)
        tap.equal("or is a folder", unready(server), (503, 503, 1))
        tap.check("and the log that", "/config/signalbox.json: the file cannot be read: " in server.text(), server.text()[-400:])
    with WasiServer(None, "empty-variable", env={"SIGNALBOX_CONFIG": ""}) as server:
        tap.equal("or a variable that is empty", unready(server), (503, 503, 1))


def unready(server):
    """How a request ends, and what readyz says, where there is no configuration."""
    ready = server.ask("GET", "/readyz")
    return server.ask("POST", "/v1/messages", REQUEST).status, ready.status, ready.json().get("problems")


class SmallWasiServer(WasiServer):
    """Its memory has a bound."""

    def command(self, config, env):
        wasmtime, serve, *more = super().command(config, env)
        return [wasmtime, serve, "-W", "max-memory-size=%d" % (16 << 20), *more]


def memory_is_used_up(tap):
    mock = {"providers": {"mock": {"builtin": "mock"}}, "routes": [{"match": "*", "targets": ["mock/*"]}]}
    with SmallWasiServer(mock, "small") as server, wire.Connection(server.port, NET_SECONDS) as client:
        body = json.dumps({**REQUEST, "messages": [{"role": "user", "content": "x" * (20 << 20)}]}).encode()
        client.send(wire.request_bytes("POST", "/v1/messages", body, server.client_headers)[:4096])
        answer = client.receive()
        tap.equal("a body that memory has no room for is not the client's fault", (answer.status, answer.json()["error"]["type"]),
                  (503, "overloaded_error"))


def large_heads(tap):
    """Fields of more than 128 KB end the instance that hands them on, so that both ways are bounded before."""
    upstreams = Upstreams()
    try:
        setting = {**config(upstreams, "a", client_keys=[{"name": "me", "key": CLIENT_KEY}], limits={"answer_head_bytes_max": 1 << 20})}
        with WasiServer(setting, "heads", env=ENV) as server:
            exchange = Exchange(server, headers=[*KEYS, ("x-long", "y" * 140_000)])
            answer = exchange.answer()
            tap.equal("a client's head that is too large is refused in its dialect", (answer.status, answer.body[:15]), (431, b'{"type":"error"'))
            for how, fields in (("one field", "x-long: %s\r\n" % ("y" * 140_000)),
                                ("many", "".join("x-%d: %s\r\n" % (number, "y" * 1_500) for number in range(90)))):
                hosts, answer = asked(server, upstreams, [whole(200, MESSAGE, fields)])
                tap.equal("an upstream's of %s is no answer" % how, (hosts, answer.status, answer.body[:15]), (["a"], 502, b'{"type":"error"'))
            server.settled(3)
            tap.check("and no instance has ended for it", "upstream_head_too_large" in server.text() and "backtrace" not in server.text(),
                      server.text()[-600:])
    finally:
        upstreams.close()


def other_ways_of_configuring(tap):
    upstreams = Upstreams()
    try:
        setting = config(upstreams, "a", client_keys=[{"name": "me", "key": "${MY_KEY}"}])
        env = {**ENV, "MY_KEY": CLIENT_KEY, "SIGNALBOX_CONFIG": json.dumps(setting)}
        with WasiServer(None, "by-variable", env=env) as server:
            hosts, answer = asked(server, upstreams, [ANSWER])
            tap.equal("the configuration may stand in a variable, keys in others", (hosts, answer.status), (["a"], 200))
        env["SIGNALBOX_CONFIG"] = json.dumps({**config(upstreams, "a"), "models": {}})
        with WasiServer(None, "open", env=env) as server:
            answer = server.ask("POST", "/v1/messages", REQUEST)
            tap.equal("without a client key nobody's credentials are spent", (answer.status, upstreams.opened.qsize()), (503, 0))
            ready = server.ask("GET", "/readyz").json()
            tap.equal("and readyz counts a warning", (ready["problems"], ready["warnings"]), (0, 1))
            said = "server.client_keys: this host cannot see who asks"
            tap.check("which the log has", wire.wait_until(lambda: said in server.text(), 5), server.text()[-400:])
    finally:
        upstreams.close()
    with WasiServer(None, "default") as server:
        answer = server.ask("POST", "/v1/messages", {**REQUEST, "stream": False})
        tap.equal("without any configuration the mock answers", (answer.status, answer.header("x-signalbox-provider")), (200, "mock"))
        answer = server.ask("HEAD", "/readyz")
        tap.equal("HEAD has no body", (answer.status, answer.body), (200, b""))


def main():
    tap = Tap("wasi")
    for server_class in (WasiServer, ReusingWasiServer):
        how = ", an instance for each request" if server_class is WasiServer else ", one for many"
        tap.run("a frame leaves when it arrives" + how, frames_leave_at_once, server_class)
        tap.run("with a short gate that ends also one that has never said anything" + how, leaving_before_anything_came, server_class)
        tap.run("the head of an open gate is a 200 that names nobody" + how, an_open_gate_names_nobody, server_class)
        tap.run("a client's leaving ends a silent upstream" + how, leaving_ends_a_silent_upstream, server_class)
    tap.run("a client that does not read holds the upstream up", a_client_that_does_not_read_holds_the_upstream, WasiServer)
    for part in (the_clients_own_credential, problems_are_told, memory_is_used_up, large_heads, other_ways_of_configuring):
        try:
            part(tap)
        except FAILURES as error:
            tap.check(part.__name__.replace("_", " "), False, repr(error))
    signalbox_server.check_secrets(tap)
    tap.exit()


if __name__ == "__main__":
    main()
