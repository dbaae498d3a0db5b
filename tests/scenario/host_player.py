#!/usr/bin/env python3
"""Plays tests/scenarios/*.scenario on real sockets against the native server: it is the client and the
numbered upstreams. `<` lines must come true, `.` lines show what only the core can show and are passed over.

What differs from the core player, and nothing else does:
  - base URLs are made to point at 127.0.0.1, one port for each host name; ids that the host's randomness
    makes (req_, msg_, toolu_ and 32 hexadecimal digits) are all alike;
  - time is real: up to 300 ms are waited for, more is passed over where nothing in the scenario hangs on it;
  - what no real socket can show makes a scenario unplayable; then tests/scenarios/skips.txt must name it with
    its reason, and a scenario named there that could be played is an error as well.
Each scenario is played as it is written and, when it is small, with all bytes sent one by one.

usage: host_player.py [SCENARIO...]
"""
import glob
import json
import os
import queue
import re
import socket
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SCENARIOS = os.path.join(os.path.dirname(HERE), "scenarios")
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "clients"))

import signalbox_server  # noqa: E402
import wire  # noqa: E402
from tap import Tap  # noqa: E402

WAIT_MS_MAX = 300
SMALL_BYTES_MAX = 8192
NET_SECONDS = 5  # a net against hanging, never a measure
IDS = re.compile(rb"\b(req|msg|toolu)_[0-9a-f]{32}")


class Unplayable(Exception):
    """A real host cannot play this; the reason."""


class Mismatch(Exception):
    pass


# Reading. The format is described in tests/scenarios/README.md.

class Statement:
    def __init__(self, line, sigil, text):
        self.line, self.sigil, self.text = line, sigil, text
        self.words, self.inline, self.block, self.config = [], None, [], ""
        rest = text.strip(" ")
        while rest:
            if rest[0] in '"{[':
                # Python's reader finds where the value ends; the bytes are those of the file.
                value, end = json.JSONDecoder(strict=False).raw_decode(rest)
                self.inline = value.encode("utf-8", "surrogatepass") if rest[0] == '"' else rest[:end].encode()
            else:
                end = (rest + " ").index(" ")
                word = rest[:end]
                if word.startswith("hex:"):
                    self.inline = bytes.fromhex(word[4:])
                else:
                    self.words.append(word)
            rest = rest[end:].lstrip(" ")

    def word(self, index):
        return self.words[index] if index < len(self.words) else ""

    def option(self, name):
        return self.words[self.words.index(name) + 1] if name in self.words[:-1] else None

    def bytes(self):
        data = self.inline if self.inline is not None else "".join(line + "\n" for line in self.block).encode()
        return data * int(self.option("times") or 1)

    def fields(self):
        """(name, value); the value of `!name`, what must be absent, is None."""
        out = []
        for line in self.block:
            if line.startswith("!"):
                out.append((line[1:], None))
            else:
                name, _, value = line.partition(":")
                out.append((name, value.strip(" ")))
        return out


class Scenario:
    def __init__(self, path):
        self.name, self.config, self.statements = os.path.basename(path).removesuffix(".scenario"), "", []
        with open(path, encoding="utf-8", newline="\n") as file:
            for number, line in enumerate(file.read().split("\n"), 1):
                if not line or line[0] == "#":
                    continue
                sigil, text = line[0], line[2:]
                last = self.statements[-1] if self.statements else None
                if sigil == "|" and last:
                    last.config += text + "\n"
                elif sigil == "|":
                    self.config += text + "\n"
                elif sigil == ":":
                    last.block.append(text)
                else:
                    self.statements.append(Statement(number, sigil, text))

    def exchanges(self):
        """The statements of each exchange, in order."""
        out = [[]]
        for statement in self.statements:
            if statement.sigil == ">" and statement.word(0) == "exchange":
                if out[-1]:
                    out.append([])
                continue
            out[-1].append(statement)
        return [exchange for exchange in out if exchange]

    def check_playable(self):
        said = [statement for statement in self.statements if statement.sigil == ">"]
        for index, statement in enumerate(self.statements):
            if statement.sigil != ">":
                continue
            first, second = statement.word(0), statement.word(1)
            if first == "host":
                raise Unplayable("line %d: describes another host" % statement.line)
            if first == "client" and second == "failed":
                raise Unplayable("line %d: what the host itself refuses (bad_input.py tests it)" % statement.line)
            if first == "client" and statement.option("from") not in (None, "loopback"):
                raise Unplayable("line %d: a client that is not on loopback" % statement.line)
            if first == "upstream" and statement.word(2) == "failed" and statement.word(3) not in FAILURES:
                raise Unplayable("line %d: %s cannot be brought about on loopback" % (statement.line, statement.word(3)))
            if statement.config:
                raise Unplayable("line %d: a reload (lifecycle.py tests it)" % statement.line)
            if first == "time" and milliseconds(second) > WAIT_MS_MAX:
                follows = self.statements[index + 1:]
                until = next((i for i, s in enumerate(follows) if s.sigil == ">"), len(follows))
                if any(s.sigil == "<" for s in follows[:until]) or any(
                        s.word(0) == "exchange" for s in said if s.line > statement.line):
                    raise Unplayable("line %d: something hangs on %s of virtual time" % (statement.line, second))


