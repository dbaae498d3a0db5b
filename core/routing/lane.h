// One thing that can be tried: a target with one credential.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "routing/lane_stats.h"
#include "signalbox/config.h"

namespace signalbox::routing {

// Views into the configuration and what it was prepared in, or the arena of one request.
struct Lane {
  uint32_t provider = 0;        // index into Config::providers
  std::string_view credential;  // name; empty: the client's own, or none
  std::string_view upstream_model;
  LaneFlags flags;                   // what its target can take
  std::span<const Rewrite> rewrite;  // of its models entry, behind its provider's
  int64_t context_tokens_max = 0;    // of its model; 0: not said
  int64_t output_tokens_max = 0;
  std::string_view name;             // "provider/credential/model": what health belongs to
  int64_t cooled_until_unix_ms = 0;  // 0: healthy
  uint16_t target = 0;               // index into RouteLanes::targets
  uint16_t place = 0;                // index into RouteLanes::lanes
  int32_t weight = 1;                // among its target's
  uint64_t key = 0;                  // hash of the name; the same on every host
  LaneStat* stat = nullptr;          // null where nobody counts
};

}  // namespace signalbox::routing
