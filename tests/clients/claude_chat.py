#!/usr/bin/env python3
"""The real `claude` CLI on models behind Chat Completions: sessions with a tool call and thinking, and sessions that
change their model, and with it the vendor, on the way.

    claude CLI -- recorder -- Signalbox -- scripted Chat upstream, scripted Anthropic upstream
"""
import base64
import json
import os

import chat_shapes
import lanes
import signalbox_server
from claude_cli import blocks_of, completed
from lanes import OPUS, SONNET
from tap import Tap

FINAL = chat_shapes.WORDS.strip()
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGP4z8CAB+GTG8HSALfKY52fTcuYAAAAAElFTkSuQmCC"


def prefix_kept(records):
    """Whether each request begins with the messages of the one before, byte for byte, so that caches hit."""
    texts = [[json.dumps(entry, ensure_ascii=False) for entry in json.loads(record.body)["messages"]] for record in records]
    return all(later[:len(earlier)] == earlier for earlier, later in zip(texts, texts[1:]))


def session(tap, name, model, vendor="openai", flags=None, models=None, target="up/*"):
    """One session with a tool call."""
    upstream = lanes.chat(vendor=vendor)
    configuration = lanes.config({"up": lanes.provider(upstream, flags=flags or {})}, {"*": [target]}, **({"models": models} if models else {}))
    with lanes.Stage(name.replace(" ", "-"), configuration) as stage:
        result, text = stage.cli.run("run the echo", model)
        calls, pairs = stage.cli.calls(), stage.pairs()
        tap.check(name + ": the session completes", completed(result), text + str(upstream.refusals()))
        tap.check(name + ": the tool was called once, with the scripted input",
                  [call["input"].get("command") for call in calls] == ["echo hello"], calls)
        tap.check(name + ": it ends with the upstream's text", FINAL in str(result.get("result")), text)
        tap.check(name + ": the upstream refused nothing", upstream.count >= 2 and not upstream.refusals(), upstream.refusals())
        wrong = lanes.broken_streams(pairs)
        tap.check(name + ": every answer is a whole stream by the rules", pairs and not wrong, wrong)
        tap.check(name + ": answers show the client's model", all(
            json.loads(request.body)["model"].encode() in answer.body for request, answer in pairs), [answer.body[:300] for _, answer in pairs])
        tap.check(name + ": answers say who gave them", all(
            answer.header("x-signalbox-provider") == "up" and answer.header("x-signalbox-attempts") == "1" for _, answer in pairs),
            [answer.raw_head for _, answer in pairs])
        tap.check(name + ": what could not be carried is named", all(
            "context_management" in answer.header("x-signalbox-translation-loss", "") for _, answer in pairs), [answer.raw_head for _, answer in pairs])
        replayed = [block for request, _ in pairs for block in blocks_of(request.json(), "thinking")]
        tap.check(name + ": the client gives the thinking back, in an envelope", replayed and all(
            block["signature"].startswith("sb1.openai_chat.") for block in replayed), replayed)
        check_upstream(tap, name, upstream)
    return upstream


def check_upstream(tap, name, upstream):
    """What the Chat upstream got in a session."""
    bodies = [json.loads(record.body) for record in upstream.records]
    tap.check(name + ": no state of reasoning and no header of Anthropic's goes to Chat", not lanes.foreign_state([], [upstream]) and not any(
        field.lower().startswith("anthropic-") for record in upstream.records for field, _ in record.head.fields),
        [record.head.raw_head for record in upstream.records])
    tap.check(name + ": the lane's credential and no other", all(
        record.head.all("authorization") == ["Bearer " + signalbox_server.messages.KEY] and not record.head.all("x-api-key") for record in upstream.records))
    asked = [body for body in bodies if body.get("tools")]
    tap.check(name + ": tools, instructions and usage are asked for", asked and all(
        {"Bash", "Read", "Edit"} <= {tool["function"]["name"] for tool in body["tools"]} and body["messages"][0]["role"] in ("system", "developer")
        and len(str(body["messages"][0]["content"])) > 1000 and body["stream_options"] == {"include_usage": True} for body in asked))
    results = [entry for body in bodies for entry in body["messages"] if entry["role"] == "tool"]
    tap.check(name + ": the tool's result came back", any("hello" in json.dumps(entry) for entry in results), results)
    tap.check(name + ": the second request begins as the first", prefix_kept(upstream.records[-2:]), [record.body[-3000:] for record in upstream.records[-2:]])


