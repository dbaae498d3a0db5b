#include "routing/health.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

using namespace signalbox::routing;

namespace {

constexpr int64_t now = 1'700'000'000'000;
constexpr int64_t minute = 60'000;

// A delta with its checksum put right, for damage behind it.
std::string sealed(std::string bytes) {
  uint32_t hash = 2166136261u;
  for (char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619u;
  for (int i = 0; i < 4; ++i) bytes += char(hash >> (8 * i) & 0xff);
  return bytes;
}

std::string little(uint64_t number, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += char(number >> (8 * i) & 0xff);
  return out;
}

std::string entry(std::string_view lane, int64_t until, int64_t stamp, uint32_t generation = 0, uint32_t writer = 9) {
  return little(lane.size(), 2) + std::string(lane) + little(generation, 4) + little(uint64_t(until), 8) +
         little(uint64_t(stamp), 8) + little(writer, 4) + little(0, 2);
}

std::string delta_of(const std::vector<std::string>& entries, uint8_t version = 2) {
  std::string bytes = little(version, 1) + little(entries.size(), 2);
  for (const std::string& one : entries) bytes += one;
  return sealed(bytes);
}

}  // namespace

TEST_CASE("health: a lane cools until its time has come") {
  Health health(1);
  CHECK_FALSE(health.cooled("a/k/m", now));
  health.cool("a/k/m", now + minute, now);
  CHECK(health.cooled("a/k/m", now));
  CHECK(health.cooled_until("a/k/m", now) == now + minute);
  CHECK(health.cooled("a/k/m", now + minute - 1));
  CHECK_FALSE(health.cooled("a/k/m", now + minute));
  CHECK_FALSE(health.cooled("a/k/n", now));
}

TEST_CASE("health: a short cooling never lifts a long one, and success lifts any") {
  Health health(1);
  health.cool("a", now + 60 * minute, now);
  health.cool("a", now + minute, now + 1);
  CHECK(health.cooled_until("a", now + 2) == now + 60 * minute);
  health.clear("a", now + 60 * minute, now + 3);
  CHECK_FALSE(health.cooled("a", now + 4));
  health.cool("a", now + minute, now + 5);
  CHECK(health.cooled("a", now + 6));
}

TEST_CASE("health: a short cooling never lifts a long one that it had not heard of") {
  Health a(1);
  Health b(2);
  a.cool("x", now + 60 * minute, now);
  b.cool("x", now + 5000, now + 1);
  const std::string from_a(a.take_delta());
  const std::string from_b(b.take_delta());
  REQUIRE(a.merge(from_b));
  REQUIRE(b.merge(from_a));
  CHECK(a.cooled_until("x", now + 2) == now + 60 * minute);
  CHECK(b.cooled_until("x", now + 2) == now + 60 * minute);
  // Nor after a clear that both have heard of.
  a.clear("x", now + 60 * minute, now + 3);
  REQUIRE(b.merge(a.take_delta()));
  REQUIRE_FALSE(b.cooled("x", now + 3));
  a.cool("x", now + 30 * minute, now + 4);
  b.cool("x", now + 6000, now + 5);
  REQUIRE(a.merge(b.take_delta()));
  REQUIRE(b.merge(a.take_delta()));
  CHECK(a.cooled_until("x", now + 6) == now + 30 * minute);
  CHECK(b.snapshot() == a.snapshot());
}

TEST_CASE("health: a success lifts the cooling that its plan saw and no newer one") {
  Health health(1);
  health.cool("a", now + minute, now);
  health.cool("a", now + 2 * minute, now + 1);
  health.clear("a", now + minute, now + 2);
  CHECK(health.cooled_until("a", now + 2) == now + 2 * minute);
  health.clear("a", 0, now + 2);
  CHECK(health.cooled("a", now + 2));
  health.clear("a", now + 2 * minute, now + 3);
  CHECK_FALSE(health.cooled("a", now + 3));
  health.take_delta();
  // What has ended by itself is not lifted, nor what never was.
  health.cool("a", now + minute, now + 4);
  health.take_delta();
  health.clear("a", now + minute, now + minute);
  health.clear("a", 0, now + minute);
  health.clear("unheard of", 0, now + minute);
  CHECK(health.take_delta().empty());
}

TEST_CASE("health: no more than a day, nothing of the past, no name beyond the bound") {
  Health health(1);
  health.cool("a", now + 1000 * cool_ms_max, now);
  CHECK(health.cooled_until("a", now) == now + cool_ms_max);
  health.cool("b", INT64_MAX, now);
  CHECK(health.cooled_until("b", now) == now + cool_ms_max);
  health.cool("c", now, now);
  health.cool("", now + minute, now);
  health.cool(std::string(lane_bytes_max + 1, 'x'), now + minute, now);
  health.cool("d", now + minute, INT64_MAX);
  CHECK(health.lane_count() == 2);
  health.cool(std::string(lane_bytes_max, 'x'), now + minute, now);
  CHECK(health.lane_count() == 3);
}

TEST_CASE("health: a delta tells what changed since the last, once") {
  Health a(1);
  Health b(2);
  CHECK(a.take_delta().empty());
  a.cool("x", now + minute, now);
  a.cool("y", now + minute, now);
  REQUIRE(b.merge(a.take_delta()));
  CHECK(b.cooled("x", now));
  CHECK(b.cooled("y", now));
  CHECK(a.take_delta().empty());
  // What came in by merge is not told again: everybody has heard it.
  CHECK(b.take_delta().empty());
  a.cool("x", now + minute, now);  // changes nothing
  CHECK(a.take_delta().empty());
  b.clear("x", now + minute, now + 1);
  REQUIRE(a.merge(b.take_delta()));
  CHECK_FALSE(a.cooled("x", now + 2));
  CHECK(a.cooled("y", now + 2));
  CHECK(a.snapshot() == b.snapshot());
  a.clear("x", now + minute, now + 3);
  CHECK(a.take_delta().empty());
}

TEST_CASE("health: a snapshot brings a newcomer up to date") {
  Health a(1);
  for (int i = 0; i < 50; ++i) a.cool("lane" + std::to_string(i), now + minute, now + i);
  a.clear("lane7", now + minute, now + 60);
  Health b(2);
  REQUIRE(b.merge(a.snapshot()));
  CHECK(b.snapshot() == a.snapshot());
  CHECK(b.cooled("lane8", now + 60));
  CHECK_FALSE(b.cooled("lane7", now + 60));
  CHECK(Health(1).merge(Health(2).snapshot()));
}

TEST_CASE("health: deltas in any order, any number of times, end in the same state") {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    auto below = [&random](uint32_t bound) { return random() % bound; };
    std::vector<Health> writers = {Health(1), Health(2), Health(3)};
    std::vector<std::string> deltas;
    for (int step = 0; step < 200; ++step) {
      Health& writer = writers[below(3)];
      std::string lane = "lane" + std::to_string(below(8));
      // Clocks that stand still, jump and disagree.
      int64_t at = now + int64_t(below(20));
      if (below(3) == 0) {
        writer.clear(lane, writer.cooled_until(lane, at), at);
      } else {
        writer.cool(lane, at + 1 + int64_t(below(50)), at);
      }
      if (below(4) == 0 && !deltas.empty()) REQUIRE(writer.merge(deltas[below(uint32_t(deltas.size()))]));
      if (below(2) == 0) {
        std::string delta(writer.take_delta());
        if (!delta.empty()) deltas.push_back(delta);
      }
    }
    for (Health& writer : writers) deltas.push_back(writer.snapshot());
    std::string expected;
    for (int reader = 0; reader < 4; ++reader) {
      std::vector<std::string> order = deltas;
      for (const std::string& delta : deltas)
        if (below(2)) order.push_back(delta);
      std::shuffle(order.begin(), order.end(), random);
      Health health(100 + uint32_t(reader));
      for (const std::string& delta : order) REQUIRE(health.merge(delta));
      if (reader == 0) expected = health.snapshot();
      REQUIRE(health.snapshot() == expected);
    }
    for (Health& writer : writers) {
      for (const std::string& delta : deltas) REQUIRE(writer.merge(delta));
      REQUIRE(writer.snapshot() == expected);
    }
  }
}