def milliseconds(text):
    text = text.lstrip("+")
    return int(text[:-2]) if text.endswith("ms") else 1000 * int(text[:-1])


def alike(data):
    return IDS.sub(rb"\1_ID", data)


# The upstreams.

# How a failure is brought about: what is sent before the connection is broken off; None: nothing listens there.
FAILURES = {"upstream_reset": b"", "upstream_protocol": b"no HTTP at all\r\n\r\n", "upstream_connect": None,
            "upstream_head_too_large": b"HTTP/1.1 200 OK\r\nx-long: " + b"a" * (1 << 20),
            "upstream_first_byte_timeout": "wait", "upstream_idle_timeout": "wait"}


class Attempt:
    def __init__(self, host, connection, request):
        self.host, self.connection, self.request = host, connection, request
        self.done, self.sent, self.left, self.chunked = threading.Event(), bytearray(), None, False

    def send(self, data, one_by_one):
        try:
            if one_by_one:
                for i in range(len(data)):
                    self.connection.sendall(data[i:i + 1])
            else:
                self.connection.sendall(data)
        except OSError:
            pass  # cancelled: the scenario says whether that is right

    def head(self, statement, one_by_one):
        fields = statement.fields()
        names = [name.lower() for name, _ in fields]
        if "content-length" in names:
            self.left = int(dict((n.lower(), v) for n, v in fields)["content-length"])
        elif int(statement.word(3)) not in (204, 304):
            fields.append(("transfer-encoding", "chunked"))
            self.chunked = True
        lines = ["HTTP/1.1 %s Status" % statement.word(3)] + ["%s: %s" % field for field in fields]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode(), one_by_one)

    def body(self, data, one_by_one):
        self.sent += data
        pieces = [data[i:i + 1] for i in range(len(data))] if one_by_one else [data]
        for piece in pieces:
            if piece:
                self.send(b"%x\r\n" % len(piece) + piece + b"\r\n" if self.chunked else piece, False)

    def end(self):
        if self.chunked:
            self.send(b"0\r\n\r\n", False)
        self.done.set()

    def fail(self, kind):
        what = FAILURES[kind]
        if what == "wait":
            return
        self.send(what or b"", False)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        if what:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\0" * 8)
        self.connection.shutdown(socket.SHUT_RDWR) if what else None
        self.connection.close()
        self.done.set()

    def cancelled(self):
        self.connection.settimeout(NET_SECONDS)
        try:
            return not self.connection.recv(1)
        except socket.timeout:
            return False
        except OSError:
            return True


class Upstreams:
    """One listener for each host name of the configuration."""

    def __init__(self, closed_hosts):
        self.ports, self.opened, self.listeners, self.closed_hosts = {}, queue.Queue(), [], closed_hosts

    def port(self, host):
        if host not in self.ports:
            listener = socket.create_server(("127.0.0.1", 0))
            self.ports[host] = listener.getsockname()[1]
            self.listeners.append(listener)
            if host in self.closed_hosts:
                listener.close()
            else:
                threading.Thread(target=self._accept, args=(host, listener), daemon=True).start()
        return self.ports[host]

    def _accept(self, host, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(host, connection), daemon=True).start()

    def _serve(self, host, connection):
        stream = connection.makefile("rb")
        try:
            while request := wire.read_message(stream):
                attempt = Attempt(host, connection, request)
                self.opened.put(attempt)
                attempt.done.wait()
        except (OSError, ValueError, wire.WireError):
            pass

    def close(self):
        for listener in self.listeners:
            listener.close()


