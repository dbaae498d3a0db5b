// What a strategy holds against a lane, as one number: less is better. order.h says what each strategy goes by.
//
// All are small and asked for each lane of a route, hence the bodies here. A score that is only wanted up to a limit may
// be any number above it: most lanes are told from the few that are asked by a part of theirs. No floating point, so that
// every host has the same.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/mix.h"
#include "routing/lane_table.h"

namespace signalbox::routing {

// What a score goes by beside what was seen of lanes.
struct Moment {
  size_t body_bytes = 0;
  int64_t now_ms = 0;  // monotonic
  int64_t now_unix_ms = 0;
  uint64_t session = 0;  // see Placement
  uint64_t tie = 0;      // decides between equals
};

// A score has so many bits.
inline constexpr int score_bits = 52;
inline constexpr uint64_t score_max = (uint64_t(1) << score_bits) - 1;

// How many of them only decide between equals, but for a price's, which has none.
inline constexpr int draw_bits = 28;

// What stands before those is at most this.
inline constexpr uint64_t number_max = (1 << (score_bits - draw_bits)) - 1;

// Whether a conversation's place follows from its hash alone.
inline bool is_of_turns(Strategy strategy) {
  return strategy == Strategy::round_robin || strategy == Strategy::weighted || strategy == Strategy::random;
}

// Whether a strategy looks at what is going on.
inline bool is_of_the_moment(Strategy strategy) { return strategy != Strategy::priority && !is_of_turns(strategy); }

// Behind a number of up to 24 bits, a draw that decides between equals.
inline uint64_t with_draw(uint64_t number, uint64_t tie, uint64_t key) {
  return (number << draw_bits) | (base::mix(tie ^ key) >> (64 - draw_bits));
}

// Millionths of millionths of a dollar that this request will cost there, by what was seen.
inline uint64_t cost_at(const TargetLanes& target, const Lane& lane, size_t body_bytes) {
  // Of an answer nothing is known before the first.
  constexpr int64_t output_tokens_default = 500;
  if (!target.price || !target.price->said()) return score_max;
  const Price& price = *target.price;
  // Near enough for comparing lanes, which all get the same bytes.
  const int64_t input = int64_t(body_bytes / 4) + 1;
  int64_t output = output_tokens_default;
  uint64_t input_price = uint64_t(price.input);
  if (const LaneStat* const stat = lane.stat) {
    if (stat->output_tokens >= 0) output = stat->output_tokens;
    if (const int64_t cached = stat->cached_permille; cached > 0) {
      const int64_t read = price.cache_read >= 0 ? price.cache_read : price.input;
      const int64_t fresh = price.cache_write >= 0 ? price.cache_write : price.input;
      input_price = uint64_t(read * cached + fresh * (1000 - cached)) / 1000;
    }
  }
  // Below 2^62: a body has 2^30 bytes at most, a price 10^11, and an answer is cut to fit.
  const uint64_t whole = uint64_t(input) * (input_price >> 4) +
                         uint64_t(std::min<int64_t>(output, 1 << 20)) * (uint64_t(price.output) >> 4);
  return std::min(whole, score_max);
}

// Open requests, where one of twice the weight may have twice as many.
inline uint64_t busy_for_weight(int64_t open, int32_t weight) {
  return open == 0 ? 0 : uint64_t(open) * 256 / uint64_t(weight);
}

// How long its first content takes, for an order. Who is not known is worth a try, and one try at a time.
inline uint64_t waiting_for(const LaneStat& stat, int64_t now_ms) {
  const int64_t latency = stat.latency_now_ms(now_ms);
  if (latency < 0) return stat.open > 0 ? number_max : 0;
  return uint64_t(latency) + 1;
}

// What is used up of the scarcest limit in the provider's headers, in thousandths.
inline uint64_t used_of(const LaneStat& stat, int64_t now_unix_ms) {
  return uint64_t(Headroom::full - stat.headroom.permille(now_unix_ms));
}

// The draw of the hash `u`.
inline uint64_t draw_of(uint64_t u, int32_t weight) {
  // Of an exponential race, who has the weight w wins with w's share: the least of -log(u) / w. The logarithm is in
  // 2^-40, by a parabola between powers of two (0.7 % off at most, for all alike), because every host has to get the same.
  const int zeros = std::countl_zero(u);
  const uint64_t fraction = (u << zeros << 1) >> 32;  // of the mantissa, in 2^-32
  const uint64_t bend = (fraction * ((uint64_t(1) << 32) - fraction) >> 32) * 1'488'634'000u >> 32;  // 0.3466
  const uint64_t log2_of_mantissa = fraction + bend;
  const uint64_t missing = ((uint64_t(zeros) + 1) << 32) - std::min(log2_of_mantissa, uint64_t(1) << 32);
  return (missing << 13) / uint64_t(weight);
}

// A draw that `key` wins against others as often as its weight says; less wins.
inline uint64_t draw(uint64_t tie, uint64_t key, int32_t weight) { return draw_of(base::mix(tie ^ key) | 1, weight); }

// draw(), or any number above `limit`, which is at most score_max, where it is above.
inline uint64_t draw_up_to(uint64_t limit, uint64_t tie, uint64_t key, int32_t weight) {
  const uint64_t upper = base::mix_upper(tie ^ key);
  // -log2(u) is never less than 1 - u, for the parabola neither, and most are told from the least by that.
  if (~upper >> 33 << 14 > limit * uint64_t(weight)) return UINT64_MAX;
  return draw_of(base::mix_lower(upper) | 1, weight);
}

// What `strategy` holds against a lane. For explain and for order alike.
uint64_t score_of(Strategy strategy, const Lane& lane, const TargetLanes& target, const Moment& moment);

// What a route's strategy holds against a target, or any number above `limit`, which is at most score_max, where it is above.
uint64_t target_score(const RouteLanes& route, const TargetLanes& target, const Moment& moment, uint64_t limit);

// What its provider's spread holds against one of a target's lanes.
uint64_t lane_score(const TargetLanes& target, const Lane& lane, const Moment& moment);

}  // namespace signalbox::routing
