"""The official anthropic package against Signalbox; each check is counted. Started by sdks.py, see sdk_node.mjs."""
import os

import anthropic

from tap import Tap

TEXT = "Grüße, 世界 — ok \U0001f600. " * 2 + "Done."
BASH = {"name": "Bash", "description": "Runs a command",
        "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}}}
HI = [{"role": "user", "content": "hi"}]
FORMS = ("whole", "streamed")


def make(url, key="any", **more):
    return anthropic.Anthropic(api_key=key, base_url=url, max_retries=0, timeout=20, **more)


SCRIPTED, MOCK = make(os.environ["SDK_SCRIPTED"]), make(os.environ["SDK_MOCK"])
KEYED_URL, CLIENT_KEY = os.environ["SDK_KEYED"], os.environ["SDK_CLIENT_KEY"]
KEYED = make(KEYED_URL, CLIENT_KEY)


def answer(client, form, model, messages=None, **more):
    body = {"model": model, "max_tokens": 100, "messages": messages or HI, **more}
    if form == "whole":
        return client.messages.create(**body)
    with client.messages.stream(**body) as stream:
        return stream.get_final_message()


def failure(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError("it succeeded")


def type_of(error):
    assert error.body["type"] == "error", error.body
    assert error.body["error"]["message"], error.body
    return error.body["error"]["type"]


def text(form):
    message = answer(SCRIPTED, form, "script-text")
    assert [(block.type, block.text) for block in message.content] == [("text", TEXT)], message
    assert message.stop_reason == "end_turn"
    usage = message.usage
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens) == (25, 42, 7), usage


def tool(form):
    message = answer(SCRIPTED, form, "script-tool", tools=[BASH])
    assert [block.type for block in message.content] == ["thinking", "text", "tool_use"], message
    assert message.content[2].input["command"] == "echo hello" and message.stop_reason == "tool_use"
    history = HI + [{"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in message.content]},
                    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": message.content[2].id, "content": "hello\n"}]}]
    for entry in history[1]["content"]:
        entry.pop("parsed_output", None)
    assert answer(SCRIPTED, form, "script-text", history, tools=[BASH]).stop_reason == "end_turn"


def two_tools(form):
    message = answer(SCRIPTED, form, "script-two-tools", tools=[BASH])
    assert [block.input["command"] for block in message.content] == ["echo hello", 'echo é "quoted"'], message


def thinking(form):
    message = answer(SCRIPTED, form, "script-thinking")
    assert [block.type for block in message.content] == ["thinking", "redacted_thinking", "text"], message
    assert message.content[0].thinking == "Let me see … 考える" and message.content[0].signature.startswith("E")


def odd_cuts(form):
    assert answer(SCRIPTED, form, "script-odd-cuts").content[-1].text == TEXT


def mock_text(form):
    message = answer(MOCK, form, "any")
    assert [block.type for block in message.content] == ["text"] and "mock" in message.content[0].text.lower(), message
    assert message.stop_reason == "end_turn" and message.usage.input_tokens > 0 and message.usage.output_tokens > 0


def mock_tool(form):
    prompt = [{"role": "user", "content": 'mock: call Bash {"command":"echo hi"}'}]
    first = answer(MOCK, form, "any", prompt, tools=[BASH])
    assert [(block.type, block.input) for block in first.content] == [("tool_use", {"command": "echo hi"})], first
    call = {"type": "tool_use", "id": first.content[0].id, "name": "Bash", "input": first.content[0].input}
    second = answer(MOCK, form, "any", prompt + [
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call["id"], "content": "hi"}]}], tools=[BASH])
    assert [block.type for block in second.content] == ["text"] and second.stop_reason == "end_turn", second


ERRORS = [("error-400", 400, anthropic.BadRequestError, "invalid_request_error"),
          ("error-404", 404, anthropic.NotFoundError, "not_found_error"),
          ("error-413", 413, anthropic.APIStatusError, "request_too_large"),
          ("error-429", 429, anthropic.RateLimitError, "rate_limit_error"),
          ("error-500", 500, anthropic.InternalServerError, "api_error"),
          ("error-529", 529, anthropic.APIStatusError, "overloaded_error")] + [
              (script, 502, anthropic.InternalServerError, "api_error") for script in (
                  "error-401", "error-403", "garbage", "half-head", "huge-header", "redirect", "wrong-type", "html-200", "empty-200")]


