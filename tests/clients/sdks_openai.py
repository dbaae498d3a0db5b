#!/usr/bin/env python3
"""The official OpenAI SDKs on a model behind Anthropic Messages: POST /v1/chat/completions, streamed and whole. Starts what they
talk to, hands them what must be seen of each of the upstream's answers, and checks what reached the upstream."""
import json
import os
import subprocess
import sys
import tempfile

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
