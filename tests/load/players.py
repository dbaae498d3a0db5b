"""What the chaos parts have in common: the process of the upstream, the clients' processes, and the judging of what they saw."""
import asyncio
import collections
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "clients"))

import raw_clients  # noqa: E402
import sdks  # noqa: E402
import signalbox_server  # noqa: E402
from cases import Outcome, judge  # noqa: E402


class FaultyUpstream:
    """faulty_upstream.py with these lanes. `certificate`: the files of one that nobody trusts, and of its key.
    `plant`: what some of its right answers become, and the clients have to notice."""

    def __init__(self, keys, certificate=None, plant=""):
        env = {**os.environ, "CHAOS_KEYS": json.dumps(keys), "CHAOS_TLS": json.dumps(certificate) if certificate else "", "CHAOS_PLANT": plant}
        self.process = subprocess.Popen([sys.executable, os.path.join(HERE, "faulty_upstream.py")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env=env)
        self.ports = json.loads(self.process.stdout.readline())

    def seen(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def end(tap, upstream, secrets):
    """The end of every part, once its server has stopped: none of these stands in what the servers wrote."""
    signalbox_server.SECRETS += secrets
    signalbox_server.check_secrets(tap)
    upstream.close()
    tap.exit()


class Judge:
    """Counts endings and keeps what was wrong."""

    def __init__(self, secrets):
        self.secrets, self.endings, self.wrong, self.asked, self.healthy = list(secrets), collections.Counter(), [], 0, 0
        self.plays, self.retried, self.lock = collections.Counter(), 0, threading.Lock()

    def note(self, outcome):
        with self.lock:
            self._note(outcome)

    def _note(self, outcome):
        self.asked += 1
        wrong = judge(outcome)
        self.endings[(outcome.case.kind, outcome.case.dialect, outcome.ending if not wrong else "WRONG")] += 1
        self.plays.update(outcome.case.faults)
        self.healthy += outcome.case.has_healthy_lane()
        if wrong:
            self.wrong.append("%s\n    %s" % (wrong, outcome.case))

    def note_line(self, line, cases):
        """A line of an SDK's process; `cases`: by number."""
        seen = json.loads(line)
        self.retried += seen.get("retries", 0)
        outcome = Outcome(cases[seen["number"]], seen["ending"], seen["text"], seen.get("provider"), seen.get("status"), seen.get("detail") or "")
        if any(key in line for key in self.secrets):
            outcome.ending = "the upstream's key stands in the answer"
        self.note(outcome)


def start_sdk(command, cases, url, seconds, judge_):
    """Runs one SDK process; its outcomes are judged as they come."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
        json.dump([case.as_json() for case in cases], file)
    env = {**os.environ, "SIGNALBOX_NODE_MODULES": sdks.NODE_MODULES, "NO_PROXY": "127.0.0.1"}
    by_number = {case.number: case for case in cases}
    process = subprocess.Popen([*command, file.name, url, str(seconds)], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def read():
        for line in process.stdout:
            judge_.note_line(line, by_number)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    return process, reader


def play(server, judge_, cases, seconds):
    """Every client plays its cases for so long; gives the exit codes of the SDKs' processes."""
    by_kind = lambda kind: [case for case in cases if case.kind == kind]
    url = "http://127.0.0.1:%d" % server.port
    started = [start_sdk(command, by_kind(kind), url, seconds, judge_) for kind, command in (
        ("python", [sdks.PYTHON, os.path.join(HERE, "sdk_clients.py")]), ("node", [sdks.NODE, os.path.join(HERE, "sdk_clients.mjs")]))
        if by_kind(kind)]
    raw = {}
    for case in by_kind("raw"):
        raw.setdefault(case.client, []).append(case)
    end = time.monotonic() + seconds
    asyncio.run(raw_clients.run(server.port, raw.values(), lambda: time.monotonic() > end, judge_.secrets, judge_.note))
    codes = []
    for process, reader in started:
        try:
            codes.append(process.wait(120))
        except subprocess.TimeoutExpired:
            process.kill()
            codes.append("it hangs")
        reader.join(10)
    return codes


def exchange_lines(server):
    return [line for line in server.text().splitlines() if line.startswith("{") and '"request_id"' in line]
