// The deadlines of one attempt: which one runs, and what is told when it passes.
//
// The grace. A connection that was kept may have been closed by the upstream just as we sent on it.
// Such a request may be repeated on a fresh connection, even a POST, as long as not one byte of an
// answer has come (RFC 9112 sections 9.3.1 and 9.3.2: a client may repeat what failed on a closed idle
// connection when it knows that it was not acted on; servers close idle connections without reading).
// An upstream that closes a second after it took the request was not closing an idle connection: so
// the right to repeat, and with it the hold on the request's bytes, ends `stale_grace_ms` after the last
// byte was sent. Only then, or with the answer's head, is `on_sent` told.
#pragma once

#include <cstdint>
#include <functional>

#include "loop.h"
#include "upstream.h"

namespace signalbox::native {

inline constexpr int64_t stale_grace_ms = 1'000;

class AttemptClock {
 public:
  // waiting: from the first byte sent until the head. It begins anew with each piece of the upload, so
  // that what counts is the time since the last byte, and an upload nobody reads ends too.
  enum class Phase : uint8_t { off, connecting, waiting, reading };

  // `on_grace_over` and `on_late` are called on the loop, from its top. Neither after `stop`.
  AttemptClock(Loop& loop, std::function<void()> on_grace_over, std::function<void(FaultKind)> on_late);

  void begin(const TransportTimeouts& timeouts);
  // Enters a phase, or begins its time anew.
  void enter(Phase phase);
  void begin_grace();
  void end_grace();
  // While held the time between pieces does not run (the reader has stopped, not the upstream).
  void hold();
  void go_on();
  void stop();

  Phase phase() const { return phase_; }

 private:
  void arm();
  void on_due();

  Loop& loop_;
  std::function<void()> on_grace_over_;
  std::function<void(FaultKind)> on_late_;
  Timer timer_;
  TransportTimeouts timeouts_;
  Phase phase_ = Phase::off;
  bool held_ = false;
  int64_t grace_at_ms_ = never_ms;
  int64_t late_at_ms_ = never_ms;
};

}  // namespace signalbox::native
