// One client's connection: what its handler is told and what the client reads.
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "connection_bench.h"

using namespace connection_test;

TEST_CASE("connection: a request whole, byte by byte, and two in one write") {
  const std::string request = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
  SECTION("whole") {
    Bench b;
    b.send(request);
    CHECK(b.read() == ok(length(5), "hello"));
    CHECK(b.script->body_tellings == 1);
  }
  SECTION("byte by byte, empty lines before it") {
    Bench b;
    for (char c : "\r\n" + request) b.send({&c, 1});
    CHECK(b.read() == ok(length(5), "hello"));
  }
  SECTION("two empty lines before it and no more, however they are cut") {
    for (size_t lines = 0; lines < 5; ++lines) {
      for (size_t cut : {1u, 2u, 3u, 100u}) {
        CAPTURE(lines, cut);
        Bench b;
        std::string text;
        for (size_t i = 0; i < lines; ++i) text += "\r\n";
        text += request;
        for (size_t at = 0; at < text.size(); at += cut) b.send(std::string_view(text).substr(at, cut));
        const std::string status = b.read().substr(0, 12);
        CHECK(status == (lines <= 2 ? "HTTP/1.1 200" : "HTTP/1.1 400"));
        if (lines > 2) continue;
        b.send("\r\n\r\n" + request);  // as many again before the next
        CHECK(b.read() == ok(length(5), "hello"));
      }
    }
  }
  SECTION("pipelined, answered in order, the second only when the first is done") {
    Bench b;
    b.script->on_body = nullptr;
    b.send(request + "GET /b HTTP/1.1\r\nHost: a\r\n\r\n" + request);
    CHECK(b.told == std::vector<std::string>{"POST /a 5"});
    b.script->connection->release_request();
    b.script->answer(200, "one");
    b.turn();
    CHECK(b.script->last_target == "/b");
    b.script->answer(200, "two");
    b.turn();
    b.script->answer(200, "three");
    CHECK(b.read() == ok(length(3), "one") + ok(length(3), "two") + ok(length(5), "three"));
  }
  SECTION("hundreds of pipelined requests, beyond one buffer") {
    Bench b;
    std::string many, answers;
    for (int i = 0; i < 3000; ++i) {
      many += request;
      answers += ok(length(5), "hello");
    }
    std::string got;
    for (size_t at = 0; at < many.size(); at += 50'000) {
      b.send(std::string_view(many).substr(at, 50'000));
      got += b.read();
    }
    CHECK(got == answers);
  }
  SECTION("memory goes back between requests") {
    Bench b;
    for (int i = 0; i < 5; ++i) {
      b.send(request);
      b.read();
      CHECK(b.pool.free_count() == 1);
    }
  }
}

TEST_CASE("connection: bodies of every size and framing arrive as they were sent") {
  for (size_t size : {0u, 1u, 60'000u, 65'300u, 65'536u, 70'000u, 1'000'000u}) {
    CAPTURE(size);
    std::string body;
    for (size_t i = 0; i < size; ++i) body.push_back(char('a' + i % 23));
    std::string chunked;
    for (size_t at = 0, n = 1; at < size; at += n, n = n * 3 % 70'001) {
      const std::string piece = body.substr(at, n);
      char line[32];
      snprintf(line, sizeof line, "%zx\r\n", piece.size());
      chunked += line + piece + "\r\n";
      n = piece.size();
    }
    const std::string next = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
    const std::string by_length =
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + body + next;
    const std::string by_chunks =
        "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked + "0\r\n\r\n" + next;
    for (const std::string& request : {by_length, by_chunks}) {
      Bench b;
      std::string seen;
      b.script->on_body = [&] {
        if (b.script->last_target == "/a") seen = b.script->body;
        b.script->answer(200, "ok");
      };
      b.send(request);
      CHECK(b.read() == ok(length(2), "ok") + ok(length(2), "ok"));
      CHECK(seen == body);
      CHECK(b.script->last_target == "/next");
    }
  }
}

TEST_CASE("connection: answers are framed by what the client speaks") {
  Bench b;
  auto unknown_length = [&] { b.script->answer(200, "hello", -1); };
  SECTION("chunked for 1.1") {
    b.script->on_body = unknown_length;
    b.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(b.read() == ok("transfer-encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"));
  }
  SECTION("until the end for 1.0") {
    b.script->on_body = unknown_length;
    b.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK(b.read() == ok("connection: close\r\n", "hello") + "<end>");
  }
  SECTION("1.0 is kept when asked for and possible") {
    b.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK(b.read() == ok(length(2) + "connection: keep-alive\r\n", "ok"));
  }
  SECTION("HEAD has the length and no body") {
    b.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(b.read() == ok(length(2), "") + ok(length(2), "ok"));
  }
  SECTION("204 has neither") {
    b.script->on_body = [&] { b.script->answer(204, "xx"); };
    b.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(b.read() == "HTTP/1.1 204 No Content\r\nx-a: b\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n");
  }
  SECTION("connection: close is honoured and said") {
    b.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    CHECK(b.read() == ok(length(2) + "connection: close\r\n", "ok") + "<end>");
  }
  SECTION("less than announced is no success") {
    b.script->on_body = [&] { b.script->answer(200, "hel", 5); };
    b.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(b.read() == ok(length(5), "hel") + "<end>");
  }
  SECTION("more than announced is not sent") {
    b.script->on_body = [&] { b.script->answer(200, "hello", 3); };
    b.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(b.read() == ok(length(3), "hel"));
  }
  SECTION("a cut answer lacks its last chunk") {
    b.script->on_body = [&] {
      SendClientHead head;
      head.status = 200;
      b.connection->send_head(head);
      b.connection->send_body("hello");
      b.connection->finish(Ending::cut);
    };
    b.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string got = b.read();
    CHECK(got.find("5\r\nhello\r\n<end>") != got.npos);
  }
}

TEST_CASE("connection: 100-continue comes only when the body is wanted") {
  Bench b;
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
  SECTION("wanted") {
    b.send(head);
    CHECK(b.read() == "HTTP/1.1 100 Continue\r\n\r\n");
    b.send("hello");
    CHECK(b.read() == ok(length(5), "hello"));
  }
  SECTION("there already") {
    b.send(head + "hello");
    CHECK(b.read() == ok(length(5), "hello"));
  }
  SECTION("refused by the head alone") {
    b.script->on_head = [&] { b.script->answer(413, "no"); };
    b.send(head);
    const std::string got = b.read();
    CHECK(got.find("HTTP/1.1 413") == 0);
    CHECK(got.find("connection: close\r\n") != got.npos);
    CHECK(got.find("100 Continue") == got.npos);
  }
}

TEST_CASE("connection: an early answer can be read although the body keeps coming") {
  Bench b;
  b.script->on_head = [&] { b.script->answer(413, "too large"); };
  b.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n" + std::string(100'000, 'x'));
  const std::string got = b.read();
  CHECK(got.find("HTTP/1.1 413") == 0);
  CHECK(got.find("too large<end>") != got.npos);
  CHECK_FALSE(b.closed);  // still reading what comes, for a while
  b.send(std::string(600'000, 'x'));
  CHECK(b.closed);
}

TEST_CASE("connection: a small body that is there already does not cost the connection") {
  Bench b;
  b.script->on_head = [&] { b.script->answer(401, "no"); };
  b.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string got = b.read();
  CHECK(b.told == std::vector<std::string>{"POST / 5", "GET /b 0"});
  CHECK(got.find("connection: close") == got.npos);
}

TEST_CASE("connection: what is no request is answered and the connection ends") {
  Bench b;
  b.send("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string got = b.read();
  CHECK(got.find("HTTP/1.1 400 Bad Request\r\n") == 0);
  CHECK(got.find("request-id: req_1\r\n") != got.npos);
  CHECK(got.find("connection: close\r\n") != got.npos);
  CHECK(b.refused == std::vector<std::string>{"length_and_coding"});
  CHECK(b.told.empty());
}

TEST_CASE("connection: a refused HEAD is answered with a length and no body") {
  Bench get, head;
  get.send("GET /healthz HTTP/1.1\r\n\r\n");
  head.send("HEAD /healthz HTTP/1.1\r\n\r\n");
  const std::string whole = get.read();
  const size_t end = whole.find("\r\n\r\n") + 4;
  REQUIRE(whole.size() > end + 10);
  CHECK(head.read() == whole.substr(0, end) + "<end>");
  CHECK(head.refused == std::vector<std::string>{"host_missing"});
}

TEST_CASE("connection: a body that cannot be read is told and answered") {
  Bench b;
  b.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX");
  CHECK(b.told == std::vector<std::string>{"POST / -1", "failed bad_request"});
  CHECK(b.read().find("HTTP/1.1 400") == 0);
}

TEST_CASE("connection: a client that leaves is told at once") {
  Bench b;
  b.script->on_body = nullptr;
  SECTION("while its answer is open") {
    b.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    ::close(b.client);
    b.client = -1;
    b.turn();
    CHECK(b.told.back() == "gone");
  }
  SECTION("half-closing counts as leaving") {
    b.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    shutdown(b.client, SHUT_WR);
    b.turn();
    CHECK(b.closed);
  }
  SECTION("in the middle of its body") {
    b.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
    shutdown(b.client, SHUT_WR);
    b.turn();
    CHECK(b.closed);
  }
  SECTION("half-closing after a finished answer costs none of it") {
    const std::string large(5'000'000, 'x');
    b.script->on_body = [&] { b.script->answer(200, large); };
    b.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    shutdown(b.client, SHUT_WR);
    b.turn();
    CHECK_FALSE(b.closed);
    CHECK((b.read() == ok(length(large.size()), large) + "<end>"));
    b.turn();
    CHECK(b.closed);
  }
  SECTION("and closing ends it, whatever is unsent") {
    b.script->on_body = [&] { b.script->answer(200, std::string(5'000'000, 'x')); };
    b.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    ::close(b.client);
    b.client = -1;
    b.turn();
    CHECK(b.closed);
  }
  SECTION("after the bytes of a request that is answered at once") {
    b.script->on_body = [&] { b.script->answer(200, "ok"); };
    REQUIRE(::send(b.client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27, 0) == 27);
    shutdown(b.client, SHUT_WR);
    CHECK(b.read() == ok(length(2), "ok") + "<end>");
  }
}

TEST_CASE("connection: a slow reader is told of, and nothing grows") {
  Bench b;
  b.the_limits.client_unsent_bytes_max = 100'000;
  b.script->on_body = nullptr;
  b.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  SendClientHead head;
  head.status = 200;
  b.connection->send_head(head);
  const std::string piece(10'000, 'x');
  size_t pieces = 0;
  while (!b.connection->backed_up() && pieces < 1000) {
    b.connection->send_body(piece);
    b.turn(1);
    ++pieces;
  }
  CHECK(pieces < 1000);
  CHECK(b.told.size() == 1);
  const std::string got = b.read();
  CHECK(b.told.back() == "taking");
  CHECK(got.size() > pieces * piece.size());
  CHECK_FALSE(b.connection->backed_up());
}

TEST_CASE("connection: the largest frame the configuration allows can be sent, and not much more") {
  Bench b;
  b.script->on_body = nullptr;
  b.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  SendClientHead head;
  head.status = 200;
  b.connection->send_head(head);
  const std::string frame(40 << 20, 'x');
  SECTION("one that large") {
    b.the_limits.frame_bytes_max = int64_t(frame.size());
    b.connection->send_body(frame);
    CHECK(b.connection->backed_up());
    b.turn();
    b.connection->finish(Ending::complete);
    const std::string got = b.read();
    CHECK((got.substr(got.find("\r\n\r\n") + 4) == "2800000\r\n" + frame + "\r\n0\r\n\r\n"));
  }
  SECTION("a handler that goes on regardless is ended") {
    b.the_limits.frame_bytes_max = 1 << 20;
    b.connection->send_body(frame);
    b.turn();
    CHECK(b.closed);
  }
}

TEST_CASE("connection: clocks for slow heads, slow bodies and silence") {
  Bench b;
  b.the_limits.request_head_ms_max = 20;
  b.the_limits.request_body_idle_ms_max = 20;
  b.the_limits.idle_connection_ms_max = 20;
  auto wait = [&] {
    usleep(30'000);
    b.turn();
  };
  SECTION("head") {
    b.send("GET / HTTP/1.1\r\n");
    wait();
    const std::string answer = b.read();
    CHECK(answer.find("HTTP/1.1 408") == 0);
    CHECK(answer.find("The request's head took longer than 20 ms (server.limits.request_head_ms_max).") != answer.npos);
    CHECK(b.refused == std::vector<std::string>{"slow_head"});
  }
  SECTION("a slow head's path tells the error's dialect") {
    b.send("POST /v1/messages HTTP/1.1\r\nHost: a\r\n");
    wait();
    CHECK(b.read().find("{\"type\":\"error\"") != std::string::npos);
  }
  SECTION("silence is not broken by empty lines") {
    b.the_limits.request_head_ms_max = b.the_limits.idle_connection_ms_max = 200;
    for (const std::string first : {"", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"}) {
      Bench c;
      c.the_limits = b.the_limits;
      if (!first.empty()) {
        c.send(first);
        REQUIRE(c.read() == ok(length(2), "ok"));
      }
      usleep(150'000);
      c.send("\r\n");
      usleep(150'000);
      CHECK(c.read() == "<end>");
    }
  }
  SECTION("body") {
    b.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
    wait();
    CHECK(b.told.back() == "failed request_timeout");
    CHECK(b.script->detail == "The request's body paused for 20 ms (server.limits.request_body_idle_ms_max).");
    CHECK(b.read().find("HTTP/1.1 408") == 0);
  }
  SECTION("a body that never pauses for long and never ends") {
    b.the_limits.request_body_idle_ms_max = 60'000;
    b.the_limits.request_body_ms_max = 60;
    b.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\nhe");
    for (int i = 0; i < 100 && b.told.back() != "failed request_timeout"; ++i) {
      wait();
      if (::send(b.client, "l", 1, MSG_NOSIGNAL) != 1) break;
    }
    CHECK(b.told.back() == "failed request_timeout");
    CHECK(b.script->detail == "The request's body took longer than 60 ms (server.limits.request_body_ms_max).");
    CHECK(b.read().find("HTTP/1.1 408") == 0);
  }
  SECTION("silence between requests") {
    b.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(b.read() == ok(length(2), "ok"));
    wait();
    CHECK(b.read() == "<end>");
  }
  SECTION("an open answer has no clock here") {
    b.script->on_body = nullptr;
    b.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    wait();
    CHECK_FALSE(b.closed);
  }
}

TEST_CASE("connection: stopping ends idle connections now and busy ones after their answer") {
  Bench b;
  SECTION("idle") {
    b.stopping = true;
    b.connection->drain();
    CHECK(b.closed);
  }
  SECTION("finished and not yet sent") {
    const std::string large(5'000'000, 'x');
    b.script->on_body = [&] { b.script->answer(200, large); };
    b.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string whole = ok(length(large.size()), large);
    b.stopping = true;
    SECTION("the connection idle") { b.connection->drain(); }
    SECTION("a next request there already") {
      REQUIRE(::send(b.client, "GET /b HTTP/1.1\r\n", 17, MSG_NOSIGNAL) == 17);
      b.connection->drain();
    }
    SECTION("a next request coming later") {
      b.connection->drain();
      b.send("GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    SECTION("a next request coming first") { b.send("GET /b HTTP/1.1\r\nHost: a\r\n\r\n"); }
    CHECK_FALSE(b.closed);
    CHECK((b.read() == whole + "<end>"));
    CHECK(b.told == std::vector<std::string>{"GET / 0"});
  }
  SECTION("finished and never read: only the stop's own bound ends it") {
    b.script->on_body = [&] { b.script->answer(200, std::string(5'000'000, 'x')); };
    b.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    b.the_limits.idle_connection_ms_max = 20;  // not before: a slow machine would be idle for as long
    b.stopping = true;
    b.connection->drain();
    usleep(30'000);
    b.turn();
    CHECK_FALSE(b.closed);
  }
  SECTION("busy") {
    b.script->on_body = nullptr;
    b.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    b.stopping = true;
    b.connection->drain();
    CHECK_FALSE(b.closed);
    b.script->answer(200, "ok");
    CHECK(b.read() == ok(length(2) + "connection: close\r\n", "ok") + "<end>");
  }
}