TEST_CASE("health: without a clear the longest cooling anybody knows of stands everywhere") {
  for (uint32_t seed = 0; seed < 40; ++seed) {
    std::mt19937 random(seed);
    std::vector<Health> writers = {Health(1), Health(2), Health(3)};
    std::vector<std::string> deltas;
    int64_t longest = 0;
    for (int step = 0; step < 40; ++step) {
      Health& writer = writers[random() % 3];
      int64_t at = now + int64_t(random() % 20);
      int64_t until = at + 1 + int64_t(random() % 100) * minute;
      longest = std::max(longest, until);
      writer.cool("a", until, at);
      REQUIRE(writer.cooled_until("a", at) >= until);
      if (random() % 3 == 0 && !deltas.empty()) REQUIRE(writer.merge(deltas[random() % deltas.size()]));
      REQUIRE(writer.cooled_until("a", at) >= until);
      if (std::string delta(writer.take_delta()); !delta.empty()) deltas.push_back(delta);
    }
    for (Health& writer : writers) {
      std::shuffle(deltas.begin(), deltas.end(), random);
      for (const std::string& delta : deltas) REQUIRE(writer.merge(delta));
      REQUIRE(writer.cooled_until("a", now) == longest);
    }
  }
}

TEST_CASE("health: one register decides by generation, then end, then stamp, then writer") {
  // Each beats the one before it.
  const std::vector<std::string> ascending = {delta_of({entry("a", now + 8 * minute, now + 9, 0, 9)}),
                                              delta_of({entry("a", now + 9 * minute, now, 0, 1)}),
                                              delta_of({entry("a", now + 9 * minute, now + 1, 0, 1)}),
                                              delta_of({entry("a", now + 9 * minute, now + 1, 0, 2)}),
                                              delta_of({entry("a", 0, now, 1, 1)}),
                                              delta_of({entry("a", now + minute, now, 1, 1)}),
                                              delta_of({entry("a", 0, now, UINT32_MAX, 1)})};
  for (size_t i = 0; i + 1 < ascending.size(); ++i) {
    Health upwards(1);
    Health downwards(1);
    REQUIRE(upwards.merge(ascending[i]));
    REQUIRE(upwards.merge(ascending[i + 1]));
    REQUIRE(downwards.merge(ascending[i + 1]));
    REQUIRE(downwards.merge(ascending[i]));
    CHECK(upwards.snapshot() == ascending[i + 1]);
    CHECK(downwards.snapshot() == ascending[i + 1]);
  }
}

