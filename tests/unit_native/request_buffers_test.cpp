#include "request_buffers.h"

#include <catch2/catch.hpp>
#include <utility>

using namespace signalbox::native;

TEST_CASE("request buffers: decoded bodies have a bound together, and one alone has none of ours") {
  constexpr size_t most = RequestBuffers::decoded_bytes_max, page = 4096;
  RequestBuffers buffers;
  BodyBuffer a = buffers.take_decoded_body(most / 2);
  BodyBuffer b = buffers.take_decoded_body(most / 2);
  REQUIRE(a);
  REQUIRE(b);
  CHECK_FALSE(buffers.take_decoded_body(page));
  CHECK_FALSE(a.reserve(most / 2 + page));
  CHECK(a.capacity() == most / 2);
  CHECK(buffers.take_body(most));  // what was sent as it is counts for nothing

  SECTION("what goes makes room, however it goes") {
    SECTION("given back") { buffers.give_back(std::move(b)); }
    SECTION("reset") { b.reset(); }
    SECTION("replaced") { b = BodyBuffer(); }
    CHECK(a.reserve(2 * most));
    CHECK_FALSE(buffers.take_decoded_body(page));
  }
  SECTION("what moves counts once") {
    BodyBuffer c = std::move(b);
    c.reset();
    CHECK(buffers.take_decoded_body(most / 2));
  }
  SECTION("a small one is not kept for bodies that count for nothing") {
    a.reset();
    b.reset();
    buffers.give_back(buffers.take_decoded_body(page));
    BodyBuffer plain = buffers.take_body(page);
    CHECK(buffers.take_decoded_body(most));
  }
}
