// Verified TLS, HTTP/2 and tunnels of the multi transport, against a real nginx in front of a scripted
// upstream. Certificates are made by openssl when the test runs.
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "transport_bench.h"

using namespace transport_test;

namespace {

constexpr const char* nginx_path = "/usr/sbin/nginx";

bool shell(const std::string& command) {
  int status = std::system((command + " >/dev/null 2>&1").c_str());
  return status == 0;
}

// nginx on three ports: HTTP/2, HTTP/1.1 only, and a certificate for another name. Started once, in a
// directory of its own; everything but /limited goes to the port it is asked with `x-port`.
class Nginx {
 public:
  static Nginx* get() {
    static Nginx nginx;
    if (!nginx.running_) WARN("skipped: nginx or openssl cannot be run here");
    return nginx.running_ ? &nginx : nullptr;
  }
  std::string ca_file() const { return dir_ + "/ca.pem"; }
  std::string certificate_file() const { return dir_ + "/good.pem"; }
  std::string key_file() const { return dir_ + "/good.key"; }
  std::string other_ca_file() const { return dir_ + "/other-ca.pem"; }
  std::string h2(std::string_view target = "/v1/messages") const { return url(0, target); }
  std::string h1(std::string_view target = "/v1/messages") const { return url(1, target); }
  std::string other_name() const { return url(2, "/"); }
  std::string short_lived() const { return url(3, "/"); }
  int h1_port() const { return ports_[1]; }

