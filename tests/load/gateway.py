"""A gateway before load_crowd (crowd.cpp), and what the kernel knows of it."""
import json
import os
import re
import resource
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "clients"))

import messages  # noqa: E402
import signalbox_server  # noqa: E402

TOOL = os.environ.get("SIGNALBOX_LOAD_CROWD", os.path.join(os.path.dirname(signalbox_server.BINARY), "tests", "load", "load_crowd"))


def streams_possible(wanted):
    """So many streams, or as many as the system lets a process hold: each takes two descriptors in a gateway, and two in the
    crowd. Raises the limit of this process and its children."""
    needed, (_, hard) = 2 * wanted + 400, resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, max(hard, needed)))
    except (ValueError, OSError):  # root may be kept from it, as in some containers
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        return (hard - 400) // 2
    return wanted


class Crowd:
    """load_crowd. Each command gives what it prints, as a dictionary."""

    def __init__(self):
        if not os.access(TOOL, os.X_OK):
            raise SystemExit("not ok - load: there is no %s: `cmake --build build/native --target load_crowd` builds it" % TOOL)
        self.process = subprocess.Popen([TOOL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def command(self, *words):
        self.begin(*words)
        return self.result()

    def begin(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def result(self):
        return json.loads(self.process.stdout.readline())

    def gateway(self, server, model):
        self.begin("gateway", server.port, model)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def config(port, endless=None, **server):
    """`same` goes to Messages, `translated` to Chat Completions, both at `port`; `endless-same` and so on at another."""
    def provider(dialect, at):
        return {"dialect": dialect, "base_url": "http://127.0.0.1:%d" % at, "credentials": [{"name": "main", "key": messages.KEY}]}
    providers, routes = {}, []
    for prefix, at in (("", port), ("endless-", endless)):
        for model, dialect in (("same", "anthropic"), ("translated", "openai_chat")) if at else ():
            providers[prefix + model] = provider(dialect, at)
            routes.append({"match": prefix + model, "targets": [prefix + model + "/*"]})
    return {"server": {"listen": ["127.0.0.1:0"], "threads": 2, **server}, "providers": providers, "routes": routes}


class Gateway(signalbox_server.Server):
    def pss_kb(self):
        with open("/proc/%d/smaps_rollup" % self.process.pid) as file:
            return int(re.search(r"Pss:\s+(\d+)", file.read()).group(1))
