#!/usr/bin/env python3
"""The official SDKs of all dialects at the same time, on routes whose providers fail in every way, beside one that is nearly
always well (README.md here). SIGNALBOX_HOST says on which host.

    tests/clients/run routing-chaos wasi-routing-chaos worker-routing-chaos      12 seconds each
    tests/clients/run soak              a minute on the native host, with its memory and descriptors
    tests/clients/run soak-long         ten of them
    tests/load/routing_chaos.py [--seconds N] [--soak] [--seed N] [--case N] [--plant WHAT]

--plant breaks what the upstream says and nobody can know: `nonce`, `spliced`, `ended-early`, `hung`, `failed`. The run has to fail.
"""
import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "clients"))

import signalbox_server  # noqa: E402
import wire  # noqa: E402
from players import FaultyUpstream, Judge, end, exchange_lines, play  # noqa: E402
from routing_cases import BOUNDED, CLIENT_COUNT, KEYS as CLIENT_KEYS, DEAD, DIALECTS, LANES, ROUTES, RoutingCase  # noqa: E402
from tap import Tap  # noqa: E402

# Two credentials for each lane: what one of them is refused, the other may still get.
KEYS = {lane: ["sk-upstream-%s%d-51f0" % (lane, number) for number in (1, 2)] for lane in LANES}
SECRETS = [key for keys in KEYS.values() for key in keys]
ROUND_SECONDS = 30         # of a soak: what one set of clients plays; the next has new sessions
CASES_PER_SECOND_MAX = 20  # of one client; one that is faster stops early
PAUSE_MS = 50              # of a client of Python's in a soak, which is to last and not to fill a machine
# Behind the last client; connections to upstreams are kept for a minute.
REST_KB, REST_DESCRIPTORS = 1 << 10, 4
LONG_SECONDS = 100  # a soak of so long begins and ends at rest


def config(upstream, routes=None):
    routes = routes or ROUTES

    def provider(name):
        lane, _, dialect = name.partition("-")
        patience = 20_000 if lane == "c" else 4000  # on a machine that others fill a lane that is well is late too
        dead = name in DEAD
        keys = KEYS["a" if dead else lane]
        return {"dialect": "anthropic" if dead else DIALECTS[dialect],
                "base_url": "%s://127.0.0.1:%d" % (DEAD.get(name, "http"), upstream.ports[name if dead else lane]),
                "credentials": [{"name": "%d" % number, "key": key} for number, key in enumerate(keys)],
                "concurrent_max": BOUNDED.get(name, 0) if signalbox_server.HOST == "native" else 0, "timeouts": {"connect_ms": 2000, "first_byte_ms": patience, "idle_ms": patience}}
    names = {name for _, providers in routes.values() for name in providers}
    clients = [{"name": "any", "key": CLIENT_KEYS[0]}, {"name": "limited", "key": CLIENT_KEYS[1], "limits": {"concurrent_max": 2}}]
    return {"server": {"listen": ["127.0.0.1:0"], "threads": 2, "client_keys": clients}, "failover": {"attempts_max": 12},
            "providers": {name: provider(name) for name in sorted(names)},
            "routes": [{"match": model, "targets": [name + "/*" for name in providers], **settings}
                       for model, (settings, providers) in routes.items()]}


def certificate():
    """One that nobody signed, and its key."""
    folder = tempfile.mkdtemp(prefix="tls-")
    files = [os.path.join(folder, name) for name in ("certificate.pem", "key.pem")]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)
    return files


class Watch:
    """The server's memory and descriptors, once a second."""

    def __init__(self, server):
        self.server, self.rss_kb, self.descriptors, self.stopped = server, [], [], threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def descriptors_now(self):
        return len(os.listdir("/proc/%d/fd" % self.server.process.pid))

    def _run(self):
        while not self.stopped.wait(1):
            self.rss_kb.append(self.server.rss_kb())
            self.descriptors.append(self.descriptors_now())

    def stop(self):
        self.stopped.set()
        self.thread.join()


