#!/usr/bin/env python3
"""Sessions of the real command-line agents, each with a tool call, on upstreams of every dialect that refuse what the providers refuse.

    agent -- Signalbox -- scripted upstream

usage: sessions.py [--direct] [CELL...]     a cell is AGENT/DIALECT; without any, those of CI; `all` is all twenty
A cell completes when the agent ran its shell, the upstream refused nothing, and the last words and the usage that the agent shows are
the upstream's. "kept" says whether the reasoning state of the first answer came back with the second request.
`--direct` leaves Signalbox out, and then each agent meets its own dialect: it tests these tests.
"""
import dataclasses
import json
import sys
import tempfile
import time

import agents
import chat_shapes
import chat_upstream
import gemini_upstream
import lanes
import messages
import responses_upstream
import signalbox_server
import turns
import upstream
from tap import Tap

# Each agent and each dialect once at least, foreign ones first.
IN_CI = ("claude/gemini", "claude/openai_responses", "codex/anthropic", "codex/gemini", "gemini/openai_chat", "gemini/anthropic", "opencode-messages/openai_responses",
         "opencode-chat/gemini")
# What each upstream is: where requests go, and what its provider says of it. The one that speaks Chat is DeepSeek's, which wants its
# reasoning back.
DIALECTS = {"anthropic": ("up/claude-sonnet-4-5", {}), "openai_chat": ("deepseek", {"flags": lanes.DEEPSEEK_FLAGS}), "openai_responses": ("up/gpt-5", {}),
            "gemini": ("up/gemini-3-pro-preview", {})}
MODELS = {"deepseek": {**lanes.DEEPSEEK_MODEL, "provider": "up"}}
CHAT_FINISH = {"length": "length", "filter": "content_filter"}


class MessagesAnswer(upstream.Answer):
    """Anthropic thinks only when asked to, and shows no thoughts when told not to."""

    def plain(self):
        turn = turns.next_turn(*asked_of_messages(self.request))
        thinking = self.request.get("thinking") or {"type": "disabled"}
        if thinking["type"] == "disabled":
            turn = dataclasses.replace(turn, parts=[part for part in turn.parts if not is_thought(part)])
        elif thinking.get("display") == "omitted":
            turn = dataclasses.replace(turn, parts=[("reasoning", "") if is_thought(part) else part for part in turn.parts])
        self.record.turn = turn
        if not self.request.get("stream"):
            return self.whole(200, self.whole_body(turn))
        return self.stream(self.cut_up(self.frames(turn)))


class ChatAnswer(chat_upstream.Answer):
    def plain(self):
        turn = self.record.turn = turns.next_turn(*asked_of_chat(self.request))
        self.script = shape = shape_of(turn, self.record.number)
        self.upstream.given.update({call[0]: shape.reasoning for call in shape.calls})
        if not self.request.get("stream"):
            return self.whole(200, self.whole_body(shape))
        return self.stream(self.cut_up(self.frames(shape)))


def is_thought(part):
    return isinstance(part, tuple) and part[0] == "reasoning"


def asked_of_messages(request):
    blocks = [block for entry in request["messages"] if isinstance(entry["content"], list) for block in entry["content"]]
    return [tool["name"] for tool in request.get("tools", [])], any(block["type"] == "tool_result" for block in blocks)


def asked_of_chat(request):
    return [tool["function"]["name"] for tool in request.get("tools", [])], any(entry["role"] == "tool" for entry in request["messages"])


def shape_of(turn, number):
    said = {kind: "".join(part[1] for part in turn.parts if isinstance(part, tuple) and part[0] == kind) for kind in ("reasoning", "text")}
    used = turn.usage
    usage = {"prompt_tokens": used.prompt, "completion_tokens": used.output, "total_tokens": used.prompt + used.output,
             "prompt_tokens_details": {"cached_tokens": used.cached, "cache_write_tokens": used.written}, "completion_tokens_details": {"reasoning_tokens": used.reasoning}}
    calls = [("call_%04d%d" % (number, ordinal), call.name, call.text()) for ordinal, call in enumerate(turn.calls())]
    text = {"refusal": said["text"]} if turn.stop == "refusal" else {"text": said["text"]}
    return chat_shapes.Shape(reasoning=said["reasoning"], calls=calls, usage=usage, finish=CHAT_FINISH.get(turn.stop), **text)


