"""The vectors of bad_input.py: requests as bytes, and what each has to be answered."""
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


SMUGGLED = post()
CHUNKED = b"%x\r\n" % len(BODY) + BODY + b"\r\n0\r\n\r\n"

# name, bytes, statuses. The connection has to end; what stands behind the first request is a second one that
# must never get anywhere.
FRAMING = [
    ("length and chunked", post(head="transfer-encoding: chunked\r\n") + SMUGGLED, {400}),
    ("chunked and length, chunked body", post(CHUNKED, "transfer-encoding: chunked\r\n") + SMUGGLED, {400}),
    ("two equal lengths", post(head="content-length: %d\r\n" % len(BODY)) + SMUGGLED, {400}),
    ("two different lengths", post(head="content-length: 0\r\n") + SMUGGLED, {400}),
    ("a list of lengths", post(head="content-length: 5, 5\r\n", length=False) + SMUGGLED, {400}),
    ("length with a sign", post(head="content-length: +5\r\n", length=False) + SMUGGLED, {400}),
    ("negative length", post(head="content-length: -5\r\n", length=False) + SMUGGLED, {400}),
    ("hexadecimal length", post(head="content-length: 0x5\r\n", length=False) + SMUGGLED, {400}),
    ("empty length", post(head="content-length:\r\n", length=False) + SMUGGLED, {400}),
    ("length of 30 digits", post(head="content-length: " + "9" * 30 + "\r\n", length=False) + SMUGGLED, {400, 413}),
    ("coding twice", post(CHUNKED, "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", length=False) + SMUGGLED, {400}),
    ("coding chunked, chunked", post(CHUNKED, "transfer-encoding: chunked, chunked\r\n", length=False) + SMUGGLED, {400, 501}),
    ("coding gzip, chunked", post(CHUNKED, "transfer-encoding: gzip, chunked\r\n", length=False) + SMUGGLED, {400, 501}),
    ("coding xchunked", post(CHUNKED, "transfer-encoding: xchunked\r\n", length=False) + SMUGGLED, {400, 501}),
    ("coding identity", post(CHUNKED, "transfer-encoding: identity\r\n", length=False) + SMUGGLED, {400, 501}),
    ("coding with a vertical tab", post(CHUNKED, "transfer-encoding: \x0bchunked\r\n", length=False) + SMUGGLED, {400, 501}),
    ("coding under HTTP/1.0", post(CHUNKED, "transfer-encoding: chunked\r\n", version="HTTP/1.0", length=False) + SMUGGLED, {400}),
    ("folded header", post(head="x-a: 1\r\n  continued\r\n") + SMUGGLED, {400}),
    ("folded coding", post(CHUNKED, "transfer-encoding:\r\n chunked\r\n", length=False) + SMUGGLED, {400, 501}),
    ("bare CR in a header", post(head="x-a: 1\rtransfer-encoding: chunked\r\n") + SMUGGLED, {400}),
    ("bare LF behind a header", post(head="x-a: 1\ntransfer-encoding: chunked\r\n") + SMUGGLED, {400}),
    ("bare LF ends the head", post().replace(b"\r\n\r\n", b"\n\n", 1) + SMUGGLED, {400}),
    ("NUL in a header", post(head="x-a: 1\x002\r\n") + SMUGGLED, {400}),
    ("NUL in a name", post(head="x-\x00a: 1\r\n") + SMUGGLED, {400}),
    ("space before the colon", post(head="transfer-encoding : chunked\r\n") + SMUGGLED, {400}),
    ("no colon", post(head="nonsense\r\n") + SMUGGLED, {400}),
    ("empty name", post(head=": x\r\n") + SMUGGLED, {400}),
    ("no Host", post(host="") + SMUGGLED, {400}),
    ("two Hosts", post(head="Host: 127.0.0.1\r\n") + SMUGGLED, {400}),
    ("two Hosts, another", post(head="host: evil.example\r\n") + SMUGGLED, {400}),
    ("absolute form with another Host", post(path="http://evil.example/v1/messages") + SMUGGLED, {400, 403}),
    ("chunk size that is none", post(b"zz\r\n", "transfer-encoding: chunked\r\n", length=False) + SMUGGLED, {400}),
    ("chunk size negative", post(b"-1\r\n", "transfer-encoding: chunked\r\n", length=False) + SMUGGLED, {400}),
    ("chunk size with a prefix", post(b"0x10\r\n", "transfer-encoding: chunked\r\n", length=False) + SMUGGLED, {400}),
    ("chunk size of 20 digits", post(b"f" * 20 + b"\r\n", "transfer-encoding: chunked\r\n", length=False) + SMUGGLED, {400, 413}),
    ("chunk longer than it says", post(b"2\r\n{}}}\r\n0\r\n\r\n", "transfer-encoding: chunked\r\n", length=False) + SMUGGLED, {400}),
    ("chunk line ended by LF", post(b"2\n{}\r\n0\r\n\r\n", "transfer-encoding: chunked\r\n", length=False) + SMUGGLED, {400}),
    ("chunk extension without end", post(b"2;" + b"a" * 200_000, "transfer-encoding: chunked\r\n", length=False), {400, 413, 431}),
    ("trailers without end", post(b"0\r\n" + b"a: b\r\n" * 50_000, "transfer-encoding: chunked\r\n", length=False), {400, 413, 431}),
]
LINES = [
    ("garbage", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
    ("request line of one word", b"GET\r\nHost: 127.0.0.1\r\n\r\n", {400}),
    ("HTTP/0.9", b"GET /healthz\r\n\r\n", {400}),
    ("HTTP/3.0", b"GET /healthz HTTP/3.0\r\nHost: 127.0.0.1\r\n\r\n", {400, 505}),
    ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 505}),
    ("version in lower case", b"GET /healthz http/1.1\r\nHost: 127.0.0.1\r\n\r\n", {400, 505}),
    ("two spaces", b"GET  /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", {400}),
    ("space in the target", b"GET /heal thz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", {400}),
    ("NUL in the target", b"GET /heal\x00thz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", {400}),
    ("target without slash", b"GET healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", {400}),
    ("CONNECT", b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", {400, 403, 405, 501}),
    ("line without end", b"GET /" + b"a" * 300_000, {400, 414, 431}),
    ("header without end", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nx: " + b"a" * 300_000, {431}),
    ("headers without end", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"x-a: b\r\n" * 40_000, {431, 400}),
]
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