def plain(tap):
    session(tap, "chat", SONNET)
    upstream = session(tap, "chat, default model", None, flags={"strip_billing": True, "system_anywhere": False})
    tap.check("chat, default model: the billing line is stripped where the lane says so",
              not any(b"x-anthropic-billing-header" in record.body for record in upstream.records))
    efforts = [json.loads(record.body).get("reasoning_effort") for record in upstream.records]
    tap.check("chat, default model: effort goes on as the CLI asked", efforts and all(effort == "medium" for effort in efforts), efforts)
    upstream = session(tap, "chat, o-series", SONNET, flags={"max_tokens_field": "max_completion_tokens", "temperature_fixed": True,
                                                             "system_role": "developer"}, target="up/o3")
    bodies = [json.loads(record.body) for record in upstream.records]
    tap.check("chat, o-series: max_completion_tokens, role developer", all(
        "max_completion_tokens" in body and "max_tokens" not in body and body["messages"][0]["role"] == "developer" for body in bodies))


def more_tools(tap):
    """Two calls at once, interleaved in the stream; and a picture, which Chat takes from a user only."""
    upstream = lanes.chat()
    with lanes.Stage("tools", lanes.config({"up": lanes.provider(upstream)}, {"*": ["up/*"]})) as stage:
        upstream.once = ["two-tools"]
        result, text = stage.cli.run("run both", SONNET)
        tap.check("two calls at once: the session completes", completed(result) and FINAL in str(result.get("result")), text + str(upstream.refusals()))
        last = json.loads(upstream.records[-1].body)["messages"]
        calls = [call["id"] for entry in last for call in entry.get("tool_calls", [])]
        results = [(entry["tool_call_id"], entry["content"]) for entry in last if entry["role"] == "tool"]
        tap.check("two calls at once: both ran, and their results go back in the order of the calls", calls == ["call_a1", "call_b2"] and [
            call for call, _ in results] == calls and "hello" in str(results[0]) and "\u00e9 quoted" in str(results[1]), (calls, results))
        picture = os.path.join(stage.cli.work, "picture.png")
        with open(picture, "wb") as file:
            file.write(base64.b64decode(PICTURE))
        upstream.call, upstream.once = ("Read", {"file_path": picture}), ["call"]
        result, text = stage.cli.carry_on("look at the picture", SONNET)
        tap.check("a picture: the session completes", completed(result) and FINAL in str(result.get("result")), text + str(upstream.refusals()))
        last = json.loads(upstream.records[-1].body)["messages"]
        at = max(index for index, entry in enumerate(last) if entry["role"] == "tool")
        shown = [part["image_url"]["url"] for entry in last[at + 1:] if isinstance(entry["content"], list) for part in entry["content"] if part["type"] == "image_url"]
        tap.check("a picture: it goes on as a user's, behind the tool's result", last[at + 1]["role"] == "user" and len(shown) == 1
                  and shown[0].startswith("data:image/"), last[at:])
        tap.check("more tools: nothing was refused", not upstream.refusals(), upstream.refusals())
        wrong = lanes.broken_streams(stage.pairs())
        tap.check("more tools: every answer is a whole stream by the rules", not wrong, wrong)


