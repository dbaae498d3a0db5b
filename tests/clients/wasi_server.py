"""Starts and stops the component under `wasmtime serve` for a test: the same as signalbox_server.Server for the
native host.

Environment: SIGNALBOX_WASI (default build/wasi/signalbox.wasm), WASMTIME (default build/tools/wasmtime/wasmtime).
The component is compiled once and kept beside itself, because wasmtime would do that at every start.
"""
import glob
import json
import os
import subprocess

import wire
from signalbox_server import ROOT, SECRETS, NativeServer

COMPONENT = os.path.abspath(os.environ.get("SIGNALBOX_WASI", os.path.join(ROOT, "build", "wasi", "signalbox.wasm")))
WASMTIME = os.path.abspath(os.environ.get("WASMTIME", os.path.join(ROOT, "build", "tools", "wasmtime", "wasmtime")))
# This host cannot see where clients are: a test's configuration without client keys gets these two, one that the player
# shows, and what real clients send where a test gives them no key of its own.
OPEN_KEY, ANY_KEY = "sbk-open-wasi-2f60c1", "any"
SECRETS.append(OPEN_KEY)


def compiled():
    path = COMPONENT + ".compiled"
    if not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(COMPONENT):
        passing = "%s.%d" % (path, os.getpid())  # several parts may begin at the same time
        subprocess.run([WASMTIME, "compile", "-o", passing, COMPONENT], check=True)
        os.rename(passing, path)
    return path


class WasiServer(NativeServer):
    """One instance for each request, unless `reuse` is greater than 1. `state`: a folder that outlives the server;
    without it each server has one of its own, and with None there is none."""

    reuse = 1
    answers_broken_heads = False

    def __init__(self, config=None, name="wasi", arguments=(), env=None, reuse=None, state=""):
        self.reuse, self.state = reuse or self.reuse, state
        super().__init__(config, name, arguments, env)

    def command(self, config, env):
        command = [WASMTIME, "serve", "-S", "cli", "--allow-precompiled", "--addr", "127.0.0.1:0",
                   "--no-logging-prefix", "--max-instance-reuse-count", str(self.reuse), "--idle-instance-timeout", "20s"]
        for variable in env:
            command += ["--env", variable]  # the value stays out of the command line
        if config is not None:
            self.config_path = os.path.join(self.folder, "config", "signalbox.json")
            os.mkdir(os.path.dirname(self.config_path))
            self.write_config(config)
            command += ["--dir", os.path.dirname(self.config_path) + "::/config"]
        if self.state == "":
            self.state = os.path.join(self.folder, "state")
            os.mkdir(self.state)
        if self.state:
            command += ["--dir", self.state + "::/state"]
        return command + [compiled()]

    def with_key(self, config):
        if isinstance(config, dict) and not config.get("server", {}).get("client_keys"):
            self.client_headers = (("x-signalbox-key", OPEN_KEY),)
            keys = [{"name": "open", "key": OPEN_KEY}]
            config = {**config, "server": {"admin_keys": keys, **config.get("server", {}),
                                           "client_keys": [*keys, {"name": "any", "key": ANY_KEY}]}}
        return config

    def ask(self, method, path, body=b"", headers=(), **more):
        return super().ask(method, path, body, list(headers) + list(self.client_headers), **more)

    def write_config(self, config):
        super().write_config(self.with_key(config))

    def switch_config(self, config):
        self.write_config(config)  # the next instance reads it

    def settled(self, exchange_count):
        """Waits until the host is done with this many exchanges: what they learnt is shared after the answer."""
        wire.wait_until(lambda: self.text().count('"event":"exchange"') >= exchange_count, 5)

    def log_lines(self):
        return [json.loads(line) for line in self.text().splitlines() if line.startswith("{")]


class ReusingWasiServer(WasiServer):
    """The same, with an instance that serves one request after the other."""

    reuse = 10000
    switches_config = False

    def settled(self, exchange_count):
        """And until the instance is there for the next request, which is a moment later: until nothing runs any more."""
        super().settled(exchange_count)
        wire.wait_until(self.rests, 5)

    def rests(self):
        states = []
        for path in glob.glob("/proc/%d/task/*/stat" % self.process.pid):
            try:
                with open(path) as file:
                    states.append(file.read().rpartition(")")[2].split()[0])
            except OSError:
                pass  # a thread that has ended meanwhile
        return set(states) == {"S"}
