#!/usr/bin/env python3
"""A scripted Anthropic Messages upstream on 127.0.0.1. Prints its port; records every byte.

What it does with a request is chosen by the header x-script, else by a model named `script-NAME`, else it
plays a session: a tool call when the prompt says "run the echo" and Bash is declared, text otherwise.
NAMEs: text, tool, two-tools, thinking, error-STATUS, error-event, odd-cuts, drip, cut, cut-early, close-delimited,
garbage, half-head, huge-header, endless-header, smuggle, redirect, wrong-type, html-200, empty-200, hold, silent, large.

One request gives NNNN.request.head, NNNN.request.body, NNNN.answer.body (without framing) in the folder.
"""
import json
import os
import random
import socket
import sys
import threading

import messages
import wire

sys.set_int_max_str_digits(0)  # numbers of 10,000 digits are valid JSON

STREAM = "text/event-stream; charset=utf-8"


class Record:
    """One request that came in, and what was sent for it."""

    def __init__(self, number, head, body):
        self.number, self.head, self.body = number, head, body
        self.answer = b""
        self.finished = threading.Event()     # the answer was sent to its end
        self.client_left = threading.Event()  # a held answer's connection was closed by the other side


class Upstream:
    def __init__(self, folder, script=None):
        os.makedirs(folder, exist_ok=True)
        self.folder, self.records, self.lock = folder, [], threading.Lock()
        self.script = script  # when set, what every request gets
        self.release = threading.Event()  # lets held answers go on to their end
        self.retry_after = "7"
        self.large = b""  # the answer of the script of that name
        self.once = []  # scripts for the next requests, one each, before all else
        self.connection_count = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.url = "http://127.0.0.1:%d" % self.port
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def count(self):
        return len(self.records)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # ends the accept that waits on it
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connection_count += 1
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        stream, record = connection.makefile("rb"), None
        try:
            while True:
                head = wire.read_message(stream)
                if head is None:
                    return
                with self.lock:
                    record = Record(len(self.records) + 1, head, head.body)
                    self.records.append(record)
                self._store(record, "request.head", head.raw_head)
                self._store(record, "request.body", head.body)
                keep = Answer(self, connection, record).give()
                self._store(record, "answer.body", record.answer)
                record.finished.set()
                if not keep:
                    return
        except OSError:
            if record:
                record.client_left.set()
        except (wire.WireError, ValueError):
            pass
        finally:
            stream.close()
            connection.close()

    def _store(self, record, what, data):
        with open(os.path.join(self.folder, "%04d.%s" % (record.number, what)), "wb") as file:
            file.write(data)


