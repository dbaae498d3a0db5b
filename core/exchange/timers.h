// The policy timers of one exchange: what the core itself waits for. What a transport waits for
// (connect, first byte, idle) is data on OpenUpstream.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "signalbox/instant.h"

namespace signalbox::exchange {

enum class Timer : uint8_t {
  total,       // the whole exchange may take no longer
  gate,        // a streaming client has heard nothing for this long: it gets its head
  keep_alive,  // and then a sign of life whenever it was silent again
  pause,       // before the same lane is asked again
  error_body,  // an error status came, and its body does not
  farewell,    // the answer has said its end, and its connection does not
  sign,        // between an exchange and those that follow it: that it is there, and a look whether it is
};

class Timers {
 public:
  Timers() { at_ms_.fill(never_ms); }

  void arm(Timer timer, int64_t at_ms) { at_ms_[size_t(timer)] = at_ms; }
  void disarm(Timer timer) { at_ms_[size_t(timer)] = never_ms; }
  void disarm_all() { at_ms_.fill(never_ms); }
  int64_t at_ms(Timer timer) const { return at_ms_[size_t(timer)]; }
  bool armed(Timer timer) const { return at_ms_[size_t(timer)] != never_ms; }

  // Whether `timer` has come; it is disarmed then.
  bool take(Timer timer, int64_t now_ms) {
    if (at_ms_[size_t(timer)] > now_ms) return false;
    disarm(timer);
    return true;
  }

  // The one instant that the host is told.
  int64_t next_ms() const { return *std::min_element(at_ms_.begin(), at_ms_.end()); }

 private:
  std::array<int64_t, 7> at_ms_;
};

}  // namespace signalbox::exchange
