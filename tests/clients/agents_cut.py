#!/usr/bin/env python3
"""The real agents other than Claude Code (claude_failover.py) while an upstream's text breaks off in its midst.

    agent -- Signalbox -- scripted upstream

usage: agents_cut.py [CELL...]     a cell is AGENT/DIALECT; without any, all of CELLS
Broken once, the agent asks again and completes. Broken for good, it ends with an error: the piece that came is not taken for the answer.
opencode asks again for minutes then, so that it is not waited for.
"""
import sys

import agents
import lanes
import sessions
import signalbox_server
import turns
from tap import Tap

# Each agent on its own dialect and on a foreign one.
CELLS = ("codex/openai_responses", "codex/anthropic", "gemini/gemini", "gemini/anthropic", "opencode-messages/anthropic", "opencode-messages/gemini",
         "opencode-chat/openai_chat", "opencode-chat/openai_responses")


def cell(tap, name, breaks):
    agent, dialect = name.split("/")
    scripted, (target, more) = sessions.start(dialect), sessions.DIALECTS[dialect]
    if breaks == "once":
        scripted.once = ["cut-text"]
    else:
        scripted.script = "cut-text"
    configuration = lanes.config({"up": signalbox_server.provider(scripted, dialect=dialect, **more)}, {"*": [target]}, models=sessions.MODELS)
    with signalbox_server.Server(configuration, name.replace("/", "-")) as server:
        shown = agents.AGENTS[agent]("http://127.0.0.1:%d" % server.port, "any").run("run the echo")
    label = "%s, cut %s" % (name, breaks)
    print("# %s: %d requests, exit code %s, last words %r" % (label, scripted.count, shown.exit_code, shown.text[-40:]))
    trace = "%s\n%s" % (scripted.folder, shown.output[-3000:])
    tap.check(label + ": it ends, and has asked again", shown.exit_code >= 0 and scripted.count > 1, trace)
    if breaks == "once":
        tap.check(label + ": it completes", shown.exit_code == 0 and turns.LAST.parts[0][1].strip() in shown.text and '"error": {' not in shown.output, trace)
    else:
        tap.check(label + ": it says that it failed", shown.exit_code > 0 or '"error": {' in shown.output, trace)


def main():
    tap = Tap("agents-cut")
    for name in sys.argv[1:] or CELLS:
        cell(tap, name, "once")
        if not name.startswith("opencode"):
            cell(tap, name, "for good")
    signalbox_server.check_secrets(tap)
    tap.exit()


if __name__ == "__main__":
    main()
