#!/usr/bin/env python3
"""The scripted upstreams themselves: what the real providers refuse, these refuse, and they take what is right.
A test against an upstream that takes everything proves nothing."""
import copy
import json

import chat_refused
import chat_shapes
import messages
import messages_refused
import stream_rules
import wire
from refusal_vectors import VECTORS, put
from tap import Tap

STATE = messages.signature(2)
GIVEN = {STATE: "I think"}
HEAD = wire.Message("POST /v1/messages HTTP/1.1", [("x-api-key", messages.KEY), ("anthropic-version", "2023-06-01")], b"", b"")
CALL = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "x"}
THINKING = {"type": "thinking", "thinking": "I think", "signature": STATE}
TOOL = {"name": "Bash", "description": "d", "input_schema": {"type": "object", "properties": {}}}
REQUEST = {"model": "m", "max_tokens": 4000, "thinking": {"type": "enabled", "budget_tokens": 2000}, "tools": [TOOL], "system": "s", "messages": [
    {"role": "user", "content": "hi"}, {"role": "assistant", "content": [THINKING, CALL]}, {"role": "user", "content": [RESULT]}]}

CHAT_HEAD = wire.Message("POST /v1/chat/completions HTTP/1.1", [("authorization", "Bearer " + messages.KEY)], b"", b"")
CHAT_CALL = {"id": "call_1", "type": "function", "function": {"name": "Bash", "arguments": "{}"}}
CHAT_TOOL = {"type": "function", "function": {"name": "Bash", "description": "d", "parameters": {"type": "object", "properties": {}}}}
CHAT_REQUEST = {"model": "m", "max_tokens": 4000, "tools": [CHAT_TOOL], "stream": True, "stream_options": {"include_usage": True}, "messages": [
    {"role": "system", "content": "s"}, {"role": "user", "content": "hi"}, {"role": "assistant", "content": None, "tool_calls": [CHAT_CALL]},
    {"role": "tool", "tool_call_id": "call_1", "content": "x"}]}


SAID = ("messages", 1, "content")
MESSAGES = [
    ("a member of nobody's", put("reasoning_effort", "high")), ("context_management without its beta", put("context_management", {})),
    ("a budget over max_tokens", put("thinking", "budget_tokens", 4000)), ("a temperature of 1.5", put("temperature", 1.5)),
    ("a temperature with thinking", put("temperature", 0.5)), ("top_k with thinking", put("top_k", 4)), ("stop of white space", put("stop_sequences", [" "])),
    ("a forced tool with thinking", put("tool_choice", {"type": "any"})), ("a tool without schema", put("tools", 0, "input_schema", {})),
    ("a tool of OpenAI's", put("tools", 0, CHAT_TOOL)), ("a tool twice", put("tools", "+", TOOL)), ("an empty system block", put("system", [{"type": "text", "text": ""}])),
    ("an envelope", put(*SAID, 0, "signature", "sb1.openai_chat.00000000.AAAA")), ("another's signature", put(*SAID, 0, "signature", messages.signature(4))),
    ("no signature", put(*SAID, 0, "signature", None)), ("an empty signature", put(*SAID, 0, "signature", "")),
    ("changed thinking", put(*SAID, 0, "thinking", "I thought")), ("redacted data of another's", put(*SAID, 0, {"type": "redacted_thinking", "data": "x"})),
    ("an open call without thinking", put(*SAID, 0, None)), ("an id with a dot", put(*SAID, 1, "id", "a.b")), ("input that is a text", put(*SAID, 1, "input", "{}")),
    ("a call twice", put(*SAID, "+", CALL)), ("a call without result", put("messages", 2, "content", "no")), ("a result without call", put(*SAID, 1, {"type": "text", "text": "x"})),
    ("a result twice", put("messages", 2, "content", "+", RESULT)), ("text before the result", put("messages", 2, "content", [{"type": "text", "text": "x"}, RESULT])),
    ("an empty text", put("messages", 2, "content", "+", {"type": "text", "text": ""})), ("an empty message", put("messages", 0, "content", [])),
    ("role system without its beta", put("messages", "+", {"role": "system", "content": "x"})), ("role tool", put("messages", 2, "role", "tool")),
    ("the assistant first", put("messages", 0, "role", "assistant")), ("prefill with thinking", put("messages", "+", {"role": "assistant", "content": "x"})),
    ("a member in a message", put("messages", 1, "reasoning_content", "x")), ("a part of OpenAI's", put("messages", 0, "content", [{"type": "image_url", "image_url": {}}])),
    ("a member in a block", put(*SAID, 1, "signature", "x")), ("five cache marks", put("system", [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}] * 5)),
]
CALLS = ("messages", 2, "tool_calls")
CHAT = [
    ("a member of Anthropic's", put("top_k", 5)), ("thinking", put("thinking", {"type": "enabled"})), ("an envelope in a text", put("messages", 1, "content", "sb1.x")),
    ("cache_control", put("messages", 1, "content", [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}])),
    ("a signature", put("messages", 2, "signature", STATE)), ("reasoning_content", put("messages", 2, "reasoning_content", "x")),
    ("stream_options without stream", put("stream", False)), ("max_tokens of 0", put("max_tokens", 0)), ("both bounds", put("max_completion_tokens", 5)),
    ("max_tokens of a reasoning model", put("model", "o3")), ("five stops", put("stop", list("abcde"))), ("an empty stop", put("stop", [""])),
    ("no tools in tools", put("tools", [])), ("a tool of Anthropic's", put("tools", 0, TOOL)), ("a tool's name with a dot", put("tools", 0, "function", "name", "a.b")),
    ("a tool's name of 65", put("tools", 0, "function", "name", "a" * 65)), ("parameters that are no object", put("tools", 0, "function", "parameters", {"type": "string"})),
    ("parameters without properties", put("tools", 0, "function", "parameters", {"type": "object"})),
    ("a union of parameters", put("tools", 0, "function", "parameters", "anyOf", [])), ("strict and open", put("tools", 0, "function", {"name": "a", "strict": True, "parameters": {
        "type": "object", "properties": {"a": {"type": "string"}}}})), ("a choice of Anthropic's", put("tool_choice", {"type": "any"})),
    ("a choice of no tool", put("tool_choice", {"type": "function", "function": {"name": "x"}})), ("an unknown role", put("messages", 1, "role", "human")),
    ("an id of 41", put(*CALLS, 0, "id", "a" * 41)), ("arguments that are no JSON", put(*CALLS, 0, "function", "arguments", "{")),
    ("arguments that are no object", put(*CALLS, 0, "function", "arguments", "[]")), ("empty arguments", put(*CALLS, 0, "function", "arguments", "")),
    ("no calls in tool_calls", put("messages", 2, "tool_calls", [])), ("two calls with one id", put(*CALLS, "+", CHAT_CALL)),
    ("a call without result", put("messages", 3, None)), ("another message before the result", put("messages", 3, {"role": "user", "content": "x"})),
    ("a result of no call", put("messages", 3, "tool_call_id", "call_2")), ("a result twice", put("messages", "+", {"role": "tool", "tool_call_id": "call_1", "content": "x"})),
    ("an image in a result", put("messages", 3, "content", [{"type": "image_url", "image_url": {"url": "https://x"}}])),
    ("an empty part", put("messages", 1, "content", [{"type": "text", "text": ""}])), ("no content", put("messages", 1, "content", "")),
    ("an image of Anthropic's", put("messages", 1, "content", [{"type": "image", "source": {}}])),
    ("an image that is none", put("messages", 1, "content", [{"type": "image_url", "image_url": {"url": "data:text/plain;base64,AAAA"}}])),
    ("a schema without name", put("response_format", {"type": "json_schema", "json_schema": {"schema": {}}})),
]
DEEPSEEK = [("no reasoning_content", put("messages", 2, "reasoning_content", None)), ("an empty one", put("messages", 2, "reasoning_content", "")),
            ("another one", put("messages", 2, "reasoning_content", "I thought")), ("an image", put("messages", 1, "content", [{"type": "image_url", "image_url": {"url": "https://x"}}])),
            ("max_tokens of 8193", put("max_tokens", 8193)), ("OpenAI's prompt_cache_key", put("prompt_cache_key", "x")),
            ("effort without thinking", lambda request: request.update(thinking={"type": "disabled"}, reasoning_effort="high"))]


