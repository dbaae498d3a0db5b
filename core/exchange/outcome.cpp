// What an attempt came to is told in one place, once, and everything that learns from attempts learns it here.
#include "routing/outcome.h"

#include <algorithm>

#include "exchange/machine.h"
#include "routing/affinity.h"
#include "routing/cooldown.h"
#include "routing/health.h"

namespace signalbox::exchange {

using routing::AttemptEnd;

namespace {

// How long a delta takes to the other threads at most, unless one is stuck.
constexpr int64_t told_ms_max = 200;

routing::BreakerRule rule_of(const Failures& failures) {
  return {failures.window_ms, failures.window_requests_min, failures.window_failure_percent};
}

}  // namespace

// The attempt is over. Says so once for each that was opened: the first to call knows best.
void Machine::close_attempt(AttemptEnd end, FaultKind kind, int64_t asked_ms) {
  const bool owners_alone = std::exchange(owners_alone_, false);
  if (gateway_.capabilities().asks_for_places && (place_.held() || probe_.is_held() || owners_alone)) emit(AskPlace{});
  place_.give_back();
  if (!attempt_.untold) return probe_.end();
  routing::Probe probe = std::move(probe_);
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
      .content_ms = times_content() ? attempt_.content_ms : -1,
      .closed_ms = now_.monotonic_ms,
      .usage = seen().usage,
      .head = attempt_.head,
  });
  // Others are told, and until they have heard it the lane is half-open to them.
  const bool tells = end != AttemptEnd::client_left && end != AttemptEnd::withdrawn;
  tells ? probe.end_at(now_.monotonic_ms + told_ms_max) : probe.end();
}

// Whether the first content shows how fast the lane begins. The head of a whole answer comes when all of it is made, so
// that its time is the answer's length and no measure of the lane.
bool Machine::times_content() const {
  if (!decision_.facts.streamed || counting()) return false;
  return attempt_.handling != Handling::whole && attempt_.handling != Handling::translated_whole;
}

// All who learn from attempts, a line or two each.
void Machine::tell(const routing::Outcome& outcome) {
  const routing::Lane& lane = outcome.lane;
  if (routing::LaneStat* stat = lane.stat) {
    const int64_t content_ms = outcome.content_ms >= 0 ? outcome.content_ms - outcome.opened_ms : -1;
    if (!probed_) gateway_.lane_stats().learn(*stat, {content_ms, outcome.usage}, now_.monotonic_ms);
    stat->headroom.see(outcome.head, now_.unix_ms);
  }
  if (outcome.end == AttemptEnd::answered) settle_conversation(lane);
  if (!probed_) count_attempt(outcome);
  routing::Health& health = gateway_.health();
  const auto witness = probed_ ? routing::Witness::probe : routing::Witness::request;
  if (attempt_.probe) health.end_probe(outcome.lane.key);
  switch (outcome.end) {
    case AttemptEnd::answered: {
      const int64_t slow_ms = failures().slow_start_ms;
      if (slow_ms > 0 && outcome.content_ms >= 0 && outcome.content_ms - outcome.opened_ms > slow_ms)
        return punish(outcome);
      if (health.empty()) return;
      health.count(outcome.lane.key, routing::Counted::success, rule_of(failures()), now_.unix_ms);
      // Only a whole answer shows that a lane has recovered.
      return health.succeed(outcome.lane.key, outcome.lane.known_until_unix_ms, now_.unix_ms, witness);
    }
    case AttemptEnd::failed:
    case AttemptEnd::broken: return punish(outcome);
    case AttemptEnd::client_left:
    case AttemptEnd::withdrawn: return end_hold();
  }
}