# Playing.

class Client:
    """The client's side of one exchange: sends pieces, and reads the answer as far as it is expected."""

    def __init__(self, port, one_by_one):
        self.connection, self.one_by_one = wire.Connection(port, NET_SECONDS), one_by_one
        self.method, self.request_chunked, self.head = None, False, None
        self.got, self.pending, self.chunk_left, self.over = bytearray(), bytearray(), 0, False

    def send(self, data):
        for piece in ([data[i:i + 1] for i in range(len(data))] if self.one_by_one else [data]):
            self.connection.send_lenient(piece)

    def say_head(self, statement, port, bodies):
        self.method = statement.word(2)
        fields = statement.fields()
        names = {name.lower() for name, _ in fields}
        lines = ["%s %s HTTP/1.1" % (self.method, statement.word(3))]
        if "host" not in names:
            lines.append("Host: 127.0.0.1:%d" % port)
        if not names & {"content-length", "transfer-encoding"}:
            if statement.option("announce"):
                lines.append("Content-Length: " + statement.option("announce"))
            elif "chunked" in statement.words:
                lines.append("Transfer-Encoding: chunked")
                self.request_chunked = True
            elif bodies:
                whole = "last" in bodies[-1].words
                lines.append("Content-Length: %d" % (sum(len(body.bytes()) for body in bodies) + (0 if whole else 1)))
        lines += ["%s: %s" % field for field in fields]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode())

    def say_body(self, statement):
        data = statement.bytes()
        if self.request_chunked:
            data = (b"%x\r\n" % len(data) + data + b"\r\n" if data else b"") + (b"0\r\n\r\n" if "last" in statement.words else b"")
        self.send(data)

    def read_head(self):
        while True:
            raw = wire.read_head(self.connection.stream)
            if not raw:
                raise Mismatch("the connection was closed without an answer")
            start, fields = wire.parse_head(raw)
            self.head = wire.Message(start, fields, b"", raw)
            if self.head.status >= 200:
                break
        length = self.head.header("content-length")
        self.chunked = self.head.header("transfer-encoding", "").lower() == "chunked"
        empty = self.method == "HEAD" or self.head.status in (204, 304)
        self.left = 0 if empty else int(length) if length is not None else None
        if empty:
            self.chunked = False

    def read_body(self, count):
        """The next `count` bytes of the body, out of their framing; fewer when it ends before."""
        out = bytearray()
        while len(out) < count and not self.over:
            if self.chunked and not self.chunk_left:
                line = self.connection.stream.readline()
                if not line.endswith(b"\r\n"):
                    raise wire.WireError("cut")
                self.chunk_left = int(line.split(b";")[0], 16)
                if not self.chunk_left:
                    self.connection.stream.readline()
                    self.over = True
                    break
            want = count - len(out)
            if self.chunked:
                want = min(want, self.chunk_left)
            elif self.left is not None:
                want = min(want, self.left)
                if not want:
                    self.over = True
                    break
            data = self.connection.stream.read(want)
            if len(data) < want and (self.chunked or self.left is not None):
                raise wire.WireError("cut")
            if not data:
                self.over = True
                break
            out += data
            if self.chunked:
                self.chunk_left -= len(data)
                if not self.chunk_left:
                    self.connection.stream.read(2)
            elif self.left is not None:
                self.left -= len(data)
        self.got += out
        return bytes(out)


