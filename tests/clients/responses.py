"""What an OpenAI Responses upstream says, as bytes, and what it gives out; no sockets in here. What it refuses is in
responses_refused.py. Source of the order of events: the types of the openai SDK."""
import base64
import json

import turns


INCOMPLETE = {"length": "max_output_tokens", "filter": "content_filter"}  # reasons, of stops


def sealed(number, ordinal):
    """Encrypted reasoning in the shape of OpenAI's; no two share one."""
    return "gAAAAAB" + base64.urlsafe_b64encode(bytes((number * 7 + ordinal * 13 + i * 31) % 256 for i in range(120))).decode()


def items_for(turn, number, encrypted=True):
    """The output items of a turn. Ids are of the request's number."""
    out = []
    for ordinal, part in enumerate(turn.parts):
        if isinstance(part, turns.Call):
            out.append({"id": "fc_%04d%d" % (number, ordinal), "type": "function_call", "status": "completed", "arguments": part.text(),
                        "call_id": "call_%04d%d" % (number, ordinal), "name": part.name})
        elif part[0] == "reasoning":
            item = {"id": "rs_%04d%d" % (number, ordinal), "type": "reasoning", "summary": [{"type": "summary_text", "text": part[1]}]}
            out.append({**item, "encrypted_content": sealed(number, ordinal)} if encrypted else item)
        else:
            said = {"type": "refusal", "refusal": part[1]} if turn.stop == "refusal" else {"type": "output_text", "annotations": [], "logprobs": [], "text": part[1]}
            out.append({"id": "msg_%04d%d" % (number, ordinal), "type": "message", "status": "completed", "role": "assistant", "content": [said]})
    if turn.stop in INCOMPLETE:
        out[-1]["status"] = "incomplete"
    return out


def usage_of(usage):
    return {"input_tokens": usage.prompt, "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": usage.written}, "output_tokens": usage.output,
            "output_tokens_details": {"reasoning_tokens": usage.reasoning}, "total_tokens": usage.prompt + usage.output}


def response(model, turn, number, done=True, encrypted=True):
    """The response object, as it is whole at the end or empty at the beginning of a stream."""
    reason = INCOMPLETE.get(turn.stop) if done else None
    status = "in_progress" if not done else "incomplete" if reason else "completed"
    return {"id": "resp_%04d" % number, "object": "response", "created_at": 1_764_000_000, "status": status, "background": False, "error": None,
            "incomplete_details": {"reason": reason} if reason else None, "instructions": None, "max_output_tokens": None, "model": model, "output": items_for(turn, number, encrypted) if done else [],
            "parallel_tool_calls": True, "previous_response_id": None, "reasoning": {"effort": "medium", "summary": None}, "store": False,
            "temperature": 1.0, "text": {"format": {"type": "text"}, "verbosity": "medium"}, "tool_choice": "auto", "tools": [], "top_p": 1.0,
            "truncation": "disabled", "usage": usage_of(turn.usage) if done else None, "user": None, "metadata": {}}


def events_of_item(index, item):
    """The events of one output item, without their numbers."""
    at = {"item_id": item["id"], "output_index": index}
    if item["type"] == "reasoning":
        text, begun = item["summary"][0]["text"], {**item, "summary": []}
        if "encrypted_content" in item:
            begun["encrypted_content"] = item["encrypted_content"][:40]  # only what stands at the item's end is its state
        part = {"type": "summary_text", "text": ""}
        middle = [("response.reasoning_summary_part.added", {**at, "summary_index": 0, "part": part})]
        middle += [("response.reasoning_summary_text.delta", {**at, "summary_index": 0, "delta": piece}) for piece in turns.pieces(text)]
        middle += [("response.reasoning_summary_text.done", {**at, "summary_index": 0, "text": text}),
                   ("response.reasoning_summary_part.done", {**at, "summary_index": 0, "part": {**part, "text": text}})]
    elif item["type"] == "function_call":
        begun = {**item, "status": "in_progress", "arguments": ""}
        middle = [("response.function_call_arguments.delta", {**at, "delta": piece}) for piece in turns.pieces(item["arguments"])]
        middle += [("response.function_call_arguments.done", {**at, "arguments": item["arguments"]})]
    else:
        part, begun = item["content"][0], {**item, "status": "in_progress", "content": []}
        member, kind, more = ("refusal", "refusal", {}) if part["type"] == "refusal" else ("text", "output_text", {"logprobs": []})
        middle = [("response.content_part.added", {**at, "content_index": 0, "part": {**part, member: ""}})]
        middle += [("response.%s.delta" % kind, {**at, "content_index": 0, "delta": piece, **more}) for piece in turns.pieces(part[member])]
        middle += [("response.%s.done" % kind, {**at, "content_index": 0, member: part[member], **more}), ("response.content_part.done", {**at, "content_index": 0, "part": part})]
    return [("response.output_item.added", {"output_index": index, "item": begun}), *middle, ("response.output_item.done", {"output_index": index, "item": item})]


def frames(model, turn, number, encrypted=True):
    """The stream as a list of frames."""
    begun = response(model, turn, number, done=False)
    events = [("response.created", {"response": begun}), ("response.in_progress", {"response": begun})]
    for index, item in enumerate(items_for(turn, number, encrypted)):
        events += events_of_item(index, item)
    ended = response(model, turn, number, encrypted=encrypted)
    events.append(("response." + ended["status"], {"response": ended}))
    return [("event: %s\ndata: %s\n\n" % (kind, json.dumps({"type": kind, "sequence_number": order, **data}, ensure_ascii=False))).encode()
            for order, (kind, data) in enumerate(events)]


def whole(model, turn, number, encrypted=True):
    return json.dumps(response(model, turn, number, encrypted=encrypted), indent=1, ensure_ascii=False).encode()


def error_body(status, message, param=None, code=None):
    kind = {401: "invalid_request_error", 429: "rate_limit_error"}.get(status, "invalid_request_error" if status < 500 else "server_error")
    return json.dumps({"error": {"message": message, "type": kind, "param": param, "code": code}}).encode()
