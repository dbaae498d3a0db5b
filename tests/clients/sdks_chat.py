#!/usr/bin/env python3
"""The official Anthropic SDKs on models behind Chat Completions: starts what they talk to, hands them the table of
shapes (chat_shapes.py), runs them, and checks every stream on the wire and what reached the upstream."""
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

import chat_shapes
import lanes
import messages
import signalbox_server
import stream_rules
from sdks import HERE, NODE, NODE_MODULES, PYTHON
from tap import Tap

FIELDS = [("content-type", "application/json"), ("anthropic-version", "2023-06-01"), ("x-api-key", "any")]


def body(script, stream=True):
    return {"model": "script-" + script, "max_tokens": 100, "stream": stream, "messages": [{"role": "user", "content": "hi"}]}


def on_the_wire(tap, server):
    """What the SDKs are lenient about: each stream by the rules, and each broken one without a success ending."""
    for name in list(chat_shapes.SHAPES) + ["odd-cuts", "drip", "close-delimited", "whole-for-stream", "twice", "two-choices"]:
        def test(name=name):
            answer = server.ask("POST", "/v1/messages", body(name), FIELDS)
            assert answer.status == 200 and answer.header("content-type", "").startswith("text/event-stream"), (answer.start, answer.body[:300])
            stream_rules.success(answer.body)
        tap.run("the stream of %s keeps the rules" % name, test)
    for name in ("error-event", "cut", "cut-reset", "cut-clean", "no-finish"):
        def test(name=name):
            answer = server.ask("POST", "/v1/messages", body(name), FIELDS)
            assert answer.status == 200, (answer.start, answer.body[:300])
            assert stream_rules.failure(answer.body).kinds, answer.body
        tap.run("the stream of %s ends with an error behind its content" % name, test)
    for name in chat_shapes.BROKEN:
        def test(name=name):
            answer = server.ask("POST", "/v1/messages", body(name), FIELDS)
            if answer.status == 200:
                stream_rules.failure(answer.body)
            else:
                assert answer.status == 502 and answer.json()["error"]["type"] == "api_error", (answer.start, answer.body)
        tap.run("the stream of %s is no success" % name, test)

    def ask(name):
        """The stream without its message's id and its estimate of the input, which learns; and the id."""
        answer = server.ask("POST", "/v1/messages", body(name), FIELDS, seconds=60).body
        identifier = json.loads(answer.split(b"data: ")[1].split(b"\n")[0])["message"]["id"].encode()
        return re.sub(rb'"input_tokens":\d+', b"", answer.replace(identifier, b"")), identifier

    def at_once():
        names = [name for name, shape in chat_shapes.SHAPES.items() if shape.how.get("ids", True)]
        alone = {name: ask(name) for name in names}
        with concurrent.futures.ThreadPoolExecutor(24) as pool:
            together = list(pool.map(ask, names * 4))
        for name, (answer, _) in zip(names * 4, together):
            assert answer == alone[name][0], "%s: %r" % (name, answer[:300])
        ids = [identifier for _, identifier in [*alone.values(), *together]]
        assert len(set(ids)) == len(ids), ids
    tap.run("every shape at once, four times: the same bytes as alone, but for their ids, which all differ", at_once)


def main():
    tap = Tap("sdk chat")
    upstream = lanes.chat()
    configuration = lanes.config({"up": lanes.provider(upstream, timeouts={"first_byte_ms": 2000, "idle_ms": 2000})}, {"*": ["up/*"]})
    table = os.path.join(tempfile.mkdtemp(prefix="shapes-"), "shapes.json")
    with open(table, "w") as file:
        json.dump(chat_shapes.table(), file)
    failed_inside = False
    with signalbox_server.Server(configuration, "sdk-chat") as server:
        env = {**os.environ, "SIGNALBOX_NODE_MODULES": NODE_MODULES, "PYTHONPATH": HERE, "NO_PROXY": "127.0.0.1", "SDK_SHAPES": table,
               "SDK_CHAT": "http://127.0.0.1:%d" % server.port}
        for name, command in {"npm": [NODE, os.path.join(HERE, "sdk_chat_node.mjs")], "PyPI": [PYTHON, os.path.join(HERE, "sdk_chat_python.py")]}.items():
            done = subprocess.run(command, env=env, timeout=200)
            failed_inside = failed_inside or done.returncode == 1
            tap.check("the checks of the %s package ran to their end" % name, done.returncode in (0, 1), done.returncode)
        on_the_wire(tap, server)
    heads = [record.head for record in upstream.records]
    tap.check("nothing of the client's headers that speaks of Anthropic or the SDK reaches Chat", heads and not any(
        name.lower().startswith(("x-stainless", "anthropic-")) for head in heads for name, _ in head.fields))
    tap.check("no client credential reaches Chat", all(
        head.all("authorization") == ["Bearer " + messages.KEY] and not head.all("x-api-key") for head in heads))
    tap.check("Chat refused nothing", not upstream.refusals(), upstream.refusals())
    signalbox_server.check_secrets(tap)
    print("# sdk chat: %d passed, %d failed" % (tap.passed, tap.failed))
    sys.exit(1 if tap.failed or failed_inside else 0)


if __name__ == "__main__":
    main()
