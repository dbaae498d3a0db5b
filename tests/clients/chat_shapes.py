"""Answers of a Chat Completions upstream in every shape that its streams and whole answers come in, and
what an Anthropic client must see of each; no sockets in here.

A shape is what the model said (`reasoning`, `text`, `calls`, `refusal`, `finish`, `usage`) and how a stream
says it (`how`). Beside the shapes stands what they become: one table for the SDKs of both languages.
"""
import json

WORDS = "Grüße, 世界 — ok \U0001f600. "
TEXT = WORDS * 2 + "Done."
THOUGHTS = "Let me see … 考える\nand \"quote\" it."
ECHO = ("call_a1", "Bash", '{"command": "echo hello", "description": "Print hello — é"}')
QUOTED = ("call_b2", "Bash", '{"command": "echo \\u00e9 \\"quoted\\""}')
READ = ("call_c3", "Read", '{"file_path": "/tmp/a b", "limit": 12345678901234567890, "ratio": 0.7, "deep": {"a": [1, {"b": null}]}}')
USAGE = {"prompt_tokens": 1200, "completion_tokens": 42, "total_tokens": 1242}
CACHED = {**USAGE, "prompt_tokens_details": {"cached_tokens": 1024, "audio_tokens": 0},
          "completion_tokens_details": {"reasoning_tokens": 30, "audio_tokens": 0}}


class Shape:
    def __init__(self, text="", reasoning="", calls=(), refusal="", finish=None, usage=USAGE, stop=None, expect=None, **how):
        self.text, self.reasoning, self.calls, self.refusal = text, reasoning, list(calls), refusal
        self.finish = finish or ("tool_calls" if calls else "stop")
        self.usage, self.stop, self.expect, self.how = usage, stop, expect or {}, how

    # What an Anthropic client sees.

    def content(self):
        out = [{"type": "thinking", "thinking": self.reasoning}] if self.reasoning else []
        said = self.text + self.refusal
        out += [{"type": "text", "text": said}] if said else []
        for _, name, arguments in self.calls:
            given = json.loads(arguments) if arguments.strip() else {}
            out.append({"type": "tool_use", "name": name, "input": json.loads(given) if isinstance(given, str) else given})
        return out

    def stop_reason(self):
        if self.refusal or self.finish == "content_filter":
            return "refusal"
        if self.finish == "length":
            return "max_tokens"
        if self.calls:
            return "tool_use"
        return "stop_sequence" if self.stop else "end_turn"

    def tokens(self):
        """input, cache read, output; None where the upstream said nothing."""
        if self.usage is None:
            return None
        read = (self.usage.get("prompt_tokens_details") or {}).get("cached_tokens", self.usage.get("prompt_cache_hit_tokens", 0))
        return [max(0, self.usage["prompt_tokens"] - read), read, self.usage["completion_tokens"]]

    def expected(self):
        return {"content": self.content(), "stop_reason": self.stop_reason(), "stop_sequence": self.stop, "tokens": self.tokens(),
                "ids": [call[0] for call in self.calls] if self.how.get("ids", True) else None, **self.expect}


