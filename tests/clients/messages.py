"""What an Anthropic Messages upstream says, as bytes; no sockets in here. What it refuses is in messages_refused.py.

Answers are deterministic. Bodies are written with separators and spellings that a re-serialiser would
not hit on (spaces after colons, escapes beside plain characters), so that byte comparison means something.
"""
import base64
import json

import turns

KEY = "sk-upstream-0f3c9a"  # the only credential that the upstream takes
MODELS = ["claude-sonnet-4-5", "claude-haiku-4-5"]
WORDS = "Grüße, 世界 — ok \U0001f600. "
STATUS_TYPES = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error",
                404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error",
                500: "api_error", 529: "overloaded_error"}


def signature(number):
    """A signature shaped like Anthropic's: base64 whose first byte is 0x12. No two numbers share one."""
    return base64.b64encode(b"\x12" + number.to_bytes(4, "big") + bytes((number * 7 + i * 31) % 256 for i in range(91))).decode()


# Scripts of a short text that ends for another reason.
STOPS = {"length": "max_tokens", "context-full": "model_context_window_exceeded", "stop-sequence": "stop_sequence", "refusal": "refusal"}
STOP_OF_TURN = {"": None, "length": "max_tokens", "refusal": "refusal", "filter": "refusal"}


def error_body(status, message):
    return json.dumps({"type": "error", "error": {"type": STATUS_TYPES[status], "message": message},
                       "request_id": "req_upstream_%d" % status}).encode()


def frame(event, **data):
    data = {"type": event, **data}
    return ("event: %s\ndata: %s\n\n" % (event, json.dumps(data, ensure_ascii=False))).encode()


def blocks_for(script, number):
    """Content blocks of an answer and its stop reason. A turn is a script of its own."""
    if isinstance(script, turns.Turn):
        return blocks_of_turn(script, number), STOP_OF_TURN[script.stop] or ("tool_use" if script.calls() else "end_turn")
    text = {"type": "text", "text": WORDS * 2 + "Done."}
    thinking = {"type": "thinking", "thinking": "", "signature": signature(2 * number)}
    call = {"type": "tool_use", "id": "toolu_%04d" % number, "name": "Bash",
            "input": {"command": "echo hello", "description": "Print hello — é"}}
    if script == "tool":
        return [thinking, {"type": "text", "text": "I shall run it. "}, call], "tool_use"
    if script == "two-tools":
        second = dict(call, id="toolu_%04db" % number, input={"command": "echo \u00e9 \"quoted\""})
        return [call, second], "tool_use"
    if script == "thinking":
        return [{"type": "thinking", "thinking": "Let me see … 考える", "signature": signature(2 * number)},
                {"type": "redacted_thinking", "data": signature(2 * number + 1)}, text], "end_turn"
    if script == "no-arguments":
        return [dict(call, name="List", input={})], "tool_use"
    if script == "text-and-call":
        return [text, call], "tool_use"
    if script in STOPS:
        return [{"type": "text", "text": "It goes on and"}], STOPS[script]
    return [text], "end_turn"


def blocks_of_turn(turn, number):
    out = []
    for ordinal, part in enumerate(turn.parts):
        if isinstance(part, turns.Call):
            out.append({"type": "tool_use", "id": "toolu_%04d%d" % (number, ordinal), "name": part.name, "input": part.arguments})
        elif part[0] == "reasoning":
            out.append({"type": "thinking", "thinking": part[1], "signature": signature(100 * number + ordinal)})
        else:
            out.append({"type": "text", "text": part[1]})
    return out


def state_of(script, number):
    """The reasoning state in the answer: signature or data -> the text that must come back beside it."""
    content, _ = blocks_for(script, number)
    return {block.get("signature") or block.get("data"): block.get("thinking", "")
            for block in content if block["type"] in ("thinking", "redacted_thinking")}


def usage(script, tokens=None):
    """`tokens` of output so far, or all of them."""
    if isinstance(script, turns.Turn):
        used = script.usage
        return {"input_tokens": used.prompt - used.cached - used.written, "cache_creation_input_tokens": used.written, "cache_read_input_tokens": used.cached,
                "output_tokens": tokens or used.output, "output_tokens_details": {"thinking_tokens": 0 if tokens else used.reasoning}}
    return {"input_tokens": 25, "cache_creation_input_tokens": 3, "cache_read_input_tokens": 7, "output_tokens": tokens or 42}


def message(model, content, stop_reason, used, number):
    return {"id": "msg_%04d" % number, "type": "message", "role": "assistant", "model": model, "content": content,
            "stop_reason": stop_reason, "stop_sequence": stop_sequence(stop_reason), "usage": used}


def stop_sequence(stop_reason):
    return "END" if stop_reason == "stop_sequence" else None


def whole(model, script, number):
    content, stop_reason = blocks_for(script, number)
    text = json.dumps(message(model, content, stop_reason, usage(script), number), indent=1, ensure_ascii=False)
    return text.replace("Grüße", "Gr\\u00fc\\u00dfe").encode() + b"\n"


def frames(model, script, number):
    """The stream as a list of frames."""
    content, stop_reason = blocks_for(script, number)
    out = [frame("message_start", message=message(model, [], None, usage(script, 1), number)), frame("ping")]
    for index, block in enumerate(content):
        kind, deltas = block["type"], []
        if kind == "text":
            start = {"type": "text", "text": ""}
            pieces = [block["text"][i:i + 9] for i in range(0, len(block["text"]), 9)]
            deltas = [{"type": "text_delta", "text": piece} for piece in pieces]
        elif kind == "thinking":
            start = {"type": "thinking", "thinking": "", "signature": ""}
            if block["thinking"]:
                deltas.append({"type": "thinking_delta", "thinking": block["thinking"]})
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
        elif kind == "tool_use":
            start = dict(block, input={})
            text = json.dumps(block["input"], ensure_ascii=False)
            deltas = [{"type": "input_json_delta", "partial_json": text[i:i + 11]} for i in range(0, len(text), 11)]
        else:
            start = block
        out.append(frame("content_block_start", index=index, content_block=start))
        out += [frame("content_block_delta", index=index, delta=delta) for delta in deltas]
        out.append(frame("content_block_stop", index=index))
    out.append(frame("message_delta", delta={"stop_reason": stop_reason, "stop_sequence": stop_sequence(stop_reason)}, usage={name: value for name, value in usage(script).items() if name.startswith("output_")}))
    out.append(frame("message_stop"))
    return out


def asks_for_tool(request):
    """Whether a session's request is the one that the scripted tool call answers."""
    if not any(tool.get("name") == "Bash" for tool in request.get("tools", [])):
        return False
    last = [entry for entry in request["messages"] if entry.get("role") != "system"][-1]["content"]
    if isinstance(last, list):
        if any(block.get("type") == "tool_result" for block in last):
            return False
        last = " ".join(block.get("text", "") for block in last if block.get("type") == "text")
    return "run the echo" in last
