// One thing that can be tried: a target with one credential.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "routing/health.h"
#include "routing/lane_stats.h"
#include "routing/places.h"
#include "signalbox/config.h"

namespace signalbox::routing {

// Views into the configuration and what it was prepared in, or the arena of one request.
struct Lane {
  uint32_t provider = 0;        // index into Config::providers
  std::string_view credential;  // name; empty: the client's own, or none
  std::string_view upstream_model;
  LaneFlags flags;  // what its target can take
  Takes takes;
  std::span<const Rewrite> rewrite;  // of its models entry, behind its provider's
  int64_t context_tokens_max = 0;    // of its model; 0: not said
  int64_t output_tokens_max = 0;
  std::string_view name;  // "provider/credential/model"
  // What its state is kept under: the name, and "*" before it where the client names the model, whose part of every
  // table is small and apart, so that names which a client makes up hurt no configured lane.
  std::string_view key;
  int64_t cooled_until_unix_ms = 0;  // 0: healthy; 1: half-open, and another attempt is finding out
  bool half_open = false;            // and this one may find out
  Why why = Why::unknown;            // of its cooling
  Scope scope = Scope::lane;         // likewise
  std::array<int64_t, scope_count> known_until_unix_ms = {};  // see Standing::known
  std::span<const Bound> bounds;                              // that an attempt needs a place of
  uint16_t target = 0;                                        // index into RouteLanes::targets
  uint16_t place = 0;                                         // index into RouteLanes::lanes, of copies too
  bool enabled = true;                                        // its credential is, in the file
  int32_t weight = 1;                                         // among its target's
  Marks marks{};                                              // of its key, unless that is wild
  uint64_t hash = 0;                                          // of the configured name; the same on every host
  LaneStat* stat = nullptr;                                   // null where nobody counts
};

}  // namespace signalbox::routing
