"""Memory: idle and after load, the peak for one large body, and a quiet stream's."""

import http.client
import time

import instructions
import load
import tables
from process import TARGET
from run import DIALECTS, say

BODY_BYTES = 24_000_000
REFUSED_BYTES = 90_000_000
SETTLE_SECONDS = 60
SETTLED = 1.10  # of the idle memory


def large_body(byte_count):
    """A Messages request of exactly so many bytes, in texts of the kind that agents send."""
    head = b'{"model":"claude-opus-5-5","max_tokens":256,"messages":[{"role":"user","content":[{"type":"text","text":"begin"}'
    part = b',{"type":"text","text":"' + b'    a line of some file, as agents send it\\n' * 1024 + b'"}'
    tail = b',{"type":"text","text":"%s"}]}]}'
    parts = max(0, (byte_count - len(head) - len(tail)) // len(part))
    return head + part * parts + tail % (b"x" * (byte_count - len(head) - len(part) * parts - len(tail) + 2))


def peak_growth_bytes(server, send):
    """How far the resident memory of the server rose above where it stood, at its highest, while `send` ran."""
    before = server.rss_bytes()
    server.forget_peak()
    send()
    return max(0, server.peak_rss_bytes() - before)


def post(server, body, chunked=False):
    """The status of the answer; None where the server closes without one. A chunked body does not say its length."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    pieces = (body[at:at + 65536] for at in range(0, len(body), 65536)) if chunked else body
    try:
        connection.request("POST", TARGET, pieces, load.HEADERS, encode_chunked=chunked)
    except (BrokenPipeError, ConnectionResetError):
        pass  # refused before its end: the answer may stand there all the same
    try:
        response = connection.getresponse()
        response.read()
        return response.status
    except (ConnectionError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def resident(run):
    """Idle, right after load, and 60 s later."""
    mocks = run.mocks("anthropic")
    rows = [("nginx", run.nginx(mocks["whole"]))] + run.signalboxes(mocks["whole"]) + run.portable(mocks["whole"])
    now = lambda: [(server.rss_bytes(), server.anonymous_bytes()) for _, server in rows]  # noqa: E731
    idle = now()
    run.checked(rows, "small", "whole")
    for label, server in rows:
        for size in ("small", "large"):
            say("load, %s, %s" % (size, label))
            load.cpu_us_per_request(server, run.requests[size, "whole"], run.args.seconds)
    loaded = now()
    say("waiting for memory to settle")
    ended = time.monotonic() + run.args.settle_seconds
    while time.monotonic() < ended and any(
            server.rss_bytes() > SETTLED * before for (before, _), (_, server) in zip(idle, rows)):
        time.sleep(1)
    later = now()
    return ["## Resident memory", "",
            "MiB of the process tree before the first request, after %d s of load in each of the two whole shapes on %d "
            "connections, and when all are back within 10 %% or %d s have gone. In parentheses what of it is anonymous; the "
            "rest are pages of files, programs and libraries, of which a machine has one copy."
            % (run.args.seconds, load.CONNECTIONS, run.args.settle_seconds), ""] + tables.table(
        ["", "idle", "after load", "later", "later, idle = 1"],
        [[label, _resident(a), _resident(b), _resident(c), "**%.2f**" % (c[0] / a[0])]
         for (label, _), a, b, c in zip(rows, idle, loaded, later)])


def _resident(bytes_of):
    return "%s (%s)" % tuple(map(tables.mebibytes, bytes_of))


def bodies(run):
    """The peak for one large body, passed on, translated and refused."""
    mocks = {dialect: run.mock(dialect, "whole") for dialect in ("anthropic", "openai_chat")}
    same = [("nginx", run.nginx(mocks["anthropic"]))] + run.signalboxes(mocks["anthropic"])
    rows = [(label, server, "passed on", BODY_BYTES, False, 200) for label, server in same]
    rows += [(label, server, "Messages in, Chat out", BODY_BYTES, False, 200)
             for label, server in run.signalboxes(mocks["openai_chat"], "openai_chat")]
    for chunked, how in ((False, "refused, its length said"), (True, "refused, its length not said")):
        rows += [(label, server, how, REFUSED_BYTES, chunked, 413) for label, server in same]
    printed = []
    for label, server, how, byte_count, chunked, status in rows:
        say("body of %d MB, %s, %s" % (byte_count / 1e6, label, how))
        body, got = large_body(byte_count), []
        grown = peak_growth_bytes(server, lambda: got.append(post(server, body, chunked)))
        if got[0] not in (status, None if status == 413 else status):
            raise SystemExit("bench: %s answered %s to %d bytes" % (server.name, got[0], byte_count))
        printed.append([label, "%d MB, %s" % (byte_count / 1e6, how), tables.megabytes(grown), "%.2f" % (grown / byte_count)])
    return ["## Memory for one large body", "",
            "The peak of resident memory above where it stood, in MB (10^6), and as a multiple of the body. nginx refuses "
            "above 64 MB here, Signalbox above its default of 32 MiB.", ""] + tables.table(
                ["", "body", "peak growth", "body = 1"], printed)


def quiet_streams(run):
    direct = run.slow_upstream(3_600_000, 2)
    rows, unit = [], None
    for label, server in [("nginx", run.nginx(direct))] + run.signalboxes(direct):
        say("quiet streams, %s" % label)
        grown = load.bytes_per_quiet_stream(run.tool, run.requests["small", "stream"], run.args.streams, server)
        unit = grown if unit is None else unit
        rows.append([label, "%.1f KB = %s" % (grown / 1000, tables.multiple_of_added(grown, unit))])
    return ["## Memory of a quiet stream", "", "Growth of PSS over %d open streams that say nothing." % run.args.streams,
            ""] + tables.table(["", "a stream"], rows)


def states(run):
    """What the core holds of one stream, every pair of dialects."""
    steps, rows = run.built("bench_steps"), []
    for client, upstream in instructions.PAIRS:
        row = [instructions.label_of(client, upstream)]
        path = run.folder / ("answer-%s-stream" % upstream)
        path.write_bytes(DIALECTS[upstream].answer("stream"))
        for size in ("small", "large"):
            first, midst, most = load.state_bytes(steps, run.request(client, size, "stream"), path, (client, upstream))
            row.append("%s, %s, %s" % tuple("%.1f" % (held / 1000) for held in (first, midst, most)))
        rows.append(row)
    return ["## State of a stream", "",
            "KB that the core holds of one stream of 100 frames: after its first frame, in its midst, at most. By the C "
            "library's account of what is allocated; the window over the answer and the client's body are the host's.",
            ""] + tables.table(["", "small request", "49 KB"], rows)
