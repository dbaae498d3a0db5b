// How a lane's last attempts went, in a window that rolls on: what opens its breaker. Time goes by in buckets, so
// that a window has one size whatever happens in it. A window begins with a failure: a lane that has none costs
// nothing, and what went well before the first one is not known.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace signalbox::routing {

// When a breaker opens. The values are those of Failures (signalbox/config.h).
struct BreakerRule {
  int64_t window_ms = 60'000;
  int64_t requests_min = 10;
  int64_t failure_percent = 50;  // 0: never
};

enum class Counted : uint8_t { success, failure };

class Window {
 public:
  static constexpr size_t buckets = 8;
  struct Sums {
    uint32_t requests = 0;
    uint32_t failures = 0;
  };

  bool begun() const { return first_ms_ != 0; }
  void forget() { *this = {}; }

  // One attempt has ended. An instant before the window's own end counts into its last bucket.
  void count(Counted what, int64_t now_unix_ms, int64_t window_ms);

  // What the window holds now.
  Sums sums(int64_t now_unix_ms, int64_t window_ms) const;

  // Whether there is enough to judge by, and enough of it failed.
  bool trips(const BreakerRule& rule, int64_t now_unix_ms) const;

 private:
  struct Bucket {
    uint16_t requests = 0;
    uint16_t failures = 0;
  };
  static int64_t number_of(int64_t now_unix_ms, int64_t window_ms);

  std::array<Bucket, buckets> ring_{};
  int64_t last_ = 0;      // the number of the newest bucket
  int64_t first_ms_ = 0;  // when the first failure came; 0: none has
};

}  // namespace signalbox::routing
