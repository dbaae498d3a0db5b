// Connections of both transports on real sockets: when they break, when they are kept and used again, when a
// request is repeated on another, and when a proxy stands between.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "transport_bench.h"

using namespace transport_test;

TEST_CASE("transport: no descriptor left is a fault of ours") {
  Kind kind = any_kind();
  std::string host = GENERATE("127.0.0.1", "localhost");
  Upstream upstream(answering(whole("ok")));
  Bench bench(kind);
  Ask ask;
  ask.url = "http://" + host + ":" + std::to_string(upstream.port()) + "/";
  Recorder recorder;
  std::vector<int> taken;
  for (int fd; (fd = dup(0)) >= 0;) taken.push_back(fd);
  bench.open(ask, recorder);
  bench.wait([&] { return recorder.over; });
  for (int fd : taken) close(fd);
  CHECK(recorder.text() == "failed overloaded");
}

TEST_CASE("transport: connections that break") {
  Kind kind = any_kind();
  std::string part = GENERATE(as<std::string>{}, "", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  bool reset = GENERATE(false, true);
  Upstream upstream([&](Peer& peer) {
    peer.read_request();
    peer.send(part);
    if (!part.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (reset) peer.reset_on_close();
  });
  CAPTURE(part, reset);
  std::string expected =
      part.size() > 20 ? "sent, head 200, body, failed upstream_reset" : "sent, failed upstream_reset";
  CHECK(outcome(kind, upstream) == expected);
  CHECK(upstream.connection_count() == 1);
}

TEST_CASE("transport: nobody listens, and no such name") {
  Kind kind = any_kind();
  int port = 0;
  close(listen_anywhere(1, port));
  Bench bench(kind);
  Ask ask;
  ask.url = "http://127.0.0.1:" + std::to_string(port) + "/";
  Recorder refused;
  bench.open_and_wait(ask, refused);
  CHECK(refused.text() == "failed upstream_connect");
  ask.url = "http://no-such-name.invalid/";
  Recorder unknown;
  bench.open_and_wait(ask, unknown);
  CHECK(unknown.text() == "failed upstream_resolve");
}

TEST_CASE("transport: connections are kept and used again, the last one first") {
  Kind kind = any_kind();
  Upstream upstream(answering(whole("ok")));
  Bench bench(kind);
  for (int i = 0; i < 5; ++i) {
    Ask ask;
    ask.url = upstream.url();
    Recorder recorder;
    bench.open_and_wait(ask, recorder);
    CHECK(recorder.text() == "sent, head 200, body, end");
  }
  CHECK(upstream.connection_count() == 1);
}

TEST_CASE("transport: a connection is not kept against the upstream's word or with bytes left over") {
  Kind kind = any_kind();
  std::string answer =
      GENERATE(as<std::string>{}, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
               "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
               "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n");
  Upstream upstream(answering(answer));
  Bench bench(kind);
  for (int i = 0; i < 2; ++i) {
    Ask ask;
    ask.url = upstream.url();
    Recorder recorder;
    bench.open_and_wait(ask, recorder);
    CHECK(recorder.text() == "sent, head 200, body, end");
    CHECK(recorder.body == "ok");
  }
  CHECK(upstream.connection_count() == 2);
}

TEST_CASE("transport: a kept connection that the upstream closed is not used again") {
  Kind kind = any_kind();
  Upstream upstream([](Peer& peer) {
    peer.read_request();
    peer.send(whole("ok"));
  });
  Bench bench(kind);
  for (int i = 1; i <= 3; ++i) {
    Ask ask;
    ask.url = upstream.url();
    Recorder recorder;
    bench.open_and_wait(ask, recorder);
    CHECK(recorder.text() == "sent, head 200, body, end");
    bench.wait([&] { return upstream.closed_count() == i; });
  }
}

TEST_CASE("transport: a request that met a dying kept connection is repeated once, and told once") {
  Kind kind = any_kind();
  std::atomic<int> requests{0};
  // Closes the first connection upon its second request, without an answer.
  Upstream upstream([&](Peer& peer) {
    while (peer.read_request()) {
      ++requests;
      if (peer.number() == 1 && requests == 2) return;
      peer.send(whole(peer.body));
    }
  });
  Bench bench(kind);
  for (std::string body : {"first", "second"}) {
    Ask ask;
    ask.url = upstream.url();
    ask.pieces = {body};
    Recorder recorder;
    bench.open_and_wait(ask, recorder);
    CHECK(recorder.text() == "sent, head 200, body, end");
    CHECK(recorder.body == body);
  }
  CHECK(upstream.connection_count() == 2);
  CHECK(requests == 3);
}

TEST_CASE("transport: it is not repeated on a fresh connection, nor after a byte of an answer") {
  Kind kind = any_kind();
  std::string part = GENERATE(as<std::string>{}, "", "H", "HTTP", "HTTP/1.1 20", "\r\n", "HTTP/1.1 200 OK\r\n",
                              "HTTP/1.1 100 Continue\r\n\r\n");
  bool reset = GENERATE(false, true);
  bool proxied = GENERATE(false, true);
  std::string method = GENERATE("POST", "GET");
  if (proxied && kind == Kind::connect_only) return;
  std::atomic<int> warm{0}, requests{0};
  Upstream upstream([&](Peer& peer) {
    while (peer.read_request()) {
      if (peer.body == "warm") {
        // All of them are answered together, so that each has a connection of its own.
        for (++warm; warm < 4;) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        peer.send(whole("ok"));
        continue;
      }
      ++requests;
      peer.send(part);
      if (reset) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));  // what was sent is read first
        peer.reset_on_close();
      }
      return;
    }
  });
  Bench bench(kind);
  std::vector<Ask> asks(4);
  std::vector<Recorder> kept(4);
  for (size_t i = 0; i < asks.size(); ++i) {
    asks[i].url = upstream.url();
    asks[i].pieces = {"warm"};
    if (proxied) asks[i].proxy = "http://127.0.0.1:" + std::to_string(upstream.port());
    bench.open(asks[i], kept[i]);
  }
  bench.wait([&] { return std::all_of(kept.begin(), kept.end(), [](auto& r) { return r.over; }); });
  Ask ask = asks[0];
  ask.method = method;
  ask.pieces.clear();
  if (method == "POST") ask.pieces = {"asked"};
  Recorder recorder;
  bench.open_and_wait(ask, recorder);
  CAPTURE(part, reset, proxied, method);
  // "\r\n" is no beginning of a status line, and may be told as that.
  if (part != "\r\n") CHECK(recorder.log.back() == "failed upstream_reset");
  CHECK(recorder.status == 0);
  // With nothing of an answer: once on the kept, once on a fresh one.
  CHECK(requests == (part.empty() ? 2 : 1));
}

