"""One run of the bench: its folder, the servers it started, its requests, and what it was asked for.

A section is a function that takes a Run and gives the lines of its part of the page.
"""

import functools
import os
import pathlib
import subprocess
import sys

import answers
import dialects
import hosts
import load
import servers
from process import TARGET

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DIALECTS = dialects.DIALECTS
# What it is called, the request's size, the answer's form.
SHAPES = [("small", "small", "whole"), ("small, stream of 100", "small", "stream"),
          ("49 KB", "large", "whole"), ("49 KB, stream of 100", "large", "stream")]
CONTENT_TYPES = {"whole": "application/json", "stream": "text/event-stream"}
THREADS = [("Signalbox, one thread", 1), ("Signalbox, its default", None)]


def say(*words):
    print(*words, file=sys.stderr, flush=True)


class Run:
    def __init__(self, args, folder):
        self.args, self.folder = args, pathlib.Path(folder)
        self.instruction_counts = {}
        self._started, self._count = [], 0
        self.requests = {}
        for size, make in (("small", answers.small_request), ("large", answers.large_request)):
            for answer in ("whole", "stream"):
                path = self.folder / ("%s-%s.json" % (size, answer))
                path.write_bytes(make(answer == "stream"))
                self.requests[size, answer] = path

    def built(self, target):
        """A program of the build, made where it has to be."""
        folder = self.args.build_dir
        preset = [] if (folder / "CMakeCache.txt").is_file() else ["--preset", "native"]
        subprocess.run(["cmake", *preset, "-B", str(folder), "-DSIGNALBOX_TESTS=ON"], check=True, cwd=ROOT, stdout=sys.stderr)
        subprocess.run(["cmake", "--build", str(folder), "--target", target], check=True, stdout=sys.stderr)
        for path in (folder / target, folder / "tests" / "bench" / target, folder / "tests" / "growth" / target):
            if path.is_file():
                return path
        raise SystemExit("bench: %s was not built" % target)

    @functools.cached_property
    def tool(self):
        return self.built("bench_latency")

    @functools.cached_property
    def binary(self):
        """The gateway that is measured, or None where only the unit is."""
        if self.args.nginx_only:
            return None
        return self.args.binary.resolve() if self.args.binary else self.built("signalbox")

    @functools.cached_property
    def certificates(self):
        return servers.Certificates(self.folder)

    def keep(self, server):
        """Ends the server with the section."""
        self._started.append(server)
        return server

    def stop(self):
        while self._started:
            self._started.pop().stop()

    def name(self, what):
        """A name that no other server of this run has."""
        self._count += 1
        return "%s-%d" % (what, self._count)

    def mock(self, dialect, answer, protocol="http"):
        made = DIALECTS[dialect]
        return self.keep(servers.start_mock(self.name("mock"), self.folder, made.answer(answer), CONTENT_TYPES[answer],
                                            made.path(answer, dialects.UPSTREAM_MODEL), protocol,
                                            None if protocol == "http" else self.certificates))

    def mocks(self, dialect, protocol="http"):
        return {answer: self.mock(dialect, answer, protocol) for answer in CONTENT_TYPES}

    def request(self, dialect, size, answer):
        """The file with the request in this dialect."""
        if dialect == "anthropic":
            return self.requests[size, answer]
        path = self.folder / ("%s-%s-%s.json" % (dialect, size, answer))
        if not path.exists():
            command = [str(self.binary), "transform", "--from", "anthropic", "--to", dialect]
            with open(self.requests[size, answer], "rb") as request:
                made = subprocess.run(command, stdin=request, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
            path.write_bytes(made.stdout)
        return path

    def nginx(self, upstream, tls=False, target=TARGET):
        return self.keep(servers.start_nginx(self.name("nginx"), self.folder, upstream.port,
                                             self.certificates.ca if tls else None, target))

    def signalbox(self, upstream, threads, dialect="anthropic", tls=False, target=TARGET):
        return self.keep(servers.start_signalbox(self.name("signalbox"), self.folder, self.binary, upstream.port, threads,
                                                 dialect, self.certificates.ca if tls else None, target))

    def signalboxes(self, upstream, dialect="anthropic"):
        """With one thread, and as it comes."""
        return [(label, self.signalbox(upstream, threads, dialect)) for label, threads in THREADS if self.binary]

    def portable(self, upstream, dialect="anthropic"):
        """The core in the two WebAssembly hosts, where they are built."""
        if not self.binary:
            return []
        return [(label, self.keep(server))
                for label, server in hosts.start(self.name("portable"), self.folder, upstream.port, dialect)]

    def checked(self, rows, size, answer, dialect="anthropic"):
        """Ends the run where one of [(label, server)] answers a client of Messages anything else than the mock says, which
        speaks `dialect`."""
        self.checked_pair(rows, size, answer, "anthropic", dialect)

    def checked_pair(self, rows, size, answer, client, upstream):
        what_counts = bytes if client == upstream else DIALECTS[client].text_of
        for _, server in rows:
            load.check(server, self.request(client, size, answer).read_bytes(), DIALECTS[client].answer(answer), what_counts)

    def slow_upstream(self, gap_ms, frame_count):
        return self.keep(servers.ToolUpstream([str(self.tool), "serve", str(gap_ms), str(frame_count)]))


def machine():
    def first(command):
        text = subprocess.run(command, capture_output=True, text=True)
        return (text.stdout + text.stderr).splitlines()[0].strip()

    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    return "%d cores (%s), Linux %s, %s, %s." % (
        os.cpu_count(), model, os.uname().release, first([servers.NGINX, "-v"]).replace("nginx version: ", ""),
        " ".join(first(["wrk", "-v"]).split()[:2]))