 private:
  Nginx() {
    if (access(nginx_path, X_OK) != 0) return;
    char name[] = "/tmp/transport-test-XXXXXX";
    if (!mkdtemp(name)) return;
    dir_ = name;
    if (!make_certificates()) return;
    int fds[4];
    for (int i = 0; i < 4; ++i) fds[i] = listen_anywhere(1, ports_[i]);
    for (int fd : fds) close(fd);
    write_configuration();
    pid_ = fork();
    if (pid_ == 0) {
      std::string conf = dir_ + "/nginx.conf", log = dir_ + "/error.log";
      if (!freopen("/dev/null", "w", stderr)) _exit(126);
      execl(nginx_path, nginx_path, "-p", dir_.c_str(), "-c", conf.c_str(), "-e", log.c_str(), nullptr);
      _exit(127);
    }
    for (int i = 0; i < 500 && !running_; ++i) {
      running_ = answers(ports_[3]);
      if (!running_) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  ~Nginx() {
    if (pid_ > 0) {
      kill(pid_, SIGTERM);
      waitpid(pid_, nullptr, 0);
    }
    std::error_code ignored;
    if (!dir_.empty()) std::filesystem::remove_all(dir_, ignored);
  }
  static bool answers(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(uint16_t(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool ok = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    return ok;
  }
  bool make_certificates() {
    auto in = [&](const std::string& file) { return dir_ + "/" + file; };
    for (std::string ca : {"ca", "other-ca"})
      if (!shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" + ca +
                 " -keyout " + in(ca + ".key") + " -out " + in(ca + ".pem")))
        return false;
    for (std::string who : {"IP:127.0.0.1", "DNS:elsewhere.example"}) {
      std::string file = who[0] == 'I' ? "good" : "name";
      std::ofstream(in(file + ".ext")) << "subjectAltName=" << who << "\n";
      if (!shell("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout " +
                 in(file + ".key") + " -out " + in(file + ".csr")) ||
          !shell("openssl x509 -req -days 2 -in " + in(file + ".csr") + " -CA " + in("ca.pem") + " -CAkey " +
                 in("ca.key") + " -CAcreateserial -extfile " + in(file + ".ext") + " -out " + in(file + ".pem")))
        return false;
    }
    return true;
  }
  void write_configuration() {
    std::ofstream out(dir_ + "/nginx.conf");
    out << "daemon off; master_process off; pid " << dir_ << "/pid; events {}\nhttp { access_log off;\n";
    for (std::string temp : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
      out << temp << "_temp_path " << dir_ << "/" << temp << ";\n";
    const char* kinds[] = {" ssl http2", " ssl", " ssl http2", " ssl http2"};
    for (int i = 0; i < 4; ++i) {
      std::string certificate = dir_ + (i == 2 ? "/name" : "/good");
      out << "server { listen 127.0.0.1:" << ports_[i] << kinds[i] << "; ssl_certificate " << certificate
          << ".pem; ssl_certificate_key " << certificate << ".key; keepalive_requests " << (i == 3 ? 2 : 1000)
          << ";\nadd_header x-proto $server_protocol always; add_header x-connection $connection always;\n"
          << "location /limited { client_max_body_size 1k; proxy_pass http://127.0.0.1:1; }\n"
          << "location / { client_max_body_size 0; proxy_pass http://127.0.0.1:$http_x_port; proxy_http_version 1.1;"
          << " proxy_buffering off; proxy_request_buffering off; proxy_set_header Connection ''; } }\n";
    }
    out << "}\n";
  }
  std::string url(int i, std::string_view target) const {
    return "https://127.0.0.1:" + std::to_string(ports_[i]) + std::string(target);
  }

  std::string dir_;
  int ports_[4] = {};
  pid_t pid_ = -1;
  bool running_ = false;
};

void echo(Peer& peer) {
  while (peer.read_request()) peer.send(whole(peer.body));
}

// A request through nginx to `upstream`.
class TlsAsk : public Ask {
 public:
  TlsAsk(const Nginx& nginx, std::string to, const Upstream& upstream) : port_(std::to_string(upstream.port())) {
    url = std::move(to);
    ca_file = nginx.ca_file();
    headers.push_back({"x-port", port_});
  }
  TlsAsk(const TlsAsk&) = delete;

 private:
  std::string port_;
};

}  // namespace

TEST_CASE("tls: an exchange over HTTP/2 where it is offered, over HTTP/1.1 where not") {
  Nginx* nginx = Nginx::get();
  if (!nginx) return;
  bool h2 = GENERATE(true, false);
  Upstream upstream(echo);
  Bench bench(Kind::multi);
  std::set<std::string> connections;
  for (int i = 0; i < 3; ++i) {
    TlsAsk ask(*nginx, h2 ? nginx->h2() : nginx->h1(), upstream);
    Recorder recorder;
    bench.open_and_wait(ask, recorder);
    CHECK(recorder.text() == "sent, head 200, body, end");
    CHECK(recorder.body == "{\"model\":\"a\"}");
    CHECK(recorder.header("x-proto") == (h2 ? "HTTP/2.0" : "HTTP/1.1"));
    connections.insert(recorder.header("x-connection"));
  }
  CHECK(connections.size() == 1);
}

TEST_CASE("tls: nothing is believed that does not verify") {
  Nginx* nginx = Nginx::get();
  if (!nginx) return;
  Upstream upstream([](Peer& peer) {
    peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    peer.wait_for_close();
  });
  Bench bench(Kind::multi);
  TlsAsk ask(*nginx, nginx->h2(), upstream);
  SECTION("another authority") { ask.ca_file = nginx->other_ca_file(); }
  SECTION("the system's authorities") { ask.ca_file.clear(); }
  SECTION("another name") { ask.url = nginx->other_name(); }
  SECTION("no TLS at all") { ask.url = "https" + upstream.url().substr(4); }
  SECTION("no file of authorities") { ask.ca_file = "/nonexistent/ca.pem"; }
  Recorder recorder;
  bench.open_and_wait(ask, recorder);
  CHECK(recorder.text() == "failed upstream_tls");
}

TEST_CASE("tls: authorities belong to the attempt, not to the connection or handle it happens to use") {
  Nginx* nginx = Nginx::get();
  if (!nginx) return;
  Upstream upstream(echo);
  Bench bench(Kind::multi);
  for (std::string ca : {nginx->ca_file(), std::string(), nginx->ca_file(), nginx->other_ca_file(), nginx->ca_file()}) {
    TlsAsk ask(*nginx, nginx->h2(), upstream);
    ask.ca_file = ca;
    Recorder recorder;
    bench.open_and_wait(ask, recorder);
    CHECK(recorder.text() == (ca == nginx->ca_file() ? "sent, head 200, body, end" : "failed upstream_tls"));
  }
}

TEST_CASE("tls: streams share one connection, and one that is cancelled leaves the others alone") {
  Nginx* nginx = Nginx::get();
  if (!nginx) return;
  std::atomic<bool> go{false};
  struct Release {  // before the upstream waits for its threads, whatever fails
    std::atomic<bool>& flag;
    ~Release() { flag = true; }
  };
  Upstream upstream([&](Peer& peer) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n");
    if (peer.body == "\x01") {
      peer.wait_for_close();
      return;
    }
    while (!go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    peer.send("4\r\nrest\r\n0\r\n\r\n");
  });
  Release release{go};
  Bench bench(Kind::multi);
  {
    // One first, so that all the others find its connection.
    Upstream plain(echo);
    TlsAsk ask(*nginx, nginx->h2(), plain);
    Recorder recorder;
    bench.open_and_wait(ask, recorder);
  }
  std::vector<std::unique_ptr<TlsAsk>> asks;
  std::vector<Recorder> recorders(20);
  for (size_t i = 0; i < recorders.size(); ++i) {
    asks.push_back(std::make_unique<TlsAsk>(*nginx, nginx->h2(), upstream));
    asks[i]->pieces = {std::string(1, char(i))};
  }
  bench.run([&] {
    for (size_t i = 0; i < asks.size(); ++i) asks[i]->open(*bench.transport, recorders[i]);
  });
  bench.wait([&] {
    for (auto& recorder : recorders)
      if (recorder.text() != "sent, head 200, body") return false;
    return true;
  });
  bench.run([&] { recorders[1].attempt->cancel(); });
  bench.wait([&] { return upstream.closed_count() == 1; });
  go = true;
  bench.wait([&] {
    for (size_t i = 0; i < recorders.size(); ++i)
      if (i != 1 && !recorders[i].over) return false;
    return true;
  });
  std::set<std::string> connections;
  for (size_t i = 0; i < recorders.size(); ++i) {
    CHECK(recorders[i].text() == (i == 1 ? "sent, head 200, body" : "sent, head 200, body, end"));
    if (i != 1) CHECK(recorders[i].body == "partrest");
    connections.insert(recorders[i].header("x-connection"));
  }
  CHECK(connections.size() == 1);
}

TEST_CASE("tls: a stream given up is seen upstream at once, alone or beside others") {
  Nginx* nginx = Nginx::get();
  if (!nginx) return;
  bool beside_others = GENERATE(false, true);
  std::string how = GENERATE(as<std::string>{}, "outside", "in a callback", "beyond the bound");
  Upstream upstream([&](Peer& peer) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n");
    if (peer.body == "flood")
      for (int i = 0; i < 100; ++i) peer.send("1000\r\n" + std::string(4096, 'x') + "\r\n");
    peer.wait_for_close();
  });
  Bench bench(Kind::multi, TransportSettings{64 << 10, 128 << 10});
  TlsAsk other(*nginx, nginx->h2(), upstream), ask(*nginx, nginx->h2(), upstream);
  Recorder beside, recorder;
  if (beside_others) {
    bench.open(other, beside);
    bench.wait([&] { return beside.text() == "sent, head 200, body"; });
  }
  if (how == "beyond the bound") {
    ask.pieces = {"flood"};
    recorder.release = [](std::string_view) { return size_t(0); };
  } else if (how == "in a callback") {
    recorder.then = [&](const std::string& entry) {
      if (entry == "body") recorder.attempt->cancel();
    };
  }
  bench.open(ask, recorder);
  bench.wait([&] { return recorder.log.size() >= 3; });
  if (how == "outside") bench.run([&] { recorder.attempt->cancel(); });
  bench.wait([&] { return upstream.closed_count() == 1; });
  if (beside_others) {
    CHECK(beside.text() == "sent, head 200, body");
    CHECK(recorder.header("x-connection") == beside.header("x-connection"));
  }
  if (how == "beyond the bound") CHECK(recorder.log.back() == "failed upstream_protocol");
}

TEST_CASE("tls: a cut answer is a fault") {
  Nginx* nginx = Nginx::get();
  if (!nginx) return;
  bool h2 = GENERATE(true, false);
  Upstream upstream([](Peer& peer) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  });
  Bench bench(Kind::multi);
  TlsAsk ask(*nginx, h2 ? nginx->h2() : nginx->h1(), upstream);
  Recorder recorder;
  bench.open_and_wait(ask, recorder);
  CHECK(recorder.text() == "sent, head 200, body, failed upstream_reset");
}

TEST_CASE("tls: large bodies both ways, one way paused") {
  Nginx* nginx = Nginx::get();
  if (!nginx) return;
  bool h2 = GENERATE(true, false);
  Upstream upstream(echo);
  Bench bench(Kind::multi);
  TlsAsk ask(*nginx, h2 ? nginx->h2() : nginx->h1(), upstream);
  ask.pieces.clear();
  std::string expected;
  for (int i = 0; i < 60; ++i) ask.pieces.push_back(std::string(size_t(i) * 1999, char('a' + i % 26)));
  for (auto& piece : ask.pieces) expected += piece;
  ask.timeouts.idle_ms = 100;
  Recorder recorder;
  bool paused = false;
  recorder.then = [&](const std::string& entry) {
    if (entry != "body" || paused || recorder.body.size() > 100'000) return;
    paused = true;
    recorder.attempt->pause();
  };
  bench.open(ask, recorder);
  bench.wait([&] { return paused; });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  bench.run([&] { recorder.attempt->resume(); });
  bench.wait([&] { return recorder.over || paused; });
  // Paused again by each piece up to the mark.
  bench.wait([&] {
    if (!recorder.over && paused && recorder.body.size() <= 100'000) {
      paused = false;
      recorder.attempt->resume();
    }
    return recorder.over;
  });
  CHECK(recorder.text() == "sent, head 200, body, end");
  CHECK((recorder.body == expected));
}

TEST_CASE("tls: an early refusal during a large upload") {
  Nginx* nginx = Nginx::get();
  if (!nginx) return;
  bool h2 = GENERATE(true, false);
  Upstream upstream(echo);
  Bench bench(Kind::multi);
  TlsAsk ask(*nginx, h2 ? nginx->h2("/limited") : nginx->h1("/limited"), upstream);
  ask.pieces.assign(20, std::string(1 << 20, 'x'));
  Recorder recorder;
  bench.open_and_wait(ask, recorder);
  CHECK(recorder.status == 413);
  CHECK(recorder.log.back() == "end");
}

TEST_CASE("tls: connections that the upstream retires are replaced without a fault") {
  Nginx* nginx = Nginx::get();
  if (!nginx) return;
  Upstream upstream(echo);
  Bench bench(Kind::multi);
  for (int i = 0; i < 7; ++i) {
    TlsAsk ask(*nginx, nginx->short_lived(), upstream);
    Recorder recorder;
    bench.open_and_wait(ask, recorder);
    CHECK(recorder.text() == "sent, head 200, body, end");
  }
}

TEST_CASE("tls: a request is repeated once on a fresh connection, and not after a byte of an answer") {
  Nginx* nginx = Nginx::get();
  if (!nginx) return;
  std::string part = GENERATE(as<std::string>{}, "", "H", "HTTP/1.1 20");
  bool farewell = GENERATE(true, false);  // close_notify
  int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  std::string method = GENERATE("POST", "GET");
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  SSL_CTX_set_max_proto_version(context.get(), version);
  REQUIRE(SSL_CTX_use_certificate_file(context.get(), nginx->certificate_file().c_str(), SSL_FILETYPE_PEM) == 1);
  REQUIRE(SSL_CTX_use_PrivateKey_file(context.get(), nginx->key_file().c_str(), SSL_FILETYPE_PEM) == 1);
  std::atomic<int> requests{0};
  Upstream upstream([&](Peer& peer) {
    std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context.get()), &SSL_free);
    SSL_set_fd(tls.get(), peer.fd());
    if (SSL_accept(tls.get()) != 1) return;
    for (;;) {
      std::string request;
      char buffer[4096];
      while (request.find("\r\n\r\n") == std::string::npos || (request[0] == 'P' && request.back() != '}')) {
        int n = SSL_read(tls.get(), buffer, sizeof buffer);
        if (n <= 0) return;
        request.append(buffer, size_t(n));
      }
      std::string answer = ++requests == 1 ? whole("ok") : part;
      if (!answer.empty()) SSL_write(tls.get(), answer.data(), int(answer.size()));
      if (requests == 1) continue;
      if (farewell) SSL_shutdown(tls.get());
      return;
    }
  });
  Bench bench(Kind::multi);
  Ask ask;
  ask.url = "https" + upstream.url().substr(4);
  ask.ca_file = nginx->ca_file();
  Recorder first, second;
  bench.open_and_wait(ask, first);
  REQUIRE(first.text() == "sent, head 200, body, end");
  ask.method = method;
  if (method == "GET") ask.pieces.clear();
  bench.open_and_wait(ask, second);
  CAPTURE(part, farewell, version, method);
  CHECK(second.log.back() == "failed upstream_reset");
  CHECK(requests == (part.empty() ? 3 : 2));
}

TEST_CASE("tls: through the tunnel of a proxy") {
  Nginx* nginx = Nginx::get();
  if (!nginx) return;
  std::string head;
  Upstream proxy([&](Peer& peer) {
    peer.read_head();
    head = peer.head;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(uint16_t(nginx->h1_port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
      peer.send("HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n");
      pollfd ends[2] = {{peer.fd(), POLLIN, 0}, {fd, POLLIN, 0}};
      char buffer[16384];
      for (bool open = true; open && poll(ends, 2, 5'000) > 0;)
        for (int i = 0; i < 2 && open; ++i) {
          if (!ends[i].revents) continue;
          ssize_t n = recv(ends[i].fd, buffer, sizeof buffer, 0);
          open = n > 0 && send(ends[1 - i].fd, buffer, size_t(n), MSG_NOSIGNAL) == n;
        }
    }
    close(fd);
  });
  Upstream upstream(echo);
  Bench bench(Kind::multi);
  TlsAsk ask(*nginx, nginx->h1(), upstream);
  ask.proxy = "http://127.0.0.1:" + std::to_string(proxy.port());
  Recorder recorder;
  bench.open_and_wait(ask, recorder);
  CHECK(recorder.text() == "sent, head 200, body, end");
  CHECK(recorder.header("X-Proxy") == "(none)");
  CHECK(recorder.header("x-proto") == "HTTP/1.1");
  CHECK(head.find("secret") == std::string::npos);
}
