// Bounds and deadlines of both transports on real sockets: how much of a head and of a frame is held, how
// long is waited, and uploads too large for a socket's buffers.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "transport_bench.h"

using namespace transport_test;

TEST_CASE("transport: new bounds hold for the attempts after them") {
  Kind kind = any_kind();
  Upstream upstream([](Peer& peer) {
    while (peer.read_request()) peer.send(whole(std::string(300'000, 'x')));
  });
  Bench bench(kind, TransportSettings{64 << 10, 128 << 10});
  auto ask_once = [&] {
    Ask ask;
    ask.url = upstream.url();
    Recorder recorder;
    recorder.release = [](std::string_view) { return size_t(0); };
    bench.open_and_wait(ask, recorder);
    return recorder.log.back();
  };
  CHECK(ask_once() == "failed upstream_protocol");
  bench.run([&] { bench.transport->adopt(TransportSettings{64 << 10, 512 << 10}); });
  CHECK(ask_once() == "end");
  bench.run([&] { bench.transport->adopt(TransportSettings{16, 512 << 10}); });
  CHECK(ask_once() == "failed upstream_head_too_large");
}

TEST_CASE("transport: a frame of many megabytes is shown whole when the bound allows") {
  Kind kind = any_kind();
  const size_t size = 40 << 20;
  Upstream upstream([&](Peer& peer) {
    peer.read_request();
    peer.send(whole(std::string(size, 'x')));
    peer.wait_for_close();
  });
  Bench bench(kind, TransportSettings{64 << 10, size_t(256 << 20) + (64 << 10)});
  Ask ask;
  ask.url = upstream.url();
  Recorder recorder;
  size_t largest = 0;
  // Not looked at byte by byte each time, as Recorder does: only its size counts here.
  class Holder final : public AttemptListener {
   public:
    explicit Holder(size_t& l, Recorder& r) : largest(l), recorder(r) {}
    void on_sent() override { recorder.on_sent(); }
    void on_head(int s, std::span<const Header> h) override { recorder.on_head(s, h); }
    size_t on_body(std::string_view window, size_t) override { return largest = window.size(), 0; }
    void on_end(std::string_view) override { recorder.on_end({}); }
    void on_failed(FaultKind kind) override { recorder.on_failed(kind); }
    size_t& largest;
    Recorder& recorder;
  } holder(largest, recorder);
  bench.run([&] {
    std::vector<std::string_view> body{"{}"};
    AttemptRequest request{"POST", ask.url, {}, {}, body, ask.timeouts, {}, {}};
    bench.transport->open(request, holder);
  });
  bench.wait([&] { return recorder.over; });
  CHECK(recorder.text() == "sent, head 200, end");
  CHECK(largest == size);
}

TEST_CASE("transport: heads without end") {
  Kind kind = any_kind();
  bool one_line = GENERATE(false, true);
  Upstream upstream([&](Peer& peer) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\n");
    std::string filler(1000, 'a');
    for (int i = 0; i < 1000; ++i) peer.send(one_line ? (i ? filler : "X: ") : "X-A: " + filler + "\r\n");
    peer.wait_for_close();
  });
  CHECK(outcome(kind, upstream) == "sent, failed upstream_head_too_large");
}

TEST_CASE("transport: the three deadlines") {
  Kind kind = any_kind();
  Bench bench(kind);
  SECTION("connect") {
    // A backlog that is full: further handshakes stay without an answer.
    int port = 0;
    int listener = listen_anywhere(0, port);
    std::vector<int> fillers;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(uint16_t(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < 4; ++i) {
      fillers.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
      if (connect(fillers.back(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) continue;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    Ask ask;
    ask.url = "http://127.0.0.1:" + std::to_string(port) + "/";
    ask.timeouts = {100, 0, 0};
    Recorder recorder;
    bench.open_and_wait(ask, recorder);
    CHECK(recorder.text() == "failed upstream_connect_timeout");
    for (int fd : fillers) close(fd);
    close(listener);
  }
  SECTION("first byte") {
    Upstream upstream([](Peer& peer) { peer.wait_for_close(); });
    Ask ask;
    ask.url = upstream.url();
    ask.timeouts = {0, 100, 0};
    Recorder recorder;
    bench.open_and_wait(ask, recorder);
    CHECK(recorder.text() == "sent, failed upstream_first_byte_timeout");
    bench.wait([&] { return upstream.closed_count() == 1; });
  }
  SECTION("idle") {
    Upstream upstream([](Peer& peer) {
      peer.read_request();
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
      peer.wait_for_close();
    });
    Ask ask;
    ask.url = upstream.url();
    ask.timeouts = {0, 0, 100};
    Recorder recorder;
    bench.open_and_wait(ask, recorder);
    CHECK(recorder.text() == "sent, head 200, body, failed upstream_idle_timeout");
  }
}

TEST_CASE("transport: an early refusal during a large upload is told, and ends the upload") {
  Kind kind = any_kind();
  bool closes = GENERATE(false, true);
  constexpr size_t upload_bytes = size_t(40) << 20;
  std::atomic<bool> told{false};
  std::atomic<size_t> taken{0};
  Upstream upstream([&](Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
    if (closes) shutdown(peer.fd(), SHUT_WR);
    // Reads nothing until the refusal has arrived, and then whatever still comes.
    while (!told) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    static thread_local char nowhere[64 << 10];
    for (ssize_t n; (n = recv(peer.fd(), nowhere, sizeof nowhere, 0)) > 0;) taken += size_t(n);
  });
  Bench bench(kind);
  Ask ask;
  ask.url = upstream.url();
  ask.pieces.assign(upload_bytes >> 20, std::string(1 << 20, 'x'));
  Recorder recorder;
  bench.open_and_wait(ask, recorder);
  CHECK(recorder.text() == "head 413, body, end");
  CHECK(recorder.body == "no");
  told = true;
  bench.wait([&] { return upstream.closed_count() == 1; });
  CHECK(taken < upload_bytes);
}

TEST_CASE("transport: a large upload arrives whole, however slowly it is read") {
  Kind kind = any_kind();
  std::string expected, got;
  Upstream upstream([&](Peer& peer) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    peer.read_request();
    got = std::move(peer.body);
    peer.send(whole("ok"));
  });
  Bench bench(kind);
  Ask ask;
  ask.url = upstream.url();
  ask.pieces.clear();
  for (int i = 0; i < 100; ++i) ask.pieces.push_back(std::string(size_t(i) * 1373, char('a' + i % 26)));
  for (auto& piece : ask.pieces) expected += piece;
  Recorder recorder;
  bench.open_and_wait(ask, recorder);
  CHECK(recorder.text() == "sent, head 200, body, end");
  CHECK((got == expected));
}

TEST_CASE("transport: a frame beyond the bound ends the attempt") {
  Kind kind = any_kind();
  Upstream upstream([](Peer& peer) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\n\r\n");
    for (int i = 0; i < 1000; ++i) peer.send(std::string(1000, 'x'));
    peer.wait_for_close();
  });
  Bench bench(kind, TransportSettings{64 << 10, 128 << 10});
  Ask ask;
  ask.url = upstream.url();
  Recorder recorder;
  size_t largest = 0;
  recorder.release = [&](std::string_view window) {
    largest = window.size();
    return size_t(0);
  };
  bench.open_and_wait(ask, recorder);
  CHECK(recorder.text() == "sent, head 200, body, failed upstream_protocol");
  CHECK(largest > (64 << 10));
  CHECK(largest <= (128 << 10));
}
