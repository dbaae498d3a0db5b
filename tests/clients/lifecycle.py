#!/usr/bin/env python3
"""The life of the server: lanes that cool down on all threads, reload, graceful stop, clients that leave,
what the log says. Waits are nets, never measures: nothing here asserts how long something took."""
import collections
import json
import os
import re
import resource
import signal
import socket
import subprocess
import tempfile
import time
import traceback

import messages
import signalbox_server
import wire
from signalbox_server import ADMIN_KEY, BINARY, CLIENT_KEY, Server, provider
from tap import Tap
from upstream import Upstream

HEADERS = [("content-type", "application/json"), ("anthropic-version", "2023-06-01")]


def upstream(script=None):
    return Upstream(tempfile.mkdtemp(prefix="upstream-"), script)


def body(model="claude-x", **more):
    return {"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], **more}


def two_lanes(a, b, **server):
    return {"server": {"listen": ["127.0.0.1:0"], "threads": 2, **server},
            "providers": {"a": provider(a), "b": provider(b)},
            "routes": [{"match": "*", "targets": ["a/*", "b/*"]}]}


def message(server, **more):
    return server.ask("POST", "/v1/messages", body(**more), HEADERS)


def held(server, connection, **more):
    """Begins a stream that the upstream holds, and reads its first piece."""
    connection.send(wire.request_bytes("POST", "/v1/messages", json.dumps(body("script-hold", stream=True, **more)).encode(), HEADERS))
    head = wire.read_head(connection.stream)
    assert b" 200 " in head.split(b"\r\n")[0], head
    return head


def rest_of(head, connection):
    """The held stream to its end, de-chunked."""
    assert b"transfer-encoding: chunked" in head.lower(), head
    out = bytearray()
    wire.read_chunked(connection.stream, out)
    return bytes(out)


def sister_threads(tap):
    a, b = upstream(), upstream()
    a.retry_after = "2"
    with Server(two_lanes(a, b), "sisters") as server:
        providers = lambda count: [message(server).header("x-signalbox-provider") for _ in range(count)]
        tap.equal("the first lane serves while it is healthy", set(providers(20)), {"a"})
        a.once.append("error-429")
        answer = message(server)
        tap.check("a 429 reaches the client, or the other lane answers", answer.status in (200, 429), answer.start)
        # The news goes to a sister's loop.
        avoided = lambda: set(providers(10)) == {"b"}
        wire.wait_until(avoided, 2)
        asked = a.count
        tap.equal("60 fresh connections, on all threads, avoid the lane that cools down", set(providers(60)), {"b"})
        tap.equal("the lane that cools down is not asked", a.count, asked)
        tap.check("it is back after its retry-after", wire.wait_until(lambda: providers(1) == ["a"], 10))
        b.script = a.script = "error-429"
        message(server), message(server)
        a.script = b.script = None
        tap.equal("with every lane cooling down, one is still asked", message(server).status, 200)
        # Which lanes cool down is keyed by names: a reload keeps it.
        a.retry_after = "600"
        wire.wait_until(lambda: providers(1) == ["a"], 10)
        a.once.append("error-429")
        message(server)
        wire.wait_until(avoided)
        config = two_lanes(a, b)
        config["routes"].insert(0, {"match": "reloaded", "targets": ["a/*", "b/*"]})
        server.write_config(config)
        server.reload()
        reloaded = lambda: message(server, model="reloaded").header("x-signalbox-route") == "reloaded"
        tap.check("the reload is taken", wire.wait_until(reloaded))
        tap.equal("a reload keeps what is known of lanes", set(providers(20)), {"b"})


def reload(tap):
    a, b = upstream(), upstream()
    config = two_lanes(a, b)
    with Server(config, "reload") as server:
        with wire.Connection(server.port) as connection:
            head = held(server, connection)
            record = a.records[-1]
            other = dict(config, routes=[{"match": "*", "targets": ["b/*"]}])
            server.write_config(other)
            server.reload()
            by_b = lambda: message(server).header("x-signalbox-provider") == "b"
            tap.check("SIGHUP: new exchanges use the new file", wire.wait_until(by_b))
            tap.equal("SIGHUP: on every thread", {message(server).header("x-signalbox-provider") for _ in range(30)}, {"b"})
            a.release.set()
            tap.run("SIGHUP: an open stream goes on to its end", lambda: (rest_of(head, connection) == record.answer, ""))
        for name, text in (("broken", "{\n  \"server\": {\n"), ("wrong", json.dumps(dict(other, routs=[]), indent=1)), ("empty providers", "{\"providers\": 5}")):
            before = len(server.text())
            server.write_config(text)
            server.reload()
            tap.check("SIGHUP with a %s file: it is named, with its line" % name, wire.wait_until(
                lambda: re.search(r"signalbox\.json:\d+", server.text()[before:]), 5), server.text()[before:])
            tap.equal("SIGHUP with a %s file: the old one goes on" % name,
                      {message(server).header("x-signalbox-provider") for _ in range(10)}, {"b"})
        os.remove(server.config_path)
        server.reload()
        tap.check("SIGHUP without the file: it could not be read", wire.wait_until(lambda: "could not be read" in server.text(), 5), server.text())
        tap.check("the greeting says what was loaded", "It has 2 providers, 0 models, 1 route, 0 warnings from " in server.text(), server.text())
        told = "reloaded: 2 providers, 0 models, 1 route, 1 warning from "  # a provider that no route names
        tap.check("a reload says what was loaded", told in server.text(), server.text())
        server.write_config(config)
        server.reload()
        by_a = lambda: message(server).header("x-signalbox-provider") == "a"
        tap.check("SIGHUP: a good file after bad ones is taken", wire.wait_until(by_a))


def reload_open(tap):
    """Sockets outlive a reload, so that a file without client keys must not open them to everybody."""
    a = upstream()
    closed = signalbox_server.config_for(a, server={"listen": ["127.0.0.1:0", "0.0.0.0:0"], "client_keys": [{"name": "me", "key": CLIENT_KEY}]})
    with Server(closed, "reload-open") as server:
        server.write_config(signalbox_server.config_for(a))
        server.reload()
        tap.check("SIGHUP: client keys cannot go while others can reach the server",
                  wire.wait_until(lambda: "no server.client_keys" in server.text(), 5), server.text())
        tap.equal("SIGHUP: they are still asked for", message(server).status, 401)


def reload_keys(tap):
    """A provider gets another address and another key while an upload is on its way: each key goes to its address alone."""
    a, b = upstream(), upstream()
    config = signalbox_server.config_for(a)
    moved = signalbox_server.config_for(b, credentials=[{"name": "main", "key": messages.KEY + "-of-b"}])
    with Server(config, "reload-keys") as server:
        with wire.Connection(server.port) as connection:
            request = wire.request_bytes("POST", "/v1/messages", json.dumps(body("script-text")).encode(), [*HEADERS, ("expect", "100-continue")])
            head = request.index(b"\r\n\r\n") + 4
            connection.send(request[:head])
            wire.read_head(connection.stream)  # the 100 Continue: it has begun, on whichever thread
            connection.send(request[head:-5])
            for number in (1, 2):
                moved["routes"][0]["match"] = "script-%d*" % number
                moved["routes"].append({"match": "*", "targets": ["up/*"]})
                before = server.text().count("reloaded")
                server.write_config(moved)
                server.reload()
                wire.wait_until(lambda: server.text().count("reloaded") > before)
            message(server)
            connection.send(request[-5:])
            answer = connection.receive()
        tap.equal("an upload over two reloads goes where it began", (answer.status, a.count), (200, 1))
        tap.equal("with the key of there", [r.head.all("x-api-key") for r in a.records], [[messages.KEY]])
        tap.equal("what begins later has the new key", {str(r.head.all("x-api-key")) for r in b.records}, {str([messages.KEY + "-of-b"])})


def refuses(port):
    """No new exchange: the connection is refused, closed, or answered 503."""
    try:
        answer = wire.ask(port, "POST", "/v1/messages", body(), HEADERS, seconds=5)
        return answer.status == 503
    except (OSError, wire.WireError):
        return True


def graceful_stop(tap):
    a = upstream()
    server = Server(signalbox_server.config_for(a), "graceful")
    with wire.Connection(server.port) as idle, wire.Connection(server.port) as connection:
        idle.send(wire.request_bytes("GET", "/healthz"))
        idle.receive("GET")
        head = held(server, connection)
        record = a.records[-1]
        server.signal()
        tap.check("SIGTERM: no new exchanges", wire.wait_until(lambda: refuses(server.port)))
        tap.check("SIGTERM: an idle connection is closed", idle.closed_by_peer())
        tap.check("SIGTERM: the server waits for an open stream", server.alive())
        a.release.set()
        tap.run("SIGTERM: the open stream finishes, whole", lambda: (rest_of(head, connection) == record.answer, ""))
        tap.check("SIGTERM: then the server ends", server.ended())
        tap.equal("SIGTERM: with exit code 0", server.stop(), 0)


def bounded_stop(tap):
    a = upstream()
    server = Server(signalbox_server.config_for(a, server={"drain_ms": 200}), "bounded-stop")
    with wire.Connection(server.port) as connection:
        head = held(server, connection)
        server.signal()
        tap.check("a stop waits no longer than its bound", server.ended())
        try:
            good = b"message_stop" not in rest_of(head, connection)
        except (wire.WireError, OSError):
            good = True
        tap.check("what the bound cuts off does not look complete", good)
        tap.check("its upstream is left, too", a.records[-1].client_left.wait(5))
    server.stop()


def stop_with_unsent(tap):
    """What has been answered in full and waits for a slow client is an open exchange to a stop."""
    text = json.dumps({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
                       "content": [{"type": "text", "text": "z" * (24 << 20)}], "usage": {"input_tokens": 1, "output_tokens": 1}}).encode()
    for reads in (True, False):
        a = upstream("large")
        a.large = text
        config = signalbox_server.config_for(a, server={"drain_ms": 20_000 if reads else 200, "limits": {"client_unsent_bytes_max": 64 << 20}})
        server = Server(config, "unsent")
        with wire.Connection(server.port) as connection:
            connection.send(wire.request_bytes("POST", "/v1/messages", json.dumps(body()).encode(), HEADERS))
            tap.check("an answer is finished and not yet sent", wire.wait_until(lambda: "answer_bytes" in server.text()))
            server.signal()
            wire.wait_until(lambda: "Stopping" in server.text())
            if reads:
                tap.run("SIGTERM: its rest reaches a client that reads", lambda: (connection.receive().body == text, ""))
            tap.check("SIGTERM: then the server ends", server.ended())
            tap.equal("SIGTERM: with an exit code that says whether all was sent", server.stop(), 0 if reads else 4)


def second_signal(tap):
    for number in (signal.SIGTERM, signal.SIGINT):
        a = upstream()
        server = Server(signalbox_server.config_for(a, server={"drain_ms": 600_000}), "second-signal")
        with wire.Connection(server.port) as connection:
            held(server, connection)
            server.signal(number)
            wire.wait_until(lambda: refuses(server.port))
            tap.check("%s: the first waits" % number.name, server.alive())
            server.signal(number)
            tap.check("%s: a second ends the server at once" % number.name, server.ended())
        server.stop()


def connections_max(tap):
    """Who comes when all places are taken is told so and when to come again, and is served when somebody has left."""
    for threads in (1, 2):
        name = "connections_max with %d threads: " % threads
        with Server(signalbox_server.config_for(upstream(), server={"threads": threads, "limits": {"connections_max": 3}}), "full") as server:
            def ask(connection):
                connection.send(wire.request_bytes("GET", "/healthz"))
                return connection.receive("GET").status
            inside = [wire.Connection(server.port) for _ in range(3)]
            tap.equal(name + "so many are served", [ask(connection) for connection in inside], [200] * 3)
            outside = [wire.Connection(server.port) for _ in range(8)]
            for connection in outside:
                connection.send(wire.request_bytes("GET", "/healthz"))
            answers = [connection.receive("GET") for connection in outside]
            tap.equal(name + "whoever comes then is told", [(answer.status, answer.header("retry-after")) for answer in answers], [(503, "1")] * 8)
            tap.equal(name + "whoever is inside stays served", [ask(connection) for connection in inside], [200] * 3)
            inside.pop().close()
            tap.check(name + "a place that is free serves the next", wire.wait_until(lambda: server.ask("GET", "/healthz").status == 200, 10))
            tap.check(name + "the log says why", wire.wait_until(lambda: "connections_max is reached" in server.text(), 5), server.text())
            for connection in inside + outside:
                connection.close()


def descriptor_count(server):
    return len(os.listdir("/proc/%d/fd" % server.process.pid))


def full_house(tap):
    """A thread that looks whether somebody is there holds no place meanwhile: all can be taken at once."""
    name = "connections_max with 32 threads: "
    with Server(signalbox_server.config_for(upstream(), server={"threads": 32, "limits": {"connections_max": 40}}), "full-house") as server:
        server.ask("GET", "/healthz")
        empty = descriptor_count(server)
        rounds = []
        for _ in range(20):
            # Whoever came while it stood still is accepted by all threads at the same time.
            server.signal(signal.SIGSTOP)
            inside = [wire.Connection(server.port) for _ in range(40)]
            for connection in inside:
                connection.send(wire.request_bytes("GET", "/healthz"))
            server.signal(signal.SIGCONT)
            rounds.append(collections.Counter(connection.receive("GET").status for connection in inside))
            for connection in inside:
                connection.close()
            tap.check(name + "and are free again", wire.wait_until(lambda: descriptor_count(server) <= empty, 10))
        tap.equal(name + "all places are taken at once", rounds, [{200: 40}] * 20)


class FewDescriptors(Server):
    """Started with a soft limit of 256 descriptors, and a hard one of `hard`."""

    hard = 0

    def command(self, config, env):
        return ["sh", "-c", "ulimit -Sn 256 && ulimit -Hn %d && exec \"$@\"" % self.hard, "sh", *super().command(config, env)]

    def limits(self):
        with open("/proc/%d/limits" % self.process.pid) as file:
            return tuple(int(number) for number in re.search(r"Max open files\s+(\d+)\s+(\d+)", file.read()).groups())


class RaisedDescriptors(FewDescriptors):
    hard = 4096


class BoundDescriptors(FewDescriptors):
    hard = 256


def descriptors(tap):
    """Each open request takes two: the soft limit of a shell would end it at a few hundred."""
    few = signalbox_server.config_for(upstream(), server={"limits": {"connections_max": 500}})
    with RaisedDescriptors(few, "descriptors") as server:
        tap.equal("the soft limit of descriptors is raised to the hard one", server.limits(), (4096, 4096))
        tap.check("and nothing is said where that is enough", "file descriptors" not in server.text(), server.text())
        connections = [wire.Connection(server.port) for _ in range(300)]
        for connection in connections:
            connection.send(wire.request_bytes("GET", "/healthz"))
        tap.equal("more clients are served than the soft limit had", {c.receive("GET").status for c in connections}, {200})
        for connection in connections:
            connection.close()
    with BoundDescriptors(few, "descriptors-bound") as server:
        tap.check("a limit below what connections_max may need is told", wire.wait_until(
            lambda: "may have 256 file descriptors, and server.limits.connections_max = 500 may need 1256" in server.text(), 5), server.text())
        connections = [wire.Connection(server.port) for _ in range(300)]
        said = lambda: server.text().count("Cannot accept connections")
        tap.check("who finds no descriptor waits, and the log says why", wire.wait_until(
            lambda: "limit 256; raise `ulimit -n`" in server.text(), 10), server.text())
        time.sleep(0.5)  # in which it tries again several times, and says nothing more
        tap.equal("once", said(), 1)
        connections[0].send(wire.request_bytes("POST", "/v1/messages", json.dumps(body()).encode(), HEADERS))
        answer = connections[0].receive()
        words = b"The gateway has no file descriptor left for a connection (limit 256; raise `ulimit -n`)."
        tap.check("no descriptor for an upstream is a 503 that blames no provider",
                  answer.status == 503 and words in answer.body and b"Provider" not in answer.body, answer.body)
        log = lambda: [json.loads(line) for line in server.text().splitlines() if line.startswith("{")]
        tap.check("and it is a line of the log", wire.wait_until(
            lambda: words.decode() in [line.get("message") for line in log()], 5), server.text())
        for connection in connections[:-1]:
            connection.close()
        connections[-1].send(wire.request_bytes("GET", "/healthz"))
        tap.equal("and is served when others have left", connections[-1].receive("GET").status, 200)
        connections[-1].close()


def disconnect(tap):
    a = upstream()
    with Server(signalbox_server.config_for(a), "disconnect") as server:
        for how in ("close", "reset"):
            connection = wire.Connection(server.port)
            held(server, connection)
            if how == "reset":
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.close()
            tap.check("a client's %s in a stream ends the upstream" % how, a.records[-1].client_left.wait(5))
        for script in ("silent",):
            before = a.count
            connection = wire.Connection(server.port)
            connection.send(wire.request_bytes("POST", "/v1/messages", json.dumps(body("script-" + script)).encode(), HEADERS))
            wire.wait_until(lambda: a.count > before)
            connection.close()
            tap.check("a client's close before any answer ends the upstream", a.records[-1].client_left.wait(5))
        tap.equal("and the lane is not punished", message(server).header("x-signalbox-provider"), "up")
        tap.check("each is logged as the client's leaving", wire.wait_until(
            lambda: server.text().count("client_gone") >= 3, 5), server.text()[-1500:])


def log_and_headers(tap):
    a = upstream()
    config = signalbox_server.config_for(a, server={"client_keys": [{"name": "me", "key": CLIENT_KEY}],
                                                    "admin_keys": [{"name": "root", "key": ADMIN_KEY}]},
                                         headers={"x-extra": "configured"})
    config["providers"]["up"]["credentials"][0]["key"] = "${UPSTREAM_KEY}"
    with Server(config, "log", ["--log-level", "debug"], {"UPSTREAM_KEY": messages.KEY}) as server:
        keyed = HEADERS + [("x-api-key", CLIENT_KEY)]
        answer = server.ask("POST", "/v1/messages?beta=true&secret=%s" % CLIENT_KEY, body(), keyed)
        tap.check("a credential from ${VAR} is used", answer.status == 200, answer.body)
        tap.equal("a configured header is added", a.records[-1].head.all("x-extra"), ["configured"])
        request_id = answer.header("request-id")
        lines = lambda: [json.loads(line) for line in server.text().splitlines() if line.startswith("{")]
        mine = lambda: [line for line in lines() if request_id in json.dumps(line)]
        tap.check("one structured line for an exchange, with its request-id", wire.wait_until(lambda: len(mine()) == 1, 5), server.text())
        text = json.dumps(mine())
        tap.check("the line names route, provider, model and key by name", all(word in text for word in ('"up"', '"me"', "claude-x")), text)
        for headers, status in (([], 401), ([("x-api-key", "wrong")], 401), ([("Authorization", "Bearer " + CLIENT_KEY)], 200),
                                ([("x-signalbox-key", CLIENT_KEY), ("x-api-key", "sk-own")], 200),
                                ([("x-signalbox-key", "wrong"), ("x-api-key", CLIENT_KEY)], 401),
                                ([("Authorization", "Basic " + CLIENT_KEY)], 401)):
            answer = server.ask("POST", "/v1/messages", body(), HEADERS + headers)
            tap.equal("client key by %s: %d" % (", ".join(name for name, _ in headers) or "nothing", status), answer.status, status)
            tap.check("  no key in the answer", CLIENT_KEY.encode() not in answer.body)
        for path in ("/v1/models", "/v1/models/claude-x"):
            tap.equal(path + " needs the client key", server.ask("GET", path).status, 401)
        for path in ("/healthz", "/readyz"):
            tap.equal(path + " needs none", server.ask("GET", path).status, 200)
        count = a.count
        tap.equal("explain needs the admin key", server.ask("POST", "/signalbox/explain", body(), keyed).status, 403)
        answer = server.ask("POST", "/signalbox/explain", body(), [("x-api-key", ADMIN_KEY)])
        tap.check("explain says what would serve", answer.status == 200 and b"claude-x" in answer.body and b"up" in answer.body, answer.body)
        tap.equal("explain sends nothing", a.count, count)
        hop = [("Connection", "keep-alive, x-hop"), ("x-hop", "1"), ("Keep-Alive", "timeout=5"), ("Cookie", "a=b"), ("TE", "trailers"),
               ("X-Forwarded-For", "10.0.0.1"), ("CF-Ray", "x"), ("X-Stainless-Lang", "js"), ("Proxy-Authorization", "x"), ("x-kept", "1")]
        server.ask("POST", "/v1/messages", body(), keyed + hop)
        head = a.records[-1].head
        gone = [name for name, _ in hop if name not in ("Connection", "x-kept") and head.all(name)]
        tap.equal("what speaks of the hop or the client does not go on", gone, [])
        tap.equal("other headers do", head.all("x-kept"), ["1"])
        tap.equal("Host is the upstream's", head.all("host"), ["127.0.0.1:%d" % a.port])
        server.ask("POST", "/v1/messages", b'{"model": "' + CLIENT_KEY.encode() + b'"', keyed)


def passthrough(tap):
    a, b = upstream(), upstream()
    config = two_lanes(a, b)
    del config["providers"]["a"]["credentials"]
    config["providers"]["a"]["passthrough"] = True
    config["server"]["client_keys"] = [{"name": "me", "key": CLIENT_KEY}]
    with Server(config, "passthrough") as server:
        keyed = HEADERS + [("x-signalbox-key", CLIENT_KEY)]
        answer = server.ask("POST", "/v1/messages", body(), keyed + [("x-api-key", messages.KEY)])
        tap.check("the client's own credential goes on", answer.status == 200 and a.records[-1].head.all("x-api-key") == [messages.KEY], answer.body)
        tap.equal("the client key does not", a.records[-1].head.all("x-signalbox-key"), [])
        answer = server.ask("POST", "/v1/messages", body(), keyed + [("x-api-key", "sk-own-wrong")])
        tap.check("a 401 for it goes back as it is", answer.status == 401 and answer.body == a.records[-1].answer, answer.body)
        answer = server.ask("POST", "/v1/messages", body(), keyed + [("Authorization", "Bearer " + messages.KEY)])
        tap.check("as Bearer too, and the lane was not punished", answer.header("x-signalbox-provider") == "a"
                  and a.records[-1].head.all("authorization") == ["Bearer " + messages.KEY], a.records[-1].head.fields)


def base_urls(tap):
    a = upstream()
    for suffix in ("", "/", "/v1", "/v1/", "/v1/messages"):
        with Server(signalbox_server.config_for(a, base_url=a.url + suffix), "base-url") as server:
            message(server)
            tap.equal("base URL ending in %r" % suffix, a.records[-1].head.path, "/v1/messages")
            if not suffix:
                server.ask("POST", "/v1/v1/messages?beta=true", body(), HEADERS)
                tap.equal("a doubled /v1 of the client, and its query", a.records[-1].head.path, "/v1/messages?beta=true")


def command_line(tap):
    def run(*arguments):
        done = subprocess.run([BINARY, *arguments], capture_output=True, timeout=20, stdin=subprocess.DEVNULL)
        return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")

    folder = tempfile.mkdtemp()
    good, bad = folder + "/good.json", folder + "/bad.json"
    a = upstream()
    with open(good, "w") as file:
        json.dump(signalbox_server.config_for(a), file)
    with open(bad, "w") as file:
        file.write('{\n "servr": {},\n "providers": {"up": {"dialekt": "anthropic", "base_url": "ftp://x",\n'
                   '  "credentials": [{"name": "main", "key": "%s"}]}},\n "routes": [{"match": "*", "targets": ["nobody/*"]}]\n}\n' % messages.KEY)
    code, text = run("check", good)
    tap.check("check takes a good file", code == 0, text)
    code, text = run("check", bad)
    tap.check("check refuses a bad one", code != 0, text)
    tap.check("check tells every problem at once, each with its line and the nearest key",
              all(word in text for word in ("bad.json:2:", "bad.json:3:", "bad.json:5:", "server", "dialect", "nobody")), text)
    tap.check("check shows no secret", messages.KEY not in text)
    signalbox_server.ALL_OUTPUT.append(("check", text))
    code, text = run("serve", "--config", bad)
    tap.check("serve refuses a bad file at the start", code != 0 and "bad.json:2" in text, text)
    code, text = run("schema")
    tap.run("schema prints a JSON Schema", lambda: (code == 0 and "properties" in json.loads(text), text[:200]))
    with open(folder + "/request.json", "w") as file:
        json.dump(body(), file)
    code, text = run("explain", folder + "/request.json", "--config", good)
    tap.check("explain says what would serve, and sends nothing", code == 0 and "up" in text and a.count == 0, text)
    with open(folder + "/chat.json", "w") as file:
        json.dump({"providers": {"chat": {**provider(a), "dialect": "openai_chat"}},
                   "routes": [{"match": "*", "targets": ["chat/m"]}]}, file)
    code, text = run("explain", folder + "/request.json", "--config", folder + "/chat.json", "--body", "--json")
    tap.run("explain --body shows the translated request", lambda: (
        code == 0 and json.loads(text)["lanes"][0]["translation"]["body"]["model"] == "m" and a.count == 0, text))
    with open(folder + "/request.json", "rb") as file:
        done = subprocess.run([BINARY, "transform", "--from", "anthropic", "--to", "openai"], capture_output=True, timeout=20, stdin=file)
    tap.run("transform prints the request in another dialect", lambda: (
        done.returncode == 0 and json.loads(done.stdout)["model"] == body()["model"] and done.stdout.endswith(b"}\n")
        and isinstance(json.loads(done.stdout)["messages"], list), done))
    code, text = run("transform", "--from", "anthropic", folder + "/request.json", "--config", good, "--target", "up/other")
    tap.check("transform for a target of its own dialect changes the model's name only",
              code == 0 and text == json.dumps(body()).replace(json.dumps(body()["model"]), '"other"', 1) + "\n", text)
    tap.equal("transform: a request that is none is exit code 1", run("transform", "--from", "anthropic", "--to", "openai")[0], 1)
    tap.equal("transform: a dialect that is none is exit code 2", run("transform", "--from", "anthropic", "--to", "xml")[0], 2)
    for arguments in ((), ("serve",), ("check",), ("explain",), ("transform",), ("schema",)):
        code, text = run(*arguments, "--help")
        tap.check("%s --help" % " ".join(("signalbox",) + arguments), code == 0 and len(text) > 100, text)
    for address in ("9000", ":9000", "127.0.0.1:99999", ""):
        code, text = run("serve", "--config", good, "--listen", address)
        tap.check("--listen %r is wrong" % address, code == 2 and "--listen: must be an address and a port" in text
                  and '(not "%s")' % address in text, (code, text))
    code, text = run("serve", "--config", good, "--listen", "0.0.0.0:0")
    tap.check("--listen for others wants client keys, as server.listen does", code == 2 and "client_keys" in text, (code, text))
    code, text = run("no-such-command")
    tap.check("an unknown command is an error", code == 2 and 'unknown command "no-such-command"' in text, text)
    for arguments, code_wanted, word in ((("chekc",), 2, 'did you mean "check"?'), (("help",), 0, "Examples:"), (("version",), 0, "signalbox "),
                                         (("-v",), 0, "signalbox "), (("check",), 2, "signalbox check FILE"),
                                         (("serve", "x.yaml"), 2, "use --config x.yaml"), (("explain", "r.json", "x.yaml"), 2, "use --config x.yaml"),
                                         (("transform", "--from", "chat", "r.json", "x.yaml"), 2, "use --config x.yaml")):
        code, text = run(*arguments)
        tap.check("%s says %r" % (" ".join(arguments), word), code == code_wanted and word in text, (code, text))
    for request, wanted in ((b"{", 1), (json.dumps(body("would_answer")).encode(), 0)):
        with open(folder + "/request.json", "wb") as file:
            file.write(request)
        code, text = run("explain", folder + "/request.json", "--config", good, "--json")
        tap.check("explain: the exit code says whether the request can be served", code == wanted and "would_answer" in text, (code, text))

    class BesideAFile(Server):
        def command(self, config, env):
            open(os.path.join(self.folder, "signalbox.yaml"), "w").close()
            return super().command(config, env)

    with Server(None, "first-start") as server:
        tap.check("a start without configuration prints the lines for Claude Code",
                  "ANTHROPIC_BASE_URL=http://127.0.0.1:%d" % server.port in server.text()
                  and "ANTHROPIC_AUTH_TOKEN=any\n" in server.text(), server.text())
        tap.check("and names no file where there is none", "--config" not in server.text(), server.text())
    with BesideAFile(None, "forgotten-file") as server:
        tap.check("a start beside a signalbox.yaml that was not named says how to name it",
                  "the built-in mock answers" in server.text() and "--config signalbox.yaml" in server.text(), server.text())


def main():
    tap = Tap("lifecycle")
    for part in (sister_threads, reload, reload_open, reload_keys, graceful_stop, bounded_stop, stop_with_unsent, second_signal, connections_max, full_house, descriptors, disconnect, log_and_headers, passthrough,
                 base_urls, command_line):
        try:
            part(tap)
        except Exception:
            import traceback
            tap.check(part.__name__ + " ran to its end", False, traceback.format_exc(limit=-4))
    signalbox_server.check_secrets(tap)
    tap.exit()


if __name__ == "__main__":
    main()
