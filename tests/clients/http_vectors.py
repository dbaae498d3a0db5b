#!/usr/bin/env python3
"""HTTP/1.1 as others get it wrong, on raw sockets: every vector of http_framing.py, http_requests.py and http_answers.py,
whole and cut into single bytes. A message is taken as the RFCs say or refused, nothing is smuggled in either direction,
and the next request is served. Before the other hosts stands the HTTP of wasmtime or workerd: there a client's vectors are
sent once, whole. `http_vectors.py count` prints how many there are. Slow senders, http_slow.py, are played with them.
"""
import json
import os
import socket
import subprocess
import sys
import tempfile

import messages
import signalbox_server
import wire
from bad_vectors import BODY, MODEL, post
from http_answers import ANSWERS, NONCE
from http_answers import BODY as ANSWER_BODY
from http_framing import FRAMING
from http_requests import HIDDEN, REQUESTS
from http_slow import Slow
from http_vectors_server import OURS, config, serves
from raw_upstream import RawUpstream
from tap import Tap

# What belongs to one hop (RFC 9110 section 7.6.1) or to framing, and must not come out of the other side.
OF_ONE_HOP = ("keep-alive", "proxy-connection", "te", "trailer", "upgrade", "http2-settings", "expect", "proxy-authenticate")
# More than this goes in pieces of a thousand: nothing in it is decided by a single byte.
SINGLE_BYTES_MAX = 8192
# Another's HTTP gets this long for a word about what it may be waiting on.
ELSEWHERE_SECONDS = 0.2


def cut_up(data):
    size = 1 if len(data) <= SINGLE_BYTES_MAX else 997
    return [data[at:at + size] for at in range(0, len(data), size)]


FORMS = {"whole": lambda data: [data], "in single bytes": cut_up}