class Answer:
    """One answer being given. `give` says whether the connection may be used again."""

    def __init__(self, upstream, connection, record):
        self.upstream, self.connection, self.record = upstream, connection, record
        self.random = random.Random(record.number)
        try:
            self.request = json.loads(record.body) if record.body else None
        except (ValueError, RecursionError):  # Python's reader gives up on deep nesting; Anthropic's does, too
            self.request = None
        self.script = self._script()

    def _script(self):
        with self.upstream.lock:
            if self.upstream.once:
                return self.upstream.once.pop(0)
        if self.upstream.script:
            return self.upstream.script
        if self.record.head.header("x-script"):
            return self.record.head.header("x-script")
        model = self.request.get("model") if isinstance(self.request, dict) else None
        if isinstance(model, str) and model.startswith("script-"):
            return model[len("script-"):]
        return "session"

    # Sending. Everything that belongs to the body is noted in record.answer before it is sent.

    def head(self, status, fields):
        reason = {200: "OK", 302: "Found"}.get(status, "Status")
        lines = ["HTTP/1.1 %d %s" % (status, reason), "request-id: req_upstream_%04d" % self.record.number]
        lines += ["%s: %s" % pair for pair in fields]
        self.connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())

    def whole(self, status, body, content_type="application/json", fields=()):
        self.record.answer = body
        self.head(status, [("content-type", content_type), ("content-length", len(body)), *fields])
        self.connection.sendall(body)
        return True

    def chunk(self, data):
        self.record.answer += data
        self.connection.sendall(b"%x\r\n" % len(data) + data + b"\r\n")

    def stream(self, pieces, pause=None, content_type=STREAM):
        self.head(200, [("content-type", content_type), ("transfer-encoding", "chunked"), ("cache-control", "no-cache"),
                        ("anthropic-ratelimit-requests-remaining", "41"), ("x-new-header", "kept")])
        for piece in pieces:
            if pause:
                threading.Event().wait(pause)
            self.chunk(piece)
        self.connection.sendall(b"0\r\n\r\n")
        return True

    def wait_for_client(self, finish):
        """Holds until the other side closes the connection, or `release` is set: then finishes."""
        self.connection.settimeout(0.05)
        while not self.upstream.release.is_set():
            try:
                if not self.connection.recv(1, socket.MSG_PEEK):
                    break
            except socket.timeout:
                continue
            except OSError:
                break
        else:
            self.connection.settimeout(20)
            return finish()
        self.record.client_left.set()
        return False

    # What to say.

    def give(self):
        path = self.record.head.path.split("?")[0]
        operation = {"/v1/messages": "messages", "/v1/messages/count_tokens": "count_tokens", "/v1/models": "models"}.get(path)
        if operation is None and path.startswith("/v1/models/"):
            operation = "model"
        if operation is None:
            return self.whole(404, messages.error_body(404, "Not Found: " + path))
        refused = messages.refuse(self.record.head, self.request, operation)
        if refused:
            return self.whole(refused[0], messages.error_body(*refused))
        if self.script.startswith("error-") and self.script != "error-event":
            return self.error(int(self.script[len("error-"):]))
        if operation == "count_tokens":
            return self.whole(200, b'{"input_tokens": 2095}')
        if operation != "messages":
            return self.models(path)
        odd = getattr(self, "odd_" + self.script.replace("-", "_"), None)
        return odd() if odd else self.plain()

    def error(self, status):
        fields = []
        if status == 429:
            fields = [("retry-after", self.upstream.retry_after), ("anthropic-ratelimit-requests-limit", "50"),
                      ("anthropic-ratelimit-requests-remaining", "0"), ("x-should-retry", "true")]
        return self.whole(status, messages.error_body(status, "Scripted %d — naïve" % status), fields=fields)

    def models(self, path):
        entries = [{"type": "model", "id": name, "display_name": name, "created_at": "2025-09-29T00:00:00Z"}
                   for name in messages.MODELS]
        if path == "/v1/models":
            body = {"data": entries, "has_more": False, "first_id": entries[0]["id"], "last_id": entries[-1]["id"]}
            return self.whole(200, json.dumps(body).encode())
        return self.whole(200, json.dumps(entries[0]).encode())

    def plain(self):
        script = self.script
        if script == "session":
            script = "tool" if messages.asks_for_tool(self.request) else "text"
        number = self.record.number % 7
        model = self.request["model"]
        if not self.request.get("stream"):
            return self.whole(200, messages.whole(model, script, number))
        return self.stream(self.cut_up(messages.frames(model, script, number)))

    def cut_up(self, frames):
        """Frames in chunks of odd sizes: borders fall inside frames, lines and characters."""
        data, at, out = b"".join(frames), 0, []
        while at < len(data):
            size = self.random.choice((1, 2, 3, 5, 17, 61, 256, 1024))
            out.append(data[at:at + size])
            at += size
        return out

    def text_frames(self):
        return messages.frames(self.request["model"], "thinking", self.record.number % 7)

    def odd_odd_cuts(self):
        """Every byte in a chunk of its own."""
        if self.request.get("stream"):
            data, content_type = b"".join(self.text_frames()), STREAM
        else:
            data, content_type = messages.whole(self.request["model"], "thinking", 1), "application/json"
        return self.stream([data[i:i + 1] for i in range(len(data))], content_type=content_type)

    def odd_drip(self):
        return self.stream(self.text_frames(), pause=0.02)

    def odd_cut(self):
        self.head(200, [("content-type", STREAM), ("transfer-encoding", "chunked")])
        for piece in self.text_frames()[:6]:
            self.chunk(piece)
        self.chunk(b'event: content_block_delta\ndata: {"type":"content_bl')
        return False

    def odd_cut_early(self):
        self.head(200, [("content-type", STREAM), ("transfer-encoding", "chunked")])
        self.chunk(self.text_frames()[0])
        return False

    def odd_cut_clean(self):
        """Ends as HTTP wants it, without the event that ends a message."""
        return self.stream(self.text_frames()[:6])

    def odd_close_delimited(self):
        self.head(200, [("content-type", STREAM), ("connection", "close")])
        self.record.answer = b"".join(self.text_frames())
        self.connection.sendall(self.record.answer)
        return False

    def odd_error_event(self):
        frames = self.text_frames()[:6]
        return self.stream(frames + [frame_of_error()])

    def odd_garbage(self):
        self.connection.sendall(b"\x16\x03\x01\x02\x00SSH-2.0-not-http\r\n\r\n\x00\xff" * 8)
        return False

    def odd_half_head(self):
        self.connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/ev")
        return False

    def odd_huge_header(self):
        body = messages.whole(self.request["model"], "text", 1)
        return self.whole(200, body, fields=[("x-huge", "a" * (1 << 20))])

    def odd_endless_header(self):
        self.connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:  # ends with the connection: the other side has to have a limit
            self.connection.sendall(b"x-more: " + b"a" * 4096 + b"\r\n")

    def odd_smuggle(self):
        self.head(200, [("content-type", "application/json"), ("content-length", "5"), ("transfer-encoding", "chunked")])
        self.connection.sendall(b"0\r\n\r\n")
        return False

    def odd_large(self):
        """The body that the test has put into `large`."""
        return self.whole(200, self.upstream.large)

    def odd_redirect(self):
        return self.whole(302, b"", fields=[("location", self.upstream.url + "/v1/messages?redirected=1")])

    def odd_wrong_type(self):
        return self.whole(200, b"\x89PNG\r\n\x1a\n", "image/png")

    def odd_html_200(self):
        return self.whole(200, b"<html><body>Sign in to the hotel's network</body></html>", "text/html")

    def odd_empty_200(self):
        return self.whole(200, b"")

    def odd_hold(self):
        """Begins a stream and holds it open."""
        frames = self.text_frames()
        self.head(200, [("content-type", STREAM), ("transfer-encoding", "chunked")])
        for piece in frames[:5]:
            self.chunk(piece)

        def finish():
            for piece in frames[5:]:
                self.chunk(piece)
            self.connection.sendall(b"0\r\n\r\n")
            return True

        return self.wait_for_client(finish)

    def odd_silent(self):
        return self.wait_for_client(lambda: False)


def frame_of_error():
    return messages.frame("error", error={"type": "overloaded_error", "message": "Overloaded — scripted"})


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: upstream.py FOLDER [SCRIPT]")
    scripted = Upstream(*sys.argv[1:])
    print(scripted.port, flush=True)
    threading.Event().wait()
