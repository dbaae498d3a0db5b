// What an attempt came to is told in one place, once, and everything that learns from attempts learns it here.
#include "routing/outcome.h"

#include "exchange/machine.h"
#include "routing/affinity.h"
#include "routing/cooldown.h"
#include "routing/health.h"

namespace signalbox::exchange {

using routing::AttemptEnd;

// The attempt is over. Says so once for each that was opened: the first to call knows best.
void Machine::close_attempt(AttemptEnd end, FaultKind kind, int64_t asked_ms) {
  if (!attempt_.untold) return;
  attempt_.untold = false;
  attempt_.seat.leave();
  if (!attempt_.translated)
    if (const auto read_rest = upstream_dialect().observe_end) read_rest(attempt_.seen);
  tell({
      .lane = attempt_.lane(),
      .end = end,
      .kind = kind,
      .asked_ms = asked_ms,
      .opened_ms = attempt_.opened_ms,
      .content_ms = attempt_.content_ms,
      .closed_ms = now_.monotonic_ms,
      .usage = seen().usage,
      .head = attempt_.head,
  });
}

// All who learn from attempts, a line or two each.
void Machine::tell(const routing::Outcome& outcome) {
  const routing::Lane& lane = outcome.lane;
  if (routing::LaneStat* stat = lane.stat) {
    const int64_t content_ms = outcome.content_ms >= 0 ? outcome.content_ms - outcome.opened_ms : -1;
    gateway_.lane_stats().learn(*stat, {content_ms, outcome.usage}, now_.monotonic_ms);
    stat->headroom.see(outcome.head, now_.unix_ms);
  }
  if (outcome.end == AttemptEnd::answered) settle_conversation(lane);
  routing::Health& health = gateway_.health();
  if (outcome.end == AttemptEnd::answered) {
    // Only a whole answer shows that a lane has recovered.
    if (lane.cooled_until_unix_ms) health.clear(lane.name, lane.cooled_until_unix_ms, now_.unix_ms);
  } else if (outcome.end == AttemptEnd::failed || outcome.end == AttemptEnd::broken) {
    const int64_t cool_ms = routing::cool_ms(outcome.kind, credential_owner(), outcome.asked_ms);
    if (cool_ms <= 0) return;
    report_.lane_rests_ms = cool_ms;
    health.cool(lane.name, now_.unix_ms + cool_ms, now_.unix_ms);
  }
}

// `lane` has answered: the conversation is there from now on.
void Machine::settle_conversation(const routing::Lane& lane) {
  const routing::Placement& placement = decision_.plan.placement;
  if (placement.session == 0) return;
  const Route& route = *decision_.plan.route;
  routing::AffinityTable& stays = gateway_.affinity();
  const int64_t now_ms = now_.monotonic_ms;
  const routing::Lane* const was_at = placement.stay ? placement.stay : placement.home;
  const bool moved = was_at && was_at->key != lane.key;
  if (moved) {
    report_.moved_from = was_at->name;
    report_.moved_why = !report_.tried.empty()         ? std::string_view("failed")
                        : was_at->cooled_until_unix_ms ? std::string_view("cooling")
                        : placement.was_full           ? std::string_view("full")
                                                       : std::string_view("unable");
  }
  if (placement.home && placement.home->key == lane.key) return stays.forget(placement.session);
  // An order of priority means something: who has left the first place comes back to it, in use or not.
  if (!moved && route.strategy == Strategy::priority) return;
  stays.remember(placement.session, lane.key, now_ms + route.affinity.keep_ms, now_ms);
}

}  // namespace signalbox::exchange
