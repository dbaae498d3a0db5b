// The two clocks a host tells the core with every event. The core has no clock of its own.
#pragma once

#include <cstdint>

namespace signalbox {

// What time it is, as the host sees it. `monotonic_ms` never goes backwards within one exchange and
// serves deadlines; `unix_ms` is wall-clock time since 1970 and serves dates and what hosts share.
struct Now {
  int64_t monotonic_ms = 0;
  int64_t unix_ms = 0;
};

// A deadline that never comes.
inline constexpr int64_t never_ms = INT64_MAX;

}  // namespace signalbox