def error_answer(form, script, status, kind, type_):
    error = failure(anthropic.APIStatusError, lambda: answer(SCRIPTED, form, "script-" + script))
    assert error.status_code == status, (error.status_code, error.body)
    assert isinstance(error, kind), type(error)
    assert type_of(error) == type_, error.body
    assert (error.request_id or "").startswith("req_"), error.response.headers
    if status == 429:
        assert error.response.headers["retry-after"] == "7"
        assert error.response.headers["anthropic-ratelimit-requests-limit"] == "50"


def bad_stream(script):
    failure(Exception, lambda: answer(SCRIPTED, "streamed", "script-" + script))


def unknown_model(form):
    error = failure(anthropic.NotFoundError, lambda: answer(KEYED, form, "sonet-2"))
    assert type_of(error) == "not_found_error" and "sonet-1" in error.body["error"]["message"], error.body


def wrong_key(form):
    error = failure(anthropic.AuthenticationError, lambda: answer(make(KEYED_URL, "wrong"), form, "sonet-1"))
    assert type_of(error) == "authentication_error", error.body


def too_large(form):
    error = failure(anthropic.APIStatusError, lambda: answer(KEYED, form, "sonet-1", [{"role": "user", "content": "x" * 300_000}]))
    assert error.status_code == 413 and type_of(error) == "request_too_large", error


def no_string(form):
    error = failure(anthropic.BadRequestError, lambda: answer(SCRIPTED, form, 5))
    assert type_of(error) == "invalid_request_error", error.body


def broken_json():
    error = failure(anthropic.BadRequestError, lambda: SCRIPTED.post(
        "/v1/messages", cast_to=object, content=b'{"model":"script-text",,}', options={"headers": {"content-type": "application/json"}}))
    assert type_of(error) == "invalid_request_error", error.body


def count_upstream():
    raw = SCRIPTED.messages.with_raw_response.count_tokens(model="script-text", messages=HI)
    assert raw.parse().input_tokens == 2095 and "x-signalbox-estimate" not in raw.headers, raw.headers


def count_mock():
    raw = MOCK.messages.with_raw_response.count_tokens(model="any", messages=HI)
    assert raw.parse().input_tokens > 0 and raw.headers["x-signalbox-estimate"] == "true", raw.headers


def models():
    entries = list(SCRIPTED.models.list())
    assert any(model.id == "sonnet" and model.type == "model" for model in entries), entries
    assert SCRIPTED.models.retrieve("sonnet").id == "sonnet"
    failure(anthropic.NotFoundError, lambda: KEYED.models.retrieve("nothing"))


def bearer():
    client = anthropic.Anthropic(auth_token=CLIENT_KEY, base_url=KEYED_URL, max_retries=0, timeout=20)
    assert answer(client, "whole", "sonet-1").stop_reason == "end_turn"


def main():
    tap = Tap("sdk PyPI")
    for form in FORMS:
        for test in (text, tool, two_tools, thinking, odd_cuts, mock_text, mock_tool, unknown_model, wrong_key, too_large, no_string):
            tap.run("%s, %s" % (test.__name__.replace("_", " "), form), test, form)
        for row in ERRORS:
            tap.run("%s gives %d, %s" % (row[0], row[1], form), error_answer, form, *row)
    for script in ("drip", "close-delimited"):
        tap.run(script + ", streamed", lambda: None if answer(SCRIPTED, "streamed", "script-" + script).content[-1].text == TEXT else (False, ""))
    for script in ("error-event", "cut", "cut-clean"):
        tap.run(script + " in a stream is an error and no success", bad_stream, script)
    for test in (broken_json, count_upstream, count_mock, models, bearer):
        tap.run(test.__name__.replace("_", " "), test)
    tap.exit()


if __name__ == "__main__":
    main()
