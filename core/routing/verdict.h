// What an upstream's error means: the one place where statuses, error types and known sentences become a
// kind of fault, whose row says what follows (translation.md section 12).
#pragma once

#include <cstdint>
#include <string_view>

#include "signalbox/config.h"
#include "signalbox/fault.h"

namespace signalbox::routing {

// An error as an upstream told it, in whichever dialect. The texts are plain (unescaped) views.
struct UpstreamError {
  int status = 0;         // 0: inside a 200
  std::string_view type;  // "overloaded_error", "insufficient_quota", "RESOURCE_EXHAUSTED", ...
  std::string_view code;
  std::string_view message;     // for a person; never empty where the upstream said anything
  int64_t retry_after_ms = -1;  // what the body asked to wait; -1: nothing
  // The paths of the request's members that a list of faults calls extra inputs (FastAPI's detail), a line each.
  std::string_view extra_inputs = {};
};

// Whose credential the lane carried: what befalls a client's own is no news about ours, and where none is configured none
// suffers.
enum class CredentialOwner : uint8_t { ours, client, nobody };

// Whether the model's name is one the client gave itself, or one that the configuration put in its place:
// only then can it be missing without the client being at fault.
enum class ModelNamed : uint8_t { by_client, by_configuration };

// The kind of fault that `error` is; never FaultKind::none.
FaultKind kind_of(const UpstreamError& error, CredentialOwner owner, ModelNamed named);

// What a user calls a failure whatever the table says: of these signs the stronger that `error` shows.
enum class Sign : uint8_t { none, words, status };
Sign sign_of(const FailureSigns& signs, const UpstreamError& error);

// The status that a client is told: the upstream's own where the kind keeps it (a 529 stays one), else
// the row's.
int status_for(FaultKind kind, int upstream_status);

}  // namespace signalbox::routing
