#!/usr/bin/env python3
"""server.state_file on the real binary: what one process learnt of lanes the next one knows, whatever ended the first,
and no file that is somebody else's is harmed. Waits are nets, never measures."""
import json
import os
import signal
import subprocess
import tempfile

import messages
import signalbox_server
import wire
from lifecycle import message, upstream
from signalbox_server import BINARY, NativeServer, provider
from tap import Tap


class Place:
    """A folder with a state file's name in it, and two lanes of which the first gets cooled down."""

    def __init__(self):
        self.path = os.path.join(tempfile.mkdtemp(prefix="state-"), "state")
        self.upstreams = {"a": upstream(), "b": upstream()}
        for each in self.upstreams.values():
            each.retry_after = "600"

    def config(self, *names, **server):
        names = names or ("a", "b")
        return {"server": {"listen": ["127.0.0.1:0"], "threads": 2, "state_file": self.path, **server},
                "providers": {name: provider(self.upstreams[name]) for name in names},
                "routes": [{"match": "*", "targets": [name + "/*" for name in names]}]}

    def server(self, *names, **server):
        return NativeServer(self.config(*names, **server), "state")

    def cool(self, server, name):
        self.upstreams[name].once.append("error-429")
        return message(server)

    def content(self):
        with open(self.path, "rb") as file:
            return file.read()


def served_by(server, count=12):
    return {message(server).header("x-signalbox-provider") for _ in range(count)}


def restart(tap):
    for name, end in (("SIGTERM", lambda server: server.stop()), ("kill -9", lambda server: server.signal(signal.SIGKILL))):
        place = Place()
        with place.server() as server:
            tap.equal("%s: the first lane serves at first" % name, served_by(server), {"a"})
            tap.check("%s: and no file is made for nothing" % name, not os.path.exists(place.path))
            place.cool(server, "a")
            if name == "kill -9":
                tap.check("a change is written while the server runs", wire.wait_until(lambda: os.path.exists(place.path), 20))
            end(server)
            server.ended()
        tap.equal("%s: the file is its owner's alone" % name, os.stat(place.path).st_mode & 0o777, 0o600)
        tap.check("%s: it names lanes and holds no secret" % name, b"a/main/" in place.content() and messages.KEY.encode() not in place.content())
        asked = place.upstreams["a"].count
        with place.server() as server:
            tap.equal("%s: the lane is behind the other one after a restart, on all threads" % name, served_by(server), {"b"})
            tap.equal("%s: and was not asked" % name, place.upstreams["a"].count, asked)
        tap.check("%s: nothing is left beside the file" % name, os.listdir(os.path.dirname(place.path)) == ["state"],
                  os.listdir(os.path.dirname(place.path)))


def two_processes(tap):
    place = Place()
    place.upstreams["c"] = upstream()
    with place.server("a", "c") as one, place.server("b", "c") as other:
        place.cool(one, "a")
        place.cool(other, "b")
        other.stop()
        one.stop()
    tap.check("two processes with one file: what each learnt is in it", b"a/main/" in place.content() and b"b/main/" in place.content())
    with place.server("a", "b", "c") as server:
        tap.equal("two processes with one file: a third knows what both learnt", served_by(server), {"c"})


def bad_files(tap):
    good = Place()
    with good.server() as server:
        good.cool(server, "a")
    state = good.content()

    def directory(path):
        os.mkdir(path)

    def put(content):
        def write(path):
            with open(path, "wb") as file:
                file.write(content)
        return write

    for name, make in (("a shell's start-up file", put(b"export EDITOR=vi\n")), ("one cut short", put(state[:-3])),
                       ("one with a flipped bit", put(state[:9] + bytes([state[9] ^ 4]) + state[10:])),
                       ("one of another version", put(bytes([state[0] + 1]) + state[1:])), ("a huge one", put(b"\x01" * (5 << 20))),
                       ("a directory", directory), ("a pipe", os.mkfifo)):
        place = Place()
        make(place.path)
        before = place.content() if os.path.isfile(place.path) else os.stat(place.path).st_mode
        with place.server() as server:
            tap.check("state file, %s: the log names it" % name, wire.wait_until(lambda: "not kept in %s: it is" % place.path in server.text(), 10), server.text())
            tap.equal("state file, %s: the server serves" % name, served_by(server), {"a"})
            place.cool(server, "a")
            tap.equal("state file, %s: and fails over" % name, served_by(server), {"b"})
            tap.equal("state file, %s: it stops as ever" % name, server.stop(), 0)
        after = place.content() if os.path.isfile(place.path) else os.stat(place.path).st_mode
        tap.check("state file, %s: it stays as it was" % name, after == before)

    for path in ("/proc/state", "/nonexistent-folder/state"):
        place = Place()
        place.path = path
        with place.server() as server:
            place.cool(server, "a")
            tap.equal("state file at %s: the server serves" % path, served_by(server), {"b"})
            server.stop()
            tap.check("state file at %s: the log says why it is not kept" % path, "not kept in %s: it" % path in server.text(), server.text())

    place = Place()
    put(b"")(place.path)
    with place.server() as server:
        place.cool(server, "a")
    tap.check("an empty file becomes a state file", b"a/main/" in place.content())


def reload(tap):
    place = Place()
    with place.server() as server:
        server.write_config(place.config(state_file=place.path + "-other"))
        server.reload()
        tap.check("a reload with another state file: it is said to need a restart", wire.wait_until(
            lambda: "server.state_file change only with a restart" in server.text(), 10), server.text())
        place.cool(server, "a")
    tap.check("a reload with another state file: the old one stays in use", os.path.exists(place.path) and not os.path.exists(place.path + "-other"))


def check(tap):
    folder = tempfile.mkdtemp(prefix="state-")
    os.mkdir(folder + "/etc")
    place = Place()

    def run(path):
        with open(folder + "/etc/signalbox.json", "w") as file:
            json.dump(place.config(state_file=path), file)
        done = subprocess.run([BINARY, "check", "etc/signalbox.json"], capture_output=True, timeout=20, cwd=folder, text=True)
        return done.returncode, done.stderr

    tap.equal("check: nothing to say of a file that can be made", run("state"), (0, ""))
    code, said = run(folder)
    tap.check("check: a directory is a warning", code == 0 and "warning" in said and "server.state_file" in said and "it is a directory" in said, said)
    code, said = run("signalbox.json")  # the configuration itself, for a relative path begins at its folder
    tap.check("check: a file that is none is a warning, and a relative path begins at the configuration's folder",
              code == 0 and "it is no state" in said, said)


def main():
    tap = Tap("state")
    for part in (restart, two_processes, bad_files, reload, check):
        tap.run(part.__name__ + " ran to its end", part, tap)
    signalbox_server.check_secrets(tap)
    tap.exit()


if __name__ == "__main__":
    main()
