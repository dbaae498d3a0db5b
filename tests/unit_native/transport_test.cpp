// Both transports against one list of cases, on real sockets.
#include "transport_support.h"

#include <algorithm>
#include <cstdlib>

using namespace transport_test;

namespace {

// An upstream that sends `answer` to each request and then holds or closes the connection.
enum class Then { keep, close };
Upstream::Script answering(std::string answer, Then then = Then::keep) {
  return [answer, then](Peer& peer) {
    while (peer.read_request()) {
      peer.send(answer);
      if (then == Then::close) return;
    }
  };
}

std::string whole(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string outcome(Kind kind, Upstream& upstream, const TransportSettings& settings = {}) {
  Bench bench(kind, settings);
  Ask ask;
  ask.url = upstream.url();
  Recorder recorder;
  bench.open_and_wait(ask, recorder);
  return recorder.text();
}

Kind any_kind() { return GENERATE(Kind::connect_only, Kind::multi); }

}  // namespace

TEST_CASE("transport: a whole answer, its head as it came and its events in order") {
  Kind kind = any_kind();
  Upstream upstream(answering("HTTP/1.1 200 Fine\r\nX-Odd-CASE: a, b\r\nx-twice: 1\r\nx-twice: 2\r\nContent-Length: 5\r\n\r\nhello"));
  Bench bench(kind);
  Ask ask;
  ask.url = upstream.url();
  Recorder recorder;
  bench.open_and_wait(ask, recorder);
  CHECK(recorder.text() == "sent, head 200, body, end");
  CHECK(recorder.body == "hello");
  CHECK(recorder.headers == std::vector<std::pair<std::string, std::string>>{
                                {"X-Odd-CASE", "a, b"}, {"x-twice", "1"}, {"x-twice", "2"}, {"Content-Length", "5"}});
}

TEST_CASE("transport: the request carries what was given and nothing else") {
  Kind kind = any_kind();
  std::string head, body;
  Upstream upstream([&](Peer& peer) {
    peer.read_request();
    head = peer.head;
    body = peer.body;
    peer.send(whole(""));
  });
  Bench bench(kind);
  Ask ask;
  ask.url = upstream.url("/v1/../v1/messages?beta=true#gone");
  ask.headers = {{"X-First", "1"}, {"x-empty", ""}, {"Expect", "100-continue"}, {"Content-Length", "999"},
                 {"Transfer-Encoding", "chunked"}, {"Connection", "close"}, {"Host", "elsewhere"}, {"aCCept", "a/b"}};
  ask.pieces = {"abc", "", "def"};
  Recorder recorder;
  bench.open_and_wait(ask, recorder);
  CHECK(recorder.text() == "sent, head 200, end");
  CHECK(body == "abcdef");
  std::string host = "Host: 127.0.0.1:" + std::to_string(upstream.port()) + "\r\n";
  std::string empty = kind == Kind::connect_only ? "x-empty: \r\n" : "x-empty:\r\n";
  CHECK(head == "POST /v1/../v1/messages?beta=true HTTP/1.1\r\n" + host + "X-First: 1\r\n" + empty +
                    "aCCept: a/b\r\nx-api-key: secret\r\nContent-Length: 6\r\n\r\n");
}

TEST_CASE("transport: methods without a body, and a POST with an empty one") {
  Kind kind = any_kind();
  std::vector<std::string> heads;
  Upstream upstream([&](Peer& peer) {
    while (peer.read_request()) {
      heads.push_back(peer.head);
      peer.send(peer.head.starts_with("HEAD") ? "HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n"
                                              : "HTTP/1.1 204 No Content\r\n\r\n");
    }
  });
  Bench bench(kind);
  for (std::string method : {"GET", "HEAD", "POST", "DELETE", "GET"}) {
    Ask ask;
    ask.url = upstream.url();
    ask.method = method;
    ask.pieces.clear();
    ask.headers.clear();
    ask.credential = {};
    Recorder recorder;
    bench.open_and_wait(ask, recorder);
    CHECK(recorder.text() == (method == "HEAD" ? "sent, head 200, end" : "sent, head 204, end"));
    std::string host = "Host: 127.0.0.1:" + std::to_string(upstream.port()) + "\r\n";
    CHECK(heads.back() == method + " /v1/messages HTTP/1.1\r\n" + host +
                              (method == "POST" ? "Content-Length: 0\r\n\r\n" : "\r\n"));
  }
  CHECK(upstream.connection_count() == 1);
}

TEST_CASE("transport: chunks, whole and byte by byte, with extensions and trailers") {
  Kind kind = any_kind();
  bool bytewise = GENERATE(false, true);
  Upstream upstream([&](Peer& peer) {
    std::string answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "5\r\nhello\r\n6;x=1\r\n world\r\n1\r\n!\r\n0\r\nX-Trailer: 1\r\n\r\n";
    while (peer.read_request())
      if (bytewise) peer.send_bytewise(answer);
      else peer.send(answer);
  });
  Bench bench(kind);
  for (int i = 0; i < 2; ++i) {
    Ask ask;
    ask.url = upstream.url();
    Recorder recorder;
    bench.open_and_wait(ask, recorder);
    CHECK(recorder.text() == "sent, head 200, body, end");
    CHECK(recorder.body == "hello world!");
    CHECK(recorder.windows_are_sound);
  }
  CHECK(upstream.connection_count() == 1);
}

TEST_CASE("transport: a body until the close, and HTTP/1.0") {
  Kind kind = any_kind();
  std::string version = GENERATE("1.1", "1.0");
  Upstream upstream(answering("HTTP/" + version + " 200 OK\r\nX: y\r\n\r\nall of it", Then::close));
  Bench bench(kind);
  Ask ask;
  ask.url = upstream.url();
  Recorder recorder;
  bench.open_and_wait(ask, recorder);
  CHECK(recorder.text() == "sent, head 200, body, end");
  CHECK(recorder.body == "all of it");
}

TEST_CASE("transport: interim answers are passed over") {
  Kind kind = any_kind();
  Upstream upstream(answering("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                              "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  Bench bench(kind);
  Ask ask;
  ask.url = upstream.url();
  Recorder recorder;
  bench.open_and_wait(ask, recorder);
  CHECK(recorder.text() == "sent, head 200, body, end");
  CHECK(recorder.headers.size() == 1);
  CHECK(recorder.body == "ok");
}

TEST_CASE("transport: interim answers without end are no HTTP") {
  Upstream upstream([](Peer& peer) {
    peer.read_request();
    for (int i = 0; i < 1000; ++i) peer.send("HTTP/1.1 103 Early Hints\r\n\r\n");
    peer.wait_for_close();
  });
  CHECK(outcome(any_kind(), upstream) == "sent, failed upstream_protocol");
}

TEST_CASE("transport: redirects are answers like others") {
  Kind kind = any_kind();
  Upstream other(answering(whole("stolen")));
  Upstream upstream(answering("HTTP/1.1 307 Temporary Redirect\r\nLocation: " + other.url() +
                              "\r\nContent-Length: 0\r\n\r\n"));
  CHECK(outcome(kind, upstream) == "sent, head 307, end");
  CHECK(other.connection_count() == 0);
}

TEST_CASE("transport: what is no HTTP or has two meanings") {
  Kind kind = any_kind();
  std::string answer = GENERATE(
      as<std::string>{}, "SSH-2.0-OpenSSH_9.2\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
      "HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc", "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\nA b\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n");
  Upstream upstream([&](Peer& peer) {
    peer.read_request();
    peer.send(answer);
    peer.wait_for_close();
  });
  CAPTURE(answer);
  CHECK(outcome(kind, upstream) == "sent, failed upstream_protocol");
}

TEST_CASE("transport: a chunk that is none") {
  Upstream upstream([&](Peer& peer) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    peer.send("zz\r\nabc\r\n0\r\n\r\n");
    peer.wait_for_close();
  });
  CHECK(outcome(any_kind(), upstream) == "sent, head 200, failed upstream_protocol");
}

TEST_CASE("transport: what came before a bad chunk is shown, however it was cut") {
  Kind kind = any_kind();
  bool at_once = GENERATE(true, false);
  Upstream upstream([&](Peer& peer) {
    peer.read_request();
    std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunk = "4\r\ngood\r\n", bad = "QQ\r\n";
    if (at_once) peer.send(head + chunk + bad);
    else peer.send_bytewise(head + chunk + bad);
    peer.wait_for_close();
  });
  Bench bench(kind);
  Ask ask;
  ask.url = upstream.url();
  Recorder recorder;
  bench.open_and_wait(ask, recorder);
  CHECK(recorder.text() == "sent, head 200, body, failed upstream_protocol");
  CHECK(recorder.body == "good");
}

TEST_CASE("transport: trailers that are none, or without end, are the upstream's fault") {
  Kind kind = any_kind();
  std::string trailers = GENERATE(as<std::string>{}, "foo\r\n\r\n", "long");
  if (trailers == "long") {
    trailers.clear();
    for (int i = 0; i < 1000; ++i) trailers += "X-Trailer: 0123456789\r\n";
  }
  Upstream upstream([&](Peer& peer) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n" + trailers);
    peer.wait_for_close();
  });
  CHECK(outcome(kind, upstream) == "sent, head 200, body, failed upstream_protocol");
}

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
  std::string expected = part.size() > 20 ? "sent, head 200, body, failed upstream_reset" : "sent, failed upstream_reset";
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
  Upstream upstream([&](Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
    if (closes) shutdown(peer.fd(), SHUT_WR);
    pollfd end{peer.fd(), POLLRDHUP, 0};  // reads no more
    poll(&end, 1, 10'000);
  });
  Bench bench(kind);
  Ask ask;
  ask.url = upstream.url();
  ask.pieces.assign(40, std::string(1 << 20, 'x'));
  Recorder recorder;
  bench.open_and_wait(ask, recorder);
  CHECK(recorder.text() == "head 413, body, end");
  CHECK(recorder.body == "no");
  bench.wait([&] { return upstream.closed_count() == 1; });
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
  std::string answer = GENERATE(as<std::string>{}, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
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
  std::promise<Peer*> kept;
  std::atomic<int> requests{0};
  Upstream upstream([&](Peer& peer) {
    while (peer.read_request()) {
      peer.send(whole(peer.body));
      if (++requests == 1) kept.set_value(&peer);
    }
  });
  Bench bench(kind);
  Ask ask;
  ask.url = upstream.url();
  Recorder first, second;
  ask.pieces = {"first"};
  bench.open_and_wait(ask, first);
  Peer* peer = kept.get_future().get();
  ask.pieces = {"second"};
  // In one turn of the loop: it learns of the bytes only afterwards.
  bench.run([&] {
    peer->send(whole("unasked"));
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

TEST_CASE("transport: what is held is shown again with what is new right behind it") {
  Kind kind = any_kind();
  bool chunked = GENERATE(false, true);
  std::string frames;
  for (int i = 0; i < 200; ++i) frames += "data: " + std::string(size_t(i * 17 % 3000), char('a' + i % 26)) + "\n\n";
  frames += "data: " + std::string(300'000, 'z') + "\n\ndata: a part";
  Upstream upstream([&](Peer& peer) {
    peer.read_request();
    peer.send(std::string("HTTP/1.1 200 OK\r\n") + (chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n"));
    for (size_t at = 0, size = 1; at < frames.size(); at += size, size = size * 7 % 4999 + 1) {
      std::string piece = frames.substr(at, size);
      char line[32];
      snprintf(line, sizeof line, "%zx\r\n", piece.size());
      peer.send(chunked ? line + piece + "\r\n" : piece);
    }
    if (chunked) peer.send("0\r\n\r\n");
  });
  Bench bench(kind);
  Ask ask;
  ask.url = upstream.url();
  Recorder recorder;
  recorder.release = [](std::string_view window) {
    size_t end = window.rfind("\n\n");
    return end == std::string_view::npos ? 0 : end + 2;
  };
  bench.open_and_wait(ask, recorder);
  CHECK(recorder.text() == "sent, head 200, body, end");
  CHECK(recorder.windows_are_sound);
  CHECK((recorder.body == frames));
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

TEST_CASE("transport: a paused answer waits, its idle time does not run, nothing is lost") {
  Kind kind = any_kind();
  std::string sent(3 << 20, 'x');
  for (size_t i = 0; i < sent.size(); i += 97) sent[i] = char('a' + i % 26);
  Upstream upstream(answering(whole(sent)));
  Bench bench(kind);
  Ask ask;
  ask.url = upstream.url();
  ask.timeouts.idle_ms = 100;
  Recorder recorder;
  bool paused = false;
  int while_paused = 0, pauses = 0;
  recorder.then = [&](const std::string& entry) {
    if (entry != "body") return;
    while_paused += paused;
    if (pauses >= 2) return;
    ++pauses;
    paused = true;
    recorder.attempt->pause();
  };
  bench.open(ask, recorder);
  for (int i = 1; i <= 2; ++i) {
    bench.wait([&] { return paused && pauses == i; });
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    bench.run([&] {
      paused = false;
      recorder.attempt->resume();
    });
  }
  bench.wait([&] { return recorder.over; });
  CHECK(recorder.text() == "sent, head 200, body, end");
  CHECK((recorder.body == sent));
  CHECK(while_paused == 0);
}

TEST_CASE("transport: paused and resumed within one callback") {
  Kind kind = any_kind();
  Upstream upstream(answering(whole(std::string(300'000, 'x'))));
  Bench bench(kind);
  Ask ask;
  ask.url = upstream.url();
  Recorder recorder;
  recorder.then = [&](const std::string& entry) {
    if (entry != "body") return;
    recorder.attempt->pause();
    recorder.attempt->resume();
  };
  bench.open_and_wait(ask, recorder);
  CHECK(recorder.text() == "sent, head 200, body, end");
  CHECK(recorder.body.size() == 300'000);
}

TEST_CASE("transport: cancelled from any callback it says nothing more, and the upstream sees it") {
  Kind kind = any_kind();
  std::string at = GENERATE(as<std::string>{}, "sent", "head 200", "body", "end", "failed upstream_reset");
  Upstream upstream([&](Peer& peer) {
    peer.read_request();
    if (at == "failed upstream_reset") return;
    if (at == "end") peer.send(whole("ok"));
    else peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(50000, 'x'));
    peer.wait_for_close();
  });
  Bench bench(kind);
  Ask ask;
  ask.url = upstream.url();
  Recorder recorder;
  recorder.then = [&](const std::string& entry) {
    if (entry == at) recorder.attempt->cancel();
  };
  bench.open(ask, recorder);
  bench.wait([&] { return !recorder.log.empty() && recorder.log.back() == at; });
  if (at != "end") bench.wait([&] { return upstream.closed_count() == 1; });
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(recorder.log.back() == at);
  // And it goes on serving.
  Recorder next;
  Upstream healthy(answering(whole("ok")));
  ask.url = healthy.url();
  bench.open_and_wait(ask, next);
  CHECK(next.text() == "sent, head 200, body, end");
}

TEST_CASE("transport: cancelled in the turn it was opened, or while it waits") {
  Kind kind = any_kind();
  Upstream upstream([](Peer& peer) { peer.wait_for_close(); });
  Bench bench(kind);
  Ask ask;
  ask.url = upstream.url();
  Recorder recorder;
  bench.run([&] { ask.open(*bench.transport, recorder)->cancel(); });
  CHECK(recorder.text() == "");
  bench.open(ask, recorder);
  bench.wait([&] { return recorder.text() == "sent"; });
  bench.run([&] { recorder.attempt->cancel(); });
  bench.wait([&] { return upstream.closed_count() == upstream.connection_count(); });
  CHECK(recorder.text() == "sent");
  ask.url = "http://no-such-name.invalid/";
  Recorder unknown;
  bench.open(ask, unknown);
  bench.run([&] { unknown.attempt->cancel(); });
  CHECK(unknown.text() == "");
}

TEST_CASE("transport: another attempt is opened, and a third cancelled, from within callbacks") {
  Kind kind = any_kind();
  std::string at = GENERATE(as<std::string>{}, "sent", "head 200", "body", "end");
  Upstream upstream([](Peer& peer) {
    while (peer.read_request())
      if (peer.body == "hang") peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx");
      else peer.send(whole("ok"));
  });
  Bench bench(kind);
  Ask first, second, hanging;
  first.url = second.url = hanging.url = upstream.url();
  hanging.pieces = {"hang"};
  Recorder one, two, third;
  one.then = [&](const std::string& entry) {
    if (entry != at) return;
    third.attempt->cancel();
    second.open(*bench.transport, two);
  };
  bench.open(hanging, third);
  bench.wait([&] { return third.text() == "sent, head 200, body"; });
  bench.open(first, one);
  bench.wait([&] { return one.over && two.over; });
  CHECK(one.text() == "sent, head 200, body, end");
  CHECK(two.text() == "sent, head 200, body, end");
  CHECK(third.text() == "sent, head 200, body");
}

TEST_CASE("transport: many at once, twice") {
  Kind kind = any_kind();
  Upstream upstream([](Peer& peer) {
    while (peer.read_request()) peer.send(whole(peer.body));
  });
  Bench bench(kind);
  for (int round = 0; round < 2; ++round) {
    std::vector<Ask> asks(60);
    std::vector<Recorder> recorders(60);
    bench.run([&] {
      for (size_t i = 0; i < asks.size(); ++i) {
        asks[i].url = upstream.url();
        asks[i].pieces = {std::string(i * 1000, 'x'), std::to_string(i)};
        asks[i].open(*bench.transport, recorders[i]);
      }
    });
    bench.wait([&] {
      for (auto& recorder : recorders)
        if (!recorder.over) return false;
      return true;
    });
    for (size_t i = 0; i < asks.size(); ++i) {
      CHECK(recorders[i].text() == "sent, head 200, body, end");
      CHECK((recorders[i].body == asks[i].pieces[0] + asks[i].pieces[1]));
    }
  }
  CHECK(upstream.connection_count() == 60);
}

TEST_CASE("transport: destroyed with attempts in every state") {
  Kind kind = any_kind();
  Upstream upstream([](Peer& peer) {
    peer.read_request();
    if (peer.body == "part") peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx");
    peer.wait_for_close();
  });
  Recorder waiting, reading, fresh;
  Ask ask, part;
  ask.url = part.url = upstream.url();
  part.pieces = {"part"};
  {
    Bench bench(kind);
    bench.open(ask, waiting);
    bench.open(part, reading);
    bench.wait([&] { return waiting.text() == "sent" && reading.text() == "sent, head 200, body"; });
    bench.run([&] {
      ask.open(*bench.transport, fresh);
      bench.transport.reset();
    });
  }
  CHECK(fresh.text() == "");
  CHECK(reading.text() == "sent, head 200, body");
}

TEST_CASE("transport: what would change a head's meaning is never sent") {
  Kind kind = any_kind();
  Upstream upstream(answering(whole("ok")));
  Bench bench(kind);
  Ask ask;
  ask.url = upstream.url();
  SECTION("value") { ask.headers = {{"x", "a\r\nHost: b"}}; }
  SECTION("name") { ask.headers = {{"x: y\r\nz", "a"}}; }
  SECTION("credential") { ask.credential = {"x-api-key", "a\nb"}; }
  SECTION("method") { ask.method = "GET / HTTP/1.1\r\nA: b"; }
  SECTION("url") { ask.url = upstream.url("/a HTTP/1.1"); }
  SECTION("scheme") { ask.url = "ftp://127.0.0.1/"; }
  Recorder recorder;
  bench.open_and_wait(ask, recorder);
  CHECK(recorder.text() == "failed internal");
  CHECK(upstream.connection_count() == 0);
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
