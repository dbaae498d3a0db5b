#include "routing/breaker.h"

#include <algorithm>

namespace signalbox::routing {

int64_t Window::number_of(int64_t now_unix_ms, int64_t window_ms) {
  return std::max<int64_t>(now_unix_ms, 1) / std::max<int64_t>(window_ms / int64_t(buckets), 1);
}

void Window::count(Counted what, int64_t now_unix_ms, int64_t window_ms) {
  if (!begun()) {
    if (what == Counted::success) return;
    first_ms_ = std::max<int64_t>(now_unix_ms, 1);
    last_ = number_of(now_unix_ms, window_ms);
  }
  // A clock that was set back, or another window's length, must not bring old buckets to life.
  const int64_t number = number_of(now_unix_ms, window_ms);
  if (number < last_ - int64_t(buckets) || number > last_ + int64_t(buckets)) {
    ring_ = {};
    last_ = number;
  }
  for (; last_ < number; ++last_) ring_[size_t(last_ + 1) % buckets] = {};
  Bucket& bucket = ring_[size_t(last_) % buckets];
  if (bucket.requests == UINT16_MAX) return;  // thousands a second: it says enough
  ++bucket.requests;
  if (what == Counted::failure) ++bucket.failures;
}

Window::Sums Window::sums(int64_t now_unix_ms, int64_t window_ms) const {
  Sums sums;
  if (!begun()) return sums;
  const int64_t number = number_of(now_unix_ms, window_ms);
  for (int64_t each = std::max(number, last_) - int64_t(buckets) + 1; each <= last_; ++each) {
    if (each < 0) continue;
    sums.requests += ring_[size_t(each) % buckets].requests;
    sums.failures += ring_[size_t(each) % buckets].failures;
  }
  return sums;
}

bool Window::trips(const BreakerRule& rule, int64_t now_unix_ms) const {
  if (rule.failure_percent <= 0) return false;
  const Sums all = sums(now_unix_ms, rule.window_ms);
  return int64_t(all.requests) >= rule.requests_min &&
         int64_t(all.failures) * 100 >= int64_t(all.requests) * rule.failure_percent;
}

}  // namespace signalbox::routing
