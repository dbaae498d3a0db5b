// What the tests of the transports share: an upstream on a real socket that follows a script, and a
// listener that writes down what it hears.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "connect_only.h"
#include "loop.h"
#include "multi_transfer.h"
#include "upstream.h"

namespace transport_test {

using namespace signalbox;
using namespace signalbox::native;

// One accepted connection, as its script sees it. Blocking; every call ends when the upstream does.
class Peer {
 public:
  Peer(int fd, int number) : fd_(fd), number_(number) {}
  int number() const { return number_; }  // of the connection, from 1
  int fd() const { return fd_; }

  std::string head, body;  // of the last request

  // Reads to the end of a head; false at the end of the connection.
  bool read_head() {
    size_t end;
    while ((end = pending_.find("\r\n\r\n")) == std::string::npos)
      if (!fill()) return false;
    head = pending_.substr(0, end + 4);
    pending_.erase(0, end + 4);
    return true;
  }
  bool read_request() {
    if (!read_head()) return false;
    size_t at = head.find("Content-Length: ");
    size_t size = at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
    while (pending_.size() < size)
      if (!fill()) return false;
    body = pending_.substr(0, size);
    pending_.erase(0, size);
    return true;
  }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(size_t(n));
    }
  }
  void send_bytewise(std::string_view bytes) {
    for (char c : bytes) {
      send({&c, 1});
      std::this_thread::yield();
    }
  }
  // Until the other side has closed.
  void wait_for_close() {
    while (fill()) pending_.clear();
  }
  // Makes the close a reset.
  void reset_on_close() {
    linger l{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &l, sizeof l);
  }

 private:
  bool fill() {
    char buffer[65536];
    ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
    if (n <= 0) return false;
    pending_.append(buffer, size_t(n));
    return true;
  }
  int fd_;
  int number_;
  std::string pending_;
};

inline int listen_anywhere(int backlog, int& port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(listen(fd, backlog) == 0);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return fd;
}

// A server whose every connection runs `script` in a thread of its own.
class Upstream {
 public:
  using Script = std::function<void(Peer&)>;
  explicit Upstream(Script script) : script_(std::move(script)) {
    listener_ = listen_anywhere(128, port_);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~Upstream() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    {
      std::lock_guard<std::mutex> guard(mutex_);
      for (int fd : open_) shutdown(fd, SHUT_RDWR);
    }
    for (auto& thread : threads_) thread.join();
  }
  int port() const { return port_; }
  std::string url(std::string_view target = "/v1/messages") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(target);
  }
  int connection_count() const { return count_; }
  int closed_count() const { return closed_; }

 private:
  void accept_all() {
    for (;;) {
      int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      int one = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      int number = ++count_;
      std::lock_guard<std::mutex> guard(mutex_);
      open_.push_back(fd);
      threads_.emplace_back([this, fd, number] {
        Peer peer(fd, number);
        script_(peer);
        std::lock_guard<std::mutex> inner(mutex_);
        std::erase(open_, fd);
        close(fd);
        ++closed_;
      });
    }
  }
  Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::thread acceptor_;
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::atomic<int> count_{0}, closed_{0};
};

enum class Kind { connect_only, multi };

inline std::unique_ptr<Transport> make(Kind kind, Loop& loop, const TransportSettings& settings = {}) {
  return kind == Kind::connect_only ? make_connect_only_transport(loop, settings)
                                    : make_multi_transport(loop, settings);
}

// Writes down what it hears: "sent", "head 200", "body" (once for a run of pieces), "end",
// "failed upstream_reset".
class Recorder : public AttemptListener {
 public:
  std::vector<std::string> log;
  std::string body;  // everything let go of, and what was held at the end
  std::vector<std::pair<std::string, std::string>> headers;
  bool windows_are_sound = true;  // each was the held tail and new bytes
  int status = 0;
  bool over = false;
  Attempt* attempt = nullptr;

  // Called with the last entry of the log after it is written; may cancel and the like.
  std::function<void(const std::string&)> then = [](const std::string&) {};
  // How much of a window goes; all if not set.
  std::function<size_t(std::string_view window)> release;

  void on_sent() override { note("sent"); }
  void on_head(int s, std::span<const Header> given) override {
    status = s;
    for (const Header& h : given) headers.emplace_back(h.name, h.value);
    note("head " + std::to_string(s));
  }
  size_t on_body(std::string_view window, size_t fresh) override {
    if (fresh == 0 || fresh > window.size() || window.substr(0, window.size() - fresh) != held_)
      windows_are_sound = false;
    size_t gone = release ? release(window) : window.size();
    body += window.substr(0, gone);
    held_ = window.substr(gone);
    if (log.empty() || log.back() != "body") log.push_back("body");
    then("body");
    return gone;
  }
  void on_end(std::string_view window) override {
    if (window != held_) windows_are_sound = false;
    body += window;
    finish("end");
  }
  void on_failed(FaultKind kind) override { finish("failed " + std::string(row(kind).name)); }

  std::string text() const {
    std::string out;
    for (auto& entry : log) out += (out.empty() ? "" : ", ") + entry;
    return out;
  }
  std::string header(std::string_view name) const {
    for (auto& [n, v] : headers)
      if (n == name) return v;
    return "(none)";
  }

 private:
  void note(std::string entry) {
    log.push_back(std::move(entry));
    then(log.back());
  }
  void finish(std::string entry) {
    over = true;
    note(std::move(entry));
  }
  std::string held_;
};

// A request and the storage its views need.
struct Ask {
  std::string method = "POST";
  std::string url;
  std::vector<Header> headers{{"X-First", "1"}, {"content-type", "application/json"}};
  Header credential{"x-api-key", "secret"};
  std::vector<std::string> pieces{"{\"model\":", "\"a\"", "}"};
  TransportTimeouts timeouts{2'000, 5'000, 5'000};
  std::string proxy;
  std::string ca_file;

  Attempt* open(Transport& transport, Recorder& recorder) {
    views_.assign(pieces.begin(), pieces.end());
    AttemptRequest request{method, url, headers, credential, views_, timeouts, proxy, ca_file};
    recorder.attempt = transport.open(request, recorder);
    return recorder.attempt;
  }

 private:
  std::vector<std::string_view> views_;
};

// A transport on a loop in a thread of its own; the test asks from outside. Nothing of Catch may be used
// in what runs on the loop.
class Bench {
 public:
  explicit Bench(Kind kind, const TransportSettings& settings = {}) {
    thread_ = std::thread([this] { loop.run(); });
    run([&] { transport = make(kind, loop, settings); });
  }
  ~Bench() {
    run([&] { transport.reset(); });
    loop.stop();
    thread_.join();
  }

  Loop loop;
  std::unique_ptr<Transport> transport;

  // Runs `task` on the loop and waits for it.
  void run(const std::function<void()>& task) {
    std::promise<void> done;
    loop.post([&] {
      task();
      done.set_value();
    });
    done.get_future().wait();
  }
  void open(Ask& ask, Recorder& recorder) {
    run([&] { ask.open(*transport, recorder); });
  }
  // Waits until `holds` does, asked on the loop.
  void wait(const std::function<bool()>& holds) {
    bool held = false;
    for (int i = 0; i < 10'000 && !held; ++i) {
      run([&] { held = holds(); });
      if (!held) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    REQUIRE(held);
  }
  void open_and_wait(Ask& ask, Recorder& recorder) {
    open(ask, recorder);
    wait([&] { return recorder.over; });
  }

 private:
  std::thread thread_;
};

}  // namespace transport_test
