"""What a Gemini upstream says, as bytes, and what it gives out; no sockets in here. What it refuses is in gemini_refused.py.
Source of the members: the types of @google/genai; of the signatures' places: Google's page on thought signatures."""
import base64
import json

import turns


# Gemini has no word of its own for a model that refuses.
FINISH = {"": "STOP", "length": "MAX_TOKENS", "refusal": "SAFETY", "filter": "PROHIBITED_CONTENT"}


def signature(number, ordinal):
    """A thought signature: base64, as bytes are in JSON. No two share one."""
    return base64.b64encode(b"\x0a" + bytes((number * 11 + ordinal * 17 + i * 29) % 256 for i in range(90))).decode()


def parts_for(turn, number):
    """The content parts of a turn, one for each part said. The first call has a signature, or the last text where nothing is called;
    a call has no id."""
    out, signed = [], False
    for ordinal, part in enumerate(turn.parts):
        if isinstance(part, turns.Call):
            said = {"functionCall": {"name": part.name, "args": part.arguments}}
            if not signed:
                said["thoughtSignature"] = signature(number, ordinal)
            signed = True
        else:
            said = {"text": part[1], "thought": True} if part[0] == "reasoning" else {"text": part[1]}
        out.append(said)
    if not signed:
        out[-1]["thoughtSignature"] = signature(number, len(out) - 1)
    return out


def usage_of(usage):
    """Thoughts stand beside the candidates' tokens here, not among them."""
    out = {"promptTokenCount": usage.prompt, "candidatesTokenCount": usage.output - usage.reasoning, "totalTokenCount": usage.prompt + usage.output,
           "promptTokensDetails": [{"modality": "TEXT", "tokenCount": usage.prompt}]}
    if usage.cached:
        out["cachedContentTokenCount"] = usage.cached
    if usage.reasoning:
        out["thoughtsTokenCount"] = usage.reasoning
    return out


def body(model, parts, number, usage=None, finish=None):
    candidate = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    out = {"candidates": [candidate], "modelVersion": model, "responseId": "resp%04d" % number}
    return {**out, "usageMetadata": usage_of(usage)} if usage else out


def chunks(model, turn, number):
    """The stream as JSON objects. Texts come in pieces, calls whole; a text's signature comes behind it, with an empty text."""
    out = []
    for part in parts_for(turn, number):
        if "text" not in part:
            out.append(body(model, [part], number, turn.usage))
            continue
        kept = {"thought": True} if part.get("thought") else {}
        out += [body(model, [{"text": piece, **kept}], number, turn.usage) for piece in turns.pieces(part["text"], 23)]
        if "thoughtSignature" in part:
            out.append(body(model, [{"text": "", "thoughtSignature": part["thoughtSignature"]}], number, turn.usage))
    out[-1]["candidates"][0]["finishReason"] = FINISH[turn.stop]
    return out


def frames(model, turn, number):
    return [("data: %s\r\n\r\n" % json.dumps(chunk, ensure_ascii=False)).encode() for chunk in chunks(model, turn, number)]


def whole(model, turn, number):
    return json.dumps(body(model, parts_for(turn, number), number, turn.usage, FINISH[turn.stop]), indent=2, ensure_ascii=False).encode()


STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}


def error_body(status, message):
    return json.dumps({"error": {"code": status, "message": message, "status": STATUS.get(status, "INTERNAL")}}).encode()
