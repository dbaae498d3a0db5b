#!/usr/bin/env python3
"""A TCP proxy that stores both directions byte for byte and changes nothing.

One pair of files a connection: NNNN.sent (client to server) and NNNN.received (server to client).
"""
import os
import socket
import sys
import threading


class Recorder:
    def __init__(self, folder, target_port):
        os.makedirs(folder, exist_ok=True)
        self.folder, self.target_port, self.count = folder, target_port, 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.count += 1
            name = os.path.join(self.folder, "%04d." % self.count)
            try:
                server = socket.create_connection(("127.0.0.1", self.target_port))
            except OSError:
                client.close()
                continue
            for source, sink, file in ((client, server, name + "sent"), (server, client, name + "received")):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._pump, args=(source, sink, file), daemon=True).start()

    @staticmethod
    def _pump(source, sink, file):
        with open(file, "wb", buffering=0) as out:
            try:
                while data := source.recv(65536):
                    out.write(data)
                    sink.sendall(data)
            except OSError:
                pass
        try:
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def connections(self):
        """(sent, received) of every connection so far, in the order in which they were opened."""
        out = []
        for number in range(1, self.count + 1):
            name = os.path.join(self.folder, "%04d." % number)
            if not os.path.exists(name + "received"):
                continue
            with open(name + "sent", "rb") as sent, open(name + "received", "rb") as received:
                out.append((sent.read(), received.read()))
        return out

    def close(self):
        self.listener.close()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: recorder.py FOLDER TARGET_PORT")
    recorder = Recorder(sys.argv[1], int(sys.argv[2]))
    print(recorder.port, flush=True)
    threading.Event().wait()
