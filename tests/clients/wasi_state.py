#!/usr/bin/env python3
"""What instances of the WASI component leave to each other in the folder /state, and what harms nobody there."""
import os
import shutil
import tempfile

import signalbox_server
from signalbox_server import CLIENT_KEY, NativeServer
from tap import Tap
from wasi_exchange import ANSWER, ENV, FAILURES, LIMITED, NET_SECONDS, Exchange, Upstreams, asked, config, reply
from wasi_server import ReusingWasiServer, WasiServer

ALL_AT_ONCE = 64
# After folding; a few more stand there while nobody has folded yet (deltas_max in hosts/wasi/state_folder.cpp).
FILES_MAX = 10


class ReadOnlyWasiServer(WasiServer):
    """The folder cannot be written to, not even by root."""

    def command(self, config, env):
        # What unshare would do itself fails where the root is a folder of chroot, and there it need not be done.
        mount = ('mount --make-rprivate / 2> /dev/null; mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && '
                 'exec "$@"')
        return ["unshare", "-m", "--propagation", "unchanged", "sh", "-c", mount, self.state,
                *super().command(config, env)]


def new_folder():
    return tempfile.mkdtemp(prefix="signalbox-state-")


def learn(server, upstreams):
    """Lets lane a be limited, and waits until that is shared."""
    seen = asked(server, upstreams, [LIMITED, ANSWER])
    server.settled(1)
    return seen


def next_instances(tap, upstreams, setting):
    state = new_folder()
    with WasiServer(setting, "writer", env=ENV, state=state) as server:
        hosts, answer = learn(server, upstreams)
        tap.equal("a limited lane is left for the next one", (hosts, answer.status), (["a", "b"], 200))
        hosts, answer = asked(server, upstreams, [ANSWER])
        tap.equal("the next instance knows what the first one learnt", (hosts, answer.status), (["b"], 200))
    tap.check("it is a file of its own", any(n.startswith("delta-") for n in os.listdir(state)), os.listdir(state))
    with WasiServer(setting, "folder-less", env=ENV, state=None) as server:
        learn(server, upstreams)
        hosts, _ = asked(server, upstreams, [ANSWER])
        tap.equal("without a folder an instance for each request begins anew", hosts, ["a"])
    with ReusingWasiServer(setting, "folder-less-reuse", env=ENV, state=None) as server:
        learn(server, upstreams)
        hosts, _ = asked(server, upstreams, [ANSWER])
        tap.equal("and a reused one knows it by itself", hosts, ["b"])


def damaged_files(tap, upstreams, setting):
    state = new_folder()
    with WasiServer(setting, "writer", env=ENV, state=state) as server:
        learn(server, upstreams)
    good = next(os.path.join(state, name) for name in os.listdir(state) if name.startswith("delta-"))
    data = open(good, "rb").read()
    damages = {"nothing but ff": b"\xff" * 100, "empty": b"", "of a later version": b"\x09" + data[1:],
               "of version 0": b"\x00" + data[1:], "cut": data[:-3], "longer": data + b"x", "5 MB": b"x" * (5 << 20),
               "turned bit": data[:-1] + bytes([data[-1] ^ 1])}
    for number, (name, damaged) in enumerate(damages.items()):
        # Alone, so that nothing good is there: nobody believes it. For both kinds of file.
        folder = new_folder()
        for file_name in ("snapshot", "delta-0-1"):
            with open(os.path.join(folder, file_name), "wb") as file:
                file.write(damaged)
        with WasiServer(setting, "damaged-%d" % number, env=ENV, state=folder) as server:
            hosts, answer = learn(server, upstreams)
            tap.equal("a file that is %s says nothing" % name, (hosts, answer.status), (["a", "b"], 200))
        with open(os.path.join(state, "delta-0-%d" % number), "wb") as file:
            file.write(damaged)
    os.mkdir(os.path.join(state, "delta-0-100"))
    os.symlink("/etc/passwd", os.path.join(state, "delta-0-101"))
    shutil.copy(os.path.join(state, "delta-0-0"), os.path.join(state, "snapshot"))
    with ReusingWasiServer(setting, "reader", env=ENV, state=state) as server:
        hosts, answer = asked(server, upstreams, [ANSWER])
        tap.equal("beside all of them, a folder and a link, the good one is read", (hosts, answer.status), (["b"], 200))


def folders_that_fail(tap, upstreams, setting):
    state = new_folder()
    with WasiServer(setting, "writer", env=ENV, state=state) as server:
        learn(server, upstreams)
    before = sorted(os.listdir(state))
    with ReadOnlyWasiServer(setting, "read-only", env=ENV, state=state) as server:
        hosts, answer = asked(server, upstreams, [ANSWER])
        tap.equal("a folder that is read-only is read", (hosts, answer.status), (["b"], 200))
        for _ in range(2):
            hosts, answer = asked(server, upstreams, [LIMITED, ANSWER], "other")
            tap.equal("and what cannot be written there is forgotten", (hosts, answer.status), (["a", "b"], 200))
        server.settled(3)
    tap.equal("nothing was", sorted(os.listdir(state)), before)
    # One in the place of another: an instance that lives on has the folder that is gone, a new one the empty one. Without
    # any, wasmtime, which opens it for each new instance, answers 500 by itself.
    state = new_folder()
    with ReusingWasiServer(setting, "removed", env=ENV, state=state) as server:
        learn(server, upstreams)
        shutil.rmtree(state)
        os.mkdir(state)
        hosts, answer = asked(server, upstreams, [LIMITED, ANSWER], "other")
        tap.equal("a folder that somebody removes is missed by nobody", (hosts, answer.status), (["a", "b"], 200))


