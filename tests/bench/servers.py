"""The servers of the bench and their configurations: nginx as mock upstream, nginx as the unit, Signalbox.

An upstream speaks one of three protocols: `http`, `https` (HTTP/1.1 over TLS), `h2` (HTTP/2 over TLS).
"""

import os
import pathlib
import subprocess

from process import TARGET, Server, free_port

NGINX = "/usr/sbin/nginx"


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


class Certificates:
    """A CA of one run's own, and a certificate by it for 127.0.0.1."""

    def __init__(self, folder):
        self.ca, self.certificate, self.key = (pathlib.Path(folder) / name for name in ("ca.pem", "server.pem", "server.key"))
        ca_key, request, extension = (pathlib.Path(folder) / name for name in ("ca.key", "server.csr", "server.ext"))
        extension.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        fresh = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        for command in (
                ["req", "-x509", *fresh, "-days", "2", "-subj", "/CN=bench CA", "-keyout", ca_key, "-out", self.ca],
                ["req", *fresh, "-subj", "/CN=localhost", "-keyout", self.key, "-out", request],
                ["x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "2",
                 "-extfile", extension, "-out", self.certificate]):
            subprocess.run(["openssl", *map(str, command)], check=True, capture_output=True)


def _nginx(name, folder, port, body, **server):
    prefix = pathlib.Path(folder) / name
    prefix.mkdir()
    (prefix / "nginx.conf").write_text(_NGINX_COMMON % {
        "user": "user root;" if os.geteuid() == 0 else "", "prefix": prefix, "body": body % {"port": port, "prefix": prefix}})
    command = [NGINX, "-p", str(prefix), "-c", str(prefix / "nginx.conf"), "-e", str(prefix / "error.log"),
               "-g", "daemon off;"]
    return prefix, lambda: Server(name, command, port, prefix / "out.log", **server)


def start_mock(name, folder, answer, content_type, path, protocol="http", certificates=None):
    """An upstream with one fixed answer to every POST of `path`, taken from the page cache."""
    # A stream's length is not known beforehand: sub_filter, which finds nothing, drops content-length, so that the
    # answer is sent chunked as every provider does.
    chunked = "sub_filter_types text/event-stream; sub_filter '<none>' '<none>';" if "event" in content_type else ""
    port = free_port()
    tls = "" if protocol == "http" else "ssl_certificate %s; ssl_certificate_key %s;" % (certificates.certificate,
                                                                                       certificates.key)
    if protocol == "h2":  # nothing else, so that no figure of HTTP/2 is one of another protocol
        tls += ' if ($server_protocol != "HTTP/2.0") { return 505; }'
    prefix, start = _nginx(name, folder, port, """
  sendfile on; open_file_cache max=4 inactive=1h; types { }
  default_type %s; client_body_buffer_size 64k;
  server {
    listen 127.0.0.1:%%(port)d backlog=4096 %s; root %%(prefix)s; %s
    location = /answer { internal; %s }
    location = /read { internal; return 204; }
    location / { mirror /read; error_page 405 =200 /answer; }
  }""" % (content_type, {"http": "", "https": "ssl", "h2": "ssl http2"}[protocol], tls, chunked),
                           scheme="http" if protocol == "http" else "https", target=path)
    path = path.partition("?")[0]
    (prefix / "answer").write_bytes(answer)
    # A POST to a file is refused with 405, after the phase in which `mirror` has the whole request read: an answer
    # that came before the request's end would flatter gateways that forward a body in pieces.
    file = prefix / path.lstrip("/")
    file.parent.mkdir(parents=True)
    file.touch()
    return start()


def start_nginx(name, folder, upstream_port, ca=None, target=TARGET):
    """The unit: proxy_pass, nothing buffered on disk or held back, one worker, kept connections, no log. With `ca`, over
    verified TLS; nginx speaks HTTP/1.1 to every upstream."""
    port = free_port()
    tls = "" if ca is None else ("proxy_ssl_verify on; proxy_ssl_trusted_certificate %s; proxy_ssl_name localhost;" % ca)
    return _nginx(name, folder, port, """
  upstream mock { server 127.0.0.1:%d; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:%%(port)d backlog=4096;
    location / {
      proxy_pass %s://mock; %s proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
      proxy_read_timeout 600s; client_body_buffer_size 64k; proxy_request_buffering off;
    }
  }""" % (upstream_port, "http" if ca is None else "https", tls), target=target)[1]()


_SIGNALBOX_CONFIG = """server:
  listen: ["127.0.0.1:%(port)d"]
%(threads)sproviders:
  mock:
    dialect: %(dialect)s
    base_url: %(scheme)s://127.0.0.1:%(upstream_port)d
%(ca)s    key: bench-upstream-credential
routes:
  - match: "claude-*"
    targets: [mock/claude-bench-upstream]
"""


def start_signalbox(name, folder, binary, upstream_port, threads, dialect, ca=None, target=TARGET):
    """Signalbox as shipped: everything on, its log in a file. `threads` None: its own default. `dialect`: the mock's; with
    `ca`, over verified TLS, and HTTP/2 where the mock offers it."""
    port = free_port()
    config = pathlib.Path(folder) / (name + ".yaml")
    config.write_text(_SIGNALBOX_CONFIG % {"port": port, "upstream_port": upstream_port, "dialect": dialect,
                                           "scheme": "http" if ca is None else "https",
                                           "ca": "" if ca is None else "    ca_file: %s\n" % ca,
                                           "threads": "" if threads is None else "  threads: %d\n" % threads})
    return Server(name, [str(binary), "serve", "--config", str(config)], port, str(config) + ".log", cwd=folder,
                  target=target)


class ToolUpstream:
    """An upstream that a mode of bench_latency plays; it prints its port."""

    name = "direct"

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
