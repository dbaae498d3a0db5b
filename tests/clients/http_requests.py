"""The HTTP/1.1 vectors of http_vectors.py that a client sends: group -> rows of name, source, bytes and what must happen.
How bodies are framed is in http_framing.py.

A source is a section of RFC 9110 or RFC 9112, a known weakness of another server (CVE), or a collection of request
smuggling: PortSwigger's (Kettle: CL.TE, TE.CL, TE.TE, CL.0, 0.CL), Weikop's "Funky Chunks", the HTTP Garden.
Behind every row that must be refused the runner puts a whole second request, which must never get anywhere.
"""
from bad_vectors import post

HIDDEN = post(path="/v1/messages?smuggled=1")  # what must stay a body, or vanish


class Row:
    """`statuses`: what the one answer may be. `keep`: whether the connection goes on (None: it may). `upstream`: how
    many times the upstream gets BODY. `cut`: the client ends its side behind these bytes."""

    def __init__(self, name, source, data, statuses, keep=False, upstream=0, cut=False, method="POST"):
        self.name, self.source, self.data, self.statuses = name, source, data, statuses
        self.keep, self.upstream, self.cut, self.method = keep, upstream, cut, method


def refused(name, source, data, *statuses):
    return Row(name, source, data, set(statuses or (400,)))


def served(name, source, data, keep=True):
    return Row(name, source, data, {200}, keep, upstream=1)


def answered(name, source, data, *statuses, keep=True, method="GET"):
    return Row(name, source, data, set(statuses), keep, method=method)


def cut(name, source, data):
    """Ended by the client in the middle: nothing goes on, and whether there is an answer does not matter."""
    return Row(name, source, data, {None, 400, 408}, cut=True)


def header(line):
    """A good request with one more line, as it stands."""
    return post(head=line + "\r\n")


def get(line="GET /healthz HTTP/1.1", head="Host: 127.0.0.1\r\n"):
    return ("%s\r\n%s\r\n" % (line, head)).encode("latin-1")


VALUES = "RFC 9110 5.5"