def folding(tap, upstreams, setting):
    state = new_folder()
    with WasiServer(setting, "writer", env=ENV, state=state) as server:
        learn(server, upstreams)
    # A dead owner's mark is no hindrance for ever.
    with open(os.path.join(state, "folding"), "wb"):
        pass
    os.utime(os.path.join(state, "folding"), (1, 1))
    with WasiServer(setting, "folding", env=ENV, state=state) as server:
        for number in range(12):
            asked(server, upstreams, [LIMITED, ANSWER], "model-%d" % number)
            server.settled(number + 1)
    names = os.listdir(state)
    tap.check("many changes are folded into one file", len(names) <= FILES_MAX and "snapshot" in names and
              "folding" not in names, names)
    with WasiServer(setting, "folded", env=ENV, state=state) as server:
        hosts, _ = asked(server, upstreams, [ANSWER])
        tap.equal("and what was folded is still known", hosts, ["b"])


def between_hosts(tap, upstreams, setting):
    """The native server's state file and the component's files are the same bytes."""
    native_file = os.path.join(new_folder(), "native")
    native = {**setting, "server": {**setting["server"], "listen": ["127.0.0.1:0"], "state_file": native_file}}
    with NativeServer(native, "native", env=ENV) as server:
        asked(server, upstreams, [LIMITED, ANSWER])
    state = new_folder()
    shutil.copy(native_file, os.path.join(state, "snapshot"))
    with WasiServer(setting, "from-native", env=ENV, state=state) as server:
        hosts, _ = asked(server, upstreams, [ANSWER])
        tap.equal("a state file of the native server serves as a snapshot", hosts, ["b"])
        for number in range(9):
            asked(server, upstreams, [LIMITED, ANSWER], "model-%d" % number)
            server.settled(number + 2)
    shutil.copy(os.path.join(state, "snapshot"), native_file)
    with NativeServer(native, "from-wasi", env=ENV) as server:
        tap.equal("and a snapshot as the native server's state file", [asked(server, upstreams, [ANSWER], model)[0] for model in
                                                                     ("m", "model-0")], [["b"], ["b"]])


def many_at_once(tap, upstreams, setting, server_class):
    """Requests that are all under way at the same time, each of which learns something of its own."""
    how = "%d at once, an instance %s" % (ALL_AT_ONCE, "for each" if server_class is WasiServer else "for many")
    state, models = new_folder(), ["model-%d" % number for number in range(ALL_AT_ONCE)]
    with server_class(setting, "many", env=ENV, state=state) as server:
        exchanges = [Exchange(server, model) for model in models]
        waiting = [upstreams.opened.get(timeout=NET_SECONDS) for _ in models]
        tap.equal(how + ": all are at the first lane together", [attempt.host for attempt in waiting], ["a"] * ALL_AT_ONCE)
        for attempt in waiting:
            attempt.send(LIMITED, False)
            attempt.done.set()
        hosts = [reply(upstreams, ANSWER).host for _ in models]
        tap.equal(how + ": and all go on to the second", hosts, ["b"] * ALL_AT_ONCE)
        tap.equal(how + ": each is answered", [exchange.answer().status for exchange in exchanges], [200] * ALL_AT_ONCE)
        server.settled(ALL_AT_ONCE)
        known = [asked(server, upstreams, [ANSWER], model)[0] for model in models]
        tap.equal(how + ": what each has learnt is known", known, [["b"]] * ALL_AT_ONCE)
    tap.check(how + ": nobody died", "worker failed" not in server.text() and "trap" not in server.text(), server.text()[-800:])
    names = os.listdir(state)
    tap.check(how + ": nothing half-written is left", "folding" not in names and not any(n.startswith("new-") for n in names), names)


def main():
    tap = Tap("wasi state")
    upstreams = Upstreams()
    setting = config(upstreams, "a", "b", client_keys=[{"name": "me", "key": CLIENT_KEY}])
    for part, *arguments in ((next_instances,), (damaged_files,), (folders_that_fail,), (folding,), (between_hosts,),
                             (many_at_once, WasiServer), (many_at_once, ReusingWasiServer)):
        try:
            part(tap, upstreams, setting, *arguments)
        except FAILURES as error:
            tap.check(part.__name__.replace("_", " "), False, repr(error))
    upstreams.close()
    signalbox_server.check_secrets(tap)
    tap.exit()


if __name__ == "__main__":
    main()