def changed(request, change):
    request = copy.deepcopy(request)
    change(request)
    return request


def check_rules(tap):
    """stream_rules.py takes what Anthropic sends, and nothing from which an event is missing or in which two have changed places."""
    frames = messages.frames("m", "thinking", 1)
    tap.equal("a stream of Anthropic's keeps the rules", broken(frames), "")
    for at, frame in enumerate(frames):
        kind = frame.split(b"\n")[0].decode()
        if "ping" in kind or "_delta" in kind and "message" not in kind and b"signature" not in frame:
            continue
        tap.check("without event %d (%s) it does not" % (at, kind), broken(frames[:at] + frames[at + 1:]))
        if frames[at + 1:] and b"ping" not in frames[at + 1] and frame.split(b"{")[0] != frames[at + 1].split(b"{")[0]:
            tap.check("with events %d and %d exchanged it does not" % (at, at + 1), broken(frames[:at] + [frames[at + 1], frame] + frames[at + 2:]))
    tap.check("with an event twice it does not", broken(frames + frames[-1:]) and broken(frames[:1] + frames))


def broken(frames):
    try:
        stream_rules.success(b"".join(frames))
    except (stream_rules.Broken, KeyError, IndexError, TypeError) as error:
        return repr(error)
    return ""


def main():
    tap = Tap("upstreams")

    def of_messages(request):
        return messages_refused.refuse(HEAD, request, "messages", GIVEN)

    def of_chat(request, vendor="openai"):
        return chat_refused.refuse(CHAT_HEAD, request, json.dumps(request).encode(), {"call_1": "I think"}, vendor)

    deepseek = changed(CHAT_REQUEST, put("messages", 2, "reasoning_content", "I think"))
    for name, refuse, request, vectors in (("Anthropic", of_messages, REQUEST, MESSAGES), ("OpenAI", of_chat, CHAT_REQUEST, CHAT),
                                           ("DeepSeek", lambda asked: of_chat(asked, "deepseek"), deepseek, DEEPSEEK), *VECTORS):
        tap.equal(name + " takes what is right", refuse(request), None)
        for what, change in vectors:
            refused = refuse(changed(request, change))
            tap.check("%s refuses %s" % (name, what), refused and refused[0] == 400 and "malformed" not in refused[1:][-1], refused)
    wrong = wire.Message(HEAD.start, [("x-api-key", "any"), ("anthropic-version", "2023-06-01")], b"", b"")
    tap.equal("Anthropic refuses another's key", messages_refused.refuse(wrong, REQUEST, "messages", GIVEN)[0], 401)
    wrong = wire.Message(CHAT_HEAD.start, [("authorization", "Bearer any")], b"", b"")
    tap.equal("OpenAI refuses another's key", chat_refused.refuse(wrong, CHAT_REQUEST, b"{}", {})[0], 401)
    check_rules(tap)
    tap.equal("every shape can be said whole", [name for name in chat_shapes.SHAPES if not chat_shapes.whole(name, "m")["choices"]], [])
    tap.exit()


if __name__ == "__main__":
    main()
