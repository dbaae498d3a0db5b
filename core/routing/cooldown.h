// How long a lane is put behind the others for what went wrong on it, and what the upstream says of that
// itself (translation.md section 12). The fault's row says which kind of cooling it needs.
#pragma once

#include <cstdint>
#include <span>

#include "routing/health.h"
#include "routing/verdict.h"
#include "signalbox/capabilities.h"
#include "signalbox/fault.h"
#include "signalbox/header.h"

namespace signalbox::routing {

// What an upstream may ask for at most: a day. A longer wait is a mistake or an attack.
inline constexpr int64_t retry_after_ms_max = int64_t(24) * 3'600'000;

// What an answer's headers ask to wait, in milliseconds; -1 when they do not say. Reads retry-after-ms, then
// Retry-After in seconds or as a date (RFC 9110 section 10.2.3). A time less than none, or one that has passed, is none.
int64_t retry_after_ms(std::span<const Header> headers, int64_t now_unix_ms);

// Whether an answer's headers ask for no second attempt of the same request (x-should-retry: false). That is
// about the upstream which says it: its lane is not tried again for this request, another one may be.
bool wants_no_second_attempt(std::span<const Header> headers);

// The cool-down of a lane for a fault of `kind`, in milliseconds; 0: the lane is not to blame. `asked_ms`: what
// the upstream asked to wait, in its headers or its body, whichever is longer; -1: nothing. Limits of a
// credential that is the client's own say nothing of the lane to others.
int64_t cool_ms(FaultKind kind, CredentialOwner owner, int64_t asked_ms);

// Who suffers for a fault, and how.
struct Suffering {
  Scope scope = Scope::lane;
  Why why = Why::hiccup;
  bool is_users = false;  // how long is the user's to say (Failures::cool_ms)
  bool grows = false;     // a further one lasts longer
  bool counts = false;    // in the lane's window
};

// `unreachable`: whether the host can tell that nobody answers at an address from an answer that failed.
Suffering suffering_of(FaultKind kind, CredentialOwner owner, Unreachable unreachable);

// `first_ms` doubled `step` times, `most_ms` at most, unless the first is longer.
int64_t grown(int64_t first_ms, int64_t most_ms, uint8_t step);

}  // namespace signalbox::routing
