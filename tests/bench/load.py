"""One measurement each: a load, what it cost, in numbers that no gateway says about itself."""

import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import re
import subprocess
import time

_HERE = pathlib.Path(__file__).parent
HEADERS = {"content-type": "application/json", "anthropic-version": "2023-06-01", "x-api-key": "bench-client"}
CONNECTIONS = 16


def check(server, request, answer, what_counts=bytes):
    """The bench measures gateways that answer rightly: what counts of the answer is as in the mock's, or no figure."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("POST", server.target, request, HEADERS)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status != 200 or what_counts(body) != what_counts(answer):
        raise SystemExit("bench: %s answered %d with %d bytes, not the mock's %d:\n%s" % (
            server.name, response.status, len(body), len(answer), body[:500].decode(errors="replace")))


def cpu_us_per_request(server, request_path, seconds, connections=CONNECTIONS):
    """CPU of the server's process tree over the requests that wrk counted in the same interval."""
    before = server.cpu_seconds()
    with started(server, request_path, seconds, connections) as wrk:
        out = wrk.communicate()[0]
    spent = server.cpu_seconds() - before
    result = json.loads(out.strip().splitlines()[-1]) if wrk.returncode == 0 else {}
    if not result or result["errors"] or not result["requests"]:
        raise SystemExit("bench: %s under load: %s" % (server.name, result))
    return spent * 1e6 / result["requests"]


def cpu_us_per_finished_request(server, request_path, seconds, connections=CONNECTIONS):
    """The same with clients that finish what they began, where wrk leaves at its end. They are slower than wrk,
    which only a server of milliseconds does not notice."""
    body, ends = request_path.read_bytes(), time.monotonic() + seconds

    def one_client(_):
        connection, finished = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60), 0
        while finished == 0 or time.monotonic() < ends:
            connection.request("POST", server.target, body, HEADERS)
            response = connection.getresponse()
            response.read()
            if response.status != 200:
                raise SystemExit("bench: %s under load: %d" % (server.name, response.status))
            finished += 1
        connection.close()
        return finished

    before = server.cpu_seconds()
    with concurrent.futures.ThreadPoolExecutor(connections) as pool:
        finished = sum(pool.map(one_client, range(connections)))
    return (server.cpu_seconds() - before) * 1e6 / finished


def started(server, request_path, seconds, connections=CONNECTIONS):
    """The load generator, running: for what is looked at meanwhile."""
    return subprocess.Popen(["wrk", "-t1", "-c%d" % connections, "-d%ds" % seconds, "--timeout", "30s", "--latency", "-s",
                             str(_HERE / "post.lua"), server.url, "--", str(request_path)], stdout=subprocess.PIPE, text=True)


def _named(servers):
    return ["%s=%d" % (s.name, s.port) for s in servers]


def _lines(out):
    return {line["name"]: line for line in map(json.loads, out.splitlines())}


def exchanges(tool, request_path, count, servers):
    """Latency of `count` whole exchanges on one connection each, the servers in turn."""
    return _lines(subprocess.run([str(tool), "exchanges", str(request_path), str(count)] + _named(servers), check=True,
                                 stdout=subprocess.PIPE, text=True).stdout)


def frames(tool, request_path, streams, servers):
    """How long frames that come 5 ms apart are on their way, the servers in turn."""
    return _lines(subprocess.run([str(tool), "frames", str(request_path), str(streams)] + _named(servers), check=True,
                                 stdout=subprocess.PIPE, text=True).stdout)


def gone(upstream, servers):
    """How long after a client's close the upstream sees it, the servers in turn. `upstream` is bench_latency's own."""
    return _lines(upstream.process.communicate(" ".join(_named(servers)))[0])


def bytes_per_quiet_stream(tool, request_path, count, server):
    """Growth of PSS while `count` streams stand open and say nothing, over `count`."""
    with _held(tool, request_path, 20, server):
        pass  # what the first exchanges of a process allocate for good is not a stream's
    before = server.pss_bytes()
    with _held(tool, request_path, count, server):
        return (server.pss_bytes() - before) / count


@contextlib.contextmanager
def _held(tool, request_path, count, server):
    client = subprocess.Popen([str(tool), "hold", str(request_path), str(count), str(server.port)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if json.loads(client.stdout.readline())["held"] != count:
            raise SystemExit("bench: streams were lost")
        yield
    finally:
        client.stdin.close()
        client.wait()


def instructions_each(command, counts):
    """Instructions of one of what `command` does so often as its last argument says: two runs, so that start-up falls out
    of the difference."""
    found = []
    for count in counts:
        # The C library picks its memcpy by the processor; pinned to the baseline, every machine counts the same.
        environment = {"PATH": os.environ["PATH"], "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX512F,-ERMS,-FSRM"}
        out = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                              *map(str, command), str(count)], env=environment, capture_output=True, text=True)
        collected = re.search(r"Collected\s*:\s*(\d+)", out.stderr)
        if out.returncode or not collected:
            raise SystemExit("bench: %s failed:\n%s" % (pathlib.Path(command[0]).name, out.stderr[-2000:]))
        found.append(int(collected.group(1)))
    return (found[1] - found[0]) / (counts[1] - counts[0])


def instructions_per_exchange(tool, request_path, answer_path, pair, exchange_counts=(4, 24)):
    """Instructions of one exchange in the core."""
    return instructions_each([tool, request_path, answer_path, *pair], exchange_counts)


def instructions_per_decision(tool, strategy, target_count, decision_counts=(1000, 3000)):
    """Instructions of one decision among so many targets: from a small body to who is asked, and what is counted of it."""
    return instructions_each([tool, strategy, target_count], decision_counts)


def state_bytes(tool, request_path, answer_path, pair):
    """What one exchange holds in the core: after its first frame, in the midst of its answer, and at most."""
    # What the C library keeps of freed memory for the thread would count as held.
    environment = {"PATH": os.environ["PATH"], "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}
    out = subprocess.run([str(tool), str(request_path), str(answer_path), *pair, "state"], env=environment, check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    return [int(word) for word in out.split()]
