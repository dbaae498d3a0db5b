// The window of an answer, and what a request is checked for before it leaves.
#include "answer_window.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <string>

#include "upstream_request.h"

using namespace signalbox;
using namespace signalbox::native;

namespace {

bool receive(AnswerWindow& window, std::string_view bytes) {
  if (!window.reserve(bytes.size())) return false;
  std::memcpy(window.room(), bytes.data(), bytes.size());
  window.grew(bytes.size());
  return true;
}

UrlParts split(std::string_view url) {
  UrlParts parts;
  REQUIRE(split_url(url, parts));
  return parts;
}

}  // namespace

TEST_CASE("answer window: contiguous under every mix of receiving and letting go") {
  BufferPool pool;
  AnswerWindow window(pool, 1 << 20);
  std::string expected;
  uint32_t seed = 1;
  char next = 'a';
  for (int i = 0; i < 3000; ++i) {
    seed = seed * 1664525 + 1013904223;
    std::string bytes(seed >> 20, next = next == 'z' ? 'a' : char(next + 1));
    REQUIRE(receive(window, bytes));
    expected += bytes;
    size_t gone = (seed >> 7) % (expected.size() + 1);
    if (expected.size() < 300'000 && seed % 3) gone = gone % 100;
    window.release(gone);
    expected.erase(0, gone);
    REQUIRE((window.held() == expected));
    window.relax();
    REQUIRE(window.has_buffer() == !expected.empty());
  }
}

TEST_CASE("answer window: a bound, beyond which nothing changes") {
  BufferPool pool;
  AnswerWindow window(pool, 100'000);
  REQUIRE(receive(window, std::string(90'000, 'a')));
  CHECK_FALSE(receive(window, std::string(10'001, 'b')));
  CHECK(window.held() == std::string(90'000, 'a'));
  CHECK(receive(window, std::string(10'000, 'b')));
  window.release(1);
  CHECK(receive(window, "c"));
  CHECK_FALSE(window.reserve(SIZE_MAX));
}

TEST_CASE("answer window: buffers go back to the pool, large ones do not, and the pool is bounded") {
  BufferPool pool;
  {
    AnswerWindow window(pool, 1 << 20);
    REQUIRE(receive(window, "a"));
    window.relax();
    CHECK(window.has_buffer());
    window.release(1);
    window.relax();
    CHECK_FALSE(window.has_buffer());
    CHECK(pool.free_count() == 1);
    REQUIRE(receive(window, std::string(200'000, 'x')));
    window.release(200'000);
    window.relax();
    CHECK(pool.free_count() == 1);
  }
  for (size_t i = 0; i < BufferPool::free_max + 10; ++i)
    pool.give_back(std::unique_ptr<char[]>(new char[BufferPool::buffer_bytes]));
  CHECK(pool.free_count() == BufferPool::free_max);
}

TEST_CASE("answer window: the pool frees what was not needed between two trims, and no more") {
  BufferPool pool;
  for (int i = 0; i < 5; ++i) pool.give_back(pool.take());
  for (int i = 0; i < 4; ++i) pool.give_back(std::unique_ptr<char[]>(new char[BufferPool::buffer_bytes]));
  REQUIRE(pool.free_count() == 5);
  pool.trim();
  CHECK(pool.free_count() == 5);  // they have just come
  {
    const auto a = pool.take(), b = pool.take();
  }
  pool.trim();
  CHECK(pool.free_count() == 0);  // three were not needed, and two have not come back
  auto only = pool.take();
  pool.give_back(std::move(only));
  pool.trim();
  CHECK(pool.free_count() == 1);
  auto warm = pool.take();
  pool.give_back(std::move(warm));
  pool.trim();
  CHECK(pool.free_count() == 1);  // in use between the two
  pool.trim();
  CHECK(pool.free_count() == 0);
}

TEST_CASE("upstream request: URLs taken apart") {
  UrlParts parts = split("http://host.example:8080/a/b?c=d#e");
  CHECK(parts.scheme == Scheme::http);
  CHECK(parts.authority == "host.example:8080");
  CHECK(parts.target == "/a/b?c=d");
  parts = split("HTTPS://user:p%40w@[::1]:1?q");
  CHECK(parts.scheme == Scheme::https);
  CHECK(parts.user == "user:p%40w");
  CHECK(parts.authority == "[::1]:1");
  CHECK(parts.target == "?q");
  CHECK(split("http://h").target.empty());
  for (std::string_view bad : {"", "h", "ftp://h/", "http://", "http:///x", "http://:80/", "http://h/a b",
                               "http://h/\n", "http://u@/x", "http:/h"})
    CHECK_FALSE(split_url(bad, parts));
}

TEST_CASE("upstream request: the upload as a cursor") {
  Upload upload;
  std::string_view pieces[] = {"abc", "", "de", "f"};
  upload.assign("H", pieces);
  CHECK(upload.body_bytes() == 6);
  std::string_view out[2];
  REQUIRE(upload.peek(out, 2) == 2);
  CHECK(out[0] == "H");
  upload.advance(3);
  REQUIRE(upload.peek(out, 2) == 2);
  CHECK(out[0] == "c");
  CHECK(out[1] == "de");
  upload.advance(3);
  CHECK(upload.peek(out, 2) == 1);
  CHECK_FALSE(upload.done());
  upload.advance(1);
  CHECK(upload.done());
  upload.rewind();
  CHECK_FALSE(upload.done());
  upload.assign({}, {});
  CHECK(upload.done());
}