class Requests:
    """What clients send. The upstream may only ever see BODY, once for each request that is served."""

    def __init__(self, tap):
        self.tap, self.due = tap, 0
        self.upstream = RawUpstream(lambda request: [b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(ANSWER_BODY) + ANSWER_BODY])
        self.server = signalbox_server.Server(config(self.upstream), "http-requests")

    def run(self):
        for group, rows in {**FRAMING, **REQUESTS}.items():
            for row in rows:
                self.tap.run("a client's %s, %s (%s)" % (group, row.name, row.source), self.play if OURS else self.play_elsewhere, row)
        if not signalbox_server.HOST.startswith("wasi"):  # wasi:http shows no component a Connection
            self.tap.run("a client's headers named by Connection go no further", self.named_by_connection)
        code = self.server.stop()
        # Here also what came too late for its row.
        wire.wait_until(lambda: len(self.upstream.answered) == self.upstream.count)
        self.tap.equal("all that the upstream was sent were requests", self.upstream.broken, [])
        self.tap.equal("each of them was one that clients sent", self.foreign(), [])
        if OURS:
            self.tap.equal("no more of them than were served", self.upstream.count, self.due)
            self.tap.check("nothing hidden was sent upstream", b"smuggled" not in self.upstream.bytes())
            self.tap.equal("ends with code 0 after all requests", code, 0)

    def play(self, row):
        for form, cut in FORMS.items():
            before = self.upstream.count
            try:
                with wire.Connection(self.server.port) as connection:
                    self.exchange(row, cut, connection)
                self.upstream_got(before, row.upstream)
                if row.keep and row.upstream:
                    self.followed(row, cut)
                serves(self.server)
            except AssertionError as error:
                raise AssertionError("%s: %s" % (form, error))

    def play_elsewhere(self, row):
        """Where another's HTTP reads the request, as it does: what it hands to us goes on whole, and framed by us."""
        before = self.upstream.count
        with wire.Connection(self.server.port, ELSEWHERE_SECONDS) as connection:
            connection.send_lenient(row.data + HIDDEN)
            try:
                connection.receive(row.method)
            except (OSError, ValueError, wire.WireError):
                pass  # its own words, or none
        serves(self.server)
        assert not (foreign := self.foreign(before)), foreign

    def foreign(self, begin=0):
        """What the upstream was sent that no row stands for."""
        return [(request.start, request.body[:200]) for _, request in self.upstream.requests[begin:]
                if request.path.split("?")[0] != "/v1/messages" or request.body.rstrip() != BODY]

    def exchange(self, row, cut, connection):
        behind = HIDDEN if row.keep is False and not row.cut else b""
        for piece in cut(row.data + behind):
            connection.send_lenient(piece)
        if row.cut:
            connection.socket.shutdown(socket.SHUT_WR)
        answer = connection.receive(row.method)
        status = answer and answer.status
        assert status in row.statuses, "wanted %r, got %r %r" % (row.statuses, status, answer and answer.body[:200])
        if status and status >= 400:
            shape = answer.json()
            assert isinstance(shape["error"]["message"], str) and shape["error"]["message"], shape
            assert shape.get("type") == "error" or not row.data.startswith(b"POST /v1/messages HTTP/1.1"), shape
        if row.upstream:
            assert answer.body == ANSWER_BODY, answer.body[:200]
        if row.keep is not False:
            connection.send_lenient(wire.request_bytes("GET", "/healthz"))
            after = connection.receive("GET")
            assert after.status == 200 if after else row.keep is None, "the connection does not go on: %r" % (after and after.start)
        else:
            try:
                rest = connection.stream.read()
            except ConnectionResetError:  # what stood behind the last request came after the end
                rest = b""
            assert rest == b"", "more came behind the answer: %r" % rest[:200]

    def followed(self, row, cut):
        """The same with the next request right behind it, in one piece with it."""
        before = self.upstream.count
        with wire.Connection(self.server.port) as connection:
            for piece in cut(row.data + post()):
                connection.send(piece)
            statuses = [connection.receive().status for _ in range(2)]
        assert statuses == [200, 200], statuses
        self.upstream_got(before, 2)

    def upstream_got(self, before, count):
        self.due += count
        fresh = self.upstream.requests[before:]
        assert len(fresh) == count, "the upstream got %d requests: %r" % (len(fresh), [request.start for _, request in fresh])
        for _, request in fresh:
            assert request.start == "POST /v1/messages HTTP/1.1" and request.body == BODY, (request.start, request.body[:200])
            names = [name.lower() for name, _ in request.fields]
            assert names.count("host") == names.count("content-length") == 1 and "transfer-encoding" not in names, names
            assert not set(names) & set(OF_ONE_HOP) and "x-check" not in names, names
            assert request.header("x-api-key") == messages.KEY and request.header("host") in self.upstream.url, request.fields

    def named_by_connection(self):
        head = ("connection: x-one, X-TWO\r\nx-one: 1\r\nx-two: 2\r\nx-three: 3\r\nConnection:\t,x-four,,\r\nx-four: 4\r\n"
                "te: trailers\r\ntrailer: x-a\r\nupgrade: h2c\r\nkeep-alive: timeout=1\r\nproxy-connection: close\r\n")
        with wire.Connection(self.server.port) as connection:
            connection.send(post(head=head))
            assert connection.receive().status == 200
        self.due += 1
        [names] = [names for _, request in self.upstream.requests if "x-three" in (names := {name.lower() for name, _ in request.fields})]
        assert not names & {"x-one", "x-two", "x-four", *OF_ONE_HOP}, names


