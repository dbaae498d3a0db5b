#include "routing/order.h"

#include <algorithm>
#include <bit>

#include "base/mix.h"
#include "routing/session_key.h"

namespace signalbox::routing {
namespace {

// A lane's place in the order; `index` tells equals apart.
struct Rank {
  uint64_t target = 0;
  uint64_t lane = 0;
  uint16_t index = 0;
};

bool before(const Rank& a, const Rank& b) {
  if (a.target != b.target) return a.target < b.target;
  if (a.lane != b.lane) return a.lane < b.lane;
  return a.index < b.index;
}

// Scores have 52 bits, the rest of a rank is the target's index, which keeps the lanes of equal targets together.
constexpr int score_bits = 52;
constexpr uint64_t score_max = (uint64_t(1) << score_bits) - 1;
constexpr int target_bits = 8;
static_assert(route_lanes_max <= size_t(1) << target_bits);

uint64_t capped(uint64_t score) { return std::min(score, score_max); }

// Behind a number of up to 20 bits, a draw that decides between equals.
uint64_t with_draw(uint64_t number, uint64_t tie, uint64_t key) {
  return (std::min<uint64_t>(number, (1 << 24) - 1) << draw_bits) | (base::mix(tie ^ key) >> (64 - draw_bits));
}

// Millionths of millionths of a dollar that this request will cost there, by what was seen.
uint64_t cost_of(const Lane& lane, const Price& price, size_t body_bytes) {
  // Of an answer nothing is known before the first.
  constexpr int64_t output_tokens_default = 500;
  // Near enough for comparing lanes, which all get the same bytes.
  const int64_t input = int64_t(body_bytes / 4) + 1;
  const int64_t cached = lane.stat ? lane.stat->cached_permille : 0;
  const int64_t output = lane.stat && lane.stat->output_tokens >= 0 ? lane.stat->output_tokens : output_tokens_default;
  const int64_t read = price.cache_read >= 0 ? price.cache_read : price.input;
  const int64_t fresh = price.cache_write >= 0 && cached > 0 ? price.cache_write : price.input;
  // Below 2^62: a body has 2^30 bytes at most, a price 10^11, and an answer is cut to fit.
  const uint64_t input_price = uint64_t(read * cached + fresh * (1000 - cached)) / 1000;
  const uint64_t whole = uint64_t(input) * (input_price >> 4) +
                         uint64_t(std::min<int64_t>(output, 1 << 20)) * (uint64_t(price.output) >> 4);
  return capped(whole);
}

uint64_t busy_for_weight(int64_t open, int32_t weight) { return uint64_t(open) * 256 / uint64_t(weight); }

}  // namespace

uint64_t draw(uint64_t tie, uint64_t key, int32_t weight) {
  // Of an exponential race, who has the weight w wins with w's share: the least of -log(u) / w. The logarithm is in
  // 2^-40, by a parabola between powers of two (0.7 % off at most, for all alike), because every host has to get the same.
  const uint64_t u = base::mix(tie ^ key) | 1;
  const int zeros = std::countl_zero(u);
  const uint64_t fraction = (u << zeros << 1) >> 32;  // of the mantissa, in 2^-32
  const uint64_t bend = (fraction * ((uint64_t(1) << 32) - fraction) >> 32) * 1'488'634'000u >> 32;  // 0.3466
  const uint64_t log2_of_mantissa = fraction + bend;
  const uint64_t missing = ((uint64_t(zeros) + 1) << 32) - std::min(log2_of_mantissa, uint64_t(1) << 32);
  return (missing << 13) / uint64_t(weight);
}

bool is_of_turns(Strategy strategy) {
  return strategy == Strategy::round_robin || strategy == Strategy::weighted || strategy == Strategy::random;
}

bool is_of_the_moment(Strategy strategy) { return strategy != Strategy::priority && !is_of_turns(strategy); }

uint64_t score_of(Strategy strategy, const Lane& lane, const TargetLanes& target, const Asked& asked,
                  int64_t now_unix_ms, uint64_t tie) {
  const LaneStat* stat = lane.stat;
  switch (strategy) {
    case Strategy::least_busy: return with_draw(stat ? busy_for_weight(stat->open, lane.weight) : 0, tie, lane.hash);
    case Strategy::fastest: {
      const int64_t latency = stat ? stat->latency_now_ms(asked.now_ms) : -1;
      // Who is not known is worth a try, and one try at a time.
      if (latency < 0) return with_draw(stat && stat->open > 0 ? (1 << 24) - 1 : 0, tie, lane.hash);
      return with_draw(uint64_t(latency) + 1, tie, lane.hash);
    }
    case Strategy::cheapest:
      return target.price && target.price->said() ? cost_of(lane, *target.price, asked.body.size()) : score_max;
    case Strategy::quota:
      return with_draw(uint64_t(Headroom::full - (stat ? stat->headroom.permille(now_unix_ms) : Headroom::full)), tie,
                       lane.hash);
    default: return 0;
  }
}

namespace {

// The rank of a target, from those of its lanes where the strategy looks at the moment. `least` is their least score.
uint64_t target_score(const RouteLanes& route, size_t index, uint64_t least, uint64_t session, uint64_t tie) {
  const TargetLanes& target = route.targets[index];
  switch (route.strategy) {
    case Strategy::priority: return 0;
    case Strategy::round_robin:
      if (session) return capped(draw(session, target.key, 1));
      return target.turn ? capped(target.turn->last) : 0;
    case Strategy::weighted:
      if (session) return capped(draw(session, target.key, target.weight));
      // 1000 each for 256 targets stay far below the middle.
      return target.turn ? uint64_t((int64_t(1) << 40) - target.turn->smooth - target.weight) : 0;
    case Strategy::random: return capped(draw(session ? session : tie, target.key, target.weight));
    case Strategy::least_busy: return least / uint64_t(target.weight);
    default: return least;
  }
}

uint64_t lane_score(const RouteLanes& route, const Lane& lane, const Asked& asked, int64_t now_unix_ms,
                    uint64_t session, uint64_t tie) {
  const TargetLanes& target = route.targets[lane.target];
  switch (target.spread) {
    case Strategy::priority: return 0;
    case Strategy::round_robin:
      if (session) return capped(draw(session, lane.hash, 1));
      return lane.stat ? capped(lane.stat->turn) : 0;
    case Strategy::weighted:
      if (session) return capped(draw(session, lane.hash, lane.weight));
      return lane.stat ? uint64_t((int64_t(1) << 40) - lane.stat->smooth - lane.weight) : 0;
    case Strategy::random: return capped(draw(session ? session : tie, lane.hash, lane.weight));
    default: return score_of(target.spread, lane, target, asked, now_unix_ms, tie);
  }
}

}  // namespace

Placement order(const RouteLanes& route, std::span<const Lane*> lanes, const Asked& asked, int64_t now_unix_ms,
                Arena& arena) {
  Placement placement;
  if (route.affinity.by == AffinityBy::session)
    placement.session = session_key({asked.headers, asked.body, asked.client_key, route.affinity.subagents});
  const uint64_t session = placement.session;
  const uint64_t tie = session ? session : asked.seed;
  placement.stay_key = session ? base::mix(session ^ route.hash) | 1 : 0;
  const uint64_t stays_at = session && asked.stays ? asked.stays->lane_of(placement.stay_key, asked.now_ms) : 0;
  const bool of_the_moment = is_of_the_moment(route.strategy);
  bool by_hash = session != 0 && !of_the_moment;

  const std::span<Rank> ranks = arena.array<Rank>(lanes.size());
  for (size_t t = 0; t < route.targets.size(); ++t) {
    const TargetLanes& target = route.targets[t];
    uint64_t least = UINT64_MAX;
    for (size_t i = target.first; i < size_t(target.first) + target.count; ++i) {
      Rank& rank = ranks[i];
      rank.index = uint16_t(i);
      const Lane& lane = route.lanes[i];
      if (of_the_moment) least = std::min(least, score_of(route.strategy, lane, target, asked, now_unix_ms, tie));
      if (target.count > 1) {
        rank.lane = lane_score(route, lane, asked, now_unix_ms, session, tie);
        by_hash = by_hash && !is_of_the_moment(target.spread);
      }
    }
    const uint64_t score = capped(target_score(route, t, least, session, tie)) << target_bits | t;
    for (size_t i = target.first; i < size_t(target.first) + target.count; ++i) ranks[i].target = score;
  }

  // The least of all: the place it goes back to.
  if (by_hash) {
    const Rank* home = &ranks.front();
    for (const Rank& rank : ranks)
      if (before(rank, *home)) home = &rank;
    placement.home = lanes[home->index];
  }
  if (stays_at) {
    for (Rank& rank : ranks) {
      if (route.lanes[rank.index].hash != stays_at) continue;
      placement.stay = lanes[rank.index];
      rank.target = 0, rank.lane = 0;
    }
  }

  // The least first, by a heap: the long tail of a long list is never asked.
  const auto later = [](const Rank& a, const Rank& b) { return before(b, a); };
  std::span<Rank> heap = ranks;
  if (!std::is_sorted(heap.begin(), heap.end(), before)) {
    const std::span<const Lane*> ordered = arena.array<const Lane*>(lanes.size());
    size_t filled = 0;
    std::make_heap(heap.begin(), heap.end(), later);
    while (!heap.empty() && filled < exact_lanes_max) {
      std::pop_heap(heap.begin(), heap.end(), later);
      ordered[filled++] = lanes[heap.back().index];
      heap = heap.first(heap.size() - 1);
    }
    for (const Rank& rank : heap) ordered[filled++] = lanes[rank.index];
    std::copy(ordered.begin(), ordered.end(), lanes.begin());
  }
  return placement;
}

}  // namespace signalbox::routing