SHAPES = {
    "text": Shape(TEXT),
    "thinking": Shape(TEXT, THOUGHTS),
    "thinking-as-reasoning": Shape(TEXT, THOUGHTS, field="reasoning"),
    "thinking-as-details": Shape(TEXT, THOUGHTS, field="reasoning_details"),
    "thinking-only-then-call": Shape("", THOUGHTS, [ECHO]),
    "tool": Shape("I shall run it. ", THOUGHTS, [ECHO]),
    "two-tools": Shape("", "", [ECHO, QUOTED], interleaved=True),
    "two-tools-in-turn": Shape("Both. ", THOUGHTS, [ECHO, READ]),
    "three-tools": Shape("All three. ", "", [ECHO, QUOTED, READ], interleaved=True),
    "same-index": Shape("", "", [ECHO, QUOTED], same_index=True),
    "no-index": Shape("", "", [ECHO, QUOTED], no_index=True),
    "no-tool-ids": Shape("", "", [ECHO, QUOTED], ids=False),
    "late-name": Shape("", "", [ECHO], late_name=True),
    "call-in-one-chunk": Shape("", "", [ECHO], call_at_once=True),
    "call-with-stop": Shape("", "", [ECHO], finish="stop"),
    "legacy-function-call": Shape("", "", [ECHO], finish="function_call", legacy=True, ids=False),
    "arguments-empty": Shape("", "", [("call_e", "List", "")]),
    "arguments-empty-object": Shape("", "", [("call_e", "List", "{}")]),
    "arguments-as-string": Shape("", "", [("call_s", "Bash", json.dumps('{"command": "ls"}'))]),
    "arguments-huge": Shape("", "", [("call_h", "Write", json.dumps({"file_path": "/tmp/x", "content": "line é \\ \"q\"\n" * 40_000}))], piece=4096),
    "refusal": Shape("", "", refusal="I cannot help with that, désolé."),
    "filter": Shape("I was about to", finish="content_filter"),
    "length": Shape("It goes on and", finish="length"),
    "stop-sequence": Shape("one, two, ", stop="END"),
    "unicode": Shape("\U0001f468‍\U0001f469‍\U0001f467 \u202eabc \u0000\u001f \ufeff \U0010ffff ü u\u0308 \\ud83d /\\/", piece=1, escaped=True),
    "usage-in-finish": Shape(TEXT, how_usage="finish"),
    "usage-in-every": Shape(TEXT, how_usage="every"),
    "usage-cached": Shape(TEXT, THOUGHTS, usage=CACHED),
    "usage-deepseek": Shape(TEXT, usage={**USAGE, "prompt_cache_hit_tokens": 1000, "prompt_cache_miss_tokens": 200}),
    "usage-impossible": Shape(TEXT, usage={**USAGE, "prompt_tokens_details": {"cached_tokens": 5000}}),
    "usage-none": Shape(TEXT, usage=None),
    "no-done": Shape(TEXT, done=False),
    "no-ids": Shape(TEXT, no_id=True),
    "finish-twice": Shape(TEXT, finish_twice=True),
    "finish-with-content": Shape("short", at_once=True),
    "comments": Shape(TEXT, comments=True),
    "crlf": Shape(TEXT, crlf=True),
    "content-as-parts": Shape(TEXT, parts=True),
}

# Answers that are no answers: their calls have no arguments that a client could use.
BROKEN = {
    "arguments-broken": Shape("", "", [("call_x", "Bash", '{"command": "echo ')]),
    "arguments-array": Shape("", "", [("call_x", "Bash", "[1, 2]")]),
    "arguments-text": Shape("", "", [("call_x", "Bash", '"echo"')]),
    "no-name": Shape("", "", [("call_x", "", '{"a": 1}')]),
}


def shape_of(name):
    """The shape of that name; a shape is its own."""
    return name if isinstance(name, Shape) else SHAPES.get(name) or BROKEN[name]


def table():
    """For the SDKs' tests: name -> what must be seen."""
    return {name: shape.expected() for name, shape in SHAPES.items()}


def envelope(name, model, kind):
    shape = shape_of(name)
    head = {"id": "chatcmpl-%s" % (name if isinstance(name, str) else "made"), "object": kind, "created": 1_764_000_000, "model": model}
    if shape.how.get("no_id"):
        del head["id"]
    return head


def call_entry(shape, call):
    identifier, name, arguments = call
    entry = {"id": identifier, "type": "function", "function": {"name": name, "arguments": arguments}}
    if not shape.how.get("ids", True):
        del entry["id"]
    return entry


def reasoning_member(shape, text):
    field = shape.how.get("field", "reasoning_content")
    return {field: [{"type": "reasoning.text", "text": text, "format": "unknown", "index": 0}] if field == "reasoning_details" else text}


def whole(name, model, nonce=""):
    """The answer of a shape as a JSON object. `nonce` makes its tool calls' ids its own."""
    shape = shape_of(name)
    said = [{"type": "text", "text": shape.text}] if shape.how.get("parts") else shape.text
    message = {"role": "assistant", "content": said or None, "refusal": shape.refusal or None, "annotations": []}
    if shape.reasoning:
        message.update(reasoning_member(shape, shape.reasoning))
    if shape.calls and shape.how.get("legacy"):
        message["function_call"] = call_entry(shape, shape.calls[0])["function"]
    elif shape.calls:
        message["tool_calls"] = [call_entry(shape, (call[0] + nonce, *call[1:])) for call in shape.calls]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": shape.finish}
    if shape.stop:
        choice["matched_stop"] = shape.stop
    body = {**envelope(name, model, "chat.completion"), "choices": [choice], "system_fingerprint": "fp_1"}
    if shape.usage is not None:
        body["usage"] = shape.usage
    return body


