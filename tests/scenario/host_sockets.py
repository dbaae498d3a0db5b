"""The two sides of a real host as a scenario sees them: its client and its numbered upstreams."""
import os
import queue
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "clients"))

import wire  # noqa: E402
from host_script import FAILURES  # noqa: E402

NET_SECONDS = 5  # a net against hanging, never a measure


class Mismatch(Exception):
    """What came is not what the scenario says."""


class Attempt:
    def __init__(self, host, connection, stream, request):
        self.host, self.connection, self.stream, self.request = host, connection, stream, request
        self.done, self.sent, self.left, self.chunked = threading.Event(), bytearray(), None, False
        self.relayed = 0  # how much of `sent` the client has got
        self.held, self.written = None, 0  # what a thread of its own sends, while the client does not read

    def send(self, data, one_by_one):
        try:
            step = 1 if one_by_one else 1 << 16
            for i in range(0, len(data), step):
                self.connection.sendall(data[i:i + step])
                self.written += step
        except OSError:
            pass  # cancelled: the scenario says whether that is right

    def hold(self):
        """From now on what is sent may wait for the other side."""
        self.held = queue.Queue()
        threading.Thread(target=self._send_held, args=(self.held,), daemon=True).start()

    def _send_held(self, held):
        while (step := held.get()) is not None:
            step()
            held.task_done()

    def perform(self, step):
        self.held.put(step) if self.held else step()

    def is_held_up(self):
        """Whether something is left to send, and nothing more of it goes out."""
        before, quiet = -1, 0
        while self.held.unfinished_tasks and quiet < 3:
            time.sleep(0.1)
            quiet = quiet + 1 if self.written == before else 0
            before = self.written
        return self.held.unfinished_tasks > 0

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
        self.perform(lambda: self.write(data, one_by_one))

    def write(self, data, one_by_one):
        pieces = [data[i:i + 1] for i in range(len(data))] if one_by_one else [data]
        for piece in pieces:
            if piece:
                self.send(b"%x\r\n" % len(piece) + piece + b"\r\n" if self.chunked else piece, False)

    def end(self):
        self.perform(self.finish)

    def finish(self):
        if self.chunked:
            self.send(b"0\r\n\r\n", False)
        self.done.set()

    def fail(self, kind):
        what = FAILURES[kind]
        if what == "wait":
            return
        self.send(what or b"", False)
        if not what:  # closing sends RST
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.close()

    def close(self):
        try:
            if self.held:  # whoever still sends there stops
                self.connection.shutdown(socket.SHUT_RDWR)
                self.held.put(None)
            self.stream.close()
            self.connection.close()
        except OSError:
            pass
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

    def __init__(self):
        self.ports, self.listeners, self.open, self.opened = {}, {}, {}, queue.Queue()

    def port(self, host):
        if host not in self.ports:
            self.ports[host] = 0
            self.listen(host)
        return self.ports[host]

    def listen(self, host):
        listener = socket.create_server(("127.0.0.1", self.ports[host]))
        self.ports[host] = listener.getsockname()[1]
        self.listeners[host] = listener
        threading.Thread(target=self._accept, args=(host, listener), daemon=True).start()

    def deaf(self, host):
        """Refuses connections from now on, and ends those that wait for another request."""
        self.listeners[host].shutdown(socket.SHUT_RDWR)
        self.listeners[host].close()
        for connection in self.open.pop(host, []):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _accept(self, host, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.open.setdefault(host, []).append(connection)
            threading.Thread(target=self._serve, args=(host, connection), daemon=True).start()

    def _serve(self, host, connection):
        stream = connection.makefile("rb")
        try:
            while request := wire.read_message(stream):
                attempt = Attempt(host, connection, stream, request)
                self.opened.put(attempt)
                attempt.done.wait()
        except (OSError, ValueError, wire.WireError):
            pass

    def close(self):
        for listener in self.listeners.values():
            listener.close()


class Client:
    """The client's side of one exchange: sends pieces, and reads the answer as far as it is expected."""

    def __init__(self, port, one_by_one):
        self.connection, self.one_by_one = wire.Connection(port, NET_SECONDS), one_by_one
        self.unread = None  # the expectations that wait until the client reads again
        self.method, self.request_chunked, self.head = None, False, None
        self.got, self.pending, self.chunk_left, self.over = bytearray(), bytearray(), 0, False

    def send(self, data):
        for piece in ([data[i:i + 1] for i in range(len(data))] if self.one_by_one else [data]):
            self.connection.send_lenient(piece)

    def leave(self, closing_is_seen):
        if not closing_is_seen:  # closing sends RST
            self.connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.connection.close()

    def pause(self):
        """Reads no more for now, and lets nothing pile up on its own side."""
        self.connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        self.unread = []

    def say_head(self, statement, port, bodies, more_fields):
        self.method = statement.word(2)
        fields = statement.fields() + list(more_fields)
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
