// Request bodies in a content coding on a connection: what the handler sees of them, and what the loop does meanwhile. The
// decoders themselves are content_decoder_test.cpp's.
#include <zlib.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "connection_bench.h"

using namespace connection_test;

namespace {

constexpr int64_t bytes_max = 32 << 20;

std::string gzip(const std::string& content) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, content.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = uInt(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = uInt(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

std::string post(const std::string& coded) {
  return "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(coded.size()) + "\r\n\r\n" + coded;
}

// A connection whose bodies come in gzip.
struct CodedBench : Bench {
  CodedBench() { decode_under(bytes_max); }
  explicit CodedBench(Loop& shared) : Bench(shared) { decode_under(bytes_max); }
  void decode_under(int64_t budget) {
    script->on_head = [this, budget] { connection->decode_request({Coding::gzip, budget}); };
  }
};

}  // namespace

TEST_CASE("coded body: exactly the budget is a body, a byte more is too large, fewer than announced are none") {
  const std::string content(300'000, 'x');
  CodedBench b;
  SECTION("as much as the budget") {
    b.decode_under(int64_t(content.size()));
    b.send(post(gzip(content)));
    CHECK((b.read() == ok(length(content.size()), content)));
  }
  SECTION("a byte more") {
    b.decode_under(int64_t(content.size()) - 1);
    b.send(post(gzip(content)));
    CHECK(b.told ==
          std::vector<std::string>{"POST /a " + std::to_string(gzip(content).size()), "failed request_too_large"});
    CHECK_FALSE(b.script->whole);
  }
  SECTION("cut") {
    const std::string coded = gzip(content);
    b.send(post(coded.substr(0, coded.size() - 1)));
    CHECK(b.told.back() == "failed bad_coding");
    CHECK_FALSE(b.script->whole);
  }
}

TEST_CASE("coded body: exchanges of other connections go on while one is decoded") {
  const auto others_meanwhile = [](const std::string& coded) {
    CodedBench decoding;
    // Connections that do nothing must not lend their turns.
    std::vector<std::unique_ptr<Bench>> idle;
    for (int i = 0; i < 50; ++i) idle.push_back(std::make_unique<Bench>(decoding.loop()));
    Bench other(decoding.loop());
    const std::string request = post(coded), question = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    REQUIRE(::send(decoding.client, request.data(), request.size(), MSG_NOSIGNAL) == ssize_t(request.size()));
    int answered = 0;
    while (!decoding.script->whole && answered < 1000) {
      REQUIRE(::send(other.client, question.data(), question.size(), MSG_NOSIGNAL) == ssize_t(question.size()));
      decoding.turn(1);
      char answer[4096];
      answered += recv(other.client, answer, sizeof answer, 0) > 0;
    }
    CHECK(decoding.script->whole);
    return answered;
  };
  SECTION("a bomb: 256 KiB, or twice that, between two exchanges") {
    CHECK(others_meanwhile(gzip(std::string(2 << 20, '\0'))) >= (2 << 20) / (256 << 10) / 2);
  }
  SECTION("one that spends its bytes on nothing: 16 KiB of them, or 32") {
    std::string nothing;
    while (nothing.size() < 60'000) nothing += gzip("");
    CHECK(others_meanwhile(nothing) >= 60'000 / (16 << 10) / 2 + 1);
  }
}

TEST_CASE("coded body: many are decoded in turns, and together in no larger pieces than one") {
  const size_t decoding_count = 32, content_bytes = 512 << 10;
  const std::string request = post(gzip(std::string(content_bytes, '\0'))),
                    question = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  Bench other;
  std::vector<std::unique_ptr<CodedBench>> decoding;
  for (size_t i = 0; i < decoding_count; ++i) {
    decoding.push_back(std::make_unique<CodedBench>(other.loop()));
    REQUIRE(::send(decoding[i]->client, request.data(), request.size(), MSG_NOSIGNAL) == ssize_t(request.size()));
  }
  size_t decoded_before = 0, whole = 0, answered = 0;
  while (whole < decoding_count && answered < 1000) {
    REQUIRE(::send(other.client, question.data(), question.size(), MSG_NOSIGNAL) == ssize_t(question.size()));
    char answer[4096];
    int turns = 0;
    do other.turn(1);
    while (recv(other.client, answer, sizeof answer, 0) <= 0 && ++turns < 3);
    REQUIRE(turns < 3);
    ++answered;
    size_t decoded = 0, most = 0, least = content_bytes;
    whole = 0;
    for (const auto& each : decoding) {
      const size_t there = each->script->body.size();
      decoded += there;
      most = std::max(most, there);
      least = std::min(least, there);
      whole += each->script->whole;
    }
    REQUIRE(decoded - decoded_before <= size_t(turns + 1) * (256 << 10));
    REQUIRE(most - least <= (16 << 10));
    decoded_before = decoded;
  }
  CHECK(whole == decoding_count);
}

TEST_CASE("coded body: a client that leaves while its body waits to be decoded leaves nothing behind") {
  Bench other;
  std::vector<std::unique_ptr<CodedBench>> decoding;
  const std::string request = post(gzip(std::string(1 << 20, '\0')));
  for (size_t i = 0; i < 32; ++i) {
    decoding.push_back(std::make_unique<CodedBench>(other.loop()));
    REQUIRE(::send(decoding[i]->client, request.data(), request.size(), MSG_NOSIGNAL) == ssize_t(request.size()));
  }
  other.turn(1);
  decoding.erase(decoding.begin(), decoding.begin() + 31);
  while (!decoding[0]->script->whole) other.turn(1);
  CHECK(decoding[0]->script->body.size() == 1 << 20);
}

TEST_CASE(
    "coded body: its end comes with the byte that is too many, and what follows is the next request all the same") {
  // Bytes that would be a request themselves, were the next one looked for in them.
  const std::string inner = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string content = inner + std::string(2000, 'x');
  char size[20];
  std::snprintf(size, sizeof size, "%zx", content.size());
  CodedBench b;
  b.decode_under(1024);
  b.send("POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxx");
  b.told.clear();
  b.read();
  b.send("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(size) + "\r\n" + content +
         "\r\n0\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n");
  for (int i = 0; i < 10; ++i) b.turn();
  CHECK(b.told == std::vector<std::string>{"POST /a -1", "failed request_too_large", "GET /b 0"});
}

TEST_CASE("coded body: whoever has left has nothing decoded") {
  CodedBench b;
  const std::string request = post(gzip(std::string(8 << 20, '\0')));
  REQUIRE(::send(b.client, request.data(), request.size(), MSG_NOSIGNAL) == ssize_t(request.size()));
  b.turn(2);
  SECTION("half") { REQUIRE(shutdown(b.client, SHUT_WR) == 0); }
  SECTION("for good") {
    ::close(b.client);
    b.client = -1;
  }
  b.turn(3);  // the whole of it takes thirty
  CHECK(b.told.back() == "gone");
}

TEST_CASE("coded body: decoding is no reason to take longer than a body may") {
  CodedBench b;
  b.the_limits.request_body_ms_max = 1;
  std::string nothing;
  while (nothing.size() < 4'000'000) nothing += gzip("");
  b.send(post(nothing));
  for (int i = 0; i < 10'000 && b.told.back() != "failed request_timeout" && !b.script->whole; ++i) b.turn(1);
  CHECK(b.told.back() == "failed request_timeout");
}