def pieces(text, size):
    return [text[i:i + size] for i in range(0, len(text), size)]


def call_deltas(shape, nonce):
    """Lists of tool_calls deltas, one list for each call."""
    out, size = [], shape.how.get("piece", 11)
    for index, call in enumerate(shape.calls):
        entry = call_entry(shape, (call[0] + nonce, *call[1:]))
        if not shape.how.get("no_index"):
            entry = {"index": 0 if shape.how.get("same_index") else index, **entry}
        arguments = entry["function"].pop("arguments")
        if shape.how.get("call_at_once") or shape.how.get("no_index"):
            entry["function"]["arguments"] = arguments
            out.append([entry])
            continue
        first = {**entry, "function": {**entry["function"], "arguments": ""}}
        deltas = [first]
        if shape.how.get("late_name"):
            deltas = [{**entry, "function": {}}, {"index": index, "function": {"name": call[1]}}]
        out.append(deltas + [{"index": first["index"], "function": {"arguments": piece}} for piece in pieces(arguments, size)])
    return out


def in_turns(lists):
    """One of each list in turn, until all are used up."""
    longest = max(map(len, lists), default=0)
    return [entries[i] for i in range(longest) for entries in lists if i < len(entries)]


def deltas(shape, nonce):
    size = shape.how.get("piece", 9)
    out = [reasoning_member(shape, piece) for piece in pieces(shape.reasoning, size)]
    said = [{"content": [{"type": "text", "text": piece}] if shape.how.get("parts") else piece} for piece in pieces(shape.text, size)]
    out += said + [{"refusal": piece} for piece in pieces(shape.refusal, size)]
    if shape.how.get("legacy"):
        name, arguments = shape.calls[0][1:]
        out += [{"function_call": {"name": name, "arguments": ""}}] + [{"function_call": {"arguments": piece}} for piece in pieces(arguments, size)]
        return out
    lists = call_deltas(shape, nonce)
    calls = in_turns(lists) if shape.how.get("interleaved") else [entry for entries in lists for entry in entries]
    return out + [{"tool_calls": [entry]} for entry in calls]


def chunks(name, model, wants_usage, nonce=""):
    """The stream of a shape as JSON objects."""
    shape, head = shape_of(name), envelope(name, model, "chat.completion.chunk")

    def chunk(delta, finish=None):
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        if finish and shape.stop:
            choice["matched_stop"] = shape.stop
        return {**head, "choices": [choice]}

    if shape.how.get("at_once"):
        out = [chunk({"role": "assistant", "content": shape.text}, shape.finish)]
    else:
        out = [chunk({"role": "assistant", "content": ""})] + [chunk(delta) for delta in deltas(shape, nonce)]
        out += [chunk({}, shape.finish)] * (2 if shape.how.get("finish_twice") else 1)
    how = shape.how.get("how_usage", "own")
    if shape.usage is not None and how == "finish":
        out[-1]["usage"] = shape.usage
    elif shape.usage is not None and how == "every":
        for number, entry in enumerate(out):
            entry["usage"] = shape.usage if number == len(out) - 1 else {**shape.usage, "completion_tokens": 1}
    elif shape.usage is not None and wants_usage:
        for entry in out:
            entry["usage"] = None
        out.append({**head, "choices": [], "usage": shape.usage})
    return out


def frames(name, model, wants_usage=True, nonce=""):
    """The stream of a shape as bytes, frame by frame."""
    shape = shape_of(name)
    end = "\r\n\r\n" if shape.how.get("crlf") else "\n\n"
    out = []
    for number, body in enumerate(chunks(name, model, wants_usage, nonce)):
        if shape.how.get("comments") and number % 3 == 0:
            out.append(b": OPENROUTER PROCESSING\n\n")
        out.append(("data: " + json.dumps(body, ensure_ascii=bool(shape.how.get("escaped"))) + end).encode())
    if shape.how.get("done", True):
        out.append(("data: [DONE]" + end).encode())
    return out
