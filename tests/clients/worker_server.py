"""The Cloudflare Worker as a server for tests: what `wrangler deploy` would upload, in a real workerd.

The Worker cannot see who asks, so that without a client key it would give the mock's answers alone: a configuration
that has none gets the player's.
"""
import hashlib
import json
import os
import re

import signalbox_server

WORKER = os.path.join(signalbox_server.ROOT, "hosts", "cloudflare-worker")
DIST = os.environ.get("SIGNALBOX_WORKER", os.path.join(WORKER, "build", "dist"))
PLAYER_KEY = "sbk-player-5c0e19"
signalbox_server.SECRETS.append(PLAYER_KEY)
MOCK = {"providers": {"mock": {"builtin": "mock"}},
        "routes": [{"match": "mock", "targets": ["mock/*"]}, {"match": "*", "targets": ["mock/*"]}]}


# What real clients send where a test gives them no key of its own.
ANY_KEY = "any"


def with_secrets_outside(config, env):
    """Puts ${NAME} in the place of every secret in `config`, and the secret into `env`."""
    server = config.get("server", {})
    entries = server.get("client_keys", []) + server.get("admin_keys", [])
    for provider in config.get("providers", {}).values():
        entries += [provider] + provider.get("credentials", [])
    for entry in entries:
        secret = entry.get("key")
        if secret is None or secret.startswith(("${", "sha256:")):
            continue
        name = "SIGNALBOX_SECRET_" + hashlib.sha256(secret.encode()).hexdigest()[:12]
        env[name], entry["key"] = secret, "${%s}" % name


def capnp_text(text):
    return json.dumps(text, ensure_ascii=False)  # the escapes of Cap'n Proto's texts include the ones that are left


def modules():
    """The bundle's files, the main module first, as workerd's configuration names them."""
    out = []
    for name in sorted(os.listdir(DIST), key=lambda name: (not name.endswith(".js"), name)):
        kind = {"js": "esModule", "wasm": "wasm", "json": "text"}.get(name.rpartition(".")[2])
        if kind:
            out.append('(name = %s, %s = embed %s)' % (
                capnp_text(name), kind, capnp_text(os.path.join(DIST, name))))
    return out


class WorkerServer(signalbox_server.NativeServer):
    """`isolates` Workers in one process share the object that holds the state of lanes; `ports` has one for each.
    `state` False leaves the object out. A `config` that is a text is handed on as it is."""

    host = "worker"
    # workerd by itself takes a closed side for a client that still listens, until something is sent to it; the
    # platform's own front end tells.
    sees_half_close = False
    switches_config = False

    def __init__(self, config=None, name="server", arguments=(), env=None, isolates=1, state=True):
        self.isolates, self.state = isolates, state
        super().__init__(config, name, arguments, env)
        self.ports = [int(port) for port in self._ports()]

    def command(self, config, env):
        if not isinstance(config, str):
            config = json.loads(json.dumps(config or MOCK))
            server = config.setdefault("server", {})
            if not server.get("client_keys"):
                server["client_keys"] = [{"name": "player", "key": PLAYER_KEY}, {"name": "any", "key": ANY_KEY}]
                server.setdefault("admin_keys", [{"name": "player", "key": PLAYER_KEY}])
                self.client_headers = (("x-signalbox-key", PLAYER_KEY),)
            with_secrets_outside(config, env)
        text = config if isinstance(config, str) else json.dumps(config, indent=2)
        bindings = [(name, "text = " + capnp_text(value)) for name, value in {"SIGNALBOX_CONFIG": text, **env}.items()]
        services = [self.worker(number, bindings) for number in range(self.isolates)]
        sockets = ['(name = "http%d", address = "127.0.0.1:0", http = (), service = "worker%d")' % (number, number)
                   for number in range(self.isolates)]
        path = os.path.join(self.folder, "config.capnp")
        with open(path, "w") as file:
            file.write("""using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    %s,
    (name = "internet", network = (allow = ["public", "private", "local"], tlsOptions = (trustBrowserCas = true)))],
  sockets = [%s]);
""" % (",\n    ".join(services), ", ".join(sockets)))
        package = os.path.join(WORKER, "node_modules", "@cloudflare", "workerd-linux-64")
        return [os.path.join(package, "bin", "workerd"), "serve", "--control-fd=1", "-I/", path]

    def worker(self, number, bindings):
        object_of_first = 'durableObjectNamespace = "SignalboxState"' if number == 0 else \
            'durableObjectNamespace = (className = "SignalboxState", serviceName = "worker0")'
        bindings = bindings + ([("SIGNALBOX_STATE", object_of_first)] if self.state else [])
        namespaces = '[(className = "SignalboxState", uniqueKey = "signalbox-state", enableSql = true)]'
        return """(name = "worker%d", worker = (
      modules = [%s],
      compatibilityDate = %s, compatibilityFlags = [%s],
      bindings = [%s],
      durableObjectNamespaces = %s, durableObjectStorage = (inMemory = void)))""" % (
            number, ", ".join(modules()), capnp_text(wrangler("compatibility_date")),
            ", ".join(capnp_text(flag) for flag in wrangler("compatibility_flags")),
            ", ".join("(name = %s, %s)" % (capnp_text(name), value) for name, value in bindings),
            namespaces if number == 0 else "[]")

    def ask(self, method, path, body=b"", headers=(), **more):
        return super().ask(method, path, body, [*headers, *self.client_headers], **more)

    def _ports(self):
        return re.findall(r'"event":"listen".*"port":(\d+)', self.text())

    def _address(self):
        ports = self._ports()
        return ports[0] if len(ports) == self.isolates else None


def wrangler(key):
    """A value of wrangler.jsonc."""
    with open(os.path.join(WORKER, "wrangler.jsonc")) as file:
        text = re.sub(r"^\s*//.*$", "", file.read(), flags=re.M)
    return json.loads(text)[key]