TEST_CASE("health: after the last generation coolings end by themselves") {
  Health health(1);
  REQUIRE(health.merge(delta_of(
      {entry("a", now + minute, now, UINT32_MAX), entry("b", now + 2 * cool_ms_max, now + cool_ms_max, UINT32_MAX)})));
  health.clear("a", now + minute, now);
  CHECK(health.cooled("a", now));
  health.cool("b", now + minute, now);
  CHECK_FALSE(health.cooled("b", now));
  CHECK(health.take_delta().empty());
  health.cool("a", now + 2 * minute, now);
  CHECK(health.cooled_until("a", now) == now + 2 * minute);
}

TEST_CASE("health: groups merged apart and then together are the same as all at once, at the bound too") {
  std::mt19937 random(7);
  std::vector<std::string> deltas;
  for (int group = 0; group < 6; ++group) {
    std::vector<std::string> lanes;
    for (int i = 0; i < 1500; ++i) lanes.push_back("lane" + std::to_string(random() % 9000));
    std::sort(lanes.begin(), lanes.end());
    lanes.erase(std::unique(lanes.begin(), lanes.end()), lanes.end());
    std::vector<std::string> entries;
    // Few different values, so that ties are common.
    for (const std::string& lane : lanes) {
      int64_t stamp = now + int64_t(random() % 4);
      int64_t until = random() % 3 == 0 ? 0 : now + minute + int64_t(random() % 3);
      entries.push_back(entry(lane, until, stamp, uint32_t(random() % 3), uint32_t(random() % 2)));
    }
    deltas.push_back(delta_of(entries));
  }
  std::string expected;
  for (int round = 0; round < 6; ++round) {
    std::shuffle(deltas.begin(), deltas.end(), random);
    Health left(1);
    Health right(2);
    for (int i = 0; i < 3; ++i) REQUIRE(left.merge(deltas[size_t(i)]));
    for (int i = 2; i < 6; ++i) REQUIRE(right.merge(deltas[size_t(i)]));
    REQUIRE(left.merge(right.snapshot()));
    REQUIRE(left.lane_count() == lanes_max);
    if (round == 0) expected = left.snapshot();
    REQUIRE(left.snapshot() == expected);
  }
}

