#!/usr/bin/env python3
"""64 clients at the same time, raw ones and the official SDKs, against upstreams that do everything wrong (README.md here).

    tests/clients/run chaos                        8 seconds
    tests/clients/run chaos-long                   a minute
    tests/load/chaos.py [--seconds N] [--seed N] [--case N]      inside a network namespace of one's own; one case alone
"""
import argparse
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "clients"))

import signalbox_server  # noqa: E402
import wire  # noqa: E402
from cases import CLIENT_COUNT, CONTENT, CUT, FINE, HEAD, ROUTES, Case  # noqa: E402
from players import FaultyUpstream, Judge, end, exchange_lines, play  # noqa: E402
from tap import Tap  # noqa: E402

KEYS = {"a": ["sk-upstream-a-51f0"], "b": ["sk-upstream-b-9c3e"]}
SECRETS = [key for keys in KEYS.values() for key in keys]
CASES_PER_SECOND_MAX = 25  # of one client; one that is faster stops early
# What 64 exchanges may hold: a window of 64 KiB on each side, and what a slow client has not read. One bomb unpacked has as much.
PEAK_GROWTH_KB_MAX = 24 << 10


def config(upstream):
    def provider(dialect, lane):
        port = upstream.ports[lane or "closed"]
        return {"dialect": dialect, "base_url": "http://127.0.0.1:%d" % port, "credentials": [{"name": "main", "key": KEYS[lane or "a"][0]}],
                "timeouts": {"connect_ms": 2000, "first_byte_ms": 2000, "idle_ms": 2000}}
    return {"server": {"listen": ["127.0.0.1:0"], "threads": 2},
            "providers": {"a": provider("anthropic", "a"), "b": provider("anthropic", "b"), "closed": provider("anthropic", None),
                          "chat-a": provider("openai_chat", "a"), "chat-b": provider("openai_chat", "b"), "closed-chat": provider("openai_chat", None)},
            "routes": [{"match": model, "targets": [name + "/*" for name, _ in lanes], "accounting": "off" if model == "unseen" else "on"}
                       for model, lanes in ROUTES.items()]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--case", type=int, help="only this one")
    options = parser.parse_args()
    print("# seed %d" % options.seed, flush=True)
    tap = Tap("chaos")
    count = int(CLIENT_COUNT * CASES_PER_SECOND_MAX * options.seconds)
    cases = [Case(options.seed, options.case)] if options.case is not None else [Case(options.seed, number) for number in range(count)]
    upstream, judge_ = FaultyUpstream(KEYS), Judge(SECRETS)
    server = signalbox_server.Server(config(upstream), "chaos")
    resting_kb = server.rss_kb()
    codes = play(server, judge_, cases, options.seconds)
    grown_kb = server.rss_kb("VmHWM") - resting_kb
    tap.equal("the SDKs' processes ran to their end", codes, [0] * len(codes))
    for wrong in judge_.wrong[:20]:
        print("# " + wrong.replace("\n", "\n# "))
    print("# %d of %d requests had a healthy lane" % (judge_.healthy, judge_.asked))
    for key, number in sorted(judge_.endings.items()):
        print("# %-7s %-9s %-24s %6d" % (*key, number))
    tap.check("%d requests of %d clients: each has one honest ending, of its own answer, and is served where a lane is healthy"
              % (judge_.asked, CLIENT_COUNT), judge_.asked and not judge_.wrong, "%d were not" % len(judge_.wrong))
    if options.case is None:
        everything = set(HEAD + CONTENT + CUT + FINE)
        tap.equal("every fault was played", sorted(everything - set(judge_.plays)), [])
        kinds = {(kind, dialect) for kind, dialect, ending in judge_.endings if ending == "success"}
        tap.equal("every kind of client was served", len(kinds), 6)
    tap.check("the log has a line for each request, and no more", wire.wait_until(lambda: len(exchange_lines(server)) == judge_.asked, 20),
              "%d lines, %d requests" % (len(exchange_lines(server)), judge_.asked))
    tap.check("the upstream is left by every exchange that has ended", wire.wait_until(lambda: upstream.seen()["busy"] == 0, 20), upstream.seen())
    seen = upstream.seen()
    tap.equal("each of the upstream's %d requests is one of ours, with the key of its lane" % seen["requests"], seen["violations"][:5], [])
    if not signalbox_server.sanitized():
        tap.check("memory at its peak: %d KB above resting" % grown_kb, grown_kb < PEAK_GROWTH_KB_MAX)
    again = server.ask("GET", "/healthz")
    tap.equal("the server goes on serving", (again.status, server.alive()), (200, True))
    tap.equal("it stops as ever", server.stop(), 0)
    end(tap, upstream, SECRETS)


if __name__ == "__main__":
    main()
