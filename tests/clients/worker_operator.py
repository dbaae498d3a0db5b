#!/usr/bin/env python3
"""What whoever runs a Cloudflare Worker meets: upstreams that cannot be reached, what the log calls a configuration,
requests that the platform has killed, answers beyond what a length can say, and the scripts of the project itself.

SIGNALBOX_HOST=worker, with hosts/cloudflare-worker built (scripts/build-worker).
"""
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading

import signalbox_server
import wire
import worker_host
import worker_server
from tap import Tap
from worker_host import ANSWER, ENV, KEY, MESSAGE, Upstream, ask, config

JSON = [("content-type", "application/json")]


def garbage(connection):
    connection.sendall(b"no HTTP at all\r\n\r\n")
    connection.close()


def speaks_no_tls():
    """The port of one that answers whatever comes first in words that are no TLS."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            connection, _ = listener.accept()
            connection.recv(1 << 16)
            garbage(connection)
    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


def test_unreachable(tap):
    """fetch tells none of these from another, so that nothing is said of an answer that never came."""
    broken = Upstream(garbage)
    urls = {"name": "http://no-such-host.invalid", "tls": "https://127.0.0.1:%d" % speaks_no_tls(), "port": "http://127.0.0.1:1",
            "garbage": "http://127.0.0.1:%d" % broken.port}
    setup = config(**dict.fromkeys(urls, 1))
    setup["routes"] = [{"match": name, "targets": [name + "/*"]} for name in urls]
    for name, url in urls.items():
        setup["providers"][name]["base_url"] = url
    with worker_server.WorkerServer(setup, "unreachable", env=ENV) as server:
        for name, url in urls.items():
            answer = ask(server, dict(MESSAGE, model=name))
            tap.check("an upstream without an answer (%s) could not be connected to" % name,
                      answer.status == 502 and b"could not be connected to" in answer.body, answer.body)
            tap.check("and the log has its address", wire.wait_until(lambda: "(%s)" % url in server.text()), server.text()[-500:])


def test_sources(tap):
    large = {**worker_server.MOCK, "server": {"limits": {"request_bytes_max": 64 << 20}}}
    for what, setup in (("a problem", "{"), ("a warning", json.dumps(large))):
        with worker_server.WorkerServer(setup, "sources") as server:
            server.ask("GET", "/readyz")
            tap.check(what + " of the variable has its name and place", wire.wait_until(lambda: "\nSIGNALBOX_CONFIG:1:" in server.text()),
                      server.text())
            tap.check("and nothing is said of a file that is not read", "signalbox.json" not in server.text(), server.text())


def test_killed(tap):
    """workerd on its own kills no request, so that the exchanges of one are made as old as only such would be."""
    release = threading.Event()

    def held(_):
        release.wait(60)
        return 200, JSON, ANSWER
    upstream, other = Upstream(held), Upstream(lambda _: (200, JSON, ANSWER))
    setup = config(a=upstream.port, b=other.port)
    setup["routes"] = [{"match": "held", "targets": ["a/*"]}, {"match": "*", "targets": ["b/*"]}]
    with worker_server.WorkerServer(setup, "killed", env=ENV) as server:
        with wire.Connection(server.port) as client:
            client.send(wire.request_bytes("POST", "/v1/messages", json.dumps(dict(MESSAGE, model="held")).encode(), KEY))
            wire.wait_until(lambda: upstream.requests)
            ask(server)
            tap.equal("an exchange that is under way is kept", server.ask("GET", "/age").body, b"1")
            tap.equal("one that comes when it has been silent for a day is served", ask(server).status, 200)
            tap.check("and lets go of what the silent one held",
                      wire.wait_until(lambda: server.ask("GET", "/exchanges").body == b"0"), server.ask("GET", "/exchanges").body)
            release.set()
            # So many that the answer has come in between.
            tap.equal("what its upstream says then harms nobody", {ask(server).status for _ in range(20)}, {200})
            tap.check("and traps nothing", "trapped" not in server.text(), server.text()[-500:])


def test_huge(tap):
    """A length beyond a word of the boundary is not said, rather than a smaller one that the platform would cut at."""
    release = threading.Event()

    def huge(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: %d\r\n\r\npassed" % (3 << 30))
        release.wait(60)
    setup = config(a=Upstream(huge).port)
    setup["routes"][0]["accounting"] = "off"
    with worker_server.WorkerServer(setup, "huge", env=ENV) as server:
        with wire.Connection(server.port) as client:
            client.send(wire.request_bytes("POST", "/v1/messages", json.dumps(dict(MESSAGE, stream=True)).encode(), KEY))
            head = b"".join(iter(client.stream.readline, b"\r\n")).lower()
            tap.check("an answer of 3 GB is piped without a length", b" 200 " in head and b"chunked" in head and
                      b"content-length" not in head, head)
        release.set()


def test_scripts(tap):
    """The project's own node serves its scripts, whatever the machine's is."""
    root = tempfile.mkdtemp(prefix="signalbox-project-")
    project, node = os.path.join(root, "hosts", "worker"), os.path.join(root, "build", "tools", "node", "bin", "node")
    wrangler = os.path.join(project, "node_modules", ".bin", "wrangler")
    for path, text in ((node, "#!/bin/sh\necho \"the project's node: $*\"\n"), (wrangler, "#!/usr/bin/env node\n")):
        os.makedirs(os.path.dirname(path))
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, 0o755)
    shutil.copy(os.path.join(worker_server.WORKER, "package.json"), project)
    done = subprocess.run(["npm", "run", "wrangler", "secret", "put", "X"], cwd=project, capture_output=True, text=True)
    tap.check("npm run wrangler takes it", "the project's node: " in done.stdout and done.stdout.rstrip().endswith("secret put X"),
              done.stdout + done.stderr)
    shutil.rmtree(root)


def main():
    tap = Tap("worker operator")
    worker_server.DIST = worker_host.bundle()
    for test in (test_unreachable, test_sources, test_killed, test_huge, test_scripts):
        tap.run(test.__name__ + " ran to its end", test, tap)
    signalbox_server.check_secrets(tap)
    tap.exit()


if __name__ == "__main__":
    main()
