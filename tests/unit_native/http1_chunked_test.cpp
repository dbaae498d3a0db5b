// The chunked decoder, by RFC 9112 section 7.1. Every vector is decoded whole in place, byte by byte, and
// at every single cut: the content and the verdict must not change.
#include "http1/chunked.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace signalbox::native::http1;

namespace {

struct Decoded {
  Outcome outcome = Outcome::need_more;
  Refusal refusal = Refusal::none;
  size_t consumed = 0;
  std::string content;
};

// Decodes `text` in pieces ending at `cuts`, all in one buffer as the host does.
Decoded decode(std::string text, const std::vector<size_t>& cuts) {
  Decoded d;
  ChunkedDecoder decoder;
  size_t at = 0, filled = 0;
  for (size_t cut : cuts) {
    if (d.outcome != Outcome::need_more) break;
    const auto r = decoder.feed(text.data() + at, cut - at, text.data() + filled);
    filled += r.produced;
    at += r.consumed;
    d.outcome = r.outcome;
    if (r.outcome == Outcome::need_more) REQUIRE(at == cut);
  }
  d.refusal = decoder.refusal();
  d.consumed = at;
  d.content = text.substr(0, filled);
  return d;
}

std::vector<std::vector<size_t>> all_cuts(size_t size) {
  std::vector<std::vector<size_t>> all{{size}};
  std::vector<size_t> bytes;
  for (size_t i = 1; i <= size; ++i) bytes.push_back(i);
  all.push_back(bytes);
  if (size < 200)
    for (size_t i = 1; i < size; ++i) all.push_back({i, size});
  return all;
}

void check_content(const std::string& text, const std::string& content, size_t behind = 0) {
  INFO(text.substr(0, 200));
  for (const auto& cuts : all_cuts(text.size())) {
    const Decoded d = decode(text, cuts);
    REQUIRE(d.outcome == Outcome::complete);
    REQUIRE(d.content == content);
    REQUIRE(d.consumed == text.size() - behind);
  }
}

void check_refused(const std::string& text, Refusal refusal) {
  INFO(text.substr(0, 200));
  for (const auto& cuts : all_cuts(text.size())) {
    const Decoded d = decode(text, cuts);
    REQUIRE(d.outcome == Outcome::refused);
    REQUIRE(d.refusal == refusal);
  }
}

}  // namespace

TEST_CASE("chunked: content is joined where it stands") {
  check_content("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world");
  check_content("0\r\n\r\n", "");
  check_content("A\r\n0123456789\r\n00a\r\nabcdefghij\r\n000\r\n\r\n", "0123456789abcdefghij");
  check_content("5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\n", "hello", 16);
  check_content("2\r\n\r\n\r\n0\r\n\r\n", "\r\n");
}

TEST_CASE("chunked: extensions and trailers are passed over") {
  check_content("5;a=b;c=\"d e\"\r\nhello\r\n0;last\r\n\r\n", "hello");
  check_content("5 ;a\r\nhello\r\n0\r\n\r\n", "hello");
  check_content("5\r\nhello\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n", "hello");
}

TEST_CASE("chunked: what is malformed is refused") {
  for (const char* text : {"\r\n",
                           ";a\r\n",
                           "x\r\n",
                           "-1\r\n",
                           "+5\r\nhello",
                           "0x5\r\nhello",
                           "5\nhello\r\n",
                           "5\r\rhello",
                           "5 \r\nhello",
                           "5 5\r\nhello",
                           "5\r\nhelloX\r\n",
                           "5\r\nhello\n0\r\n\r\n",
                           "5\r\nhello\r0",
                           " 5\r\nhello\r\n",
                           "1000000000000000\r\n",
                           "5;a\nb\r\nhello",
                           "0\r\n X: folded\r\n\r\n",
                           "0\r\n: y\r\n\r\n",
                           "0\r\nno colon\r\n\r\n",
                           "0\r\nX: y\n\r\n",
                           "0\r\nX: y\r\r\n",
                           "0\r\n\rX",
                           "5,5\r\nhello"})
    check_refused(text, Refusal::bad_chunk);
  check_refused(std::string("5;a\0\r\n", 6), Refusal::bad_chunk);
}

TEST_CASE("chunked: work without content is bounded") {
  check_refused("5;" + std::string(extension_bytes_max, 'a') + "\r\n", Refusal::chunk_overhead);
  check_refused("0\r\nX: " + std::string(trailer_bytes_max, 'y') + "\r\n\r\n", Refusal::chunk_overhead);
  std::string many;
  for (int i = 0; i < 200; ++i) many += "1;" + std::string(200, 'a') + "\r\nx\r\n";
  check_refused(many, Refusal::chunk_overhead);
}
