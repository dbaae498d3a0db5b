"""The dialects as the bench speaks them: where a client asks, and the mock's fixed answers, which say the same in each.

A dialect's requests are what Signalbox makes of the Messages requests of answers.py, so that all ask the same.
"""

import json
from collections import namedtuple

import answers

MODEL, UPSTREAM_MODEL = "claude-opus-5-5", "claude-bench-upstream"
# `path(form, model)`, `answer(form, frame_count)` in bytes, `text_of(body)`: all text of an answer, whole or streamed, that is whole.
Dialect = namedtuple("Dialect", "title path answer text_of")
_USAGE_INPUT = 12


def _dump(value):
    return json.dumps(value, separators=(",", ":"))


def _data(body):
    """What the frames of a stream carry."""
    return [json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: {")]


# ---- Responses

def _response(status, output, output_tokens=None):
    usage = None if output_tokens is None else {
        "input_tokens": _USAGE_INPUT, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": output_tokens,
        "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": _USAGE_INPUT + output_tokens}
    return {"id": "resp_BenchBenchBenchBench", "object": "response", "created_at": 1790000000, "status": status,
            "background": False, "error": None, "incomplete_details": None, "instructions": None,
            "max_output_tokens": None, "model": "gpt-bench-upstream", "output": output, "parallel_tool_calls": True,
            "previous_response_id": None, "reasoning": {"effort": "medium", "summary": None}, "store": False,
            "temperature": 1.0, "text": {"format": {"type": "text"}, "verbosity": "medium"}, "tool_choice": "auto",
            "tools": [], "top_p": 1.0, "truncation": "disabled", "usage": usage, "user": None, "metadata": {}}


def _message(text, status="completed"):
    content = [{"type": "output_text", "annotations": [], "logprobs": [], "text": text}] if text is not None else []
    return {"id": "msg_BenchBenchBenchBench", "type": "message", "status": status, "content": content, "role": "assistant"}


def _responses_answer(form, count=answers.FRAME_COUNT):
    if form == "whole":
        return _dump(_response("completed", [_message(answers.text(answers.WORD_COUNT))], answers.WORD_COUNT)).encode()
    item = {"item_id": _message(None)["id"], "output_index": 0}
    part = {**item, "content_index": 0}
    text = answers.text(count)
    done = {"type": "output_text", "annotations": [], "logprobs": [], "text": text}
    events = [("response.created", {"response": _response("in_progress", [])}),
              ("response.in_progress", {"response": _response("in_progress", [])}),
              ("response.output_item.added", {"output_index": 0, "item": _message(None, "in_progress")}),
              ("response.content_part.added", {**part, "part": {**done, "text": ""}})]
    events += [("response.output_text.delta", {**part, "delta": answers.word(i), "logprobs": [], "obfuscation": "a1b2c3"})
               for i in range(count)]
    events += [("response.output_text.done", {**part, "text": text, "logprobs": []}),
               ("response.content_part.done", {**part, "part": done}),
               ("response.output_item.done", {"output_index": 0, "item": _message(text)}),
               ("response.completed", {"response": _response("completed", [_message(text)], count)})]
    return "".join("event: %s\ndata: %s\n\n" % (name, _dump({"type": name, "sequence_number": i, **event}))
                   for i, (name, event) in enumerate(events)).encode()


def _responses_text(body):
    if body.startswith(b"{"):
        response = json.loads(body)
    else:
        data = _data(body)
        assert data[-1]["type"] == "response.completed", data[-1]
        response = data[-1]["response"]
        deltas = "".join(d["delta"] for d in data if d["type"] == "response.output_text.delta")
        assert deltas == response["output"][0]["content"][0]["text"]
    return "".join(part["text"] for item in response["output"] for part in item["content"])


# ---- Gemini

def _gemini_chunk(text, output_tokens, finish=None):
    candidate = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate],
            "usageMetadata": {"promptTokenCount": _USAGE_INPUT, "candidatesTokenCount": output_tokens,
                              "totalTokenCount": _USAGE_INPUT + output_tokens,
                              "promptTokensDetails": [{"modality": "TEXT", "tokenCount": _USAGE_INPUT}]},
            "modelVersion": "gemini-bench-upstream", "responseId": "BenchBenchBenchBench"}


def _gemini_answer(form, count=answers.FRAME_COUNT):
    if form == "whole":
        return _dump(_gemini_chunk(answers.text(answers.WORD_COUNT), answers.WORD_COUNT, "STOP")).encode()
    last = count - 1
    return "".join("data: %s\r\n\r\n" % _dump(_gemini_chunk(answers.word(i), i + 1, "STOP" if i == last else None))
                   for i in range(count)).encode()


def _gemini_text(body):
    chunks = [json.loads(body)] if body.startswith(b"{") else _data(body)
    assert chunks[-1]["candidates"][0]["finishReason"] == "STOP", chunks[-1]
    return "".join(part["text"] for chunk in chunks for candidate in chunk["candidates"]
                   for part in candidate["content"]["parts"])


def _gemini_path(form, model):
    return "/v1beta/models/%s:%s" % (model, "generateContent" if form == "whole" else "streamGenerateContent?alt=sse")


# ---- Chat

def _chat_text(body):
    if body.startswith(b"{"):
        return json.loads(body)["choices"][0]["message"]["content"]
    assert body.endswith(b"data: [DONE]\n\n"), body[-200:]
    return "".join(choice["delta"].get("content") or "" for chunk in _data(body) for choice in chunk["choices"])


DIALECTS = {
    "anthropic": Dialect("Messages", lambda form, model: "/v1/messages",
                         lambda form, count=answers.FRAME_COUNT:
                         answers.whole_answer() if form == "whole" else answers.streamed_answer(count),
                         answers.text_of),
    "openai_chat": Dialect("Chat", lambda form, model: "/v1/chat/completions",
                           lambda form, count=answers.FRAME_COUNT:
                           answers.chat_whole_answer() if form == "whole" else answers.chat_streamed_answer(count),
                           _chat_text),
    "openai_responses": Dialect("Responses", lambda form, model: "/v1/responses", _responses_answer, _responses_text),
    "gemini": Dialect("Gemini", _gemini_path, _gemini_answer, _gemini_text)}
