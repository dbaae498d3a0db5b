// What lanes have refused: how long it is remembered, and how much of it.
#include <catch2/catch.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/arena.h"
#include "routing/refusals.h"

using namespace signalbox;
using routing::Refusals;

namespace {

std::vector<std::string> paths(const Refusals& refusals, std::string_view lane, int64_t now) {
  Arena arena;
  std::vector<std::string> all;
  for (std::string_view path : refusals.of(lane, now, arena)) all.emplace_back(path);
  return all;
}

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("refusals: each lane has its own, once each", "[routing]") {
  Refusals refusals;
  refusals.remember("a", "speed", 0);
  refusals.remember("a", "tools.*.strict", 1);
  refusals.remember("a", "speed", 2);
  refusals.remember("b", "context_management", 3);
  CHECK(paths(refusals, "a", 4) == Paths{"tools.*.strict", "speed"});
  CHECK(paths(refusals, "b", 4) == Paths{"context_management"});
  CHECK(paths(refusals, "c", 4).empty());
}

TEST_CASE("refusals: after an hour a member is tried again", "[routing]") {
  Refusals refusals;
  const int64_t hour = Refusals::remembered_ms;
  refusals.remember("a", "speed", 1000);
  refusals.remember("a", "container", 2000);
  CHECK(paths(refusals, "a", 999 + hour) == Paths{"speed", "container"});
  CHECK(paths(refusals, "a", 1000 + hour) == Paths{"container"});
  CHECK(paths(refusals, "a", 2000 + hour).empty());
  // Refused again, it is another hour.
  refusals.remember("a", "speed", 1000 + hour);
  CHECK(paths(refusals, "a", 2000 + hour) == Paths{"speed"});
  // Clocks at their ends do no harm.
  const int64_t least = std::numeric_limits<int64_t>::min(), most = std::numeric_limits<int64_t>::max();
  refusals.remember("end", "speed", least);
  CHECK(paths(refusals, "end", most).empty());
  refusals.remember("end", "speed", most);
  CHECK(paths(refusals, "end", least) == Paths{"speed"});
}

TEST_CASE("refusals: bounded in lanes, in paths and in bytes; the oldest go", "[routing]") {
  Refusals refusals;
  refusals.remember("a", std::string(Refusals::path_bytes_max + 1, 'x'), 0);
  refusals.remember(std::string(Refusals::lane_bytes_max + 1, 'x'), "speed", 0);
  refusals.remember("a", "", 0);
  CHECK(refusals.lane_count() == 0);

  for (size_t i = 0; i < Refusals::paths_max + 3; ++i) refusals.remember("a", "m" + std::to_string(i), int64_t(i));
  const Paths kept = paths(refusals, "a", 100);
  CHECK(kept.size() == Refusals::paths_max);
  CHECK(kept.front() == "m3");

  for (size_t i = 0; i < Refusals::lanes_max; ++i) refusals.remember("l" + std::to_string(i), "m", int64_t(100 + i));
  CHECK(refusals.lane_count() == Refusals::lanes_max);
  CHECK(paths(refusals, "a", 200).empty());
  CHECK(paths(refusals, "l0", 200) == Paths{"m"});
}

TEST_CASE("refusals: models and features that clients make up drive out such alone", "[routing]") {
  Refusals refusals;
  refusals.remember("a/k/m", "speed", 0);
  refusals.remember("*b/k/real", "speed", 1);
  for (size_t i = 0; i < 2 * Refusals::lanes_max; ++i) {
    refusals.remember("*c/k/" + std::to_string(i), "m", int64_t(2 + i));
    refusals.remember("d/k/m\n" + std::to_string(i), "m", int64_t(2 + i));
  }
  CHECK(refusals.lane_count() == Refusals::lanes_max);
  CHECK(paths(refusals, "a/k/m", 9'000) == Paths{"speed"});
  CHECK(paths(refusals, "*b/k/real", 9'000) == Paths{"speed"});
  CHECK(paths(refusals, "*c/k/" + std::to_string(2 * Refusals::lanes_max - 1), 9'000) == Paths{"m"});
  // There is room again for who is new.
  refusals.remember("e/k/m", "speed", 10'000);
  CHECK(refusals.lane_count() == Refusals::lanes_max);
  CHECK(paths(refusals, "e/k/m", 10'000) == Paths{"speed"});
  CHECK(paths(refusals, "a/k/m", 10'000) == Paths{"speed"});
}
