#!/usr/bin/env python3
"""The real `claude` CLI while upstreams fail: it completes its session on the next lane, also in the middle of a tool
call, and where an answer breaks off it is told so honestly and can go on afterwards.
"""
import json

import chat_shapes
import lanes
import signalbox_server
import stream_rules
from claude_cli import completed
from lanes import SONNET
from tap import Tap

FINAL = chat_shapes.WORDS.strip()


def served_by(pairs):
    return [(answer.header("x-signalbox-provider"), answer.header("x-signalbox-attempts")) for _, answer in pairs]


def second_serves(tap, name, first, second):
    """The first lane fails whatever it is asked; the session completes on the second."""
    configuration = lanes.config({"one": lanes.provider(first), "two": lanes.provider(second)}, {"*": ["one/*", "two/*"]})
    with lanes.Stage(name.replace(" ", "-").replace(",", ""), configuration) as stage:
        result, text = stage.cli.run("run the echo", SONNET)
        pairs = stage.pairs()
        tap.check(name + ": the session completes", completed(result) and FINAL in str(result.get("result")), text + str(second.refusals()))
        tap.check(name + ": one tool call", [call["input"].get("command") for call in stage.cli.calls()] == ["echo hello"], stage.cli.calls())
        tap.check(name + ": the first answer needed two attempts, and the second lane gave all",
                  served_by(pairs)[:1] == [("two", "2")] and {provider for provider, _ in served_by(pairs)} == {"two"}, served_by(pairs))
        # An empty answer is no news about a lane: the next one may be full.
        wanted = "2" if first.script == "empty" else "1"
        tap.check(name + ": a lane that has failed is not tried first again", {attempts for _, attempts in served_by(pairs)[1:]} == {wanted}, served_by(pairs))
        wrong = lanes.broken_streams(pairs)
        tap.check(name + ": every answer is a whole stream by the rules", not wrong, wrong)
        tap.check(name + ": nothing was refused", not lanes.refused(first, second), lanes.refused(first, second))


def failing_lanes(tap):
    for name, first, second in (("529 of Anthropic, then Chat", lanes.anthropic_upstream(script="error-529"), lanes.chat()),
                                ("529 of Chat, then Chat", lanes.chat(script="error-529"), lanes.chat()),
                                ("429 of Chat, then Anthropic", lanes.chat(script="error-429"), lanes.anthropic_upstream()),
                                ("reset, then Chat", lanes.chat(script="reset"), lanes.chat()),
                                ("cut before content, then Chat", lanes.anthropic_upstream(script="cut-early"), lanes.chat()),
                                ("an error inside a 200, then Chat", lanes.chat(script="error-first"), lanes.chat()),
                                ("an empty answer, then Chat", lanes.chat(script="empty"), lanes.chat())):
        second_serves(tap, name, first, second)
    closed = lanes.chat()
    closed.close()
    second_serves(tap, "refused connection, then Chat", closed, lanes.chat())


def within_a_tool_call(tap, name, first, second, fault, flags=None, mended="", **more):
    """The first lane gives the tool call, then fails: its result goes to the second, which is another vendor. `flags`: of the second;
    `mended`: what it refuses at first."""
    configuration = lanes.config({"one": lanes.provider(first), "two": lanes.provider(second, flags=flags or {})},
                                 {"*": ["one/*", "two" if more else "two/*"]}, **more)
    with lanes.Stage(name.replace(" ", "-"), configuration) as stage:
        first.once = ["tool", fault]
        result, text = stage.cli.run("run the echo", SONNET)
        pairs = stage.pairs()
        tap.check(name + ": the session completes", completed(result) and FINAL in str(result.get("result")),
                  text + str(lanes.refused(first, second)))
        tap.check(name + ": the call came from one, the answer to its result from the other", [provider for provider, _ in served_by(pairs)] == ["one", "two"],
                  served_by(pairs))
        told = lanes.refused(first, second)
        if mended:
            tap.check(name + ": the refusal was mended and asked again, once", len(told) == 1 and mended in told[0], told)
        else:
            tap.check(name + ": nothing was refused", not told, told)
        wrong = lanes.broken_streams(pairs)
        tap.check(name + ": every answer is a whole stream by the rules", not wrong, wrong)
        is_chat = [isinstance(one, lanes.chat_upstream.Upstream) for one in (first, second)]
        foreign = lanes.foreign_state([one for one, chat in zip((first, second), is_chat) if not chat],
                                      [one for one, chat in zip((first, second), is_chat) if chat])
        tap.check(name + ": no foreign signature was sent", not foreign, foreign)
        first.once, first.script, second.script = [], None, None
        result, text = stage.cli.carry_on("say hello", SONNET)
        tap.check(name + ": the session goes on", completed(result) and FINAL in str(result.get("result")), text + str(lanes.refused(first, second)))


