"""A server that is measured: one process with its children, and what the kernel says about them.

A server listens on 127.0.0.1, on a port the kernel chose, and is ended by the handle it was started with, never by name.
"""

import os
import pathlib
import signal
import socket
import subprocess
import time

_TICKS = os.sysconf("SC_CLK_TCK")
TARGET = "/v1/messages?beta=true"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """`scheme` and `target` say where it takes requests; `seconds_max` is how long it may take to listen."""

    def __init__(self, name, command, port, log_path, cwd=None, env=None, scheme="http", target=TARGET, seconds_max=10):
        self.name, self.port = name, port
        self.target = target
        self.url = "%s://127.0.0.1:%d%s" % (scheme, port, target)
        with open(log_path, "ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=cwd,
                                             env={**os.environ, **(env or {})})
        self._log_path = log_path
        self._wait_listening(seconds_max)

    def _wait_listening(self, seconds_max):
        for _ in range(50 * seconds_max):
            if self._process.poll() is not None:
                break
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        self.stop()
        raise SystemExit("bench: %s does not listen:\n%s" % (self.name, pathlib.Path(self._log_path).read_text()[-2000:]))

    def pids(self):
        found, todo = [], [self._process.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            try:
                for task in os.listdir("/proc/%d/task" % pid):
                    with open("/proc/%d/task/%s/children" % (pid, task)) as f:
                        todo += [int(p) for p in f.read().split()]
            except FileNotFoundError:
                pass
        return found

    def cpu_seconds(self):
        """User plus system of the whole tree, all threads, since it began."""
        ticks = 0
        for pid in self.pids():
            with open("/proc/%d/stat" % pid) as f:
                fields = f.read().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / _TICKS

    def pss_bytes(self):
        total = 0
        for pid in self.pids():
            with open("/proc/%d/smaps_rollup" % pid) as f:
                total += sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
        return total * 1024

    def rss_bytes(self):
        return self._status_bytes("VmRSS:")

    def anonymous_bytes(self):
        """What of rss_bytes() is no file: the rest are programs and libraries, which processes share."""
        return self._status_bytes("RssAnon:")

    def forget_peak(self):
        """Makes the memory of now the peak, for peak_rss_bytes()."""
        for pid in self.pids():
            pathlib.Path("/proc/%d/clear_refs" % pid).write_text("5")

    def peak_rss_bytes(self):
        """The most that was resident since forget_peak(), summed over the processes."""
        return self._status_bytes("VmHWM:")

    def _status_bytes(self, field):
        total = 0
        for pid in self.pids():
            with open("/proc/%d/status" % pid) as f:
                total += sum(int(line.split()[1]) for line in f if line.startswith(field))
        return total * 1024

    def stop(self):
        if self._process.poll() is None:
            # nginx ends quickly on SIGTERM; Signalbox waits for open streams, and a second signal ends it at once.
            for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
                self._process.send_signal(number)
                try:
                    self._process.wait(2)
                    break
                except subprocess.TimeoutExpired:
                    pass