class Play:
    def __init__(self, scenario, server, upstreams, hosts, one_by_one):
        self.scenario, self.server, self.upstreams, self.hosts, self.one_by_one = scenario, server, upstreams, hosts, one_by_one
        self.attempts, self.client, self.request, self.relayed_at = {}, None, b"", 0
        self.answering = None

    def exchange(self, statements):
        self.client = Client(self.server.port, self.one_by_one)
        self.attempts, self.request, self.answering = {}, b"", None
        bodies = [s for s in statements if s.sigil == ">" and s.words[:2] == ["client", "body"]]
        try:
            for index, statement in enumerate(statements):
                if statement.sigil == ">":
                    self.say(statement, bodies)
                elif statement.sigil == "<":
                    try:
                        self.expect(statement)
                    except (Mismatch, wire.WireError, OSError, queue.Empty) as error:
                        raise Mismatch("line %d: %s\nexpected: %s" % (statement.line, str(error) or type(error).__name__, statement.text))
            if not self.upstreams.opened.empty():
                raise Mismatch("an attempt that nobody expected: " + self.upstreams.opened.get().request.start)
        finally:
            for attempt in self.attempts.values():
                attempt.done.set()
            self.client.connection.close()

    def say(self, statement, bodies):
        who, what = statement.word(0), statement.word(1)
        if who == "client" and what == "head":
            self.client.say_head(statement, self.server.port, bodies)
        elif who == "client" and what == "body":
            self.request += statement.bytes()
            self.client.say_body(statement)
        elif who == "client" and what == "gone":
            self.client.connection.close()
        elif who == "time":
            if milliseconds(what) <= WAIT_MS_MAX:
                time.sleep(milliseconds(what) / 1000)
        elif who == "upstream":
            attempt, what = self.attempts.get(int(statement.word(1))), statement.word(2)
            if attempt is None:
                if what == "failed" and FAILURES[statement.word(3)] is None:
                    return
                raise Mismatch("line %d: attempt %s was not opened" % (statement.line, statement.word(1)))
            if what == "head":
                attempt.head(statement, self.one_by_one)
                self.answering = attempt
            elif what == "body":
                attempt.body(statement.bytes(), self.one_by_one)
            elif what == "end":
                attempt.end()
            elif what == "failed":
                attempt.fail(statement.word(3))

    def expect(self, statement):
        who, what = statement.word(0), statement.word(1)
        if who == "upstream":
            number, what = int(statement.word(1)), statement.word(2)
            if what == "open":
                return self.expect_open(number, statement)
            if what == "cancel":
                if not self.attempts[number].cancelled():
                    raise Mismatch("the attempt's connection stays open")
                return self.attempts[number].done.set()
        if who == "client" and what == "head":
            self.client.read_head()
            if self.client.head.status != int(statement.word(2)):
                raise Mismatch("came: %s\n%s" % (self.client.head.start, self.client.connection.stream.peek(600)[:600]))
            return self.expect_fields(statement, self.client.head)
        if who == "client" and what == "body":
            if statement.words[-1] == "relayed":
                wanted = bytes(self.answering.sent)[len(self.client.got):] if self.answering else b""
            elif statement.words[-1] == "same":
                wanted = self.request
            else:
                wanted = statement.bytes()
            return self.expect_bytes(wanted)
        if who == "client" and what == "end":
            more = self.client.read_body(1 << 30)
            if more:
                raise Mismatch("more came: %r" % more[:300])
            return None
        if who == "client" and what == "cut":
            try:
                more = self.client.read_body(1 << 30)
            except (wire.WireError, OSError):
                return None
            raise Mismatch("the answer looks complete, with %r" % more[:300])
        raise Mismatch("host_player.py does not know this expectation")

    def expect_open(self, number, statement):
        if number in self.attempts:
            raise Mismatch("this attempt has been opened already")
        words = [word for word in statement.words if word != "same"]
        url = words[-1]
        host, slash, path = url.split("://", 1)[1].partition("/")
        if host in self.upstreams.closed_hosts:
            return
        attempt = self.upstreams.opened.get(timeout=NET_SECONDS)
        self.attempts[number] = attempt
        if attempt.host != host or attempt.request.path != slash + path:
            raise Mismatch("came: %s at %s" % (attempt.request.start, attempt.host))
        if len(words) > 4 and attempt.request.method != words[3]:
            raise Mismatch("came: " + attempt.request.start)
        wanted = self.request if "same" in statement.words else statement.inline
        if wanted is not None and attempt.request.body != wanted:
            raise Mismatch("came: %r" % attempt.request.body[:400])
        if attempt.request.header("host") != "127.0.0.1:%d" % self.upstreams.ports[host]:
            raise Mismatch("Host: %s" % attempt.request.header("host"))
        self.expect_fields(statement, attempt.request)

    def expect_fields(self, statement, message):
        for name, value in statement.fields():
            seen = message.all(name)
            if value is None and seen:
                raise Mismatch("%s should be absent and is %r" % (name, seen))
            if value is not None and alike(value.encode()) not in [alike(s.encode()) for s in seen]:
                raise Mismatch("%s should be %r and is %r" % (name, value, seen))

    def expect_bytes(self, wanted):
        got = self.client.read_body(len(wanted))
        if alike(got) != alike(wanted):
            raise Mismatch("came: %r" % got[:600])


