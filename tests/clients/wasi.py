#!/usr/bin/env python3
"""What only the component's own surroundings can show: configuration and secrets, state between instances, frames that
leave at once, a client that leaves or does not read. Everything else is played by the scenarios."""
import json
import os
import queue
import socket
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "scenario"))

import messages  # noqa: E402
import signalbox_server  # noqa: E402
import wire  # noqa: E402
from host_sockets import NET_SECONDS, Upstreams  # noqa: E402
from signalbox_server import ADMIN_KEY, CLIENT_KEY  # noqa: E402
from tap import Tap  # noqa: E402
from wasi_server import ReusingWasiServer, WasiServer  # noqa: E402

STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
REQUEST = {"model": "claude-x", "max_tokens": 10, "stream": True, "messages": [{"role": "user", "content": "hi"}]}
START = {"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "x",
                                              "content": [], "stop_reason": None,
                                              "usage": {"input_tokens": 1, "output_tokens": 1}}}
BLOCK = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "model": "x", "stop_reason": "end_turn",
           "content": [{"type": "text", "text": "Hi"}], "usage": {"input_tokens": 1, "output_tokens": 1}}


def frame(event):
    return b"event: %s\ndata: %s\n\n" % (event["type"].encode(), json.dumps(event).encode())


def text(words):
    return frame({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": words}})


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def whole(status, body, headers=""):
    body = json.dumps(body).encode()
    return ("HTTP/1.1 %d Status\r\ncontent-type: application/json\r\ncontent-length: %d\r\n%s\r\n" % (
        status, len(body), headers)).encode() + body


def config(upstreams, *hosts, **server):
    providers = {host: {"dialect": "anthropic", "base_url": "http://127.0.0.1:%d" % upstreams.port(host), "key": "${KEY}"}
                 for host in hosts}
    return {"server": server, "providers": providers, "routes": [{"match": "*", "targets": [h + "/*" for h in hosts]}]}


ENV = {"KEY": messages.KEY}


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
        while mark not in self.got:
            piece = self.client.stream.readline()
            if not piece:
                raise wire.WireError("the stream ended before %r" % mark)
            self.got += piece


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


def ask(server, model="m"):
    body = {**REQUEST, "model": model, "stream": False}
    headers = [("x-signalbox-key", CLIENT_KEY), ("authorization", "Bearer also-mine"), ("anthropic-version", "2023-06-01")]
    with wire.Connection(server.port, NET_SECONDS) as connection:
        connection.send(wire.request_bytes("POST", "/v1/messages", json.dumps(body).encode(), headers))
        yield
        answer = connection.receive()
    yield answer


def asked(server, upstreams, answers):
    """Asks once; `answers` are what the attempts get, in order. Which hosts were asked, and the client's answer."""
    asking, hosts = ask(server), []
    next(asking)
    for answer in answers:
        attempt = upstreams.opened.get(timeout=NET_SECONDS)
        if [attempt.request.all(name) for name in ("x-signalbox-key", "authorization", "x-api-key")] != [[], [], [messages.KEY]]:
            raise wire.WireError("keys go wrong ways: %r" % attempt.request.fields)
        hosts.append(attempt.host)
        attempt.send(answer, False)
        attempt.done.set()
    return hosts, next(asking)


LIMITED = whole(429, {"type": "error", "error": {"type": "rate_limit_error", "message": "no"}}, "retry-after: 600\r\n")
ANSWER = whole(200, MESSAGE)


def one_instance_writes_and_the_next_reads(tap):
    upstreams = Upstreams()
    keys = [{"name": "me", "key": CLIENT_KEY}]
    setting = config(upstreams, "a", "b", client_keys=keys)
    state = tempfile.mkdtemp(prefix="signalbox-state-")
    try:
        with WasiServer(setting, "writer", env=ENV, state=state) as server:
            hosts, answer = asked(server, upstreams, [LIMITED, ANSWER])
            tap.equal("a limited lane is left for the next one", (hosts, answer.status), (["a", "b"], 200))
            server.settled(1)
            hosts, answer = asked(server, upstreams, [ANSWER])
            tap.equal("the next instance knows what the first one learnt", (hosts, answer.status), (["b"], 200))
        tap.check("it is a file of its own", any(n.startswith("delta-") for n in os.listdir(state)), os.listdir(state))
        # Damage: bytes that are nothing, an empty file, one of a later version, one cut in the middle.
        good = next(os.path.join(state, name) for name in os.listdir(state) if name.startswith("delta-"))
        data = open(good, "rb").read()
        for name, damaged in {"snapshot": b"\xff" * 100, "delta-0-1": b"", "delta-0-2": b"\x09" + data[1:],
                              "delta-0-3": data[:-3], "delta-0-4": b"x" * (5 << 20)}.items():
            with open(os.path.join(state, name), "wb") as file:
                file.write(damaged)
        with ReusingWasiServer(setting, "reader", env=ENV, state=state) as server:
            hosts, answer = asked(server, upstreams, [ANSWER])
            tap.equal("damaged files beside it harm nobody, and another server knows it too", (hosts, answer.status), (["b"], 200))
        with WasiServer(setting, "folder-less", env=ENV, state=None) as server:
            hosts, _ = asked(server, upstreams, [LIMITED, ANSWER])
            server.settled(1)
            hosts, _ = asked(server, upstreams, [ANSWER])
            tap.equal("without a folder an instance for each request begins anew", hosts, ["a"])
        # Many changes are folded into one file; a dead owner's mark is no hindrance for ever.
        with open(os.path.join(state, "folding"), "wb"):
            pass
        os.utime(os.path.join(state, "folding"), (1, 1))
        with WasiServer(setting, "folding", env=ENV, state=state) as server:
            for number in range(12):
                asking = ask(server, "model-%d" % number)
                next(asking)
                for answer in (LIMITED, ANSWER):
                    attempt = upstreams.opened.get(timeout=NET_SECONDS)
                    attempt.send(answer, False)
                    attempt.done.set()
                next(asking)
                server.settled(number + 1)
        names = os.listdir(state)
        tap.check("many changes are folded into one file", len(names) <= 10 and "snapshot" in names and
                  "folding" not in names, names)
        with WasiServer(setting, "folded", env=ENV, state=state) as server:
            hosts, _ = asked(server, upstreams, [ANSWER])
            tap.equal("and what was folded is still known", hosts, ["b"])
    finally:
        upstreams.close()


def problems_are_told(tap):
    broken = {"server": {"client_keys": [{"name": "me", "key": CLIENT_KEY}], "admin_keys": [{"name": "boss", "key": ADMIN_KEY}]},
              "providers": {"a": {"dialect": "anthropic", "base_url": "http://127.0.0.1:1", "key": "${NOT_SET_ANYWHERE}",
                                  "proxy": "http://127.0.0.1:2"}},
              "routes": [{"match": "*", "targets": ["a/*"]}]}
    with WasiServer(broken, "broken") as server:
        answer = server.ask("POST", "/v1/messages", REQUEST)
        tap.equal("with a broken configuration a request is 503 in its dialect", (answer.status, answer.json().get("type")), (503, "error"))
        answer = server.ask("POST", "/v1/chat/completions", REQUEST)
        tap.check("also in the other dialect", answer.status == 503 and "type" not in answer.json(), answer.body)
        ready = server.ask("GET", "/readyz")
        tap.equal("readyz counts the problems and keeps them", (ready.status, ready.json()["problems"], "messages" in ready.json()), (503, 2, False))
        ready = server.ask("GET", "/readyz", headers=[("x-signalbox-key", ADMIN_KEY)])
        told = " ".join(ready.json().get("messages", []))
        tap.check("and tells an admin key what they are", "NOT_SET_ANYWHERE" in told and "proxy" in told, told)
        tap.equal("it is alive all the same", server.ask("GET", "/healthz").status, 200)
        tap.check("the log names them with their places", "/config/signalbox.json:" in server.text() and "NOT_SET_ANYWHERE" in server.text(), server.text()[-800:])
    with WasiServer("{ no json", "no-json") as server:
        tap.equal("a text that is no JSON too", (server.ask("POST", "/v1/messages", REQUEST).status, server.ask("GET", "/readyz").json()["problems"]), (503, 1))
    with WasiServer({"providers": {}}, "gone") as server:
        os.remove(server.config_path)
        tap.equal("and a file that is missing", (server.ask("POST", "/v1/messages", REQUEST).status, server.ask("GET", "/readyz").json()["problems"]), (503, 1))


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
        tap.run("a client's leaving ends a silent upstream" + how, leaving_ends_a_silent_upstream, server_class)
    tap.run("a client that does not read holds the upstream up", a_client_that_does_not_read_holds_the_upstream, WasiServer)
    for part in (one_instance_writes_and_the_next_reads, problems_are_told, other_ways_of_configuring):
        try:
            part(tap)
        except (OSError, queue.Empty, wire.WireError, ValueError, StopIteration) as error:
            tap.check(part.__name__.replace("_", " "), False, repr(error))
    signalbox_server.check_secrets(tap)
    tap.exit()


if __name__ == "__main__":
    main()