def deepseek(tap):
    flags, models = lanes.DEEPSEEK_FLAGS, {"deepseek": {**lanes.DEEPSEEK_MODEL, "provider": "up"}}
    upstream = session(tap, "deepseek", SONNET, "deepseek", flags, models, "deepseek")
    given = [entry["reasoning_content"] for record in upstream.records for entry in json.loads(record.body)["messages"] if entry["role"] == "assistant"]
    tap.check("deepseek: the reasoning goes back with the call", given and all(text == chat_shapes.THOUGHTS for text in given), given)
    # Turns of another vendor's, whose reasoning this one never saw, get a placeholder.
    messages, chat = lanes.anthropic_upstream(), lanes.chat(vendor="deepseek")
    configuration = lanes.config({"m": lanes.provider(messages), "c": lanes.provider(chat, flags=flags)}, {SONNET: ["m/*"], OPUS: ["deepseek"]},
                                 models={"deepseek": {**models["deepseek"], "provider": "c"}})
    switch(tap, "deepseek, switched", configuration, messages, chat, (SONNET, OPUS, SONNET, OPUS))


def switch(tap, name, configuration, messages, chat, models, reloads=None):
    """One session whose turns, each with a tool call, are on different models; every turn completes and nobody is sent foreign state."""
    with lanes.Stage(name.replace(" ", "-").replace(",", ""), configuration) as stage:
        for turn, model in enumerate(models, 1):
            if reloads and turn > 1:
                stage.server.switch_config(reloads[(turn - 2) % len(reloads)])
            run = stage.cli.run if turn == 1 else stage.cli.carry_on
            count = (messages.count, chat.count)
            result, text = run("run the echo", model)
            pairs = stage.pairs()
            where = "%s, turn %d" % (name, turn)
            tap.check(where + ": completes", completed(result) and FINAL in str(result.get("result")),
                      text + str(lanes.refused(messages, chat)))
            wrong = lanes.broken_streams(pairs)
            tap.check(where + ": every answer is a whole stream by the rules", pairs and not wrong, wrong)
            tap.check(where + ": the other vendor serves" if turn > 1 else where + ": is served",
                      (messages.count, chat.count) != count, (count, messages.count, chat.count))
        calls = {call["id"] for call in stage.cli.calls()}
        tap.check(name + ": one tool call a turn", len(calls) == len(models), calls)
        tap.check(name + ": both vendors served", messages.count >= 2 and chat.count >= 2, (messages.count, chat.count))
        tap.check(name + ": nothing was refused", not lanes.refused(messages, chat), lanes.refused(messages, chat))
        foreign = lanes.foreign_state([messages], [chat])
        tap.check(name + ": no foreign signature was sent", not foreign, foreign)
        last = blocks_of(json.loads(messages.records[-1].body), "thinking")
        tap.check(name + ": Anthropic's own signatures still go back to it", last and all(block["signature"] in messages.given for block in last), last)


def switches(tap):
    def pair():
        messages, chat = lanes.anthropic_upstream(), lanes.chat()
        return messages, chat, {"m": lanes.provider(messages), "c": lanes.provider(chat)}

    messages, chat, providers = pair()
    switch(tap, "switch by model", lanes.config(providers, {SONNET: ["m/*"], OPUS: ["c/gpt-4.1"]}), messages, chat, (SONNET, OPUS, SONNET, OPUS))
    messages, chat, providers = pair()
    switch(tap, "switch, Chat first", lanes.config(providers, {SONNET: ["m/*"], OPUS: ["c/gpt-4.1"]}), messages, chat, (OPUS, SONNET, OPUS))
    if not lanes.signalbox_server.Server.switches_config:
        print("# skipped: switch by reload, which this host has not")
        return
    messages, chat, providers = pair()
    on_messages, on_chat = lanes.config(providers, {"*": ["m/*"]}), lanes.config(providers, {"*": ["c/gpt-4.1"]})
    # On the CLI's default model thinking is adaptive, and instructions stand between messages.
    switch(tap, "switch by reload", on_messages, messages, chat, (None, None, None), [on_chat, on_messages])


def main():
    tap = Tap("claude-chat")
    plain(tap)
    more_tools(tap)
    deepseek(tap)
    switches(tap)
    signalbox_server.check_secrets(tap)
    tap.exit()


if __name__ == "__main__":
    main()
