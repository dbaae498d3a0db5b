#include "limits/account.h"

#include <algorithm>

namespace signalbox::limits {
namespace {

// What a full bucket holds, in units.
int64_t units_max(const ClientLimits& limits) { return std::max<int64_t>(limits.burst, 1) * request_units; }

int64_t left(int64_t limit, int64_t used) { return std::clamp<int64_t>(limit - used, 0, limit); }

}  // namespace

void Account::refresh(const ClientLimits& limits, Now now) {
  if (limits.requests_per_minute > 0) {
    const int64_t most = units_max(limits), rate = limits.requests_per_minute;
    // Threads do not read their clocks at one instant: what is behind is now.
    const int64_t passed_ms = std::max<int64_t>(now.monotonic_ms - filled_at_ms_, 0);
    if (level_ < 0) level_ = most;
    level_ = std::min(level_, most);
    // Divided first: the time since the last request may be anything.
    level_ = passed_ms > (most - level_) / rate ? most : level_ + passed_ms * rate;
    filled_at_ms_ = std::max(filled_at_ms_, now.monotonic_ms);
    full_at_ms_ = filled_at_ms_ + (most - level_ + rate - 1) / rate;
  }
  if (limits.window_requests_max > 0 || limits.window_tokens_max > 0) {
    // A window that ends later than any can is one of a clock that was wrong, or of a longer window of before.
    const bool over = now.unix_ms >= window_end_unix_ms_;
    const bool impossible = window_end_unix_ms_ - now.unix_ms > 2 * limits.window_ms;
    if (over || impossible) {
      window_end_unix_ms_ = now.unix_ms - now.unix_ms % limits.window_ms + limits.window_ms;
      window_requests_ = window_tokens_ = 0;
    }
  }
}

size_t Account::stand(const ClientLimits& limits, Now now, std::array<Standing, 4>& standings) const {
  size_t count = 0;
  const int64_t window_left_ms = std::max<int64_t>(window_end_unix_ms_ - now.unix_ms, 0);
  if (limits.concurrent_max > 0)
    standings[count++] = {ClientLimit::concurrency, limits.concurrent_max, left(limits.concurrent_max, open_), 0};
  if (limits.requests_per_minute > 0)
    standings[count++] = {ClientLimit::rate, units_max(limits) / request_units, level_ / request_units,
                          std::max<int64_t>(full_at_ms_ - now.monotonic_ms, 0)};
  if (limits.window_requests_max > 0)
    standings[count++] = {ClientLimit::window_requests, limits.window_requests_max,
                          left(limits.window_requests_max, window_requests_), window_left_ms};
  if (limits.window_tokens_max > 0)
    standings[count++] = {ClientLimit::window_tokens, limits.window_tokens_max,
                          left(limits.window_tokens_max, window_tokens_), window_left_ms};
  return count;
}

Account::Standing Account::in_the_way(const ClientLimits& limits, Now now) {
  refresh(limits, now);
  std::array<Standing, 4> standings;
  const size_t count = stand(limits, now, standings);
  // Of several the one that lasts longest: a client that waits for another comes in vain.
  Standing worst;
  for (const Standing& each : standings) {
    if (&each == standings.data() + count) break;
    if (each.remaining == 0 &&
        (worst.of == ClientLimit::none || wait_ms(each.of, limits, now) > wait_ms(worst.of, limits, now)))
      worst = each;
  }
  return worst;
}

Account::Standing Account::nearest(const ClientLimits& limits, Now now) const {
  std::array<Standing, 4> standings;
  const size_t count = stand(limits, now, standings);
  Standing nearest;
  for (size_t i = 0; i < count; ++i) {
    const Standing& each = standings[i];
    // By the part that is left. Both factors are below 2^50 and 2^20 in any configuration (schema.cpp): no overflow in
    // 128 bits is worth a thought, and in double none of it matters.
    if (nearest.of == ClientLimit::none ||
        double(each.remaining) / double(each.limit) < double(nearest.remaining) / double(nearest.limit))
      nearest = each;
  }
  return nearest;
}

int64_t Account::wait_ms(ClientLimit of, const ClientLimits& limits, Now now) const {
  switch (of) {
    case ClientLimit::none: return 0;
    case ClientLimit::rate: {
      const int64_t lacking = std::max<int64_t>(request_units - level_, 0);
      return (lacking + limits.requests_per_minute - 1) / limits.requests_per_minute;
    }
    // When another request ends nobody knows; a second is what a person would wait.
    case ClientLimit::concurrency: return 1000;
    case ClientLimit::window_requests:
    case ClientLimit::window_tokens: break;
  }
  return std::max<int64_t>(window_end_unix_ms_ - now.unix_ms, 0);
}

void Account::take(const ClientLimits& limits) {
  ++open_;
  if (limits.requests_per_minute > 0) {
    level_ -= std::min(level_, request_units);
    full_at_ms_ =
        filled_at_ms_ + (units_max(limits) - level_ + limits.requests_per_minute - 1) / limits.requests_per_minute;
  }
  if (limits.window_requests_max > 0) ++window_requests_;
}

void Account::add_tokens(int64_t window_end_unix_ms, int64_t tokens) {
  if (window_end_unix_ms != window_end_unix_ms_) return;
  // An upstream may count what it likes.
  constexpr int64_t tokens_most = INT64_MAX / 4;
  window_tokens_ =
      std::clamp<int64_t>(window_tokens_ + std::clamp<int64_t>(tokens, -tokens_most, tokens_most), 0, tokens_most);
}

bool Account::as_new(Now now) const {
  return open_ == 0 && now.monotonic_ms >= full_at_ms_ &&
         (now.unix_ms >= window_end_unix_ms_ || (window_requests_ == 0 && window_tokens_ == 0));
}

}  // namespace signalbox::limits
