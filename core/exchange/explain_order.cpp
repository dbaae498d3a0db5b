#include "exchange/explain_order.h"

#include "base/text.h"
#include "routing/order.h"

namespace signalbox::exchange {
namespace {

using routing::Lane;

std::string_view why_of(Strategy strategy) {
  switch (strategy) {
    case Strategy::priority: return "the order of the file";
    case Strategy::round_robin: return "the longest without a turn";
    case Strategy::weighted: return "its turn by weight";
    case Strategy::random: return "a draw by weight";
    case Strategy::least_busy: return "the fewest open requests for its weight";
    case Strategy::fastest: return "the shortest time to the first content of late";
    case Strategy::cheapest: return "the lowest price of this request";
    case Strategy::quota: return "the most left of its limits";
  }
  return {};
}

}  // namespace

void ExplainedOrder::write_head(json::Writer& w) const {
  if (!plan.prepared || !plan.prepared->chooses) return;
  w.key("strategy").string(name_of(plan.prepared->strategy));
  const routing::Placement& placement = plan.placement;
  if (placement.session == 0) return;
  uint8_t bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = uint8_t(placement.session >> (56 - 8 * i));
  std::string hash;
  base::append_hex(hash, bytes);
  w.key("conversation").begin_object().key("hash").string(hash);
  if (placement.home) w.key("home").string(placement.home->name);
  if (placement.stay) {
    w.key("is_at").string(placement.stay->name);
    w.key("for_ms").number(asked.stays->until_ms(placement.stay_key, asked.now_ms) - asked.now_ms);
  }
  w.end_object();
}

void ExplainedOrder::write(json::Writer& w, const Lane& lane) const {
  if (!plan.prepared || !plan.prepared->chooses) return;
  const routing::RouteLanes& route = *plan.prepared;
  const routing::TargetLanes& target = route.targets[lane.target];
  const routing::Placement& placement = plan.placement;
  w.key("order").begin_object();
  // Of one target's lanes its spread alone decides.
  const Strategy decides = route.targets.size() == 1 ? target.spread : route.strategy;
  std::string_view why =
      placement.session && routing::is_of_turns(decides) ? "the conversation's hash" : why_of(decides);
  if (placement.stay && placement.stay->hash == lane.hash) why = "the conversation is here";
  if (lane.cooled_until_unix_ms) why = "behind all others: it is cooling down";
  w.key("by").string(why);
  if (routing::is_of_the_moment(decides)) {
    const uint64_t score = routing::score_of(decides, lane, target, plan.moment);
    // The draw between equals, which all but a price have behind them, is no part of what is shown.
    w.key("score").number(int64_t(decides == Strategy::cheapest ? score : score >> routing::draw_bits));
  }
  if (target.count > 1 && target.spread != Strategy::priority) w.key("spread").string(name_of(target.spread));
  if (route.strategy == Strategy::weighted || route.strategy == Strategy::random) w.key("weight").number(target.weight);
  if (const routing::LaneStat* stat = lane.stat) {
    w.key("open").number(stat->open);
    if (stat->latency_ms >= 0) w.key("first_content_ms").number(stat->latency_now_ms(asked.now_ms));
    if (stat->cached_permille > 0) w.key("cached_percent").number(stat->cached_permille / 10);
    if (stat->headroom.known(now_unix_ms)) w.key("headroom_percent").number(stat->headroom.permille(now_unix_ms) / 10);
  }
  w.end_object();
}

}  // namespace signalbox::exchange
