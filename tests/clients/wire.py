"""HTTP/1.1 as bytes: what the tests in this folder need to send odd requests and to compare what was sent.

Nothing here is lenient: a message that is not framed properly raises WireError, so a test that reads an
answer has also checked its framing. Bodies are always given de-chunked, beside the bytes as they came.
"""
import io
import json
import socket
import time


class WireError(Exception):
    pass


class Message:
    """One request or answer: first line, header fields in order, body without its framing."""

    def __init__(self, start, fields, body, raw_head):
        self.start, self.fields, self.body, self.raw_head = start, fields, body, raw_head

    @property
    def status(self):
        return int(self.start.split(" ", 2)[1])

    @property
    def method(self):
        return self.start.split(" ", 2)[0]

    @property
    def path(self):
        return self.start.split(" ", 2)[1]

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def header(self, name, default=None):
        values = self.all(name)
        return values[0] if values else default

    def json(self):
        return json.loads(self.body)


def read_head(stream, bytes_max=4 << 20):
    """The raw head up to and with the empty line; b"" at a clean end of the stream."""
    head = bytearray()
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline(bytes_max)
        if not line:
            if head:
                raise WireError("the stream ended inside a head: %r" % bytes(head[:80]))
            return b""
        head += line
        if len(head) > bytes_max:
            raise WireError("the head is too long")
    return bytes(head)


def parse_head(raw):
    lines = raw[:-4].split(b"\r\n")
    fields = []
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip():
            raise WireError("no header field: %r" % line[:80])
        fields.append((name.decode("latin-1"), value.strip().decode("latin-1")))
    return lines[0].decode("latin-1"), fields


def read_exactly(stream, count):
    data = stream.read(count)
    if len(data) != count:
        raise WireError("the body was cut: %d of %d bytes" % (len(data), count))
    return data


def read_chunked(stream, out):
    """Appends the chunks' data to `out` as it comes, so that the caller keeps what came before a cut."""
    while True:
        line = stream.readline(1 << 16)
        if not line.endswith(b"\r\n"):
            raise WireError("the chunked body was cut")
        size = int(line.split(b";")[0].strip(), 16)
        if size:
            data = stream.read(size)
            out += data
            if len(data) != size or stream.read(2) != b"\r\n":
                raise WireError("the chunked body was cut")
            continue
        while True:
            trailer = stream.readline(1 << 16)
            if trailer == b"\r\n":
                return
            if not trailer:
                raise WireError("the chunked body was cut")


def read_message(stream, answer_to=None):
    """The next message, or None at a clean end. `answer_to` is the method of the request it answers."""
    while True:
        raw = read_head(stream)
        if not raw:
            return None
        start, fields = parse_head(raw)
        is_answer = start.startswith("HTTP/1.")
        if len(start.split(" ", 2)) < (2 if is_answer else 3):
            raise WireError("no HTTP: %r" % start[:80])
        if is_answer and start.split(" ", 2)[1].startswith("1"):
            continue  # 100 Continue
        break
    message = Message(start, fields, b"", raw)
    body = bytearray()
    try:
        coding, length = message.header("transfer-encoding"), message.header("content-length")
        if is_answer and (answer_to == "HEAD" or message.status in (204, 304)):
            pass
        elif coding is not None:
            if length is not None or coding.lower() != "chunked":
                raise WireError("odd framing: %r %r" % (coding, length))
            read_chunked(stream, body)
        elif length is not None:
            body += read_exactly(stream, int(length))
        elif is_answer:
            body += stream.read()
    except WireError as error:
        error.partial = Message(start, fields, bytes(body), raw)
        raise
    message.body = bytes(body)
    return message


def read_all(data):
    """Every message of one direction of a recorded connection."""
    stream, messages = io.BytesIO(data), []
    while message := read_message(stream):
        messages.append(message)
    return messages


class Connection:
    """A client's raw connection. `seconds` bounds every wait: it is a net, never a measure."""

    def __init__(self, port, seconds=20):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.stream.close()
        finally:
            self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def send_lenient(self, data):
        """Sends what the peer still takes: it may have answered and closed already."""
        try:
            self.socket.sendall(data)
        except OSError:
            pass

    def receive(self, answer_to="POST"):
        return read_message(self.stream, answer_to)

    def closed_by_peer(self):
        """Whether the peer ends the connection (within the bound); drains what still comes."""
        try:
            while self.stream.read(65536):
                pass
            return True
        except socket.timeout:
            return False
        except OSError:
            return True


def request_bytes(method, path, body=b"", headers=(), host="127.0.0.1"):
    """A plain request. `headers` are pairs; None as host leaves Host out."""
    lines = ["%s %s HTTP/1.1" % (method, path)]
    if host is not None:
        lines.append("Host: " + host)
    lines += ["%s: %s" % pair for pair in headers]
    if body or method == "POST":
        lines.append("Content-Length: %d" % len(body))
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def ask(port, method, path, body=b"", headers=(), host="127.0.0.1", seconds=20):
    """One request on a fresh connection, its answer read whole."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    with Connection(port, seconds) as connection:
        connection.send(request_bytes(method, path, body, headers, host))
        answer = connection.receive(method)
        if answer is None:
            raise WireError("no answer")
        return answer


def model_span(body):
    """Begin and end of the value of the top-level member "model", quotes included."""
    text = body.decode("utf-8")
    decoder, at = json.JSONDecoder(), text.index("{") + 1
    while True:
        while text[at] in " \t\r\n,":
            at += 1
        if text[at] == "}":
            raise WireError("no model in the body")
        key, at = decoder.raw_decode(text, at)
        while text[at] in " \t\r\n:":
            at += 1
        begin = at
        _, at = decoder.raw_decode(text, at)
        if key == "model":
            return len(text[:begin].encode()), len(text[:at].encode())


def with_model(body, name):
    """`body` with the model's token replaced and not another byte."""
    begin, end = model_span(body)
    return body[:begin] + json.dumps(name).encode() + body[end:]


def wait_until(condition, seconds=10):
    """True as soon as `condition()` holds; False when the net of `seconds` is reached."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())
