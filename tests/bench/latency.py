"""Added latency: of a whole exchange, to the first token, of a frame, and until a client's leaving is seen upstream."""

import load
import servers
import tables
from run import SHAPES, say

FRAME_GAP_MS = 5
FRAMES_A_STREAM = 100


def exchanges(run):
    mocks = run.mocks("anthropic")
    gateways = {answer: [("nginx", run.nginx(mock))] + run.signalboxes(mock) for answer, mock in mocks.items()}
    rows = []
    for shape, size, answer in SHAPES:
        say("latency, %s" % shape)
        run.checked(gateways[answer], size, answer)
        found = load.exchanges(run.tool, run.requests[size, answer], run.args.exchanges,
                               [mocks[answer]] + [server for _, server in gateways[answer]])
        base, unit = found[mocks[answer].name], found[gateways[answer][0][1].name]
        rows.append([shape, "mock alone", _both(base, "p"), "", _both(base, "first_p")])
        for label, server in gateways[answer]:
            f = found[server.name]
            rows.append(["", label, _added(f, base, "p"), _multiple(f, unit, base), _added(f, base, "first_p")])
    return ["## Added latency, one connection", "",
            "%d exchanges a cell, servers in turn; microseconds, p50 / p99. The mock's own time first, then what each gateway "
            "adds to it. The first token is the first content of a stream, or the first byte of a whole answer."
            % run.args.exchanges, ""] + tables.table(["", "", "whole exchange", "p50, nginx = 1", "first token"], rows)


def frames(run):
    direct = run.slow_upstream(FRAME_GAP_MS, FRAMES_A_STREAM)
    gateways = [("nginx", run.nginx(direct))] + run.signalboxes(direct)
    say("frames")
    found = load.frames(run.tool, run.requests["small", "stream"], run.args.frame_streams,
                        [direct] + [server for _, server in gateways])
    return ["## Added latency of a frame", "",
            "%d frames of each, %d ms apart, one stream at a time, servers in turn; microseconds, p50 / p99."
            % (found["direct"]["count"], FRAME_GAP_MS), ""] + _against_direct(found, gateways, "frame")


def gone(run):
    direct = run.keep(servers.ToolUpstream([str(run.tool), "gone", str(run.requests["small", "stream"]),
                                            str(run.args.leavings)]))
    gateways = [("nginx", run.nginx(direct))] + run.signalboxes(direct)
    say("clients that leave")
    found = load.gone(direct, [direct] + [server for _, server in gateways])
    return ["## Client gone, seen upstream", "",
            "%d clients of each close a stream that stands still, servers in turn: microseconds from there to the end of the "
            "upstream's connection, p50 / p99." % run.args.leavings, ""] + _against_direct(found, gateways, "seen after")


def _against_direct(found, gateways, head):
    base, unit = found["direct"], found[gateways[0][1].name]
    rows = [["mock alone", _both(base, "p"), ""]]
    rows += [[label, _added(found[server.name], base, "p"), _multiple(found[server.name], unit, base)]
             for label, server in gateways]
    return tables.table(["", head, "p50, nginx = 1"], rows)


def _both(found, key):
    return "%.0f / %.0f" % (found[key + "50"], found[key + "99"])


def _added(found, base, key):
    return "%+.0f / %+.0f" % (tables.added(found, base, key + "50"), tables.added(found, base, key + "99"))


def _multiple(found, unit, base):
    return tables.multiple_of_added(tables.added(found, base, "p50"), tables.added(unit, base, "p50"))