def within_tool_calls(tap):
    within_a_tool_call(tap, "Anthropic leaves a tool call to Chat", lanes.anthropic_upstream(), lanes.chat(), "error-529")
    within_a_tool_call(tap, "Chat leaves a tool call to Anthropic", lanes.chat(), lanes.anthropic_upstream(), "error-503")
    # Nobody but the one who is asked can tell that these signatures are not its own.
    within_a_tool_call(tap, "Anthropic leaves a tool call to another Anthropic", lanes.anthropic_upstream(), lanes.anthropic_upstream(), "error-529",
                       mended="Invalid `signature`")
    within_a_tool_call(tap, "Anthropic leaves a tool call to DeepSeek", lanes.anthropic_upstream(), lanes.chat(vendor="deepseek"), "error-529",
                       lanes.DEEPSEEK_FLAGS, models={"two": {**lanes.DEEPSEEK_MODEL, "provider": "two"}})
    within_a_tool_call(tap, "Chat leaves a tool call to Chat", lanes.chat(), lanes.chat(), "error-500")


def cut(tap, name, upstream, script):
    """Every answer breaks off after content: an error is shown, and afterwards the session goes on as if nothing had been."""
    configuration = lanes.config({"up": lanes.provider(upstream)}, {"*": ["up/*"]})
    with lanes.Stage(name.replace(" ", "-"), configuration, CLAUDE_CODE_MAX_RETRIES="1") as stage:
        upstream.script = "text"
        result, text = stage.cli.run("say hello", SONNET)
        tap.check(name + ": the session begins", completed(result), text)
        stage.pairs()
        upstream.script = script
        result, text = stage.cli.carry_on("say more", SONNET)
        pairs = stage.pairs()
        print("# %s: %d requests, exit code %s, shown: %s" % (name, len(pairs), result.get("exit_code"), str(result.get("result"))[:150]))
        tap.check(name + ": the CLI ends and shows an error", not completed(result) and "rror" in text, text)
        streams = [answer for request, answer in pairs if json.loads(request.body).get("stream")]
        wrong = []
        for answer in streams:
            try:
                stream = stream_rules.failure(answer.body)
                if not stream.kinds:
                    wrong.append("no content came before the error")
            except (stream_rules.Broken, KeyError, ValueError) as broken:
                wrong.append("%r in %r" % (broken, answer.body[-300:]))
        tap.check(name + ": on the wire stand content, an error event and no success ending", streams and not wrong, wrong)
        whole = [answer.status for request, answer in pairs if not json.loads(request.body).get("stream")]
        tap.check(name + ": no whole answer is a success", all(status >= 400 for status in whole), whole)
        upstream.script = None
        result, text = stage.cli.carry_on("run the echo", SONNET)
        tap.check(name + ": the session goes on, with a tool call", completed(result) and FINAL in str(result.get("result"))
                  and len(stage.cli.calls()) == 1, text)
        tap.check(name + ": nothing was refused", not upstream.refusals(), upstream.refusals())
        last = json.loads(upstream.records[-1].body)["messages"]
        tap.check(name + ": nothing of the cut answer is in the history", "Let me see" not in json.dumps(last, ensure_ascii=False), last)