TEST_CASE("transport: bytes that came before the request are not its answer") {
  Kind kind = any_kind();
  // The upstream's own thread says it: its descriptor is nobody else's.
  std::atomic<bool> say{false}, said{false};
  std::atomic<int> requests{0};
  const auto wait_for = [](const std::atomic<bool>& flag) {
    while (!flag) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  Upstream upstream([&](Peer& peer) {
    while (peer.read_request()) {
      peer.send(whole(peer.body));
      if (++requests != 1) continue;
      wait_for(say);
      peer.send(whole("unasked"));
      said = true;
    }
  });
  Bench bench(kind);
  Ask ask;
  ask.url = upstream.url();
  Recorder first, second;
  ask.pieces = {"first"};
  bench.open_and_wait(ask, first);
  ask.pieces = {"second"};
  // In one turn of the loop: it learns of the bytes only afterwards.
  bench.run([&] {
    say = true;
    wait_for(said);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ask.open(*bench.transport, second);
  });
  bench.wait([&] { return second.over; });
  CHECK(second.text() == "sent, head 200, body, end");
  CHECK(second.body == "second");
  CHECK(upstream.connection_count() == 2);
}

TEST_CASE("transport: a quiet answer on a kept connection does not hold the request for ever") {
  Kind kind = any_kind();
  std::atomic<bool> go{false};
  Upstream upstream([&](Peer& peer) {
    peer.read_request();
    peer.send(whole("ok"));
    peer.read_request();
    while (!go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    peer.send(whole("ok"));
  });
  Bench bench(kind);
  Ask ask;
  ask.url = upstream.url();
  Recorder first, second;
  bench.open_and_wait(ask, first);
  bench.open(ask, second);
  bench.wait([&] { return second.text() == "sent"; });
  go = true;
  bench.wait([&] { return second.over; });
  CHECK(second.text() == "sent, head 200, body, end");
}

TEST_CASE("transport: the environment's proxy is not used, a given one is") {
  std::string line, credential;
  Upstream proxy([&](Peer& peer) {
    peer.read_request();
    line = peer.head.substr(0, peer.head.find("\r\n"));
    peer.send(whole("proxied"));
  });
  Upstream upstream(answering(whole("direct")));
  std::string proxy_url = "http://127.0.0.1:" + std::to_string(proxy.port());
  setenv("http_proxy", proxy_url.c_str(), 1);
  setenv("no_proxy", "127.0.0.1", 1);
  for (Kind kind : {Kind::connect_only, Kind::multi}) {
    Bench bench(kind);
    Ask ask;
    ask.url = upstream.url();
    Recorder recorder;
    bench.open_and_wait(ask, recorder);
    CHECK(recorder.body == "direct");
  }
  unsetenv("http_proxy");
  Bench bench(Kind::multi);
  Ask ask;
  ask.url = upstream.url();
  ask.proxy = proxy_url;
  Recorder recorder;
  bench.open_and_wait(ask, recorder);
  CHECK(recorder.body == "proxied");
  CHECK(line == "POST " + upstream.url() + " HTTP/1.1");
  unsetenv("no_proxy");
}

TEST_CASE("transport: the tunnel of a proxy is refused, and it sees no credential") {
  std::string head;
  Upstream proxy([&](Peer& peer) {
    peer.read_head();
    head = peer.head;
    peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  });
  Bench bench(Kind::multi);
  Ask ask;
  ask.url = "https://upstream.example/v1/messages";
  ask.proxy = "http://127.0.0.1:" + std::to_string(proxy.port());
  Recorder recorder;
  bench.open_and_wait(ask, recorder);
  CHECK(recorder.text() == "failed upstream_connect");
  CHECK(head.find("CONNECT upstream.example:443") == 0);
  CHECK(head.find("secret") == std::string::npos);
  CHECK(head.find("X-First") == std::string::npos);
}
