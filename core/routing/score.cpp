#include "routing/score.h"

namespace signalbox::routing {
namespace {

uint64_t capped(uint64_t score) { return std::min(score, score_max); }

// What goes before the draw in the score of strategies that have one; may be above number_max.
uint64_t number_of(Strategy strategy, const Lane& lane, const Moment& moment) {
  const LaneStat* const stat = lane.stat;
  if (!stat) return 0;
  switch (strategy) {
    case Strategy::least_busy: return busy_for_weight(stat->open, lane.weight);
    case Strategy::fastest: return waiting_for(*stat, moment.now_ms);
    default: return used_of(*stat, moment.now_unix_ms);
  }
}

// score_of(), or any number above `limit` where it is above.
uint64_t score_up_to(uint64_t limit, Strategy strategy, const Lane& lane, const TargetLanes& target,
                     const Moment& moment) {
  if (strategy == Strategy::cheapest) return cost_at(target, lane, moment.body_bytes);
  const uint64_t number = std::min(number_of(strategy, lane, moment), number_max);
  if (number << draw_bits > limit) return UINT64_MAX;
  return with_draw(number, moment.tie, lane.hash);
}

}  // namespace

uint64_t score_of(Strategy strategy, const Lane& lane, const TargetLanes& target, const Moment& moment) {
  return is_of_the_moment(strategy) ? score_up_to(UINT64_MAX, strategy, lane, target, moment) : 0;
}

uint64_t target_score(const RouteLanes& route, const TargetLanes& target, const Moment& moment, uint64_t limit) {
  switch (route.strategy) {
    case Strategy::priority: return 0;
    case Strategy::round_robin:
      if (moment.session) return draw_up_to(limit, moment.session, target.key, 1);
      return target.turn ? target.turn->last : 0;
    case Strategy::weighted:
      if (moment.session) return draw_up_to(limit, moment.session, target.key, target.weight);
      // 1000 each for 256 targets stay far below the middle.
      return target.turn ? uint64_t((int64_t(1) << 40) - target.turn->smooth - target.weight) : 0;
    case Strategy::random:
      return draw_up_to(limit, moment.session ? moment.session : moment.tie, target.key, target.weight);
    default: break;
  }
  // Of those that look at the moment, its best lane's.
  const bool for_weight = route.strategy == Strategy::least_busy && target.weight != 1;
  uint64_t least = UINT64_MAX;
  for (const Lane& lane : route.lanes.subspan(target.first, target.count))
    least = std::min(least, score_up_to(for_weight ? UINT64_MAX : limit, route.strategy, lane, target, moment));
  return for_weight ? least / uint64_t(target.weight) : least;
}

uint64_t lane_score(const TargetLanes& target, const Lane& lane, const Moment& moment) {
  const uint64_t session = moment.session;
  switch (target.spread) {
    case Strategy::priority: return 0;
    case Strategy::round_robin:
      if (session) return capped(draw(session, lane.hash, 1));
      return lane.stat ? capped(lane.stat->turn) : 0;
    case Strategy::weighted:
      if (session) return capped(draw(session, lane.hash, lane.weight));
      return lane.stat ? uint64_t((int64_t(1) << 40) - lane.stat->smooth - lane.weight) : 0;
    case Strategy::random: return capped(draw(session ? session : moment.tie, lane.hash, lane.weight));
    default: return score_of(target.spread, lane, target, moment);
  }
}

}  // namespace signalbox::routing
