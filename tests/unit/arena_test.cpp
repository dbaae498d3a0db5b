#include "base/arena.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

using signalbox::Arena;

TEST_CASE("Arena: what it hands out is aligned, apart, and stays") {
  Arena arena;
  struct Piece {
    unsigned char* bytes;
    size_t size;
    unsigned char mark;
  };
  std::vector<Piece> pieces;
  uint32_t seed = 1;
  for (int i = 0; i < 3000; ++i) {
    seed = seed * 1664525u + 1013904223u;
    size_t size = (seed >> 8) % (i % 100 == 0 ? 20000 : 200);
    size_t align = size_t(1) << ((seed >> 28) % 5);
    auto* bytes = static_cast<unsigned char*>(arena.allocate(size, align));
    REQUIRE(bytes != nullptr);
    REQUIRE(reinterpret_cast<uintptr_t>(bytes) % align == 0);
    auto mark = static_cast<unsigned char>(i);
    std::memset(bytes, mark, size);
    pieces.push_back({bytes, size, mark});
  }
  for (const Piece& piece : pieces)
    for (size_t i = 0; i < piece.size; ++i)
      if (piece.bytes[i] != piece.mark) FAIL("a later piece overwrote an earlier one");
}

TEST_CASE("Arena: the first chunk alone survives a reset, and is used again") {
  Arena arena;
  CHECK(arena.held_bytes() == 0);
  arena.copy("x");
  size_t kept = arena.held_bytes();
  CHECK(kept == Arena::chunk_bytes);
  arena.allocate(1 << 20, 8);
  for (int i = 0; i < 1000; ++i) arena.copy("some header's value");
  CHECK(arena.held_bytes() > kept + (1 << 20));
  arena.reset();
  CHECK(arena.held_bytes() == kept);
  const char* first = arena.copy("y").data();
  arena.reset();
  CHECK(arena.copy("z").data() == first);
}

TEST_CASE("Arena: a first value larger than a chunk is not what is kept") {
  Arena arena;
  arena.allocate(100'000, 1);
  arena.reset();
  CHECK(arena.held_bytes() == Arena::chunk_bytes);
}

TEST_CASE("Arena: a large value leaves the chunk in use in use") {
  Arena arena;
  const char* before = arena.copy("a").data();
  arena.allocate(50'000, 1);
  CHECK(arena.copy("b").data() == before + 1);
}

TEST_CASE("Arena: copies, joins and arrays") {
  Arena arena;
  std::string text = "model";
  std::string_view copy = arena.copy(text);
  text = "other";
  CHECK(copy == "model");
  CHECK(arena.copy("").empty());
  CHECK(arena.concat({"x-signalbox-", "", "route"}) == "x-signalbox-route");
  CHECK(arena.concat({}).empty());
  auto numbers = arena.array<int64_t>(1000);
  REQUIRE(numbers.size() == 1000);
  for (int64_t number : numbers) CHECK(number == 0);
  CHECK(arena.array<int>(0).empty());
}