// What the lane suffers for it, or its credential, or its provider. An answer that was only slow has no kind, and
// suffers when there are many of them.
void Machine::punish(const routing::Outcome& outcome) {
  const routing::Lane& lane = outcome.lane;
  routing::Health& health = gateway_.health();
  const auto witness = probed_ ? routing::Witness::probe : routing::Witness::request;
  end_hold();
  const routing::Suffering suffering =
      routing::suffering_of(outcome.kind, credential_owner(), gateway_.capabilities().tells_unreachable);
  const std::string_view name = routing::scoped(lane.key, suffering.scope);
  // Nobody fails side by side with a probe.
  const int64_t began_unix_ms = now_.unix_ms - (probed_ ? 0 : outcome.closed_ms - outcome.opened_ms);
  const uint8_t step = health.next_step(name, began_unix_ms, now_.unix_ms);
  const Failures& rules = failures();
  const bool slow = outcome.end == AttemptEnd::answered;
  const bool grows = slow || suffering.grows;

  int64_t cool_ms = slow ? 0 : routing::cool_ms(outcome.kind, credential_owner(), outcome.asked_ms);
  if (cool_ms > 0 && outcome.asked_ms < 0 && suffering.is_users) cool_ms = rules.cool_ms;
  if (cool_ms > 0 && outcome.asked_ms < 0 && grows) cool_ms = routing::grown(cool_ms, rules.cool_ms_max, step);
  routing::Why why = suffering.why;
  // Who said himself for how long is not asked before.
  if (cool_ms > 0 && outcome.asked_ms >= 0 && suffering.is_users && why == routing::Why::hiccup)
    why = routing::Why::asked;
  // What a request could bring about alone opens no breaker.
  if (grows && (slow || suffering.counts)) {
    const bool full = health.count(lane.key, routing::Counted::failure, rule_of(rules), now_.unix_ms);
    if (full || attempt_.probe) {
      const uint8_t times = health.next_step(lane.key, began_unix_ms, now_.unix_ms);
      const int64_t open_ms = routing::grown(rules.open_ms, rules.open_ms_max, times);
      report_.lane_rests_ms = std::max(open_ms, cool_ms);
      // A probe has spoken for all that suffer together.
      if (probed_ && suffering.scope != routing::Scope::lane)
        health.cool(name, now_.unix_ms + report_.lane_rests_ms, now_.unix_ms, why, step, witness);
      const bool as_asked = why == routing::Why::asked && cool_ms > open_ms;
      health.cool(lane.key, now_.unix_ms + report_.lane_rests_ms, now_.unix_ms,
                  as_asked ? routing::Why::breaker_asked : routing::Why::breaker, times, witness);
      return;
    }
  }
  if (cool_ms <= 0) return;
  report_.lane_rests_ms = cool_ms;
  health.cool(name, now_.unix_ms + cool_ms, now_.unix_ms, why, step, witness);
}

// `lane` has answered: the conversation is there from now on.
void Machine::settle_conversation(const routing::Lane& lane) {
  const routing::Placement& placement = decision_.plan.placement;
  // Whoever forces a provider looks in there; the prompts of the conversation stay cached where they are.
  if (placement.session == 0 || decision_.match.provider != routing::Match::any_provider) return;
  const Route& route = *decision_.plan.route;
  routing::AffinityTable& stays = gateway_.affinity();
  const int64_t now_ms = now_.monotonic_ms;
  const routing::Lane* const was_at = placement.stay ? placement.stay : placement.home;
  const bool moved = was_at && was_at->hash != lane.hash;
  if (moved) {
    const bool was_full = std::any_of(passed_over_.begin(), passed_over_.end(),
                                      [&](const Choice* choice) { return choice->lane->hash == was_at->hash; });
    report_.moved_from = was_at->name;
    report_.moved_why = !report_.tried.empty()                              ? std::string_view("failed")
                        : was_at->cooled_until_unix_ms || was_at->half_open ? std::string_view("cooling")
                        : was_full                                          ? std::string_view("full")
                                                                            : std::string_view("unable");
  }
  if (placement.home && placement.home->hash == lane.hash) return stays.forget(placement.stay_key);
  // An order of priority means something: who has left the first place comes back to it, in use or not.
  if (!moved && route.strategy == Strategy::priority) return;
  stays.remember(placement.stay_key, lane.hash, now_ms + route.affinity.keep_ms, now_ms);
}

}  // namespace signalbox::exchange
