#!/usr/bin/env python3
"""The official OpenAI SDKs on a model behind Anthropic Messages: POST /v1/chat/completions, streamed and whole. Starts what they
talk to, hands them what must be seen of each of the upstream's answers, and checks what reached the upstream."""
import json
import os
import subprocess
import sys
import tempfile

import chat_shapes
import lanes
import messages
import signalbox_server
from sdks import HERE, NODE, NODE_MODULES, PYTHON
from tap import Tap

FINISH = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "model_context_window_exceeded": "length",
          "tool_use": "tool_calls", "refusal": "content_filter"}
SCRIPTS = ("text", "tool", "two-tools", "thinking", "no-arguments", "text-and-call", *messages.STOPS)


def seen(script):
    """What an OpenAI client must see of one of the upstream's answers."""
    content, stop_reason = messages.blocks_for(script, 1)
    text = "".join(block["text"] for block in content if block["type"] == "text")
    return {"text": text, "reasoning": "".join(block["thinking"] for block in content if block["type"] == "thinking"),
            "calls": [[block["name"], block["input"]] for block in content if block["type"] == "tool_use"],
            "finish": FINISH[stop_reason], "tokens": [35, 42, 77, 7]}


def same_dialect(tap):
    """A Chat client on a Chat upstream gets the upstream's own bytes, in every shape, errors too."""
    upstream = lanes.chat()
    fields = [("content-type", "application/json"), ("authorization", "Bearer any")]
    with signalbox_server.Server(lanes.config({"up": lanes.provider(upstream)}, {"*": ["up/*"]}), "chat-to-chat") as server:
        for name in list(chat_shapes.SHAPES) + ["odd-cuts", "two-choices", "twice", "error-400", "error-429", "error-500", "error-context"]:
            for stream in (True, False) if name != "twice" else (True,):
                def test(name=name, stream=stream):
                    body = json.dumps({"model": "script-" + name, "messages": [{"role": "user", "content": "hi"}], "stream": stream}).encode()
                    answer, record = server.ask("POST", "/v1/chat/completions", body, fields), upstream.records[-1]
                    assert record.body == body, record.body
                    # What comes behind an answer's end would be taken for more of it.
                    end = record.answer.find(b"data: [DONE]\n\n")
                    expected = record.answer[:end + len(b"data: [DONE]\n\n")] if name == "twice" else record.answer
                    assert expected and answer.body == expected, (answer.start, answer.body[-300:], record.answer[-300:])
                tap.run("Chat to Chat, %s, %s: byte for byte" % (name, "streamed" if stream else "whole"), test)
        for name, status in (("cut", 200), ("cut-clean", 200), ("cut-early", 502), ("empty-200", 502), ("html-200", 502), ("reset", 502), ("error-401", 502)):
            def test(name=name, status=status):
                body = {"model": "script-" + name, "messages": [{"role": "user", "content": "hi"}], "stream": True}
                answer = server.ask("POST", "/v1/chat/completions", body, fields)
                assert answer.status == status, (answer.start, answer.body[:300])
                last = answer.body if status != 200 else answer.body.strip().split(b"data: ")[-1]
                assert json.loads(last)["error"]["message"] and b"[DONE]" not in answer.body, answer.body[-300:]
            tap.run("Chat to Chat, %s: an error in Chat's shape and no success" % name, test)
    tap.check("Chat to Chat: the upstream refused nothing", not upstream.refusals(), upstream.refusals())


def main():
    tap = Tap("sdk openai")
    upstream = lanes.anthropic_upstream()
    configuration = lanes.config({"up": lanes.provider(upstream, timeouts={"first_byte_ms": 2000, "idle_ms": 2000})}, {"*": ["up/*"]})
    table = os.path.join(tempfile.mkdtemp(prefix="seen-"), "seen.json")
    with open(table, "w") as file:
        json.dump({script: seen(script) for script in SCRIPTS}, file)
    failed_inside = False
    with signalbox_server.Server(configuration, "sdk-openai") as server:
        env = {**os.environ, "SIGNALBOX_NODE_MODULES": NODE_MODULES, "PYTHONPATH": HERE, "NO_PROXY": "127.0.0.1", "SDK_SEEN": table,
               "SDK_OPENAI": "http://127.0.0.1:%d/v1" % server.port}
        for name, command in {"npm": [NODE, os.path.join(HERE, "sdk_openai_node.mjs")], "PyPI": [PYTHON, os.path.join(HERE, "sdk_openai_python.py")]}.items():
            done = subprocess.run(command, env=env, timeout=200)
            failed_inside = failed_inside or done.returncode == 1
            tap.check("the checks of the %s package ran to their end" % name, done.returncode in (0, 1), done.returncode)
    same_dialect(tap)
    heads = [record.head for record in upstream.records]
    tap.check("the lane's credential and no other reaches Anthropic, with a version of its API", heads and all(
        head.all("x-api-key") == [messages.KEY] and not head.all("authorization") and head.header("anthropic-version") for head in heads))
    tap.check("nothing of the SDK's own headers does", not any(
        name.lower().startswith(("x-stainless", "openai-")) for head in heads for name, _ in head.fields))
    tap.check("Anthropic refused nothing", not upstream.refusals(), upstream.refusals())
    signalbox_server.check_secrets(tap)
    print("# sdk openai: %d passed, %d failed" % (tap.passed, tap.failed))
    sys.exit(1 if tap.failed or failed_inside else 0)


if __name__ == "__main__":
    main()
