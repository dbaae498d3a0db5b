"""An upstream on 127.0.0.1 that keeps every byte it is sent, and answers with bytes that the test gives it.

`answer(request)` gives the pieces to send: bytes, or a number of seconds to wait; None last closes the connection.
"""
import io
import socket
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
    def __init__(self, answer):
        self.answer = answer
        self.requests = []     # (number of its connection, wire.Message), in order
        self.connections = []  # Kept, one each
        self.broken = []       # what could not be read as requests
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
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
            self.connections.append(Kept(connection))
            threading.Thread(target=self._serve, args=(connection, len(self.connections) - 1), daemon=True).start()

    def _serve(self, connection, number):
        stream = io.BufferedReader(self.connections[number])
        try:
            while request := wire.read_message(stream):
                self.requests.append((number, request))
                for piece in self.answer(request):
                    if piece is None:
                        return
                    if isinstance(piece, bytes):
                        connection.sendall(piece)
                    else:
                        time.sleep(piece)
        except OSError:
            pass  # the gateway has left
        except wire.WireError as error:
            self.broken.append(repr(error))
        finally:
            connection.close()
