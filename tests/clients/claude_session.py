#!/usr/bin/env python3
"""The real `claude` CLI in headless sessions with a tool call; proof by comparison of bytes.

    claude CLI -- recorder -- Signalbox -- scripted upstream

What the CLI sent must be at the upstream, but for the model's token where a route renames it; what the
upstream answered must be at the CLI, byte for byte once both are taken out of their framing.
`--direct` leaves Signalbox out: it tests these tests.
"""
import json
import re
import sys
import tempfile

import messages
import signalbox_server
import wire
from claude_cli import Claude, blocks_of, completed, conversations
from recorder import Recorder
from tap import Tap
from upstream import Upstream


def claude(port, prompt, model, key=messages.KEY):
    """One run of a new session; gives (its result, everything it wrote, the tool calls of its transcript)."""
    cli = Claude(port, key)
    result, text = cli.run(prompt, model)
    return result, text, cli.calls()


def compare(tap, name, recorder, upstream, renamed_to=None):
    """Every request of the CLI is at the upstream and every answer of the upstream at the CLI."""
    pairs = conversations(recorder)
    records = [record for record in upstream.records if record.head.path.split("?")[0] == "/v1/messages"]
    tap.check("%s: as many requests at the upstream as the client sent (%d)" % (name, len(pairs)),
              len(pairs) == len(records) and len(pairs) >= 2, "client %d, upstream %d" % (len(pairs), len(records)))
    left = list(records)
    for number, (request, answer) in enumerate(pairs, 1):
        wanted = request.body if renamed_to is None else wire.with_model(request.body, renamed_to)
        record = next((record for record in left if record.body == wanted), None)
        if not tap.check("%s: request %d (%d bytes) is at the upstream %s" % (
                name, number, len(wanted), "byte for byte" if renamed_to is None else "with only the model renamed"),
                record is not None, first_difference(wanted, [record.body for record in left])):
            continue
        left.remove(record)
        if renamed_to is not None:
            tap.check("%s: request %d did change" % (name, number), record.body != request.body)
        tap.check("%s: answer %d (%d bytes) is at the client byte for byte" % (name, number, len(record.answer)),
                  answer is not None and answer.body == record.answer and len(record.answer) > 0,
                  first_difference(record.answer, [answer.body if answer else b""]))
        for field in ("anthropic-version", "anthropic-beta", "x-claude-code-session-id", "content-type", "user-agent"):
            tap.equal("%s: request %d keeps %s" % (name, number, field), record.head.all(field), request.all(field))
        tap.equal("%s: request %d keeps its path and query" % (name, number), record.head.path, request.path)
        tap.check("%s: request %d carries the lane's credential and no other" % (name, number),
                  record.head.all("x-api-key") == [messages.KEY] and not record.head.all("authorization")
                  and not record.head.all("x-signalbox-key"), record.head.raw_head.decode("latin-1"))
    return pairs


def first_difference(wanted, candidates):
    for body in sorted(candidates, key=lambda body: abs(len(body) - len(wanted)))[:1]:
        at = next((i for i, (a, b) in enumerate(zip(wanted, body)) if a != b), min(len(wanted), len(body)))
        return "at byte %d of %d/%d:\n%r\n%r" % (at, len(wanted), len(body), wanted[at:at + 80], body[at:at + 80])
    return "nothing to compare with"


def session(tap, name, port, recorder, upstream, model, renamed_to=None, key=messages.KEY):
    result, text, calls = claude(recorder.port, "run the echo", model, key)
    tap.check(name + ": the session completes", completed(result), text)
    tap.check(name + ": the tool was called once, with the scripted input",
              [call["input"].get("command") for call in calls] == ["echo hello"], calls)
    tap.check(name + ": it ends with the upstream's text", messages.WORDS.strip() in str(result.get("result")), text)
    pairs = compare(tap, name, recorder, upstream, renamed_to)
    results = [block for request, _ in pairs for block in blocks_of(request.json(), "tool_result")]
    tap.check(name + ": the tool's result came back", any("hello" in json.dumps(block) for block in results), results)
    replayed = [block for request, _ in pairs for block in blocks_of(request.json(), "thinking")]
    tap.check(name + ": the thinking signature was replayed as it was given",
              bool(replayed) and all(block["signature"] in upstream.given for block in replayed), replayed)
    tap.check(name + ": the upstream refused nothing", upstream.count > 0 and not upstream.refusals(), upstream.refusals())


def through(tap, name, model, renamed_to, routes=None, models=None, server=None, key="any"):
    upstream = Upstream(tempfile.mkdtemp(prefix="upstream-"))
    config = signalbox_server.config_for(upstream, server=server, routes=routes, models=models)
    with signalbox_server.Server(config, name) as running:
        recorder = Recorder(tempfile.mkdtemp(prefix="recorder-"), running.port)
        session(tap, name, running.port, recorder, upstream, model, renamed_to, key)
        for request, answer in conversations(recorder):
            tap.check(name + ": the answer says who gave it",
                      answer.header("x-signalbox-provider") == "up" and answer.header("x-signalbox-attempts") == "1"
                      and (answer.header("request-id") or "").startswith("req_")
                      and (answer.header("x-signalbox-upstream-request-id") or "").startswith("req_upstream_"),
                      answer.raw_head.decode("latin-1"))
            tap.equal(name + ": an unknown header of the upstream goes on", answer.header("x-new-header"), "kept")


def against_mock(tap):
    with signalbox_server.Server(None, "mock") as running:
        recorder = Recorder(tempfile.mkdtemp(prefix="recorder-"), running.port)
        # On its default model the CLI puts a system message behind the user's last one.
        for model in ("claude-sonnet-4-5", None):
            name = "mock, %s: " % (model or "the CLI's default model")
            result, text, calls = claude(recorder.port, 'mock: call Bash {"command":"echo hi"}', model, "any")
            tap.check(name + "a session without configuration completes", completed(result), text)
            tap.check(name + "Bash was called once, with what the prompt said",
                      [(call["name"], call["input"]) for call in calls] == [("Bash", {"command": "echo hi"})], calls)
            tap.check(name + "it says that it is the mock, and the tool's result", re.search("mock", str(result.get("result")), re.I)
                      and "hi" in str(result.get("result")), text)
        result, text, calls = claude(recorder.port, "say hello", "claude-sonnet-4-5", "any")
        tap.check("mock: a plain prompt completes", completed(result), text)
        tap.check("mock: a plain prompt calls no tool", calls == [], calls)
        tap.check("mock: its text says that it is the mock", re.search("mock", str(result.get("result")), re.I), text)


def main():
    tap = Tap("claude")
    if "--direct" in sys.argv:
        upstream = Upstream(tempfile.mkdtemp(prefix="upstream-"))
        recorder = Recorder(tempfile.mkdtemp(prefix="recorder-"), upstream.port)
        session(tap, "direct", upstream.port, recorder, upstream, "claude-sonnet-4-5")
        tap.exit()
    through(tap, "same name", "claude-sonnet-4-5", None)
    through(tap, "renamed", "claude-sonnet-4-5", "claude-opus-4-1",
            routes=[{"match": "claude-*", "targets": ["up/claude-opus-4-1"]}],
            server={"client_keys": [{"name": "me", "key": signalbox_server.CLIENT_KEY}]}, key=signalbox_server.CLIENT_KEY)
    against_mock(tap)
    signalbox_server.check_secrets(tap)
    tap.exit()


if __name__ == "__main__":
    main()
