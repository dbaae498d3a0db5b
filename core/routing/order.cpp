#include "routing/order.h"

#include <algorithm>
#include <array>

#include "base/mix.h"
#include "base/sort.h"
#include "routing/session_key.h"

namespace signalbox::routing {
namespace {

// A lane's place in the order; less comes first.
struct Entry {
  int64_t until_unix_ms = 0;  // of its cooling
  uint64_t target = 0;
  uint64_t lane = 0;
  uint16_t at = 0;  // in the file's order, which tells equals apart
};

bool before(const Entry& a, const Entry& b) {
  if (a.until_unix_ms != b.until_unix_ms) return a.until_unix_ms < b.until_unix_ms;
  if (a.target != b.target) return a.target < b.target;
  if (a.lane != b.lane) return a.lane < b.lane;
  return a.at < b.at;
}

// Behind a target's score stands its index, which keeps the lanes of equal targets together.
constexpr int target_bits = 8;
static_assert(route_lanes_max <= size_t(1) << target_bits && score_bits + target_bits < 64);

// The first few of those that are offered.
class Front {
 public:
  explicit Front(size_t entries_max) : entries_max_(entries_max) {}

  // No target with a score above it comes in.
  uint64_t limit() const { return limit_; }
  std::span<const Entry> entries() const { return {entries_.data(), filled_}; }
  bool is_full() const { return filled_ == entries_max_; }
  // Of all that were offered the first if nothing were cooling down.
  uint16_t least_at() const { return least_.at; }

  void offer(const Entry& entry) {
    Entry healthy = entry;
    healthy.until_unix_ms = 0;
    if (before(healthy, least_)) least_ = healthy;
    if (filled_ == entries_max_) {
      if (!before(entry, entries_[filled_ - 1])) return;
    } else {
      ++filled_;
    }
    size_t to = filled_ - 1;
    for (; to > 0 && before(entry, entries_[to - 1]); --to) entries_[to] = entries_[to - 1];
    entries_[to] = entry;
    const Entry& last = entries_[filled_ - 1];
    if (is_full() && last.until_unix_ms == 0) limit_ = (last.target - 1) >> target_bits;
  }

  void withdraw(uint16_t at) {
    const auto begin = entries_.begin(), end = begin + std::ptrdiff_t(filled_);
    filled_ = size_t(std::remove_if(begin, end, [at](const Entry& each) { return each.at == at; }) - begin);
  }

