"""The HTTP/1.1 vectors of http_vectors.py that an upstream answers: group -> rows of name, source, what is sent and what
the client must get. NONCE stands for a text that the request has brought, so that no answer can belong to another.
"""
NONCE = b"NONCE000"
BODY = (b'{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"NONCE000"}],'
        b'"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}')
N = len(BODY)
# What an upstream would slip into the next exchange.
FORGED = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % N + BODY.replace(NONCE, b"--forged")


class Row:
    """`pieces`: see raw_upstream.py. `good`: the client gets BODY with `status`; otherwise it gets a status of 5xx or
    an answer that is visibly cut. `reused`: whether the upstream's connection may serve the next request.
    `fields`: names of header fields -> whether the client gets them."""

    def __init__(self, name, source, pieces, good, reused, status=200, fields=None):
        self.name, self.source, self.good, self.reused, self.status = name, source, good, reused, status
        self.pieces, self.fields = pieces if isinstance(pieces, list) else [pieces], fields or {}


def good(name, source, pieces, reused=True, **more):
    return Row(name, source, pieces, True, reused, **more)


def bad(name, source, pieces):
    return Row(name, source, pieces, False, False)


def answer(head="", body=BODY, status="HTTP/1.1 200 OK"):
    return ("%s\r\ncontent-type: application/json\r\n%s\r\n" % (status, head)).encode("latin-1") + body


def length(value, body=BODY):
    return answer("content-length:%s\r\n" % value, body)


def plain(head="", status="HTTP/1.1 200 OK"):
    return answer("content-length: %d\r\n%s" % (N, head), status=status)


def coding(value, body=b"%x\r\n" % N + BODY + b"\r\n0\r\n\r\n"):
    return answer("transfer-encoding:%s\r\n" % value, body)


def chunks(body):
    return coding(" chunked", body)


def chunked(ext=b"", behind=b"", size=None):
    return chunks((size or b"%x" % N) + ext + b"\r\n" + BODY + b"\r\n0\r\n" + behind + b"\r\n")


def interim(status, head="", count=1):
    return ("HTTP/1.1 %s\r\n%s\r\n" % (status, head)).encode() * count


LENGTHS, BOTH, CHUNKS, VALUES, LAST = "RFC 9112 6.3", "RFC 9112 6.1", "RFC 9112 7.1", "RFC 9110 5.5", "RFC 9112 9.3"

