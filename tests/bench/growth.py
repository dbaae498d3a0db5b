"""What a larger body and a longer stream cost, by doubling: instructions of the core, and CPU of the gateway as it runs."""

import load
import memory
import tables
from instructions import label_of
from run import DIALECTS, say

BODY_MB = (1, 2, 4, 8, 16, 32)
FRAMES = (100, 200, 400, 800, 1600, 3200, 6400)
UPSTREAMS = ("anthropic", "openai_chat")
EXCHANGES = (1, 3)  # one is start-up


def section(run):
    steps = run.built("bench_steps")
    bodies = {size: run.folder / ("body-%d.json" % size) for size in BODY_MB}
    for size, path in bodies.items():
        path.write_bytes(memory.large_body(size * 1_000_000))
    lines = ["## Growth with the body", "",
             "Requests of 1 to 32 MB (10^6 bytes) and a whole answer. Behind each figure: how many times the one before it. "
             "Linear is 2. Instructions are the core's alone; CPU is the process's on one connection, the lowest of %d "
             "rounds." % run.args.rounds, ""]
    rows = []
    for dialect in UPSTREAMS:
        label = label_of("anthropic", dialect)
        answer = run.folder / ("growth-%s.json" % dialect)
        answer.write_bytes(DIALECTS[dialect].answer("whole"))
        counts = []
        for size in BODY_MB:
            say("instructions, %s, %d MB" % (label, size))
            counts.append(load.instructions_per_exchange(steps, bodies[size], answer, ("anthropic", dialect), EXCHANGES))
        rows.append(_row("million instructions, " + label, counts, 1e6))
    for label, costs in _cpu(run, bodies).items():
        rows.append(_row("CPU in ms, " + label, costs, 1000))
    lines += tables.table([""] + ["%d MB" % size for size in BODY_MB], rows)
    rows = []
    for dialect in UPSTREAMS:
        label = label_of("anthropic", dialect)
        counts = []
        for count in FRAMES:
            say("instructions, %s, %d frames" % (label, count))
            path = run.folder / ("stream-%s-%d" % (dialect, count))
            path.write_bytes(DIALECTS[dialect].answer("stream", count))
            counts.append(load.instructions_per_exchange(steps, run.requests["small", "stream"], path, ("anthropic", dialect), EXCHANGES))
        rows.append(_row("million instructions, " + label, counts, 1e6))
    return lines + ["## Growth with the stream", "", "A small request, and answers of 100 to 6400 frames.", ""] + tables.table(
        [""] + ["%d" % count for count in FRAMES], rows)


def _cpu(run, bodies):
    """{label: the CPU of one request in us, by size}: the lowest of the rounds, for noise only ever adds."""
    messages, chat = run.mock("anthropic", "whole"), run.mock("openai_chat", "whole")
    rows = [("nginx", run.nginx(messages))]
    if run.binary:
        rows += [("Signalbox, one thread", run.signalbox(messages, 1)),
                 ("Signalbox, one thread, to Chat", run.signalbox(chat, 1, "openai_chat"))]
    found = {label: [[] for _ in bodies] for label, _ in rows}
    for _ in range(run.args.rounds):
        for at, (size, path) in enumerate(bodies.items()):
            for label, server in rows:
                say("growth, %d MB, %s" % (size, label))
                found[label][at].append(load.cpu_us_per_request(server, path, 1, connections=1))
    return {label: [min(values) for values in by_size] for label, by_size in found.items()}


def _row(label, costs, unit):
    steps = [""] + [" (%.2f)" % step for step in tables.doublings(costs)]
    return [label] + ["{:,.1f}{}".format(cost / unit, step) for cost, step in zip(costs, steps)]
