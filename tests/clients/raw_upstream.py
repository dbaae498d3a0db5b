"""An upstream on 127.0.0.1 that keeps every byte it is sent, and answers with bytes that the test gives it.

`answer(request)` gives the pieces to send: bytes, or a number of seconds to wait; None last closes the connection.
With `certificate`, a PEM file of a key and a certificate, it speaks TLS.
"""
import io
import socket
import ssl
import threading
import time

import wire


class Kept(io.RawIOBase):
    """What is read from a socket, kept."""

    def __init__(self, connection):
        self.connection, self.data = connection, bytearray()

    def readable(self):
        return True

    def readinto(self, buffer):
        count = self.connection.recv_into(buffer)
        self.data += memoryview(buffer)[:count]
        return count


class RawUpstream:
    def __init__(self, answer, certificate=None):
        self.answer, self.tls = answer, None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate)
        self.requests = []     # (number of its connection, wire.Message), in order
        self.connections = []  # Kept, one each
        self.answered = []     # the same, once all of the answer was sent
        self.broken = []       # what could not be read as requests
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = "http%s://127.0.0.1:%d" % ("s" if certificate else "", self.listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def count(self):
        return len(self.requests)

    def bytes(self):
        return b"".join(bytes(kept.data) for kept in self.connections)

    def _accept(self):
        while True:
            connection, _ = self.listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            kept = Kept(connection)
            self.connections.append(kept)
            threading.Thread(target=self._serve, args=(kept, len(self.connections) - 1), daemon=True).start()

    def _serve(self, kept, number):
        stream = io.BufferedReader(kept)
        try:
            if self.tls:
                kept.connection = self.tls.wrap_socket(kept.connection, server_side=True)
            while request := wire.read_message(stream):
                self.requests.append((number, request))
                try:
                    if not self._send(kept.connection, self.answer(request)):
                        return
                finally:
                    self.answered.append(request)
        except OSError:
            pass  # the gateway has left
        except wire.WireError as error:
            self.broken.append(repr(error))
        finally:
            kept.connection.close()

    @staticmethod
    def _send(connection, pieces):
        for piece in pieces:
            if piece is None:
                return False
            if isinstance(piece, bytes):
                connection.sendall(piece)
            else:
                time.sleep(piece)
        return True
