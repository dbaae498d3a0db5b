"""The official anthropic package on models behind Chat Completions; started by sdks_chat.py, see sdk_chat_node.mjs."""
import json
import os
import re

import anthropic

from tap import Tap

CLIENT = anthropic.Anthropic(api_key="any", base_url=os.environ["SDK_CHAT"], max_retries=0, timeout=20)
with open(os.environ["SDK_SHAPES"]) as FILE:
    SHAPES = json.load(FILE)
TOOLS = [{"name": name, "description": "A tool", "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}}}
         for name in ("Bash", "Read", "Write", "List")]
FORMS = ("whole", "streamed")


def answer(form, script, **more):
    body = {"model": "script-" + script, "max_tokens": 100, "tools": TOOLS, "messages": [{"role": "user", "content": "hi"}], **more}
    if form == "whole":
        return CLIENT.messages.create(**body)
    with CLIENT.messages.stream(**body) as stream:
        return stream.get_final_message()


def plain(message, wanted):
    """As data, without what the package adds, and without ids of tool calls that the upstream did not give."""
    data = message.model_dump(mode="json", exclude_none=True)
    for block in data["content"]:
        block.pop("parsed_output", None)
        if not wanted["ids"]:
            block.pop("id", None)
    return data


def content(message):
    kept = {"text": ("text",), "thinking": ("thinking",), "tool_use": ("name", "input")}
    return [{"type": block.type, **{name: getattr(block, name) for name in kept[block.type]}} for block in message.content]


def see(message, script, wanted):
    assert content(message) == wanted["content"], (content(message), wanted["content"])
    assert (message.stop_reason, message.stop_sequence) == (wanted["stop_reason"], wanted["stop_sequence"]), message
    assert (message.model, message.type, message.role) == ("script-" + script, "message", "assistant"), message
    calls = [block.id for block in message.content if block.type == "tool_use"]
    assert wanted["ids"] in (None, calls) and len(set(calls)) == len(calls) and all(re.fullmatch("[A-Za-z0-9_-]+", call) for call in calls), calls
    assert all(block.signature.startswith("sb1.openai_chat.") for block in message.content if block.type == "thinking"), message
    usage = message.usage
    if wanted["tokens"]:
        assert [usage.input_tokens, usage.cache_read_input_tokens or 0, usage.output_tokens] == wanted["tokens"], usage
    else:
        assert isinstance(usage.input_tokens, int) and isinstance(usage.output_tokens, int), usage


def shape(tap, script, wanted):
    seen = {}

    def one(form):
        seen[form] = answer(form, script)
        see(seen[form], script, wanted)

    def equal():
        whole, streamed = plain(seen["whole"], wanted), plain(seen["streamed"], wanted)
        assert whole.pop("id") != streamed.pop("id"), "each answer has an id of its own"
        assert streamed == whole, "%r\n%r" % (streamed, whole)

    for form in FORMS:
        tap.run("%s, %s" % (script, form), one, form)
    tap.run(script + ": the stream adds up to the whole answer", equal)


ERRORS = [("error-400", 400, anthropic.BadRequestError, "invalid_request_error"), ("error-404", 404, anthropic.NotFoundError, "not_found_error"),
          ("error-413", 413, anthropic.APIStatusError, "request_too_large"), ("error-429", 429, anthropic.RateLimitError, "rate_limit_error"),
          ("error-context", 400, anthropic.BadRequestError, "invalid_request_error"), ("error-500", 500, anthropic.InternalServerError, "api_error"),
          ("error-529", 529, anthropic.APIStatusError, "overloaded_error")] + [
              (script, 502, anthropic.InternalServerError, "api_error") for script in (
                  "error-401", "error-403", "garbage", "half-head", "reset", "html-200", "empty-200", "no-choices")]


def error_answer(form, script, status, kind, type_):
    try:
        message = answer(form, script)
    except anthropic.APIStatusError as error:
        assert (error.status_code, error.body["type"], error.body["error"]["type"]) == (status, "error", type_), (error.status_code, error.body)
        assert isinstance(error, kind) and error.body["error"]["message"] and (error.request_id or "").startswith("req_"), error
        assert status != 429 or error.response.headers["retry-after"] == "7", error.response.headers
        return
    raise AssertionError("it succeeded: %r" % message)


def error_in_stream(script):
    """An API error after content, and no success ending."""
    events = []
    try:
        for event in CLIENT.messages.create(model="script-" + script, max_tokens=100, stream=True, tools=TOOLS,
                                            messages=[{"role": "user", "content": "hi"}]):
            events.append(event.type)
    except anthropic.APIError:
        assert "content_block_start" in events and "message_delta" not in events and "message_stop" not in events, events
        return
    raise AssertionError("it succeeded: %r" % events)


def next_turn(form):
    first = answer(form, "two-tools-in-turn")
    said = plain(first, {"ids": True})["content"]
    results = [{"type": "tool_result", "tool_use_id": block.id, "content": "hello"} for block in first.content if block.type == "tool_use"]
    second = answer(form, "text", messages=[{"role": "user", "content": "hi"}, {"role": "assistant", "content": said}, {"role": "user", "content": results}])
    assert second.stop_reason == "end_turn"


def other_form(form):
    message = answer(form, "stream-for-whole" if form == "whole" else "whole-for-stream")
    assert content(message) == SHAPES["tool"]["content"] and message.stop_reason == "tool_use", message


def main():
    tap = Tap("sdk chat PyPI")
    for script, wanted in SHAPES.items():
        shape(tap, script, wanted)
    for form in FORMS:
        for test in (next_turn, other_form):
            tap.run("%s, %s" % (test.__name__.replace("_", " "), form), test, form)
        for row in ERRORS:
            tap.run("%s gives %d, %s" % (row[0], row[1], form), error_answer, form, *row)
    for script in ("cut-early", "role-only", "empty-clean"):
        tap.run(script + ": a stream without content has the status of an error", error_answer, "streamed", script, 502, anthropic.InternalServerError, "api_error")
    for script in ("error-event", "cut", "cut-reset", "cut-clean", "no-finish", "arguments-broken", "arguments-array"):
        tap.run(script + ": an API error in the stream, behind content", error_in_stream, script)
    tap.exit()


if __name__ == "__main__":
    main()