def rewritten(config_text, upstreams, env):
    """The configuration with base URLs on 127.0.0.1; fills `env` with what its ${VAR} name."""
    config = json.loads(config_text) if config_text.strip() else None
    if config is None:
        return None
    for entry in config.get("providers", {}).values():
        if "base_url" in entry:
            scheme, rest = entry["base_url"].split("://", 1)
            host, slash, path = rest.partition("/")
            entry["base_url"] = "http://127.0.0.1:%d%s%s" % (upstreams.port(host), slash, path)
    for name in re.findall(r"\$\{([A-Za-z0-9_]+)\}", config_text):
        env[name] = "secret-value-of-" + name
        signalbox_server.SECRETS.append(env[name])
    config.setdefault("server", {})["listen"] = ["127.0.0.1:0"]
    return config


def play(scenario, one_by_one):
    closed = set()
    for exchange in scenario.exchanges():
        urls = {s.word(1): s.words[-1 if s.words[-1] != "same" else -2] for s in exchange if s.words[:1] == ["upstream"] and s.word(2) == "open"}
        for statement in exchange:
            if statement.word(2) == "failed" and FAILURES.get(statement.word(3), "") is None:
                closed.add(urls[statement.word(1)].split("://", 1)[1].split("/")[0])
    upstreams, env = Upstreams(closed), {}
    config = rewritten(scenario.config, upstreams, env)
    try:
        with signalbox_server.Server(config, scenario.name, env=env) as server:
            playing = Play(scenario, server, upstreams, {}, one_by_one)
            for exchange in scenario.exchanges():
                playing.exchange(exchange)
            if not server.alive():
                raise Mismatch("the server has ended: " + server.text()[-1000:])
    finally:
        upstreams.close()


def read_skips():
    skips, path = {}, os.path.join(SCENARIOS, "skips.txt")
    if os.path.exists(path):
        with open(path) as file:
            for line in file:
                if line.strip() and not line.startswith("#"):
                    name, _, reason = line.partition(":")
                    skips[name.strip()] = reason.strip()
    return skips


def main():
    tap = Tap("scenario")
    paths = sys.argv[1:] or sorted(glob.glob(os.path.join(SCENARIOS, "**", "*.scenario"), recursive=True))
    skips = read_skips()
    for path in paths:
        try:
            scenario = Scenario(path)
            scenario.check_playable()
        except Unplayable as reason:
            name = os.path.basename(path).removesuffix(".scenario")
            if name in skips:
                print("# skipped %s: %s" % (name, skips[name]))
            else:
                tap.check(name, False, "%s\nnot named in tests/scenarios/skips.txt" % reason)
            continue
        if scenario.name in skips:
            print("# skipped %s: %s" % (scenario.name, skips[scenario.name]))
            continue
        size = sum(len(s.bytes()) for s in scenario.statements if s.sigil == ">")
        tap.run(scenario.name, play, scenario, False)
        if size <= SMALL_BYTES_MAX:
            tap.run(scenario.name + ", byte by byte", play, scenario, True)
    for name in skips:
        tap.check("skips.txt names a scenario: " + name,
                  bool(glob.glob(os.path.join(SCENARIOS, "**", name + ".scenario"), recursive=True)))
    if signalbox_server.ALL_OUTPUT:
        signalbox_server.check_secrets(tap)
    tap.check("there are scenarios", bool(paths))
    tap.exit()


if __name__ == "__main__":
    main()
