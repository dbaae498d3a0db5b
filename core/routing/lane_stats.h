// What one gateway has seen of its lanes: how busy they are, how fast, how much of prompts came from caches, what is
// left of limits. Approximate, never shared, lost with the gateway; docs/state.md has the row.
//
// Lanes are those of the configuration, by name. A target that passes the client's model name on has one entry for
// all names: names that clients make up fill nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "routing/headroom.h"
#include "signalbox/report.h"

namespace signalbox::routing {

// Decays: what was seen last counts for this much of a mean.
inline constexpr int64_t mean_share_percent = 25;
// How long it takes until a latency that was not seen again counts for half: slow lanes get another chance, and no lane
// is judged by what it was an hour ago.
inline constexpr int64_t latency_half_life_ms = 120'000;

struct LaneStat {
  explicit LaneStat(std::string_view called) : name(called) {}

  std::string name;         // "provider/credential/model", the model "*" where the client names it
  int64_t open = 0;         // attempts
  uint64_t turn = 0;        // when it was asked last, as a number of LaneStats
  int64_t smooth = 0;       // of the smooth weighted round
  int64_t latency_ms = -1;  // mean to the first content; -1: none seen
  int64_t latency_at_ms = 0;
  int64_t cached_permille = 0;  // of prompts, mean
  int64_t output_tokens = -1;   // of answers, mean; -1: none seen
  Headroom headroom;

  // The mean as it counts now: halved with each half-life since it was seen last. -1: none seen.
  int64_t latency_now_ms(int64_t now_ms) const {
    if (latency_ms < 0) return -1;
    const int64_t age = now_ms > latency_at_ms ? now_ms - latency_at_ms : 0;
    const int64_t halvings = age / latency_half_life_ms;
    if (halvings >= 24) return 0;
    const int64_t upper = latency_ms >> halvings;
    // Linear between two halvings.
    return upper - (upper / 2) * (age % latency_half_life_ms) / latency_half_life_ms;
  }
};

// What an attempt taught.
struct Lesson {
  int64_t first_content_ms = -1;  // -1: none came
  const Usage& usage;
};

class LaneStats {
 public:
  // The entry of a lane, made where there is none; it lives as long as somebody holds it.
  std::shared_ptr<LaneStat> of(std::string_view name);

  // Lets go of what nobody but this holds.
  void forget_unheld();

  void learn(LaneStat& lane, const Lesson& lesson, int64_t now_ms);

  // Nothing is known any more of the limits of `name`, a lane or a provider with all its lanes; of any where it is
  // empty. A lane whose model the client names shares what its target knows.
  void forget_limits(std::string_view name);

  // The next number of a turn; 1 and up.
  uint64_t next_turn() { return ++turn_; }

  size_t lane_count() const { return lanes_.size(); }

 private:
  std::vector<std::shared_ptr<LaneStat>> lanes_;  // by name
  uint64_t turn_ = 0;
};

}  // namespace signalbox::routing
