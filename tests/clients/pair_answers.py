"""The answers that every SDK gets from every dialect's upstream, and what it must see of each; no sockets in here.

An answer is a turn of turns.py, which each dialect's module writes as its providers do. `seen` is in no dialect's words: the texts,
the calls, why it ended, the usage.
"""
import json

import turns
from turns import Call, Turn, Usage

READ, COUNT = Call("read", {"path": "/tmp/é \"x\"\\n 世界 \U0001f600", "depth": 3}), Call("count", {"word": "ö"})
ANSWERS = {
    "two-calls": Turn([("reasoning", turns.THOUGHTS), ("text", turns.WORDS + "I shall look."), READ, COUNT], Usage(1200, 1024, 142, 30, 64)),
    "text": Turn([("text", turns.WORDS * 3 + "\U0001f468‍\U0001f469‍\U0001f467 \u202eabc u\u0308 \\ud83d\\n \"/\"\tDone.")], Usage(40, 0, 17, 0)),
    "thinking": Turn([("reasoning", turns.THOUGHTS), ("text", "Done.")], Usage(90, 0, 55, 44)),
    "no-arguments": Turn([Call("list", {})], Usage(70, 0, 9, 0)),
    "length": Turn([("text", "It goes on and")], Usage(70, 0, 9, 0), "length"),
    "refusal": Turn([("text", "I cannot help with that, désolé.")], Usage(70, 0, 9, 0), "refusal"),
    "filter": Turn([("text", "I was about to")], Usage(70, 0, 9, 0), "filter"),
}
LONG = Turn([("reasoning", turns.THOUGHTS), ("text", turns.WORDS * 9)], Usage(90, 0, 55, 44))  # what is broken
# What is asked for by a schema.
SCHEMA = {"type": "object", "properties": {"answer": {"type": "string"}, "count": {"type": "integer"}}, "required": ["answer", "count"], "additionalProperties": False}
OBJECT = {"answer": "naïve \"é\"", "count": 3}
STRUCTURED = Turn([("text", json.dumps(OBJECT, ensure_ascii=False))], Usage(70, 0, 9, 0))
# What is shown: the smallest PNG, and a PDF of as many pages. Their bytes make both alphabets of base64 differ.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
PDF = "JVBERi0xLjQKJeLjz9MKdHJhaWxlcjw8L1Jvb3Q8PC9UeXBlL0NhdGFsb2cvUGFnZXM8PC9LaWRzW10vQ291bnQgMD4+Pj4+Pj4K"
LAST = turns.LAST  # what follows the results of calls
# What the tools give, by name.
RESULTS = {"read": "contents — é \"q\"", "count": "42", "list": "nothing"}
# Errors before an answer: script -> status. A client sees the same.
ERRORS = {"error-400": 400, "error-404": 404, "error-429": 429, "error-500": 500}
# Streams that break behind their first content, and one that is an error from its beginning.
BROKEN = ("error-inside", "error-first", "cut-clean", "cut")
TOOLS = [("read", "Reads a file", {"path": "string", "depth": "integer"}), ("count", "Counts a word", {"word": "string"}), ("list", "Lists all", {})]
MODELS = {"anthropic": "claude-sonnet-4-5", "openai_chat": "deepseek-v4", "openai_responses": "gpt-5", "gemini": "gemini-3-pro-preview"}
TOKENS_WANTED = 4000


def seen(turn, client, upstream):
    """What an SDK of dialect `client` must see of a turn of an upstream of dialect `upstream`."""
    said = {kind: "".join(part[1] for part in turn.parts if isinstance(part, tuple) and part[0] == kind) for kind in ("reasoning", "text")}
    used = turn.usage
    usage = {"prompt": used.prompt, "cached": used.cached, "output": used.output, "reasoning": used.reasoning}
    if upstream != "gemini" and client != "gemini":  # Gemini has no word for it
        usage["written"] = used.written
    stop = {"": "calls" if turn.calls() else "end", "length": "length", "refusal": "refusal", "filter": "refusal"}[turn.stop]
    return {"thinking": said["reasoning"], "text": said["text"], "calls": [[call.name, call.arguments] for call in turn.calls()], "stop": stop, "usage": usage}
