#!/usr/bin/env python3
"""`probes` on the real binary: a provider that is down and comes back gets its first real request only after a probe has
said so. Waits are nets, never measures."""
import json
import tempfile

import signalbox_server
import wire
from lifecycle import message, upstream
from signalbox_server import NativeServer, provider
from tap import Tap
from upstream import Upstream

PING = b'{"model":"m","max_tokens":16,"messages":[{"role":"user","content":"ping"}]}'


def config(a, b, **more):
    return {"server": {"listen": ["127.0.0.1:0"], "threads": 2}, "providers": {"a": provider(a), "b": provider(b)},
            "failures": {"cool_ms": 300, "open_ms": 300},
            "routes": [{"match": "*", "targets": ["a/m", "b/m"]}], **more}


def is_probe(record):
    return record.head.body == PING


def after_a_failure(tap, script):
    a, b = upstream(), upstream()
    with NativeServer(config(a, b, probes={"every_ms": 100}), "probes") as server:
        a.script = script
        first = message(server)
        tap.equal("%s: the other lane serves meanwhile" % script, first.header("x-signalbox-provider"), "b")
        # Some coolings would be over by now.
        tap.check("%s: it is probed while it is down" % script, wire.wait_until(lambda: a.count >= 6, 20), a.count)
        served = {message(server).header("x-signalbox-provider") for _ in range(20)}
        tap.equal("%s: and gets no request" % script, served, {"b"})
        real = [record for record in a.records if not is_probe(record)]
        tap.equal("%s: all that it was asked after the first request are probes" % script, len(real), 1)
        a.script = None
        tap.check("%s: it serves when it is back" % script,
                  wire.wait_until(lambda: message(server).header("x-signalbox-provider") == "a", 20))
        kinds = [is_probe(record) for record in a.records]
        again = kinds.index(False, 1)
        tap.check("%s: the last before its first request was a probe" % script, kinds[again - 1], kinds)
        # Both threads have heard of it by the end of these.
        served = {message(server).header("x-signalbox-provider") for _ in range(12)}
        tap.equal("%s: and goes on" % script, served, {"a"})
        count = a.count
        tap.check("%s: a lane that is well is not probed" % script, not wire.wait_until(lambda: a.count > count, 0.5), a.count - count)
        tap.equal("%s: nor is the other" % script, [record.number for record in b.records if is_probe(record)], [])
        metrics = server.ask("GET", "/metrics").body.decode()
        counted = [line for line in metrics.splitlines() if line.startswith("signalbox_requests_total{")]
        tap.check("%s: no probe is counted as a request" % script, counted and not any("probe" in line for line in counted),
                  counted)


def not_reachable(tap):
    """Nobody listens at first: refused connections, and then somebody does."""
    a, b = upstream(), upstream()
    port = a.port
    a.close()
    with NativeServer(config(a, b, probes={"every_ms": 100}), "probes") as server:
        tap.equal("refused: the other lane serves meanwhile", message(server).header("x-signalbox-provider"), "b")
        asked = wire.wait_until(lambda: server.text().count('"operation":"probe"') + server.text().count(" probe ") >= 3, 20)
        tap.check("refused: it is probed", asked, server.text()[-400:])
        tap.equal("refused: and gets no request", {message(server).header("x-signalbox-provider") for _ in range(12)}, {"b"})
        back = upstream_at(port)
        tap.check("refused: it serves when it is back",
                  wire.wait_until(lambda: message(server).header("x-signalbox-provider") == "a", 20))
        tap.check("refused: its first request was a probe", is_probe(back.records[0]))


def upstream_at(port):
    return Upstream(tempfile.mkdtemp(prefix="upstream-"), None, port=port)


def off(tap):
    a, b = upstream(), upstream()
    with NativeServer(config(a, b), "probes") as server:
        a.once.append("error-500")
        message(server)
        wire.wait_until(lambda: a.count > 1, 2)
        tap.equal("off: nobody is probed", a.count, 1)
        answer = server.ask("POST", "/signalbox/probe?lane=a/main/m")
        told = json.loads(answer.body)
        tap.equal("off: but where it is asked for", (answer.status, told["asked"], told["serves"]), (200, True, True))
        tap.equal("off: with a ping", a.records[-1].head.body, PING)


def reload(tap):
    a, b = upstream(), upstream()
    rests = {"cool_ms": 60_000, "open_ms": 60_000}
    with NativeServer(config(a, b, failures=rests), "probes") as server:
        a.script = "error-500"
        message(server)
        server.switch_config(config(a, b, failures=rests, probes={"every_ms": 100}))
        tap.check("reload: probes begin", wire.wait_until(lambda: a.count >= 4, 20), a.count)
        server.switch_config(config(a, b, failures=rests, probes={"every_ms": 100}, providers={"a": provider(a, probes=False), "b": provider(b)}))
        count = a.count
        wire.wait_until(lambda: a.count > count + 1, 1)  # one may have been under way
        tap.check("reload: a provider is left out", a.count <= count + 1, (count, a.count))
        a.script = None
        server.switch_config(config(a, b, failures=rests, probes={"every_ms": 100}))
        tap.check("reload: and found well when it is not any more",
                  wire.wait_until(lambda: message(server).header("x-signalbox-provider") == "a", 20))
        server.switch_config(config(a, b, failures=rests))
        a.script = "error-500"
        message(server)
        count = a.count
        wire.wait_until(lambda: a.count > count, 1)
        tap.equal("reload: probes end", a.count, count)


def main():
    tap = Tap("probes")
    for script in ("error-500", "reset"):
        tap.run(script + " ran to its end", after_a_failure, tap, script)
    for part in (not_reachable, off, reload):
        tap.run(part.__name__ + " ran to its end", part, tap)
    signalbox_server.check_secrets(tap)
    tap.exit()


if __name__ == "__main__":
    main()