TEST_CASE("health: at the bound what ends first goes") {
  Health health(1);
  for (size_t i = 0; i < lanes_max + 3; ++i)
    health.cool("lane" + std::to_string(i), now + minute + int64_t(i / 2), now);
  CHECK(health.lane_count() == lanes_max);
  CHECK_FALSE(health.cooled("lane0", now));
  CHECK_FALSE(health.cooled("lane1", now));
  CHECK(health.cooled("lane9", now));
  Health other(2);
  REQUIRE(other.merge(health.take_delta()));
  CHECK(other.snapshot() == health.snapshot());
}

TEST_CASE("health: a table full of lanes that were cleared has room for the next") {
  Health health(1);
  for (size_t i = 0; i < lanes_max; ++i) {
    std::string lane = "lane" + std::to_string(i);
    health.cool(lane, now + minute, now);
    health.clear(lane, now + minute, now);
  }
  health.cool("next", now + minute, now + 1);
  CHECK(health.lane_count() == lanes_max);
  CHECK(health.cooled("next", now + 1));
  Health other(2);
  REQUIRE(other.merge(health.take_delta()));
  CHECK(other.cooled("next", now + 1));
}

TEST_CASE("health: damaged deltas change nothing") {
  Health source(1);
  source.cool("provider/key/model", now + minute, now);
  source.cool("other/key/model", now + minute, now);
  std::string good(source.take_delta());
  Health health(2);
  health.cool("mine", now + minute, now);
  std::string before = health.snapshot();
  for (size_t i = 0; i < good.size(); ++i) {
    REQUIRE_FALSE(health.merge(good.substr(0, i)));
    std::string flipped = good;
    flipped[i] = char(flipped[i] ^ 0x10);
    REQUIRE_FALSE(health.merge(flipped));
  }
  CHECK_FALSE(health.merge(good + "x"));
  CHECK_FALSE(health.merge(std::string(4 << 20, 'x')));
  CHECK(health.snapshot() == before);
}

TEST_CASE("health: well-sealed nonsense changes nothing") {
  Health health(2);
  std::string fine = entry("b", now + minute, now);
  CHECK_FALSE(health.merge(delta_of({fine}, 0)));
  CHECK_FALSE(health.merge(delta_of({fine}, 3)));
  CHECK_FALSE(health.merge(delta_of({fine, fine})));
  CHECK_FALSE(health.merge(delta_of({fine, entry("a", now, now)})));
  CHECK_FALSE(health.merge(delta_of({entry("", now, now)})));
  CHECK_FALSE(health.merge(delta_of({entry(std::string(lane_bytes_max + 1, 'x'), now, now)})));
  CHECK_FALSE(health.merge(delta_of({entry("c", -1, now)})));
  CHECK_FALSE(health.merge(delta_of({entry("c", now, -1)})));
  CHECK_FALSE(health.merge(delta_of({entry("c", now, INT64_MAX)})));
  CHECK_FALSE(health.merge(delta_of({fine, little(200, 2) + "short"})));
  CHECK_FALSE(health.merge(sealed(little(1, 1) + little(0, 2) + "trailing")));
  CHECK(health.lane_count() == 0);
  CHECK(health.merge(delta_of({fine})));
  CHECK(health.lane_count() == 1);
}

TEST_CASE("health: a writer whose clock runs ahead can be contradicted, and is not believed for ever") {
  constexpr int64_t year = 365 * cool_ms_max;
  Health health(1);
  REQUIRE(health.merge(delta_of({entry("a", now + year, now + year), entry("b", now + 10 * year, now)})));
  // A register from next year: it does not cool today.
  CHECK_FALSE(health.cooled("a", now));
  // One that would last ten years lasts a day.
  CHECK(health.cooled_until("b", now) == now + cool_ms_max);
  // And what we learn about the lane is heard although our clock is the one that is behind.
  health.cool("a", now + minute, now);
  CHECK(health.cooled("a", now));
  Health sister(2);
  REQUIRE(sister.merge(delta_of({entry("a", now + year, now + year)})));
  REQUIRE(sister.merge(health.take_delta()));
  CHECK(sister.cooled("a", now));
}
