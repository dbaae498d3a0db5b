"""One exchange through the WASI component with both of its ends in the test's hands."""
import json
import os
import queue
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "scenario"))

import messages  # noqa: E402
import wire  # noqa: E402
from host_sockets import NET_SECONDS, Upstreams  # noqa: E402,F401
from signalbox_server import CLIENT_KEY  # noqa: E402

# What ends a test early, as a failure of that test alone.
FAILURES = (OSError, queue.Empty, wire.WireError, ValueError, StopIteration)
REQUEST = {"model": "claude-x", "max_tokens": 10, "stream": True, "messages": [{"role": "user", "content": "hi"}]}
MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "model": "x", "stop_reason": "end_turn",
           "content": [{"type": "text", "text": "Hi"}], "usage": {"input_tokens": 1, "output_tokens": 1}}
ENV = {"KEY": messages.KEY}
KEYS = [("x-signalbox-key", CLIENT_KEY), ("authorization", "Bearer also-mine"), ("anthropic-version", "2023-06-01")]


def whole(status, body, headers=""):
    body = json.dumps(body).encode()
    return ("HTTP/1.1 %d Status\r\ncontent-type: application/json\r\ncontent-length: %d\r\n%s\r\n" % (
        status, len(body), headers)).encode() + body


LIMITED = whole(429, {"type": "error", "error": {"type": "rate_limit_error", "message": "no"}}, "retry-after: 600\r\n")
ANSWER = whole(200, MESSAGE)


def config(upstreams, *hosts, **server):
    providers = {host: {"dialect": "anthropic", "base_url": "http://127.0.0.1:%d" % upstreams.port(host), "key": "${KEY}"}
                 for host in hosts}
    return {"server": server, "providers": providers, "routes": [{"match": "*", "targets": [h + "/*" for h in hosts]}]}


class Exchange:
    """A request that has been sent; what it meets comes when the test wants it."""

    def __init__(self, server, model="m", body=None, headers=None):
        body = json.dumps(body or {**REQUEST, "model": model, "stream": False}).encode()
        self.connection = wire.Connection(server.port, NET_SECONDS)
        self.connection.send(wire.request_bytes("POST", "/v1/messages", body, headers or KEYS))

    def answer(self):
        with self.connection as connection:
            return connection.receive()


def reply(upstreams, answer):
    """Answers the attempt that came first; which it was."""
    attempt = upstreams.opened.get(timeout=NET_SECONDS)
    attempt.send(answer, False)
    attempt.done.set()
    return attempt


def asked(server, upstreams, answers, model="m"):
    """Asks once; `answers` are what the attempts get, in order. Which hosts were asked, and the client's answer."""
    exchange, hosts = Exchange(server, model), []
    for answer in answers:
        attempt = reply(upstreams, answer)
        if [attempt.request.all(name) for name in ("x-signalbox-key", "authorization", "x-api-key")] != [[], [], [messages.KEY]]:
            raise wire.WireError("keys go wrong ways: %r" % attempt.request.fields)
        hosts.append(attempt.host)
    return hosts, exchange.answer()
