#include "attempt_clock.h"

#include <algorithm>

namespace signalbox::native {

AttemptClock::AttemptClock(Loop& loop, std::function<void()> on_grace_over, std::function<void(FaultKind)> on_late)
    : loop_(loop),
      on_grace_over_(std::move(on_grace_over)),
      on_late_(std::move(on_late)),
      timer_(loop, [this] { on_due(); }) {}

void AttemptClock::begin(const TransportTimeouts& timeouts) {
  timeouts_ = timeouts;
  held_ = false;
  grace_at_ms_ = never_ms;
  enter(Phase::connecting);
}

void AttemptClock::enter(Phase phase) {
  phase_ = phase;
  int64_t ms = 0;
  switch (phase) {
    case Phase::off: break;
    case Phase::connecting: ms = timeouts_.connect_ms; break;
    case Phase::waiting: ms = timeouts_.first_byte_ms; break;
    case Phase::reading: ms = held_ ? 0 : timeouts_.idle_ms; break;
  }
  late_at_ms_ = ms > 0 ? loop_.now().monotonic_ms + ms : never_ms;
  arm();
}

void AttemptClock::begin_grace() {
  grace_at_ms_ = loop_.now().monotonic_ms + stale_grace_ms;
  arm();
}

void AttemptClock::end_grace() {
  if (grace_at_ms_ == never_ms) return;
  grace_at_ms_ = never_ms;
  arm();
}

void AttemptClock::hold() {
  held_ = true;
  if (phase_ == Phase::reading) enter(phase_);
}

void AttemptClock::go_on() {
  held_ = false;
  if (phase_ == Phase::reading) enter(phase_);
}

void AttemptClock::stop() {
  phase_ = Phase::off;
  grace_at_ms_ = late_at_ms_ = never_ms;
  timer_.disarm();
}

void AttemptClock::arm() { timer_.arm_at(std::min(grace_at_ms_, late_at_ms_)); }

void AttemptClock::on_due() {
  int64_t now = loop_.now().monotonic_ms;
  if (grace_at_ms_ <= now) {
    grace_at_ms_ = never_ms;
    on_grace_over_();
  }
  if (late_at_ms_ > now) {
    arm();
    return;
  }
  late_at_ms_ = never_ms;
  switch (phase_) {
    case Phase::off: break;
    case Phase::connecting: on_late_(FaultKind::upstream_connect_timeout); break;
    case Phase::waiting: on_late_(FaultKind::upstream_first_byte_timeout); break;
    case Phase::reading: on_late_(FaultKind::upstream_idle_timeout); break;
  }
}

}  // namespace signalbox::native
