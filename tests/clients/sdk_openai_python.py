"""The official openai package on a model behind Anthropic Messages; started by sdks_openai.py, see sdk_openai_node.mjs."""
import json
import os

import openai

from tap import Tap

CLIENT = openai.OpenAI(api_key="any", base_url=os.environ["SDK_OPENAI"], max_retries=0, timeout=20)
with open(os.environ["SDK_SEEN"]) as FILE:
    SEEN = json.load(FILE)
TOOLS = [{"type": "function", "function": {"name": name, "description": "A tool", "parameters": {
    "type": "object", "properties": {"command": {"type": "string"}}}}} for name in ("Bash", "List")]
HI = [{"role": "user", "content": "hi"}]
FORMS = ("whole", "streamed")


def answer(form, script, messages=None, **more):
    body = {"model": "script-" + script, "max_tokens": 100, "tools": TOOLS, "messages": messages or HI, **more}
    if form == "whole":
        return CLIENT.chat.completions.create(**body)
    with CLIENT.chat.completions.stream(**body, stream_options={"include_usage": True}) as stream:
        for _ in stream:
            pass
        return stream.get_final_completion()


def see(completion, script, row):
    message, finish = completion.choices[0].message, completion.choices[0].finish_reason
    assert (completion.object, completion.model, message.role, finish) == ("chat.completion", "script-" + script, "assistant", row["finish"]), completion
    assert (message.content or "") == row["text"], message
    calls = message.tool_calls or []
    assert [[call.function.name, json.loads(call.function.arguments)] for call in calls] == row["calls"], calls
    usage = completion.usage
    assert [usage.prompt_tokens, usage.completion_tokens, usage.total_tokens, usage.prompt_tokens_details.cached_tokens] == row["tokens"], usage


def answered(form, script):
    try:
        completion = answer(form, script)
    except (openai.LengthFinishReasonError, openai.ContentFilterFinishReasonError) as error:
        # The package's accumulator refuses these endings by itself, and names them rightly.
        assert form == "streamed" and SEEN[script]["finish"] in ("length", "content_filter"), error
        return
    see(completion, script, SEEN[script])


def next_turn(form):
    first = answer(form, "two-tools").choices[0].message
    said = {"role": "assistant", "content": first.content, "tool_calls": [
        {"id": call.id, "type": "function", "function": {"name": call.function.name, "arguments": call.function.arguments}} for call in first.tool_calls]}
    results = [{"role": "tool", "tool_call_id": call.id, "content": "hello"} for call in first.tool_calls]
    assert answer(form, "text", HI + [said] + results).choices[0].finish_reason == "stop"


ERRORS = [("error-400", 400, openai.BadRequestError), ("error-404", 404, openai.NotFoundError), ("error-429", 429, openai.RateLimitError),
          ("error-500", 500, openai.InternalServerError), ("error-529", 529, openai.InternalServerError),
          ("error-401", 502, openai.InternalServerError), ("half-head", 502, openai.InternalServerError), ("html-200", 502, openai.InternalServerError)]


def error_answer(form, script, status, kind):
    try:
        completion = answer(form, script)
    except openai.APIStatusError as error:
        assert error.status_code == status and isinstance(error, kind), (type(error), error)
        assert error.body["message"] and error.type, error.body
        assert status != 429 or error.response.headers["retry-after"] == "7", error.response.headers
        return
    raise AssertionError("it succeeded: %r" % completion)


def error_in_stream(script):
    chunks = []
    try:
        for chunk in CLIENT.chat.completions.create(model="script-" + script, max_tokens=100, stream=True, messages=HI):
            chunks.append(chunk)
    except openai.APIError:
        assert len(chunks) > 1 and not any(chunk.choices[0].finish_reason for chunk in chunks), chunks
        return
    raise AssertionError("it succeeded: %r" % chunks)


def main():
    tap = Tap("sdk openai PyPI")
    for form in FORMS:
        for script in SEEN:
            tap.run("%s, %s" % (script, form), answered, form, script)
        tap.run("the turn after two calls, " + form, next_turn, form)
        for row in ERRORS:
            tap.run("%s gives %d, %s" % (row[0], row[1], form), error_answer, form, *row)
    for script in ("error-event", "cut", "cut-reset", "cut-clean"):
        tap.run(script + ": an API error in the stream, behind content", error_in_stream, script)
    tap.exit()


if __name__ == "__main__":
    main()