ANSWERS = {
    "lengths": [
        good("one", LENGTHS, plain()),
        good("leading zeros", "RFC 9110 8.6", length(" 0%d" % N)),
        good("until the end", LENGTHS, [answer(), None], reused=False),
        good("until the end, HTTP/1.0", LENGTHS, [answer(status="HTTP/1.0 200 OK"), None], reused=False),
        good("HTTP/1.0 with a length", LAST, plain(status="HTTP/1.0 200 OK"), reused=False),
        good("HTTP/1.0, kept alive", LAST, plain("connection: keep-alive\r\n", "HTTP/1.0 200 OK")),
        good("close", LAST, plain("connection: close\r\n"), reused=False),
        bad("two, equal", LENGTHS, plain("content-length: %d\r\n" % N)),
        bad("two, different", LENGTHS, plain("content-length: 5\r\n")),
        bad("a list of equals", LENGTHS, length(" %d, %d" % (N, N))),
        bad("plus", LENGTHS, length(" +%d" % N)),
        bad("minus", LENGTHS, length(" -1")),
        bad("a word", LENGTHS, length(" none")),
        bad("empty", LENGTHS, length("")),
        bad("2^64 and some", LENGTHS, length(" %d" % (2**64 + N))),
        bad("too long for what comes", "RFC 9112 8", [length(" %d" % (N + 1)), None]),
        bad("0, and a body behind it", LENGTHS, length(" 0")),
        bad("a length in the middle of the body", LENGTHS, length(" %d" % (N - 20))),
    ],
    "codings": [
        good("chunked", CHUNKS, coding(" chunked")),
        good("in another case", "RFC 9112 7", coding(" CHUNKED")),
        bad("length and chunked", BOTH, plain("transfer-encoding: chunked\r\n")),
        bad("chunked and length, chunked body", BOTH, answer("transfer-encoding: chunked\r\ncontent-length: %d\r\n" % N, b"%x\r\n" % N + BODY + b"\r\n0\r\n\r\n")),
        bad("two lines", BOTH, coding(" chunked\r\ntransfer-encoding: chunked")),
        bad("chunked, chunked", BOTH, coding(" chunked, chunked")),
        bad("gzip, chunked", BOTH, coding(" gzip, chunked")),
        bad("identity", BOTH, [coding(" identity", BODY), None]),
        bad("xchunked", BOTH, coding(" xchunked")),
        bad("a vertical tab before it", "CVE-2019-18277", coding(" \x0bchunked")),
        bad("a space before its colon", "RFC 9112 5.1", answer("transfer-encoding : chunked\r\n", b"%x\r\n" % N + BODY + b"\r\n0\r\n\r\n")),
        bad("under HTTP/1.0", BOTH, answer("transfer-encoding: chunked\r\n", b"%x\r\n" % N + BODY + b"\r\n0\r\n\r\n", "HTTP/1.0 200 OK")),
    ],
    "chunks": [
        good("one of each byte", CHUNKS, chunks(b"".join(b"1\r\n%c\r\n" % byte for byte in BODY[:40]) + b"%x\r\n" % (N - 40) + BODY[40:] + b"\r\n0\r\n\r\n")),
        good("an extension", "RFC 9112 7.1.1", chunked(ext=b';a="b;c"')),
        good("a trailer", "RFC 9112 7.1.2", chunked(behind=b"x-check: 1\r\n"), fields={"x-check": False}),
        good("trailers that forge framing", "RFC 9110 6.5.1", chunked(behind=b"content-length: 5\r\nset-cookie: a=b\r\n"), fields={"set-cookie": False}),
        bad("no size", CHUNKS, chunks(b"\r\n" + BODY + b"\r\n0\r\n\r\n")),
        bad("a size of letters", CHUNKS, chunks(b"xyz\r\n" + BODY)),
        bad("0x", CHUNKS, chunked(size=b"0x%x" % N)),
        bad("minus", CHUNKS, chunked(size=b"-%x" % N)),
        bad("a blank behind the size", CHUNKS, chunked(size=b"%x " % N)),
        bad("2^64 and some", "CVE-2013-2028", chunked(size=b"1%016x" % N)),
        bad("longer than it says", CHUNKS, chunks(b"%x\r\n" % (N - 1) + BODY + b"\r\n0\r\n\r\n")),
        bad("shorter than it says", CHUNKS, chunks(b"%x\r\n" % (N + 1) + BODY + b"\r\n0\r\n\r\n")),
        bad("size ended by LF", "CVE-2025-22871", chunks(b"%x\n" % N + BODY + b"\r\n0\r\n\r\n")),
        bad("data ended by LF", "Funky Chunks TWO.ONE", chunks(b"%x\r\n" % N + BODY + b"\n0\r\n\r\n")),
        bad("data ended by two other bytes", "Funky Chunks SPILL", chunks(b"%x\r\n" % N + BODY + b"XX0\r\n\r\n")),
        bad("an extension with LF", "Funky Chunks TERM.EXT", chunks(b"%x;\n" % N + BODY + b"\r\n0\r\n\r\n")),
        bad("an extension without end", "CVE-2023-39326", [chunks(b"2;" + b"a" * 100_000), None]),
        bad("trailers without end", "RFC 9112 7.1.2", chunks(b"%x\r\n" % N + BODY + b"\r\n0\r\n" + b"a: b\r\n" * 20_000)),
        bad("a folded trailer", "RFC 9112 5.2", chunked(behind=b"x-a: 1\r\n  2\r\n")),
        bad("no last chunk", "RFC 9112 8", [chunks(b"%x\r\n" % N + BODY + b"\r\n"), None]),
        bad("no last CRLF", "RFC 9112 8", [chunks(b"%x\r\n" % N + BODY + b"\r\n0\r\n"), None]),
        bad("cut within a chunk", "RFC 9112 8", [chunks(b"%x\r\n" % N + BODY[:-9]), None]),
    ],
    "heads": [
        good("no reason", "RFC 9112 4", plain(status="HTTP/1.1 200 ")),
        good("no space behind the status", "RFC 9112 4", plain(status="HTTP/1.1 200")),
        good("a reason in Latin-1", "RFC 9112 4", plain(status="HTTP/1.1 200 D\xe9j\xe0 vu")),
        good("100 lines", "RFC 9110 5.4", plain("".join("x-%d: b\r\n" % i for i in range(100)))),
        bad("HTTP/2.0", "RFC 9110 2.5", plain(status="HTTP/2.0 200 OK")),
        bad("HTTP/1.2", "RFC 9110 2.5", plain(status="HTTP/1.2 200 OK")),
        bad("ICY", "RFC 9112 4", plain(status="ICY 200 OK")),
        bad("version in lower case", "RFC 9112 2.3", plain(status="http/1.1 200 OK")),
        bad("a status of two digits", "RFC 9110 15", plain(status="HTTP/1.1 20 OK")),
        bad("a status of four digits", "RFC 9110 15", plain(status="HTTP/1.1 2000 OK")),
        bad("a status of letters", "RFC 9110 15", plain(status="HTTP/1.1 2OO OK")),
        bad("status 000", "RFC 9110 15", plain(status="HTTP/1.1 000 OK")),
        bad("status 600", "RFC 9110 15", plain(status="HTTP/1.1 600 OK")),
        bad("status 999", "RFC 9110 15", plain(status="HTTP/1.1 999 OK")),
        bad("two spaces before the status", "RFC 9112 4", plain(status="HTTP/1.1  200 OK")),
        bad("a space first", "RFC 9112 4", plain(status=" HTTP/1.1 200 OK")),
        bad("an empty line first", "RFC 9112 4", b"\r\n" + plain()),
        bad("HTTP/0.9", "RFC 9112 4", [BODY, None]),
        bad("TLS", "RFC 9112 4", [b"\x15\x03\x01\x00\x02\x02\x0a", None]),
        bad("a request", "RFC 9112 2.1", b"POST /v1/messages HTTP/1.1\r\nhost: a\r\n\r\n"),
        bad("nothing", "RFC 9112 8", [None]),
        bad("half a status line", "RFC 9112 8", [b"HTTP/1.1 2", None]),
        bad("half a head", "RFC 9112 8", [plain()[:40], None]),
        bad("folded", "RFC 9112 5.2", plain("x-a: 1\r\n  2\r\n")),
        bad("a space before the colon", "RFC 9112 5.1", plain("x-a : 1\r\n")),
        bad("no colon", "RFC 9112 5", plain("nonsense\r\n")),
        bad("no name", "RFC 9112 5", plain(": x\r\n")),
        bad("NUL in a value", VALUES, plain("x-a: 1\x002\r\n")),
        bad("a bare CR in a value", VALUES, plain("x-a: 1\rset-cookie: a=b\r\n")),
        bad("a bare LF behind a value", "RFC 9112 2.2", plain("x-a: 1\nset-cookie: a=b\r\n")),
        bad("the head ended by LF LF", "RFC 9112 2.2", plain().replace(b"\r\n\r\n", b"\n\n", 1)),
        bad("129 lines", "RFC 9110 5.4", plain("".join("x-%d: b\r\n" % i for i in range(129)))),
        bad("lines without end", "RFC 9110 5.4", [b"HTTP/1.1 200 OK\r\n" + b"x-a: b\r\n" * 40_000]),
        bad("a value of 1 MB", "RFC 9110 5.4", plain("x-a: %s\r\n" % ("b" * (1 << 20)))),
        bad("a reason without end", "RFC 9112 4", b"HTTP/1.1 200 " + b"a" * 300_000),
    ],
    "statuses without a body": [
        good("100 before it", "RFC 9110 15.2", interim("100 Continue") + plain()),
        good("102 and 103 before it", "RFC 8297", interim("102 Processing") + interim("103 Early Hints", "link: </a>\r\nset-cookie: a=b\r\n") + plain(),
             fields={"link": False, "set-cookie": False}),
        good("103 with a length", "RFC 9110 8.6", interim("103 Early Hints", "content-length: 5\r\n") + plain()),
        good("16 of 100", "RFC 9110 15.2", interim("100 Continue", count=16) + plain()),
        bad("17 of 100", "RFC 9110 15.2", interim("100 Continue", count=17) + plain()),
        bad("100 without end", "RFC 9110 15.2", interim("100 Continue", count=20_000)),
        bad("100 with a body", "RFC 9110 15.2", interim("100 Continue", "content-length: 5\r\n") + b"hello" + plain()),
        bad("100 and the end", "RFC 9112 8", [interim("100 Continue"), None]),
        bad("101 that nobody asked for", "RFC 9110 15.2.2", interim("101 Switching Protocols", "connection: upgrade\r\nupgrade: h2c\r\n") + plain()),
        bad("204", "RFC 9110 15.3.5", b"HTTP/1.1 204 No Content\r\n\r\n"),
        bad("204 with a length and a body", "RFC 9112 6.3", plain(status="HTTP/1.1 204 No Content")),
        bad("204, chunked", "RFC 9112 6.1", coding(" chunked").replace(b"200 OK", b"204 No Content")),
        bad("304 with a length and a body", "RFC 9112 6.3", plain(status="HTTP/1.1 304 Not Modified")),
        bad("205 with a body", "RFC 9110 15.3.6", plain(status="HTTP/1.1 205 Reset Content")),
        good("206 is not ours to judge", "RFC 9110 15.3.7", plain("content-range: bytes 0-9/10\r\n", "HTTP/1.1 206 Partial Content"), status=206),
        bad("302", "RFC 9110 15.4", plain("location: http://127.0.0.1:1/\r\n", "HTTP/1.1 302 Found")),
    ],
    "behind the answer": [
        good("a byte", "RFC 9112 6.3", plain() + b"x", reused=False),
        good("an empty line", "RFC 9112 6.3", plain() + b"\r\n", reused=False),
        good("a forged answer", "PortSwigger response queue poisoning", plain() + FORGED, reused=False),
        good("a forged answer behind chunks", "PortSwigger response queue poisoning", chunked() + FORGED, reused=False),
        good("a forged answer, late", "PortSwigger response queue poisoning", [plain(), 0.03, FORGED], reused=False),
        good("a forged answer behind a close", "RFC 9112 9.6", [plain("connection: close\r\n"), FORGED], reused=False),
        good("100 Continue, late", "RFC 9110 15.2", [plain(), 0.03, interim("100 Continue")], reused=False),
        good("408 as a farewell", "RFC 9110 15.5.9", [plain(), 0.03, interim("408 Request Timeout", "connection: close\r\n"), None], reused=False),
        good("the end", "RFC 9112 9.3", [plain(), None], reused=False),
    ],
    "fields of one hop": [
        good("named by Connection", "RFC 9110 7.6.1", plain("connection: x-one, X-TWO\r\nx-one: 1\r\nx-two: 2\r\nx-three: 3\r\n"),
             fields={"x-one": False, "x-two": False, "x-three": True}),
        good("named by a second Connection", "RFC 9110 7.6.1", plain("connection: x-one\r\nx-one: 1\r\nconnection: ,x-two ,\r\nx-two: 2\r\n"),
             fields={"x-one": False, "x-two": False}),
        good("known ones that nobody names", "RFC 9110 7.6.1", plain("keep-alive: timeout=5\r\nupgrade: h2c\r\ntrailer: x-a\r\nproxy-connection: close\r\nproxy-authenticate: Basic\r\n"),
             fields={"keep-alive": False, "upgrade": False, "trailer": False, "proxy-connection": False, "proxy-authenticate": False}),
        good("Content-Length named", "RFC 9110 7.6.1", plain("connection: content-length\r\n")),
    ],
}