def cut_once(tap, name, upstream, script):
    """Only one answer breaks off: whatever the CLI makes of it, it ends well by itself."""
    configuration = lanes.config({"up": lanes.provider(upstream)}, {"*": ["up/*"]})
    with lanes.Stage(name.replace(" ", "-"), configuration) as stage:
        upstream.once = [script]
        result, text = stage.cli.run("run the echo", SONNET)
        pairs = stage.pairs()
        print("# %s: %d requests, exit code %s" % (name, len(pairs), result.get("exit_code")))
        tap.check(name + ": the CLI asks again and completes", completed(result) and FINAL in str(result.get("result")), text)
        try:
            wrong = "" if stream_rules.failure(pairs[0][1].body).kinds else "no content"
        except (stream_rules.Broken, KeyError, ValueError) as broken:
            wrong = repr(broken)
        tap.check(name + ": the cut answer ended with an error event", not wrong, wrong)
        tap.check(name + ": nothing was refused", not upstream.refusals(), upstream.refusals())


def cuts(tap):
    for vendor, make in (("Anthropic", lanes.anthropic_upstream), ("Chat", lanes.chat)):
        cut(tap, "cut, " + vendor, make(), "cut")
    cut(tap, "reset, Chat", lanes.chat(), "cut-reset")
    cut(tap, "error after content, Chat", lanes.chat(), "error-event")
    cut_once(tap, "cut once, Anthropic", lanes.anthropic_upstream(), "cut")
    cut_once(tap, "cut once, Chat", lanes.chat(), "cut-clean")


def all_fail(tap):
    """Every lane fails: the CLI is told the best error, in a status that it knows, with what was tried."""
    first, second = lanes.anthropic_upstream(script="error-429"), lanes.chat(script="error-500")
    configuration = lanes.config({"one": lanes.provider(first), "two": lanes.provider(second)}, {"*": ["one/*", "two/*"]})
    with lanes.Stage("all-fail", configuration, CLAUDE_CODE_MAX_RETRIES="0") as stage:
        first.retry_after = "60"
        result, text = stage.cli.run("run the echo", SONNET)
        pairs = stage.pairs()
        tap.check("all lanes fail: the CLI shows an error", not completed(result), text)
        answer = pairs[0][1]
        tap.check("all lanes fail: 429 stays 429, with its retry-after", answer.status == 429 and answer.header("retry-after") == "60",
                  answer.raw_head + answer.body)
        body = answer.json()
        tap.check("all lanes fail: in Anthropic's shape, naming what was tried", body["type"] == "error" and body["error"]["type"] == "rate_limit_error"
                  and "one" in body["error"]["message"] and "two" in body["error"]["message"], body)


def too_long(tap):
    """A conversation over the model's context, which every provider says in other words: the CLI must know it as what it is."""
    for name, upstream, script in (("context full, Anthropic", lanes.anthropic_upstream(), "error-context"), ("context full, Chat", lanes.chat(), "error-context"),
                                   ("context full, in other words", lanes.chat(), "error-context-other")):
        with lanes.Stage(name.replace(" ", "-").replace(",", ""), lanes.config({"up": lanes.provider(upstream)}, {"*": ["up/*"]}), CLAUDE_CODE_MAX_RETRIES="0") as stage:
            upstream.script = script
            result, text = stage.cli.run("say hello", SONNET)
            print("# %s: shown: %s" % (name, str(result.get("result"))[:200]))
            tap.check(name + ": the CLI knows that the prompt is too long", not completed(result) and "rompt is too long" in str(result.get("result")), text)


def main():
    tap = Tap("claude-failover")
    failing_lanes(tap)
    within_tool_calls(tap)
    cuts(tap)
    all_fail(tap)
    too_long(tap)
    signalbox_server.check_secrets(tap)
    tap.exit()


if __name__ == "__main__":
    main()
