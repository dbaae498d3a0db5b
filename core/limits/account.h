// What one client has used of its limits: a token bucket, a count of open requests, and counts in a window.
//
// Rules
//   0 <= level <= burst, whatever the clock does and however the configuration changes.
//   The bucket is exact: it fills in units of which `requests_per_minute` come in a millisecond.
//   A window begins at a multiple of its length since 1970, so that all who count agree on it without asking.
//   What an exchange costs belongs to the window in which it began.
#pragma once

#include <array>
#include <cstdint>

#include "signalbox/client_ledger.h"

namespace signalbox::limits {

// Of one request in the bucket: a minute in milliseconds.
inline constexpr int64_t request_units = 60'000;

class Account {
 public:
  using Standing = ClientLedger::Standing;

  // The limit that is in the way of one more request; `none` when none is.
  Standing in_the_way(const ClientLimits& limits, Now now);
  // One more request, of which in_the_way has said that none is.
  void take(const ClientLimits& limits);
  void give_back() { open_ -= open_ > 0; }

  // Tokens in the window that ends at `window_end_unix_ms`; no more once it is another.
  void add_tokens(int64_t window_end_unix_ms, int64_t tokens);

  // Fills and turns the page, as far as time has gone.
  void refresh(const ClientLimits& limits, Now now);
  // Of those that `limits` has, in `standings`; how many. After refresh.
  size_t stand(const ClientLimits& limits, Now now, std::array<Standing, 4>& standings) const;
  // That of them which is nearest to being used up.
  Standing nearest(const ClientLimits& limits, Now now) const;
  // Until one more request may pass the limit `of`.
  int64_t wait_ms(ClientLimit of, const ClientLimits& limits, Now now) const;

  int64_t window_end_unix_ms() const { return window_end_unix_ms_; }
  // Whether forgetting it would change nothing.
  bool as_new(Now now) const;

 private:
  int64_t level_ = -1;  // of the bucket, in units; -1: never filled, which is full
  int64_t filled_at_ms_ = 0;
  int64_t full_at_ms_ = 0;
  int64_t window_end_unix_ms_ = 0;
  int64_t window_requests_ = 0;
  int64_t window_tokens_ = 0;
  int32_t open_ = 0;
};

}  // namespace signalbox::limits