def start(dialect):
    folder = tempfile.mkdtemp(prefix=dialect + "-")
    if dialect == "anthropic":
        return upstream.scripted.Upstream(folder, MessagesAnswer)
    if dialect == "openai_chat":
        return upstream.scripted.Upstream(folder, ChatAnswer, vendor="deepseek")
    return {"openai_responses": responses_upstream, "gemini": gemini_upstream}[dialect].Upstream(folder)


def strings_of(value):
    if isinstance(value, str):
        return {value}
    entries = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*map(strings_of, entries))


def states(dialect, given):
    """The strings that must come back for the state to be kept."""
    if dialect == "openai_responses":
        return {item["encrypted_content"] for item in given.values() if "encrypted_content" in item}
    return set(given.values()) if dialect == "openai_chat" else set(given)


def session(tap, name, agent, dialect, scripted, began):
    """Runs the agent and checks the cell; gives its line of the table."""
    shown = agent.run("run the echo")
    records = [record for record in scripted.records if getattr(record, "turn", None) not in (None, turns.TITLE)]
    called, last = [record for record in records if record.turn.calls()], [record for record in records if not record.turn.calls()]
    trace = "%s\n%s\nrequests in %s\n%s" % (scripted.refusals(), shown.text, scripted.folder, shown.output[-3000:])
    completed = tap.check(name + ": the session completes, with the upstream's words", shown.exit_code == 0 and turns.LAST.parts[0][1].strip() in shown.text, trace)
    completed &= tap.check(name + ": the upstream refused nothing", scripted.count >= 2 and not scripted.refusals(), scripted.refusals())
    completed &= tap.check(name + ": one tool call, and its result came back", len(called) == 1 and len(last) == 1 and turns.PRINTED.encode() in last[0].body,
                           [len(called), len(last), last and last[0].body[-600:]])
    given = states(dialect, scripted.given)
    kept = bool(last) and bool(given & strings_of(json.loads(last[0].body)))
    kept_word = "kept" if kept else "lost" if given else "none given"
    tap.check(name + ": the reasoning state came back", kept, "given: %d" % len(given))
    wanted = turns.NO_USAGE
    for record in called + last:
        wanted += record.turn.usage
    compared = [member for member in agent.shows if member != "reasoning" or dialect != "anthropic"]  # Anthropic does not count it
    seen, wanted = [{member: getattr(usage, member) for member in compared} if usage else None for usage in (shown.usage, wanted)]
    tap.check(name + ": the usage shown is the upstream's", seen == wanted and last, "wanted %r\nseen   %r" % (wanted, seen))
    return "%-20s %-18s %-10s %-12s %-14s %3.0f s" % (*name.removeprefix("direct ").split("/"), "completes" if completed else "FAILS", kept_word,
                                                   "usage equal" if seen == wanted else "usage DIFFERS", time.monotonic() - began)


def direct(tap, name):
    agent, dialect = agents.AGENTS[name], agents.AGENTS[name].dialect
    scripted = start(dialect)
    return session(tap, "direct %s/%s" % (name, dialect), agent(scripted.url, messages.KEY), dialect, scripted, time.monotonic())


def through(tap, cell):
    began, (name, dialect) = time.monotonic(), cell.split("/")
    scripted, (target, more) = start(dialect), DIALECTS[dialect]
    configuration = lanes.config({"up": signalbox_server.provider(scripted, dialect=dialect, **more)}, {"*": [target]}, models=MODELS)
    with signalbox_server.Server(configuration, cell.replace("/", "-")) as server:
        return session(tap, cell, agents.AGENTS[name]("http://127.0.0.1:%d" % server.port, "any"), dialect, scripted, began)


def main():
    tap, cells = Tap("sessions"), sys.argv[1:]
    every = ["%s/%s" % (name, dialect) for name in agents.AGENTS for dialect in DIALECTS]
    if cells[:1] == ["--direct"]:
        table = [direct(tap, name) for name in cells[1:] or agents.AGENTS]
    else:
        table = [through(tap, cell) for cell in (every if cells == ["all"] else cells or IN_CI)]
        signalbox_server.check_secrets(tap)
    print("\n".join("# " + line for line in table))
    tap.exit()


if __name__ == "__main__":
    main()