def check_soak(tap, watch, resting, long_):
    """What was used in the second half is no more than in the first, but for the peaks of chance."""
    watch.stop()
    for name, seen, slack in (("RSS in KB", watch.rss_kb, REST_KB), ("descriptors", watch.descriptors, 24)):
        half = len(seen) // 2
        first, second = (max(part, default=0) for part in (seen[:half], seen[half:]))
        tap.check("%s: %d at rest, at most %d in the first half, %d in the second" % (name, resting[name], first, second),
                  first and second <= first * 1.1 + slack, seen)
    if long_:
        bounds = (resting["RSS in KB"] * 1.1 + REST_KB, resting["descriptors"] + REST_DESCRIPTORS)
        back = lambda: watch.server.rss_kb() <= bounds[0] and watch.descriptors_now() <= bounds[1]
        good = wire.wait_until(back, 120)
        tap.check("afterwards both go back: %d KB of RSS (bound %d), %d descriptors (bound %d)" % (
            watch.server.rss_kb(), bounds[0], watch.descriptors_now(), bounds[1]), good)


def tell(judge_):
    for wrong in judge_.wrong[:20]:
        print("# " + wrong.replace("\n", "\n# "))
    print("# %d of %d requests had a healthy lane" % (judge_.healthy, judge_.asked))
    for key, number in sorted(judge_.endings.items()):
        print("# %-7s %-9s %-24s %6d" % (*key, number))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--soak", action="store_true")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--case", type=int, help="only this one")
    parser.add_argument("--plant", default="")
    options = parser.parse_args()
    print("# seed %d" % options.seed, flush=True)
    host, tap = signalbox_server.HOST, Tap("soak" if options.soak else "routing chaos")
    upstream, judge_ = FaultyUpstream(KEYS, certificate(), options.plant), Judge(SECRETS)
    server = signalbox_server.Server(config(upstream), "routing-chaos")
    watch = options.soak and Watch(server)
    codes, number, long_ = [], 0, options.soak and options.seconds >= LONG_SECONDS
    descriptors = watch and watch.descriptors_now()
    if long_:  # what the first exchanges of a process allocate for good is no exchange's
        cases = [RoutingCase(options.seed, -1 - each, host) for each in range(20 * CLIENT_COUNT)]
        codes += play(server, judge_, cases, 10)
        wire.wait_until(lambda: watch.descriptors_now() <= descriptors + REST_DESCRIPTORS, 120)
        time.sleep(10)  # memory is given back when there has been little to do for some seconds
        watch.rss_kb, watch.descriptors = [], []
    resting = watch and {"RSS in KB": server.rss_kb(), "descriptors": descriptors}
    over = time.monotonic() + options.seconds
    while not codes or (options.soak and time.monotonic() < over - 5):
        seconds = min(options.seconds, ROUND_SECONDS if options.soak else options.seconds)
        count = int(CLIENT_COUNT * CASES_PER_SECOND_MAX * seconds)
        wanted = [options.case] if options.case is not None else range(number, number + count)
        cases = [RoutingCase(options.seed, each, host) for each in wanted]
        for case in cases:
            case.pause_ms = PAUSE_MS if options.soak else 0
        codes += play(server, judge_, cases, seconds)
        number += count
    tap.equal("the SDKs' processes ran to their end", codes, [0] * len(codes))
    tell(judge_)
    tap.check("%d requests of %d clients: each has one honest ending, of its own answer, and is served where a lane is healthy"
              % (judge_.asked, CLIENT_COUNT), judge_.asked and not judge_.wrong, "%d were not" % len(judge_.wrong))
    if options.case is None:
        kinds = {(kind, dialect) for kind, dialect, ending in judge_.endings if ending == "success"}
        tap.equal("every kind of client was served", len(kinds), 6)
    left = sum(number for (_, _, ending), number in judge_.endings.items() if ending == "left")
    # Of those that left some never sent their request.
    tap.check("the log has a line for each request, and no more", wire.wait_until(lambda: judge_.asked - left <= len(exchange_lines(server)) <= judge_.asked, 20),
              "%d lines, %d requests, %d left" % (len(exchange_lines(server)), judge_.asked, left))
    # workerd does not see every client that leaves, and lane c may be silent for 20 seconds.
    tap.check("the upstream is left by every exchange that has ended", wire.wait_until(lambda: upstream.seen()["busy"] == 0, 40), upstream.seen()["busy"])
    seen = upstream.seen()
    tap.equal("each of the upstream's %d requests is one of ours, with a key of its lane" % seen["requests"], seen["violations"][:5], [])
    tap.equal("whom nobody can trust got no request", seen["by_lane"]["untrusted"], 0)
    if options.soak:
        check_soak(tap, watch, resting, long_)
    again = server.ask("GET", "/healthz")
    tap.equal("the server goes on serving", (again.status, server.alive()), (200, True))
    code = server.stop()
    if host == "native":
        tap.equal("it stops as ever", code, 0)
    end(tap, upstream, SECRETS)


if __name__ == "__main__":
    main()
