"""The vectors of bad_input.py: bodies, and what each has to be answered; and requests from their parts, as bytes."""
import json

JSON = ("Content-Type", "application/json")
VERSION = ("anthropic-version", "2023-06-01")
HI = [{"role": "user", "content": "hi"}]
MODEL = {"model": "script-text", "max_tokens": 9, "messages": HI}
BODY = json.dumps(MODEL).encode()


def post(body=BODY, head="", path="/v1/messages", host="Host: 127.0.0.1\r\n", version="HTTP/1.1", length=True):
    """A request from its parts, as bytes; `head` is further header lines. It has a key, as real clients have, for the
    hosts that want one."""
    lines = "POST %s %s\r\n%sx-api-key: any\r\nanthropic-version: 2023-06-01\r\ncontent-type: application/json\r\n" % (path, version, host)
    if length:
        lines += "content-length: %d\r\n" % len(body)
    return (lines + head + "\r\n").encode("latin-1") + body


def with_messages(raw):
    return b'{"model":"script-text","max_tokens":9,"messages":' + raw + b"}"


CHUNKED = b"%x\r\n" % len(BODY) + BODY + b"\r\n0\r\n\r\n"

# Bodies that are refused; the connection stays usable. Last: what the message must name.
BODIES = [
    ("broken JSON", b'{"model":"script-text",,}', 400, "invalid_request_error", ["22", "23"]),
    ("JSON that ends early", b'{"model":"script-text"', 400, "invalid_request_error", ["22"]),
    ("bytes behind the JSON", BODY + b"x", 400, "invalid_request_error", [str(len(BODY))]),
    ("empty body", b"", 400, "invalid_request_error", []),
    ("null", b"null", 400, "invalid_request_error", []),
    ("an array", b"[]", 400, "invalid_request_error", []),
    ("no model", b'{"max_tokens":9}', 400, "invalid_request_error", ["model"]),
    ("model is a number", b'{"model":5}', 400, "invalid_request_error", ["model"]),
    ("model is null", b'{"model":null}', 400, "invalid_request_error", ["model"]),
    ("stream is a text", b'{"model":"script-text","stream":"yes"}', 400, "invalid_request_error", ["stream"]),
    ("model twice", b'{"model":"script-text","model":"mock"}', 400, "invalid_request_error", ["model"]),
    ("model twice, once escaped", b'{"model":"script-text","mod\\u0065l":"mock"}', 400, "invalid_request_error", ["model"]),
    ("stream twice", b'{"model":"script-text","stream":true,"stream":false}', 400, "invalid_request_error", ["stream"]),
    ("unknown model", b'{"model":"sonet"}', 404, "not_found_error", ["sonet", "sonnet"]),
    ("invalid UTF-8", with_messages(b'[{"role":"user","content":"\xff\xfe"}]'), 400, "invalid_request_error", ["76"]),
    ("overlong UTF-8", with_messages(b'[{"role":"user","content":"\xc0\xaf"}]'), 400, "invalid_request_error", ["76"]),
    ("UTF-8 of a surrogate", with_messages(b'[{"role":"user","content":"\xed\xa0\x80"}]'), 400, "invalid_request_error", ["76"]),
    ("UTF-8 cut at the end", b'{"model":"script-text","a":"\xe4\xb8', 400, "invalid_request_error", []),
    ("NUL in a string", with_messages(b'[{"role":"user","content":"a\x00b"}]'), 400, "invalid_request_error", ["77"]),
    ("NUL behind the JSON", BODY + b"\x00", 400, "invalid_request_error", [str(len(BODY))]),
    ("newline in a string", with_messages(b'[{"role":"user","content":"a\nb"}]'), 400, "invalid_request_error", ["77"]),
]
# Odd but valid: carried unchanged.
CARRIED = [
    ("lone surrogate escape", with_messages(b'[{"role":"user","content":"\\ud800 x"}]')),
    ("escaped NUL", with_messages(b'[{"role":"user","content":"\\u0000"}]')),
    ("1e400", b'{"model":"script-text","max_tokens":9,"temperature":1e400,"messages":[{"role":"user","content":"x"}]}'),
    ("a number of 10,000 digits", b'{"model":"script-text","max_tokens":9,"x":' + b"7" * 10_000 + b',"messages":[{"role":"user","content":"x"}]}'),
    ("duplicate keys elsewhere", b'{"model":"script-text","max_tokens":9,"x":1,"x":2,"messages":[{"role":"user","content":"x"}]}'),
    ("unknown fields and white space", b' \r\n\t{ "new" : [ ] , "model"\n:\t"script-text","max_tokens":9 ,"messages":[{"role":"user","content":"x"}]}\n\n'),
    ("model named in a nested object", b'{"metadata":{"model":"mock"},"model":"script-text","max_tokens":9,"messages":[{"role":"user","content":"x"}]}'),
    ("escapes in the model's name", b'{"model":"script\\u002dtext","max_tokens":9,"messages":[{"role":"user","content":"x"}]}'),
]
