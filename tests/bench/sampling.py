"""Where the gateway's CPU goes: the ten dearest functions of each shape, the kernel's included, sampled by perf."""

import collections
import re
import subprocess

import load
import tables
from instructions import label_of
from run import SHAPES, say

TOP = 10
SAMPLES_A_SECOND = 5000
KERNEL, C_LIBRARY, GATEWAY, OTHERS = "kernel", "C library", "Signalbox", "other libraries"


def section(run):
    lines = ["## Where the time goes", "",
             "Samples of Signalbox with one thread under the load of the first table (`perf record -e cpu-clock`), without "
             "callees. `[lib]` is a library and `[k]` the kernel: sockets, epoll, and loopback's delivery, which does the "
             "receiver's work in the sender's time. "
             "The clock's interrupt is seen where interrupts are let in again (`finish_task_switch`, "
             "`_raw_spin_unlock_irqrestore`), so that only the kernel's share as a whole is to be believed.", ""]
    for dialect in ("anthropic", "openai_chat"):
        label = label_of("anthropic", dialect)
        mocks = run.mocks(dialect)
        columns = []
        for shape, size, answer in SHAPES:
            say("profile, %s, %s" % (label, shape))
            server = run.signalbox(mocks[answer], 1, dialect)
            run.checked([(label, server)], size, answer, dialect)
            columns.append(_sampled(server, run.requests[size, answer], run))
        rows = [[owner + ", all of it"] + [tables.percent_of(shares(column)[owner], sum(column.values())) for column in columns]
                for owner in (KERNEL, C_LIBRARY, GATEWAY, OTHERS)]
        rows += [[str(rank + 1)] + [_cell(column, rank) for column in columns] for rank in range(TOP)]
        lines += ["### " + label, ""] + tables.table([""] + [shape for shape, _, _ in SHAPES], rows)
    return lines


def _sampled(server, request_path, run):
    """{(owner, function): samples}"""
    seconds, data_path = run.args.seconds, run.folder / "perf.data"
    with load.started(server, request_path, seconds + 2) as wrk:
        pids = ",".join(map(str, server.pids()))
        recorded = subprocess.run(["perf", "record", "-q", "-e", "cpu-clock", "-F", str(SAMPLES_A_SECOND), "-p", pids, "-o",
                                   str(data_path), "--", "sleep", str(seconds)], capture_output=True, text=True)
        wrk.communicate()
    if recorded.returncode:
        raise SystemExit("bench: perf does not work here: %s" % recorded.stderr.strip()[-500:])
    report = subprocess.run(["perf", "report", "-i", str(data_path), "--stdio", "--no-children", "-g", "none", "-F",
                             "sample,dso,symbol", "-t", "\t"], check=True, capture_output=True, text=True).stdout
    return parsed(report, run.binary.name)


def parsed(report, binary_name):
    """{(owner, function): samples} of perf's report with tabs."""
    found = collections.Counter()
    for line in report.splitlines():
        fields = [field.strip() for field in line.split("\t")]
        if len(fields) == 3 and fields[0].isdigit():
            count, library, function = fields
            if function.startswith("[k]"):
                owner = KERNEL
            elif library == binary_name:
                owner = GATEWAY
            else:
                owner = C_LIBRARY if library.startswith(("libc.", "[vdso]")) else OTHERS
            found[owner, function[4:]] += int(count)
    return found


def shares(samples):
    """The samples by owner."""
    found = collections.Counter()
    for (owner, _), count in samples.items():
        found[owner] += count
    return found


def short(function):
    """The name of a C++ function without its arguments, its return type and what every one of ours has."""
    name = re.sub(r"signalbox::|\(anonymous namespace\)::|\[abi:\w+\]|\(\) const|operator\(\)", lambda found:
                  "operator" if found[0] == "operator()" else "", function)
    while (cut := re.sub(r"<[^<>]*>", "", name)) != name:
        name = cut
    return name.partition("(")[0].split(" ")[-1]


def _cell(samples, rank):
    ranked = samples.most_common()
    if rank >= len(ranked):
        return ""
    (owner, function), count = ranked[rank]
    mark = {KERNEL: "[k] ", GATEWAY: ""}.get(owner, "[lib] ")
    return "%s %s`%s`" % (tables.percent_of(count, sum(samples.values())), mark, short(function))