REQUESTS = {
    "request lines": [
        answered("empty lines before it", "RFC 9112 2.2", b"\r\n\r\n" + get(), 200),
        refused("three empty lines before it", "RFC 9112 2.2", b"\r\n\r\n\r\n" + get()),
        refused("a bare LF before it", "RFC 9112 2.2", b"\n" + get()),
        refused("a bare CR before it", "RFC 9112 2.2", b"\r" + get()),
        refused("a space before it", "RFC 9112 3", b" " + get()),
        refused("a space line behind it", "RFC 9112 2.2", get(head=" x: 1\r\nHost: 127.0.0.1\r\n")),
        refused("TLS", "RFC 9112 3", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
        refused("the preface of HTTP/2", "RFC 9113 3.4", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, 505),
        refused("one word", "RFC 9112 3", get("GET")),
        refused("HTTP/0.9", "RFC 9112 3", b"GET /healthz\r\n\r\n"),
        refused("no target", "RFC 9112 3", get("GET HTTP/1.1")),
        refused("an empty target", "RFC 9112 3", get("GET  HTTP/1.1")),
        refused("no method", "RFC 9112 3", get(" /healthz HTTP/1.1")),
        refused("two spaces", "RFC 9112 3", get("GET  /healthz HTTP/1.1")),
        refused("two spaces before the version", "RFC 9112 3", get("GET /healthz  HTTP/1.1")),
        refused("a space behind the version", "RFC 9112 3", get("GET /healthz HTTP/1.1 ")),
        refused("a tab between", "RFC 9112 3", get("GET\t/healthz\tHTTP/1.1")),
        refused("a vertical tab between", "RFC 9112 3", get("GET\x0b/healthz HTTP/1.1")),
        refused("four words", "RFC 9112 3", get("GET /healthz x HTTP/1.1")),
        refused("a second version in the target", "CVE-2023-25690; CVE-2021-33193", get("GET /healthz HTTP/1.1 HTTP/1.1")),
        refused("ended by LF", "RFC 9112 2.2", b"GET /healthz HTTP/1.1\nHost: 127.0.0.1\r\n\r\n"),
        refused("ended by CR", "RFC 9112 2.2", b"GET /healthz HTTP/1.1\rHost: 127.0.0.1\r\n\r\n"),
        refused("HTTP/1.2", "RFC 9110 2.5", get("GET /healthz HTTP/1.2"), 400, 505),
        refused("HTTP/2.0", "RFC 9110 2.5", get("GET /healthz HTTP/2.0"), 400, 505),
        refused("HTTP/3.0", "RFC 9110 2.5", get("GET /healthz HTTP/3.0"), 400, 505),
        refused("HTTP/1.10", "RFC 9112 2.3", get("GET /healthz HTTP/1.10"), 400, 505),
        refused("HTTP/01.1", "RFC 9112 2.3", get("GET /healthz HTTP/01.1"), 400, 505),
        refused("HTTP/1.", "RFC 9112 2.3", get("GET /healthz HTTP/1."), 400, 505),
        refused("HTTP/1", "RFC 9112 2.3", get("GET /healthz HTTP/1"), 400, 505),
        refused("HTTP/1,1", "RFC 9112 2.3", get("GET /healthz HTTP/1,1"), 400, 505),
        refused("version in lower case", "RFC 9112 2.3", get("GET /healthz http/1.1"), 400, 505),
        refused("another protocol", "RFC 9112 2.3", get("GET /healthz RTSP/1.0"), 400, 505),
        refused("version with a word behind it", "RFC 9112 2.3", get("GET /healthz HTTP/1.1x"), 400, 505),
        answered("a method of nobody's", "RFC 9110 9.1", get("BREW /v1/messages HTTP/1.1"), 405, 501),
        answered("a method in lower case", "RFC 9110 9.1", get("post /v1/messages HTTP/1.1"), 405, 501),
        answered("TRACE", "RFC 9110 9.3.8", get("TRACE /v1/messages HTTP/1.1"), 405, 501),
        answered("a method of odd tokens", "RFC 9110 5.6.2", get("!#$%&'*+-.^_`|~ /v1/messages HTTP/1.1"), 405, 501),
        refused("a method with a colon", "RFC 9110 9.1", get("GET: /healthz HTTP/1.1")),
        refused("a method in brackets", "RFC 9110 9.1", get("(GET) /healthz HTTP/1.1")),
        refused("a method of Latin-1", "RFC 9110 9.1", get("G\xcbT /healthz HTTP/1.1")),
        refused("a method with NUL", "RFC 9110 9.1", get("GET\x00 /healthz HTTP/1.1")),
        refused("a method of 33", "RFC 9112 3", get("A" * 33 + " /healthz HTTP/1.1"), 501),
        refused("CONNECT", "RFC 9112 3.2.3", get("CONNECT evil.example:443 HTTP/1.1", "Host: evil.example:443\r\n"), 400, 403, 405, 501),
        refused("CONNECT with a path", "RFC 9112 3.2.3", get("CONNECT /v1/messages HTTP/1.1"), 400, 403, 405, 501),
        refused("a line without end", "RFC 9112 3", b"GET /" + b"a" * 300_000, 414, 431),
        refused("a method without end", "RFC 9112 3", b"A" * 300_000, 431, 501),
    ],
    "targets": [
        answered("absolute form", "RFC 9112 3.2.2", get("GET http://127.0.0.1/healthz HTTP/1.1"), 200),
        answered("absolute form, scheme in capitals", "RFC 9112 3.2.2", get("GET HTTP://127.0.0.1/healthz HTTP/1.1"), 200),
        answered("absolute form without path", "RFC 9112 3.2.2", get("GET http://127.0.0.1 HTTP/1.1"), 404),
        refused("absolute form, another Host", "RFC 9112 3.2.2", get("GET http://evil.example/healthz HTTP/1.1"), 400, 403),
        answered("absolute form and Host, both another's", "RFC 9112 3.2.2", get("GET http://evil.example/healthz HTTP/1.1", "Host: evil.example\r\n"), 403),
        refused("absolute form, another port", "RFC 9112 3.2.2", get("GET http://127.0.0.1:1/healthz HTTP/1.1"), 400, 403),
        refused("absolute form, a user", "RFC 9110 4.2.4", get("GET http://a@127.0.0.1/healthz HTTP/1.1")),
        refused("absolute form without host", "RFC 9110 4.2.1", get("GET http:///healthz HTTP/1.1")),
        refused("absolute form of a file", "RFC 9112 3.2.2", get("GET file:///etc/passwd HTTP/1.1")),
        refused("absolute form, only a query", "RFC 9112 3.2.2", get("GET http://127.0.0.1?x HTTP/1.1")),
        refused("absolute form without Host", "RFC 9112 3.2", get("GET http://127.0.0.1/healthz HTTP/1.1", "")),
        refused("authority form", "RFC 9112 3.2.3", get("GET 127.0.0.1:80 HTTP/1.1")),
        answered("asterisk form", "RFC 9112 3.2.4", get("OPTIONS * HTTP/1.1"), 200, 204, method="OPTIONS"),
        refused("asterisk form of GET", "RFC 9112 3.2.4", get("GET * HTTP/1.1")),
        refused("asterisk and path", "RFC 9112 3.2.4", get("OPTIONS */healthz HTTP/1.1")),
        refused("without slash", "RFC 9112 3.2.1", get("GET healthz HTTP/1.1")),
        refused("a backslash first", "RFC 9112 3.2.1", get("GET \\healthz HTTP/1.1")),
        refused("with a space", "RFC 9112 3.2", get("GET /heal thz HTTP/1.1")),
        refused("with NUL", "RFC 3986 2", get("GET /heal\x00thz HTTP/1.1")),
        refused("with DEL", "RFC 3986 2", get("GET /heal\x7fthz HTTP/1.1")),
        refused("with a fragment", "RFC 9110 7.1", get("GET /healthz#x HTTP/1.1")),
        refused("with a byte of Latin-1", "RFC 3986 2", get("GET /healthz\xff HTTP/1.1")),
        refused("with a bare CR", "RFC 9112 2.2", get("GET /healthz\rx HTTP/1.1")),
        answered("two slashes", "RFC 3986 3.3", get("GET //healthz HTTP/1.1"), 404),
        answered("dots", "RFC 3986 5.2.4", get("GET /v1/../healthz HTTP/1.1"), 404),
        answered("escaped dots", "RFC 3986 6.2.2", get("GET /v1/%2e%2e/healthz HTTP/1.1"), 404),
        answered("an escaped CRLF", "CVE-2023-25690", get("GET /healthz%20HTTP/1.1%0d%0aHost:%20evil.example HTTP/1.1"), 404),
        answered("an escaped NUL", "RFC 3986 2.1", get("GET /healthz%00 HTTP/1.1"), 404),
        answered("an escape that is none", "RFC 3986 2.1", get("GET /healthz%zz HTTP/1.1"), 404),
    ],
    "Host": [
        answered("a name with its port", "RFC 9110 7.2", get(head="Host: localhost:8484\r\n"), 200),
        refused("none", "RFC 9112 3.2", get(head="")),
        refused("two", "RFC 9112 3.2", get(head="Host: 127.0.0.1\r\nHost: 127.0.0.1\r\n")),
        refused("two, another", "RFC 9112 3.2", get(head="Host: 127.0.0.1\r\nhost: evil.example\r\n")),
        refused("empty", "RFC 9110 7.2", get(head="Host:\r\n")),
        refused("a list", "RFC 9110 7.2", get(head="Host: 127.0.0.1, evil.example\r\n")),
        refused("with a path", "RFC 9110 7.2", get(head="Host: 127.0.0.1/x\r\n")),
        refused("with a user", "RFC 9110 7.2", get(head="Host: a@127.0.0.1\r\n")),
        refused("with a space", "RFC 9110 7.2", get(head="Host: 127.0.0.1 evil.example\r\n")),
        refused("with a scheme", "RFC 9110 7.2", get(head="Host: http://127.0.0.1\r\n")),
        refused("with two ports", "RFC 9110 7.2", get(head="Host: 127.0.0.1:80:80\r\n")),
        refused("with a port of letters", "RFC 9110 7.2", get(head="Host: 127.0.0.1:http\r\n")),
        refused("with a port alone", "RFC 9110 7.2", get(head="Host: :80\r\n")),
        refused("a bracket open", "RFC 3986 3.2.2", get(head="Host: [::1\r\n")),
        refused("of Latin-1", "RFC 9110 7.2", get(head="Host: \xe9vil.example\r\n")),
        refused("with a space before its colon", "RFC 9112 5.1", get(head="Host : 127.0.0.1\r\n")),
        answered("another's", "RFC 9110 7.4", get(head="Host: evil.example\r\n"), 403),
        refused("folded", "RFC 9112 5.2", get(head="Host: 127.0.0.1\r\n evil.example\r\n")),
    ],
    "header lines": [
        served("an empty value", VALUES, header("x-a:")),
        served("no space behind the colon", VALUES, header("x-a:b")),
        served("blanks around the value", VALUES, header("x-a: \t b \t ")),
        served("bytes of Latin-1", VALUES, header("x-a: gr\xfc\xdfe")),
        served("a name of odd tokens", "RFC 9110 5.6.2", header("!#$%&'*+-.^_`|~9: b")),
        served("a name of 300 bytes", "CVE-2021-40346", header("x" * 300 + ": b")),
        served("a name that begins like a length", "CVE-2021-40346", header("content-length" + "a" * 242 + ": 0")),
        served("100 lines", "RFC 9110 5.4", header("\r\n".join("x-%d: b" % i for i in range(100)))),
        served("a value of 40 KB", "RFC 9110 5.4", header("x-a: " + "b" * 40_000)),
        refused("folded", "RFC 9112 5.2", header("x-a: 1\r\n  2")),
        refused("folded with a tab", "RFC 9112 5.2", header("x-a: 1\r\n\t2")),
        refused("a folded line of blanks", "RFC 9112 5.2", header("x-a: 1\r\n  ")),
        refused("folded with Expect", "CVE-2025-32094", get("OPTIONS /v1/messages HTTP/1.1", "Host: 127.0.0.1\r\nExpect:\r\n 100-continue\r\nContent-Length: %d\r\n" % len(HIDDEN)) + HIDDEN, 400, 417),
        refused("a space before the colon", "RFC 9112 5.1", header("x-a : 1")),
        refused("a tab before the colon", "RFC 9112 5.1", header("x-a\t: 1")),
        refused("a space in the name", "RFC 9110 5.1", header("x a: 1")),
        refused("no colon", "RFC 9112 5", header("nonsense")),
        refused("no name", "RFC 9112 5", header(": x")),
        refused("a name in quotes", "RFC 9110 5.6.2", header('"x-a": 1')),
        refused("a name in brackets", "RFC 9110 5.6.2", header("x(a): 1")),
        refused("a name of Latin-1", "RFC 9110 5.1", header("x-\xfc: 1")),
        refused("NUL in the name", "RFC 9110 5.1", header("x-\x00a: 1")),
        refused("NUL in the value", VALUES, header("x-a: 1\x002")),
        refused("an escape code in the value", VALUES, header("x-a: \x1b[31m")),
        refused("DEL in the value", VALUES, header("x-a: \x7f")),
        refused("a bare CR in the value", "CVE-2023-30589", header("x-a: 1\rx-b: 2")),
        refused("a bare LF behind the value", "CVE-2022-35256", header("x-a: 1\nx-b: 2")),
        refused("CR CR LF behind the value", "RFC 9112 2.2", header("x-a: 1\r")),
        refused("the head ended by LF LF", "RFC 9112 2.2", post().replace(b"\r\n\r\n", b"\n\n", 1)),
        refused("the head ended by CRLF LF", "RFC 9112 2.2", post().replace(b"\r\n\r\n", b"\r\n\n", 1)),
        refused("the head ended by LF CRLF", "RFC 9112 2.2", post().replace(b"\r\n\r\n", b"\n\r\n", 1)),
        refused("the head ended by CR CR", "RFC 9112 2.2", post().replace(b"\r\n\r\n", b"\r\r", 1)),
        refused("129 lines", "RFC 9110 5.4", header("\r\n".join("x-%d: b" % i for i in range(129))), 431),
        refused("lines without end", "RFC 9110 5.4", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"x-a: b\r\n" * 40_000, 431),
        refused("a value without end", "RFC 9110 5.4", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nx: " + b"a" * 300_000, 431),
        refused("a name without end", "RFC 9110 5.4", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"x" * 300_000, 431),
        cut("cut within a name", "RFC 9112 8", post()[:60]),
        cut("cut before the empty line", "RFC 9112 8", get()[:-2]),
        cut("cut within the empty line", "RFC 9112 8", get()[:-1]),
    ],
    "connections": [
        served("close", "RFC 9112 9.6", header("connection: close"), keep=False),
        served("close among others, in capitals", "RFC 9112 9.6", header("connection: x-a, CLOSE"), keep=False),
        served("close in a second line", "RFC 9112 9.6", header("connection: keep-alive\r\nconnection: close"), keep=False),
        served("keep-alive and close", "RFC 9112 9.3", header("connection: keep-alive, close"), keep=False),
        served("a word that begins with close", "RFC 9110 7.6.1", header("connection: closed")),
        served("empty elements", "RFC 9110 5.6.1", header("connection: , ,keep-alive,,")),
        served("naming Host and length", "RFC 9110 7.6.1", header("connection: host, content-length, transfer-encoding")),
        served("naming the key", "RFC 9110 7.6.1", header("connection: x-api-key, authorization")),
        served("HTTP/1.0", "RFC 9112 9.3", post(version="HTTP/1.0"), keep=False),
        served("HTTP/1.0, kept alive", "RFC 9112 9.3", post(head="connection: keep-alive\r\n", version="HTTP/1.0")),
        served("HTTP/1.0 without Host", "RFC 9112 3.2", post(version="HTTP/1.0", host=""), keep=False),
        refused("HTTP/1.0 with two Hosts", "RFC 9112 3.2", post(version="HTTP/1.0", head="host: 127.0.0.1\r\n")),
        served("Upgrade to h2c", "RFC 9110 7.8", header("connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__")),
        served("Upgrade that nobody names", "RFC 9110 7.8", header("upgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__")),
        served("TE and Trailer", "RFC 9110 10.1.4", header("connection: te\r\nte: trailers\r\ntrailer: x-check")),
        served("Proxy-Connection", "RFC 9112 C.2.2", header("proxy-connection: close\r\nkeep-alive: timeout=1")),
        refused("an expectation of nobody's", "RFC 9110 10.1.1", header("expect: a-miracle"), 417),
        refused("two expectations", "RFC 9110 10.1.1", header("expect: 100-continue, a-miracle"), 417),
        refused("an expectation behind a word", "CVE-2025-32094", header("expect: y 100-continue"), 417),
        served("Expect with the body at once", "RFC 9110 10.1.1", header("expect: 100-continue")),
        served("Expect under HTTP/1.0", "RFC 9110 10.1.1", post(head="expect: 100-continue\r\n", version="HTTP/1.0"), keep=False),
    ],
}
