// What an attempt came to is told in one place, once, and everything that learns from attempts learns it here.
#include "routing/outcome.h"

#include "exchange/machine.h"
#include "routing/cooldown.h"
#include "routing/health.h"

namespace signalbox::exchange {

using routing::AttemptEnd;

// The attempt is over. Says so once for each that was opened: the first to call knows best.
void Machine::close_attempt(AttemptEnd end, FaultKind kind, int64_t asked_ms) {
  place_.give_back();
  if (!attempt_.untold) return;
  attempt_.untold = false;
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

}  // namespace signalbox::exchange
