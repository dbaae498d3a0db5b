// How long a lane is put behind the others for what went wrong on it (translation.md section 12).
#pragma once

#include <cstdint>
#include <span>

#include "routing/verdict.h"
#include "signalbox/fault.h"
#include "signalbox/header.h"

namespace signalbox::routing {

// Cool-down for an answer with error status `status`, in milliseconds; 0: the lane is not to blame.
// `headers` are the answer's: Retry-After and its kin are honoured up to retry_after_ms_max.
int64_t cool_ms_for_status(int status, std::span<const Header> headers, CredentialOwner owner, int64_t now_unix_ms);

// Cool-down for a failure below HTTP or inside an answer, in milliseconds.
int64_t cool_ms_for_fault(FaultKind kind);

// What an upstream may ask for at most: a day. A longer wait is a mistake or an attack.
inline constexpr int64_t retry_after_ms_max = int64_t(24) * 3'600'000;

// What the answer asks to wait, in milliseconds; -1 when it does not say. Reads retry-after-ms, then
// Retry-After in seconds or as a date (RFC 9110 section 10.2.3).
int64_t retry_after_ms(std::span<const Header> headers, int64_t now_unix_ms);

}  // namespace signalbox::routing
