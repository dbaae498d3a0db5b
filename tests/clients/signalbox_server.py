"""Starts and stops a server for a test, with a configuration given as a dict. SIGNALBOX_HOST says which host it is:
native (the default), or another of those at the end of this file."""
import json
import os
import re
import signal
import subprocess
import tempfile
import threading

import messages
import wire

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("SIGNALBOX_BINARY", os.path.join(ROOT, "build", "native", "signalbox"))
CLIENT_KEY = "sbk-client-7d21e5"
ADMIN_KEY = "sbk-admin-90ab44"
# What must never stand in any output of the server.
SECRETS = [messages.KEY, CLIENT_KEY, ADMIN_KEY]
ALL_OUTPUT = []  # (what, text) of every server that was stopped, for the search for secrets


def provider(upstream, **more):
    """A provider entry for a scripted upstream."""
    entry = {"dialect": "anthropic", "base_url": upstream.url, "credentials": [{"name": "main", "key": messages.KEY}]}
    entry.update(more)
    return entry


def config_for(upstream, server=None, routes=None, models=None, **more):
    """One provider `up`; every model name goes on as it is, unless `routes` says otherwise."""
    config = {"server": {"listen": ["127.0.0.1:0"], **(server or {})}, "providers": {"up": provider(upstream, **more)},
              "routes": (routes or []) + [{"match": "*", "targets": ["up/*"]}]}
    if models:
        config["models"] = models
    return config


def sanitized():
    """Whether the binary was built with a sanitizer, which keeps what was freed: its memory says nothing of ours."""
    with open(BINARY, "rb") as file:
        binary = file.read()
    return b"__asan_init" in binary or b"__tsan_init" in binary


class NativeServer:
    """A running server. `config` None starts it as a user does who has none: the built-in mock. Another host is a
    subclass with a command of its own."""

    host = "native"
    # What a client of the player's adds to its requests, so that the host lets it in.
    client_headers = ()
    # Whether it sees a client that only closes its side; one that does not sees a reset.
    sees_half_close = True
    # Whether a head that is no HTTP gets an answer with a body; somebody else's front end may refuse it with none.
    answers_broken_heads = True
    # Whether it takes another configuration while it runs.
    switches_config = True

    def __init__(self, config=None, name="server", arguments=(), env=None):
        self.name, self.folder = name, tempfile.mkdtemp(prefix="signalbox-" + name + "-")
        self.config_path = os.path.join(self.folder, "signalbox.json")
        command = self.command(config, dict(env or {}))
        self.output, self.lock = [], threading.Lock()
        self.process = subprocess.Popen(command + list(arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, env={**os.environ, **(env or {})}, cwd=self.folder)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        if not wire.wait_until(lambda: self._address() or self.process.poll() is not None, 30) or not self._address():
            self.process.kill()
            raise RuntimeError("the server did not come up:\n" + self.text())
        self.port = int(self._address())

    def command(self, config, env):
        """The command that starts it; `env` is what the configuration's ${VAR} may name."""
        if config is None:
            return [BINARY, "serve", "--listen", "127.0.0.1:0"]
        self.write_config(config)
        return [BINARY, "serve", "--config", self.config_path]

    def _address(self):
        found = re.search(r"127\.0\.0\.1:(\d+)", self.text())
        return found.group(1) if found and found.group(1) != "0" else None

    def _read(self):
        for line in self.process.stdout:
            with self.lock:
                self.output.append(line.decode("utf-8", "replace"))

    def text(self):
        with self.lock:
            return "".join(self.output)

    def write_config(self, config):
        text = config if isinstance(config, str) else json.dumps(config, indent=2)
        with open(self.config_path + ".new", "w") as file:
            file.write(text)
        os.rename(self.config_path + ".new", self.config_path)

    def settled(self, exchange_count):
        """Waits until what was learnt of this many exchanges is known to the next one: here it is at once."""

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def switch_config(self, config):
        """Waits until the next request will be served by `config`."""
        before = self.text().count("reloaded")
        self.write_config(config)
        self.reload()
        wire.wait_until(lambda: self.text().count("reloaded") > before, 5)

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def alive(self):
        return self.process.poll() is None

    def ended(self, seconds=20):
        return wire.wait_until(lambda: not self.alive(), seconds)

    def ask(self, method, path, body=b"", headers=(), **more):
        return wire.ask(self.port, method, path, body, headers, **more)

    def rss_kb(self, field="VmRSS"):
        with open("/proc/%d/status" % self.process.pid) as file:
            return int(re.search(field + r":\s+(\d+)", file.read()).group(1))

    def forget_peak(self):
        """VmHWM is a lifetime's otherwise."""
        with open("/proc/%d/clear_refs" % self.process.pid, "w") as file:
            file.write("5")

    def stop(self):
        """Ends the server; gives its exit code (negative: the signal that killed it)."""
        if self.alive():
            self.signal()
            if not self.ended(10):
                self.process.kill()
        code = self.process.wait()
        self.reader.join(5)
        ALL_OUTPUT.append((self.name, self.text()))
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def check_secrets(tap):
    """No output of any server that ran in this process holds a credential or a key."""
    for name, text in ALL_OUTPUT:
        for secret in SECRETS:
            if secret in text:
                line = next(line for line in text.splitlines() if secret in line)
                tap.check("no secret in the output of " + name, False, line.replace(secret, "<SECRET>"))
                break
    tap.check("no secret in the output of %d servers (%d bytes)" % (len(ALL_OUTPUT), sum(len(t) for _, t in ALL_OUTPUT)),
              bool(ALL_OUTPUT) and not any(secret in text for _, text in ALL_OUTPUT for secret in SECRETS))


def read_skips(path):
    """What this host leaves out, {name: reason}: lines of `NAME: reason`, or `NAME (host, host): reason`."""
    skips = {}
    with open(path) as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                name, hosts, reason = re.fullmatch(r"(.*?)(?: \(([^)]*)\))?: (.*)", line.strip()).groups()
                if not hosts or HOST in hosts.split(", "):
                    skips[name] = reason
    return skips


HOST = os.environ.get("SIGNALBOX_HOST", "native")
if HOST == "native":
    Server = NativeServer
elif HOST == "worker":
    from worker_server import WorkerServer as Server
elif HOST == "wasi":
    from wasi_server import WasiServer as Server
elif HOST == "wasi-reuse":
    from wasi_server import ReusingWasiServer as Server
else:
    raise SystemExit("SIGNALBOX_HOST: there is no host " + HOST)
