"""The processes of the bench: nginx as mock upstream, nginx as the unit, Signalbox.

Everything listens on 127.0.0.1, on ports the kernel chose, and lives in one temporary folder. A process is ended by
the handle it was started with, never by name.
"""

import os
import pathlib
import signal
import socket
import subprocess
import time

_TICKS = os.sysconf("SC_CLK_TCK")
NGINX = "/usr/sbin/nginx"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """One process with its children, and what the kernel says about them."""

    def __init__(self, name, command, port, log_path, cwd=None, env=None):
        self.name, self.port = name, port
        with open(log_path, "ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=cwd,
                                             env={**os.environ, **(env or {})})
        self._log_path = log_path
        self._wait_listening()

    def _wait_listening(self):
        for _ in range(500):
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
        total = 0
        for pid in self.pids():
            with open("/proc/%d/status" % pid) as f:
                total += sum(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))
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


_NGINX_COMMON = """%(user)s
worker_processes 1;
pid %(prefix)s/nginx.pid;
error_log %(prefix)s/error.log warn;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path %(prefix)s/body; proxy_temp_path %(prefix)s/proxy; fastcgi_temp_path %(prefix)s/f;
  uwsgi_temp_path %(prefix)s/u; scgi_temp_path %(prefix)s/s;
  keepalive_requests 100000000; keepalive_timeout 300s; tcp_nodelay on; server_tokens off;
  client_max_body_size 64m;
%(body)s
}
"""


def _nginx(name, folder, port, body):
    prefix = pathlib.Path(folder) / name
    prefix.mkdir()
    (prefix / "nginx.conf").write_text(_NGINX_COMMON % {
        "user": "user root;" if os.geteuid() == 0 else "", "prefix": prefix, "body": body % {"port": port, "prefix": prefix}})
    command = [NGINX, "-p", str(prefix), "-c", str(prefix / "nginx.conf"), "-e", str(prefix / "error.log"),
               "-g", "daemon off;"]
    return prefix, lambda: Server(name, command, port, prefix / "out.log")


def start_mock(name, folder, answer, content_type, path):
    """An upstream with one fixed answer to every POST of `path`, taken from the page cache."""
    # A stream's length is not known beforehand: sub_filter, which finds nothing, drops content-length, so that the
    # answer is sent chunked as every provider does.
    chunked = "sub_filter_types text/event-stream; sub_filter '<none>' '<none>';" if "event" in content_type else ""
    port = free_port()
    prefix, start = _nginx(name, folder, port, """
  sendfile on; open_file_cache max=4 inactive=1h; types { }
  default_type %s; client_body_buffer_size 64k;
  server {
    listen 127.0.0.1:%%(port)d backlog=4096; root %%(prefix)s;
    location = /answer { internal; %s }
    location = /read { internal; return 204; }
    location / { mirror /read; error_page 405 =200 /answer; }
  }""" % (content_type, chunked))
    (prefix / "answer").write_bytes(answer)
    # A POST to a file is refused with 405, after the phase in which `mirror` has the whole request read: an answer
    # that came before the request's end would flatter gateways that forward a body in pieces.
    file = prefix / path.lstrip("/")
    file.parent.mkdir(parents=True)
    file.touch()
    return start()


def start_nginx(name, folder, upstream_port):
    """The unit: proxy_pass, nothing buffered on disk or held back, one worker, kept connections, no log."""
    port = free_port()
    return _nginx(name, folder, port, """
  upstream mock { server 127.0.0.1:%d; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:%%(port)d backlog=4096;
    location / {
      proxy_pass http://mock; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
      proxy_read_timeout 600s; client_body_buffer_size 64k; proxy_request_buffering off;
    }
  }""" % upstream_port)[1]()


_SIGNALBOX_CONFIG = """server:
  listen: ["127.0.0.1:%(port)d"]
%(threads)sproviders:
  mock:
    dialect: %(dialect)s
    base_url: http://127.0.0.1:%(upstream_port)d
    key: bench-upstream-credential
routes:
  - match: "claude-*"
    targets: [mock/claude-bench-upstream]
"""


def start_signalbox(name, folder, binary, upstream_port, threads, dialect):
    """Signalbox as shipped: everything on, its log in a file. `threads` None: its own default. `dialect`: the mock's."""
    port = free_port()
    config = pathlib.Path(folder) / (name + ".yaml")
    config.write_text(_SIGNALBOX_CONFIG % {"port": port, "upstream_port": upstream_port, "dialect": dialect,
                                           "threads": "" if threads is None else "  threads: %d\n" % threads})
    return Server(name, [str(binary), "serve", "--config", str(config)], port, str(config) + ".log", cwd=folder)
