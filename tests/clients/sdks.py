#!/usr/bin/env python3
"""Starts what the SDKs talk to, runs them, and checks what reached the upstream. `--direct` leaves
Signalbox out for the scripted part, to see what the SDKs make of the upstream itself."""
import os
import subprocess
import sys
import tempfile

import messages
import signalbox_server
from tap import Tap
from upstream import Upstream

HERE = os.path.dirname(os.path.abspath(__file__))
NODE_MODULES = os.environ.get("SIGNALBOX_NODE_MODULES", os.path.join(signalbox_server.ROOT, "build/clients/node/node_modules"))
PYTHON = os.environ.get("SIGNALBOX_VENV_PYTHON", os.path.join(signalbox_server.ROOT, "build/clients/venv/bin/python"))
NODE = os.environ.get("SIGNALBOX_NODE", "node")


def configs(upstream):
    scripted = signalbox_server.config_for(
        upstream, models={"sonnet": {"provider": "up", "upstream_model": "claude-sonnet-4-5"}},
        routes=[{"match": "sonnet", "targets": ["sonnet"]}])
    keyed = signalbox_server.config_for(
        upstream, server={"client_keys": [{"name": "me", "key": signalbox_server.CLIENT_KEY}], "limits": {"request_bytes_max": 200_000}})
    keyed["routes"] = [{"match": "sonet-1", "targets": ["up/script-text"]}]
    return scripted, keyed


def main():
    tap = Tap("sdk")
    upstream = Upstream(tempfile.mkdtemp(prefix="upstream-"))
    scripted, keyed = configs(upstream)
    commands = {"npm": [NODE, os.path.join(HERE, "sdk_node.mjs")], "PyPI": [PYTHON, os.path.join(HERE, "sdk_python.py")]}
    env = {**os.environ, "SIGNALBOX_NODE_MODULES": NODE_MODULES, "SDK_CLIENT_KEY": signalbox_server.CLIENT_KEY,
           "PYTHONPATH": HERE, "NO_PROXY": "127.0.0.1"}
    if "--direct" in sys.argv:
        env.update(SDK_SCRIPTED=upstream.url, SDK_MOCK=upstream.url, SDK_KEYED=upstream.url)
        for command in commands.values():
            subprocess.run(command, env=env)
        return
    failed_inside = False
    with signalbox_server.Server(scripted, "scripted") as a, signalbox_server.Server(None, "mock") as b, \
            signalbox_server.Server(keyed, "keyed") as c:
        for name, server in (("SDK_SCRIPTED", a), ("SDK_MOCK", b), ("SDK_KEYED", c)):
            env[name] = "http://127.0.0.1:%d" % server.port
        for name, command in commands.items():
            done = subprocess.run(command, env=env, timeout=200)
            failed_inside = failed_inside or done.returncode == 1
            tap.check("the checks of the %s package ran to their end" % name, done.returncode in (0, 1), done.returncode)
    heads = [record.head for record in upstream.records]
    tap.check("nothing of the SDK's own telemetry headers reaches the upstream",
              not any(name.lower().startswith("x-stainless") for head in heads for name, _ in head.fields))
    tap.check("no client credential reaches the upstream", heads and all(
        head.all("x-api-key") == [messages.KEY] and not head.all("authorization") for head in heads))
    signalbox_server.check_secrets(tap)
    print("# sdk: %d passed, %d failed" % (tap.passed, tap.failed))
    sys.exit(1 if tap.failed or failed_inside else 0)


if __name__ == "__main__":
    main()
