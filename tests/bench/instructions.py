"""Instructions of the core per exchange, which do not depend on what else runs, and the gate on them."""

import pathlib

import load
import tables
from run import DIALECTS, SHAPES, say

ACCEPTED = pathlib.Path(__file__).parent / "instructions.tsv"
DRIFT_MAX = 0.03
STRATEGIES = ["priority", "round_robin", "weighted", "random", "least_busy", "fastest", "cheapest", "quota"]
TARGETS = 200
# No decision may take more, whatever was accepted: about 2 us.
DECISION_MAX = 20000
PAIRS = [(client, upstream) for client in DIALECTS for upstream in DIALECTS]


def label_of(client, upstream):
    if client == upstream:
        return DIALECTS[client].title + " in and out"
    return "%s in, %s out" % (DIALECTS[client].title, DIALECTS[upstream].title)


SHAPE_OF_DECISIONS = "%d targets" % TARGETS


def decision_label(strategy):
    return "A decision, " + strategy


def section(run):
    steps, rows = run.built("bench_steps"), []
    for client, upstream in PAIRS:
        label = label_of(client, upstream)
        row = [label]
        for shape, size, answer in SHAPES:
            say("instructions, %s, %s" % (label, shape))
            path = run.folder / ("answer-%s-%s" % (upstream, answer))
            path.write_bytes(DIALECTS[upstream].answer(answer))
            count = load.instructions_per_exchange(steps, run.request(client, size, answer), path, (client, upstream))
            run.instruction_counts[label, shape] = count
            row.append("{:,.0f}".format(count))
        rows.append(row)
    return ["## Instructions of the core per exchange", "",
            "callgrind over the step function alone, without sockets; each frame of a stream an event of its own. "
            "`scripts/bench --instructions --check` holds them to 3 % of `tests/bench/instructions.tsv` in CI.",
            ""] + tables.table([""] + [shape for shape, _, _ in SHAPES], rows) + decisions(run)


def decisions(run):
    tool, row = run.built("bench_decisions"), []
    for strategy in STRATEGIES:
        say("instructions, decisions, %s" % strategy)
        count = load.instructions_per_decision(tool, strategy, TARGETS)
        run.instruction_counts[decision_label(strategy), SHAPE_OF_DECISIONS] = count
        row.append("{:,.0f}".format(count))
    return ["A decision among %d targets, from a small body to who is asked and what is counted of it, with 100,000 "
            "conversations remembered and two lanes cooling down; at most %s:" % (TARGETS, "{:,}".format(DECISION_MAX)),
            ""] + tables.table([""] + STRATEGIES, [["instructions"] + row])


def accepted():
    rows = (line.split("\t") for line in ACCEPTED.read_text().splitlines())
    return {(label, shape): float(count) for label, shape, count in rows}


def accept(counts):
    ACCEPTED.write_text("".join("%s\t%s\t%.0f\n" % (*key, count) for key, count in counts.items()))


def drifted(counts, before):
    """A sentence for each count that has left the accepted one, in either direction, or stands on one side only."""
    said = []
    for key in sorted({*counts, *before}):
        now, then = counts.get(key, 0), before.get(key, 0)
        drift = now / then - 1 if then else 1
        if abs(drift) > DRIFT_MAX:
            said.append("%s, %s: %.0f instructions, accepted are %.0f (%+.1f %%)" % (*key, now, then, 100 * drift))
        if key[1] == SHAPE_OF_DECISIONS and now > DECISION_MAX:
            said.append("%s, %s: %.0f instructions, the bound is %d" % (*key, now, DECISION_MAX))
    return said
