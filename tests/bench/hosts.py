"""The core under wasmtime and in workerd, as servers of the bench. Either is left out where it is not built."""

import json
import os
import pathlib
import subprocess
import sys

import servers

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COMPONENT = pathlib.Path(os.environ.get("SIGNALBOX_WASI", ROOT / "build" / "wasi" / "signalbox.wasm"))
WASMTIME = pathlib.Path(os.environ.get("WASMTIME", ROOT / "build" / "tools" / "wasmtime" / "wasmtime"))
WORKERD = ROOT / "hosts" / "cloudflare-worker" / "node_modules" / "@cloudflare" / "workerd-linux-64" / "bin" / "workerd"
# Neither sees where a client sits, so each wants a key: the one that the load sends.
SECRETS = {"BENCH_CLIENT_KEY": "bench-client", "BENCH_UPSTREAM_KEY": "bench-upstream-credential"}


def _config(upstream_port, dialect):
    return json.dumps({
        "server": {"client_keys": [{"name": "bench", "key": "${BENCH_CLIENT_KEY}"}]},
        "providers": {"mock": {"dialect": dialect, "base_url": "http://127.0.0.1:%d" % upstream_port,
                               "key": "${BENCH_UPSTREAM_KEY}"}},
        "routes": [{"match": "claude-*", "targets": ["mock/claude-bench-upstream"]}]})


def _start_wasmtime(name, folder, upstream_port, dialect, reuse):
    compiled = pathlib.Path(folder) / "signalbox.compiled"
    if not compiled.exists():  # wasmtime would do it at every start
        subprocess.run([str(WASMTIME), "compile", "-o", str(compiled), str(COMPONENT)], check=True)
    port = servers.free_port()
    state = pathlib.Path(folder) / (name + "-state")
    state.mkdir()
    env = dict(SECRETS, SIGNALBOX_CONFIG=_config(upstream_port, dialect))
    command = [str(WASMTIME), "serve", "-S", "cli", "--allow-precompiled", "--addr", "127.0.0.1:%d" % port,
               "--no-logging-prefix", "--max-instance-reuse-count", str(reuse), "--dir", "%s::/state" % state]
    for variable in env:
        command += ["--env", variable]
    return servers.Server(name, command + [str(compiled)], port, str(state) + ".log", folder, env)


def _start_workerd(name, folder, upstream_port, dialect):
    sys.path.append(str(ROOT / "tests" / "clients"))
    import worker_server as worker  # how workerd is told of the bundle
    port = servers.free_port()
    text = worker.capnp_text
    bindings = ["(name = %s, text = %s)" % (text(key), text(value)) for key, value in
                dict(SECRETS, SIGNALBOX_CONFIG=_config(upstream_port, dialect)).items()]
    path = pathlib.Path(folder) / (name + ".capnp")
    path.write_text("""using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "worker", worker = (
      modules = [%s], compatibilityDate = %s, compatibilityFlags = [%s],
      bindings = [%s, (name = "SIGNALBOX_STATE", durableObjectNamespace = "SignalboxState")],
      durableObjectNamespaces = [(className = "SignalboxState", uniqueKey = "signalbox-state", enableSql = true)],
      durableObjectStorage = (inMemory = void))),
    (name = "internet", network = (allow = ["public", "private", "local"]))],
  sockets = [(name = "http", address = "127.0.0.1:%d", http = (), service = "worker")]);
""" % (", ".join(worker.modules()), text(worker.wrangler("compatibility_date")),
       ", ".join(map(text, worker.wrangler("compatibility_flags"))), ", ".join(bindings), port))
    return servers.Server(name, [str(WORKERD), "serve", "-I/", str(path)], port, str(path) + ".log", folder)


def start(tag, folder, upstream_port, dialect):
    """What there is of: an instance for each request, instances that are kept, a Worker; each with its label."""
    started = []
    if COMPONENT.is_file() and WASMTIME.is_file():
        for label, reuse in (("wasmtime, an instance a request", 1), ("wasmtime, instances kept", 10_000)):
            started.append((label, _start_wasmtime("wasmtime-%s-%d" % (tag, reuse), folder, upstream_port, dialect, reuse)))
    if WORKERD.is_file() and (ROOT / "hosts" / "cloudflare-worker" / "build" / "dist" / "index.js").is_file():
        started.append(("workerd", _start_workerd("workerd-" + tag, folder, upstream_port, dialect)))
    return started