class Answers:
    """What upstreams answer. Each request brings a nonce; the client may only ever see that one."""

    what = "an upstream's %s, %s (%s)"

    def __init__(self, tap):
        self.tap, self.number, self.cut = tap, 0, None
        self.rows = {"v-%s-%d" % (group.replace(" ", "-"), i): row for group, rows in ANSWERS.items() for i, row in enumerate(rows)}
        self.upstream, options = self.open_upstream()
        self.server = signalbox_server.Server(config(self.upstream, **options), "http-answers")

    def open_upstream(self):
        return RawUpstream(self.answer), {}

    def answer(self, request):
        asked = json.loads(request.body)
        row, nonce = self.rows[asked["model"]], asked["messages"][0]["content"].encode()
        for piece in row.pieces:
            if isinstance(piece, bytes):
                yield from self.cut(piece.replace(NONCE, nonce))
            else:
                yield piece

    def run(self):
        for group, rows in ANSWERS.items():
            for i, row in enumerate(rows):
                self.tap.run(self.what % (group, row.name, row.source), self.play, "v-%s-%d" % (group.replace(" ", "-"), i), row)
        self.tap.equal("ends with code 0 after all answers", self.server.stop(), 0)

    def play(self, model, row):
        for form, self.cut in FORMS.items():
            try:
                for stream in (False, True) if not row.good else (False,):
                    self.exchange(model, row, stream)
                serves(self.server)
            except AssertionError as error:
                raise AssertionError("%s: %s" % (form, error))

    def ask(self, connection, model, stream=False):
        self.number += 1
        nonce = b"%08d" % self.number
        connection.send(post(json.dumps(dict(MODEL, model=model, stream=stream, messages=[{"role": "user", "content": nonce.decode()}])).encode()))
        return nonce

    def exchange(self, model, row, stream):
        before = self.upstream.count
        with wire.Connection(self.server.port) as connection:
            nonce = self.ask(connection, model, stream)
            try:
                answer = connection.receive()
            except (wire.WireError, OSError) as error:
                assert not row.good and not isinstance(error, socket.timeout), "the answer was cut: %r" % error
                answer = getattr(error, "partial", None)
            else:
                assert answer, "no answer"
                self.judge(row, answer, nonce, stream)
            assert b"forged" not in (answer.body if answer else b"")
            # On a connection that was kept, an end without a byte may mean that it ended before the request came.
            assert self.upstream.count - before <= (2 if row.pieces == [None] else 1), "asked %d times" % (self.upstream.count - before)
            # What comes late stands there before the next request does.
            assert wire.wait_until(lambda: len(self.upstream.answered) == self.upstream.count)
            self.next_one(connection if row.good else None, row)

    def judge(self, row, answer, nonce, stream):
        if row.good:
            assert answer.status == row.status and answer.body == ANSWER_BODY.replace(NONCE, nonce), (answer.start, answer.body[:300])
            names = [name.lower() for name, _ in answer.fields]
            assert not set(names) & set(OF_ONE_HOP), names
            for name, there in row.fields.items():
                assert (name in names) == there, (name, names)
        elif answer.status == 200:
            assert stream and b"event: error" in answer.body and b"message_stop" not in answer.body, (answer.start, answer.body[:300])
        else:
            assert answer.status in (502, 504) and answer.json()["error"]["message"], (answer.start, answer.body[:300])

    def next_one(self, connection, row):
        """The next request is served, and by another connection where this one is not to be trusted."""
        used = self.upstream.requests[-1][0]
        cut, self.cut = self.cut, FORMS["whole"]
        with connection or wire.Connection(self.server.port) as connection:
            nonce = self.ask(connection, "v-lengths-0")
            answer = connection.receive()
        self.cut = cut
        assert answer and answer.status == 200 and answer.body == ANSWER_BODY.replace(NONCE, nonce), answer and answer.body[:300]
        assert row.reused or self.upstream.requests[-1][0] != used or self.upstream.tls, "the upstream's connection was used again"


class TlsAnswers(Answers):
    """The same over TLS, where libcurl reads, and takes some of what we refuse: nobody gets another's answer, nobody is
    given a cut one for whole, and the next request is served."""

    what = "over TLS an upstream's %s, %s (%s)"

    def open_upstream(self):
        folder = tempfile.mkdtemp(prefix="certificate-")
        key, certificate, both = (os.path.join(folder, name) for name in ("key.pem", "certificate.pem", "both.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=127.0.0.1",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        with open(both, "w") as file:
            file.write(open(key).read() + open(certificate).read())
        return RawUpstream(self.answer, both), {"ca_file": certificate}

    def play(self, model, row):
        self.cut = FORMS["whole"]
        self.exchange(model, row, False)
        serves(self.server)

    def judge(self, row, answer, nonce, stream):
        if answer.status < 500:
            assert answer.body.rstrip() == ANSWER_BODY.replace(NONCE, nonce), (answer.start, answer.body[:300])
        else:
            assert answer.json()["error"]["message"], answer.start


def main():
    if sys.argv[1:] == ["count"]:
        total = 0
        for side, groups in (("client", {**FRAMING, **REQUESTS}), ("upstream", ANSWERS)):
            for group, rows in groups.items():
                print("%4d  %s: %s" % (len(rows), side, group))
                total += len(rows)
        print("%4d  in all. A run has more checks: those of upstreams once more over TLS, slow senders, and what holds of a "
              "whole suite" % total)
        return
    if sys.argv[1:]:
        sys.exit(__doc__)
    tap = Tap("http vectors")
    for suite in (Requests, Answers, TlsAnswers, Slow) if OURS else (Requests, Slow):
        suite(tap).run()
    signalbox_server.check_secrets(tap)
    tap.exit()


if __name__ == "__main__":
    main()
