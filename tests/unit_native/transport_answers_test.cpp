// Requests and answers of both transports on real sockets: what is sent is what was given, what is shown is
// what came, and what is no HTTP is refused.
#include <cstdio>

#include "transport_bench.h"

using namespace transport_test;

TEST_CASE("transport: a whole answer, its head as it came and its events in order") {
  Kind kind = any_kind();
  Upstream upstream(
      answering("HTTP/1.1 200 Fine\r\nX-Odd-CASE: a, b\r\nx-twice: 1\r\nx-twice: 2\r\nContent-Length: 5\r\n\r\nhello"));
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
  ask.headers = {{"X-First", "1"},
                 {"x-empty", ""},
                 {"Expect", "100-continue"},
                 {"Content-Length", "999"},
                 {"Transfer-Encoding", "chunked"},
                 {"Connection", "close"},
                 {"Host", "elsewhere"},
                 {"aCCept", "a/b"}};
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
    CHECK(heads.back() ==
          method + " /v1/messages HTTP/1.1\r\n" + host + (method == "POST" ? "Content-Length: 0\r\n\r\n" : "\r\n"));
  }
  CHECK(upstream.connection_count() == 1);
}

TEST_CASE("transport: chunks, whole and byte by byte, with extensions and trailers") {
  Kind kind = any_kind();
  bool bytewise = GENERATE(false, true);
  Upstream upstream([&](Peer& peer) {
    std::string answer =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
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
  Upstream upstream(
      answering("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
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
  Upstream upstream(
      answering("HTTP/1.1 307 Temporary Redirect\r\nLocation: " + other.url() + "\r\nContent-Length: 0\r\n\r\n"));
  CHECK(outcome(kind, upstream) == "sent, head 307, end");
  CHECK(other.connection_count() == 0);
}

TEST_CASE("transport: what is no HTTP or has two meanings") {
  Kind kind = any_kind();
  std::string answer =
      GENERATE(as<std::string>{}, "SSH-2.0-OpenSSH_9.2\r\n\r\n",
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