 private:
  std::array<Entry, first_lanes_max> entries_{};
  Entry least_{0, UINT64_MAX, 0, 0};
  size_t entries_max_;
  size_t filled_ = 0;
  uint64_t limit_ = score_max;
};

// Nothing comes before 0, which is who stays where it is.
Entry entry_of(const Lane& lane, uint64_t score, size_t target, size_t at) {
  return {lane.cooled_until_unix_ms, ((score << target_bits) | target) + 1, 0, uint16_t(at)};
}

// Gives `take`, which has a limit, the entry of each of `lanes` that is not above it.
template <class Taker>
void rank(const RouteLanes& route, std::span<const Lane* const> lanes, const Moment& moment, Taker& taker) {
  const TargetLanes* target = nullptr;
  size_t index = SIZE_MAX;
  uint64_t score = 0;
  for (size_t at = 0; at < lanes.size(); ++at) {
    const Lane& lane = *lanes[at];
    if (lane.target != index) {
      index = lane.target;
      target = &route.targets[index];
      score = target_score(route, *target, moment, taker.limit());
    }
    if (score > taker.limit()) continue;
    Entry entry = entry_of(lane, score, index, at);
    if (target->count > 1) entry.lane = lane_score(*target, lane, moment);
    taker.offer(entry);
  }
}

// The same where all lanes are there and each is a target of its own: `score` of a target and its lane is any number
// above the limit that it is given where it is above.
template <class Score>
void rank_each(const RouteLanes& route, std::span<const Lane* const> lanes, Front& front, Score score) {
  const TargetLanes* target = route.targets.data();
  const Lane* lane = route.lanes.data();
  // Of equal ones who comes later in the file comes later.
  const auto bar_of = [&] { return front.is_full() && front.limit() < score_max ? front.limit() : score_max + 1; };
  uint64_t bar = bar_of();
  for (size_t at = 0, count = lanes.size(); at < count; ++at, ++target, ++lane) {
    const uint64_t its = score(*target, *lane, bar - 1);
    if (its >= bar) continue;
    front.offer(entry_of(*lanes[at], its, at, at));
    bar = bar_of();
  }
}

// By a number, and among equals by a draw.
template <class Number>
void rank_by_number(const RouteLanes& route, std::span<const Lane* const> lanes, uint64_t tie, Front& front,
                    Number number) {
  rank_each(route, lanes, front, [tie, number](const TargetLanes& target, const Lane& lane, uint64_t limit) {
    const uint64_t its = std::min<uint64_t>(number(target, lane), number_max);
    return its << draw_bits > limit ? UINT64_MAX : with_draw(its, tie, lane.hash);
  });
}

void rank_first(const RouteLanes& route, std::span<const Lane* const> lanes, const Moment& moment, Front& front) {
  const uint64_t session = moment.session, tie = moment.tie;
  const bool each = lanes.size() == route.lanes.size() && lanes.size() == route.targets.size();
  if (!each || !route.lanes[0].stat) return rank(route, lanes, moment, front);
  switch (route.strategy) {
    case Strategy::round_robin:
    case Strategy::weighted:
    case Strategy::random:
      if (!session && route.strategy != Strategy::random) break;
      return rank_each(route, lanes, front, [tie](const TargetLanes& target, const Lane&, uint64_t limit) {
        return draw_up_to(limit, tie, target.key, target.draw_weight);
      });
    case Strategy::fastest:
      return rank_by_number(route, lanes, tie, front, [now_ms = moment.now_ms](const TargetLanes&, const Lane& lane) {
        return waiting_for(*lane.stat, now_ms);
      });
    case Strategy::quota:
      return rank_by_number(route, lanes, tie, front, [now = moment.now_unix_ms](const TargetLanes&, const Lane& lane) {
        return used_of(*lane.stat, now);
      });
    case Strategy::least_busy:
      return rank_each(route, lanes, front, [tie](const TargetLanes& target, const Lane& lane, uint64_t limit) {
        const uint64_t its = std::min(busy_for_weight(lane.stat->open, lane.weight), number_max);
        if (target.weight != 1) return with_draw(its, tie, lane.hash) / uint64_t(target.weight);
        return its << draw_bits > limit ? UINT64_MAX : with_draw(its, tie, lane.hash);
      });
    case Strategy::cheapest:
      return rank_each(route, lanes, front, [&moment](const TargetLanes& target, const Lane& lane, uint64_t) {
        return cost_at(target, lane, moment.body_bytes);
      });
    case Strategy::priority: break;
  }
  rank(route, lanes, moment, front);
}

// Moves those of `entries` to the beginning, in their order; the others stay in theirs.
void bring_forward(std::span<const Lane*> lanes, std::span<const Entry> entries) {
  std::array<const Lane*, first_lanes_max> first;
  std::array<uint16_t, first_lanes_max> places;
  for (size_t i = 0; i < entries.size(); ++i) {
    first[i] = lanes[entries[i].at];
    size_t to = i;
    for (; to > 0 && places[to - 1] > entries[i].at; --to) places[to] = places[to - 1];
    places[to] = entries[i].at;
  }
  // What stands between two of them moves by as many as were behind it.
  for (size_t i = entries.size(); i-- > 0;) {
    const auto begin = lanes.begin() + (i > 0 ? places[i - 1] + 1 : 0);
    const auto end = lanes.begin() + places[i];
    std::copy_backward(begin, end, end + std::ptrdiff_t(entries.size() - i));
  }
  std::copy_n(first.begin(), entries.size(), lanes.begin());
}

// All that is offered.
struct All {
  std::span<Entry> entries;
  size_t filled = 0;
  static constexpr uint64_t limit() { return score_max; }
  void offer(const Entry& entry) { entries[filled++] = entry; }
};

// Where the hash puts a conversation when all are well; null where that one is not among `lanes`, of which some are missing.
const Lane* home_of(const RouteLanes& route, std::span<const Lane* const> lanes, const Moment& moment) {
  Front front(1);
  rank_first(route, route.in_file_order, moment, front);
  const auto home =
      std::find_if(lanes.begin(), lanes.end(), [&](const Lane* each) { return each->place == front.least_at(); });
  return home == lanes.end() ? nullptr : *home;
}

}  // namespace

Order order_first(const RouteLanes& route, std::span<const Lane*> lanes, Cooling cooling, const Asked& asked,
                  int64_t now_unix_ms) {
  Order order;
  order.ordered = lanes.size();
  order.moment = {asked.body.size(), asked.now_ms, now_unix_ms, 0, asked.seed};
  if (lanes.empty() || (!route.chooses && cooling == Cooling::none)) return order;
  Placement& placement = order.placement;
  Moment& moment = order.moment;
  if (route.chooses && route.affinity.by == AffinityBy::session)
    placement.session = session_key({asked.headers, asked.body, asked.client_key, route.affinity.subagents});
  if (placement.session) {
    moment.session = moment.tie = placement.session;
    placement.stay_key = base::mix(placement.session ^ route.hash) | 1;
  }
  const uint64_t stays_at =
      placement.session && asked.stays ? asked.stays->lane_of(placement.stay_key, asked.now_ms) : 0;

  Front front(first_lanes_max);
  const bool as_listed = route.strategy == Strategy::priority && !route.spreads;
  const bool sorted = as_listed && cooling == Cooling::none;
  if (!as_listed) rank_first(route, lanes, moment, front);
  for (size_t at = 0; as_listed && !sorted && at < lanes.size(); ++at) {
    front.offer(entry_of(*lanes[at], 0, lanes[at]->target, at));
    if (front.is_full() && front.entries().back().until_unix_ms == 0) break;
  }
  if (placement.session && !is_of_the_moment(route.strategy) && !route.spread_at_once) {
    const bool all = lanes.size() == route.lanes.size();
    placement.home = !all ? home_of(route, lanes, moment) : lanes[sorted ? 0 : front.least_at()];
  }
  if (stays_at) {
    const auto stay =
        std::find_if(lanes.begin(), lanes.end(), [&](const Lane* each) { return each->hash == stays_at; });
    if (stay != lanes.end()) {
      placement.stay = *stay;
      const auto at = uint16_t(stay - lanes.begin());
      front.withdraw(at);
      front.offer({(*stay)->cooled_until_unix_ms, 0, 0, at});
    }
  }
  bring_forward(lanes, front.entries());
  if (!sorted) order.ordered = front.entries().size();
  return order;
}

void order_rest(const RouteLanes& route, std::span<const Lane*> rest, const Moment& moment, Arena& arena) {
  All all{arena.array<Entry>(rest.size())};
  rank(route, rest, moment, all);
  base::sort(all.entries, before);
  const std::span<const Lane*> ordered = arena.array<const Lane*>(rest.size());
  for (size_t i = 0; i < rest.size(); ++i) ordered[i] = rest[all.entries[i].at];
  std::copy(ordered.begin(), ordered.end(), rest.begin());
}

}  // namespace signalbox::routing
