// From facts to an ordered list of lanes: which route takes this model, which targets it names, and in
// what order its lanes are tried.
//
// The order: targets as the route names them, each target's credentials as its provider names them;
// then lanes that are cooling down go behind all others, among themselves the soonest recovery first.
// Cool-down orders lanes, it never excludes the last one (architecture.md section 2).
// A new selection rule begins here; ARCHITECTURE.md says what else it may touch.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "routing/facts.h"
#include "routing/health.h"
#include "routing/match.h"
#include "routing/places.h"
#include "signalbox/config.h"

namespace signalbox::routing {

// One thing that can be tried: a target with one credential. Views into the configuration and the arena.
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
};

// The route that takes a model, with its lanes in the order of trying; `route` null when none does.
struct Plan {
  const Route* route = nullptr;
  std::span<const Lane> lanes;
};

// Most lanes an exchange considers: bounds the work a configuration can cause per request.
inline constexpr size_t plan_lanes_max = 256;

// The lanes of a route that was found (match.h). Pure: the same arguments give the same plan. Result lives as long as
// `config` and `arena`.
Plan lanes_of(const Match& match, const Config& config, const Health& health, const Facts& facts, int64_t now_unix_ms,
              Arena& arena);

// The same for the route that the model's name alone finds.
Plan choose(const Config& config, const Health& health, const Facts& facts, int64_t now_unix_ms, Arena& arena);

// `client_model` without the "[1m]", in either case, that Claude Code adds for itself (translation.md
// section 2). A name that is nothing else stays.
std::string_view without_local_suffix(std::string_view client_model);

// `client_model` without the "claude-sb-" of an alias (alias_of), where what is left, with or without the
// local suffix, is a name of the catalogue; a name of the catalogue is no alias.
std::string_view without_alias(const Config& config, std::string_view client_model);

// `client_model` as upstreams know it: without both.
std::string_view own_name(const Config& config, std::string_view client_model);

// The name under which Claude Code's discovery of models shows `name`, since it passes over all that begin
// neither with "claude" nor with "anthropic" (translation.md section 13); empty where it shows `name` itself.
std::string_view alias_of(std::string_view name, Arena& arena);

// The first route in file order whose pattern takes `client_model`; null when none does. An alias is
// the name that it stands for. A route may name the local suffix in its pattern and is then for such names
// alone; to all others the name is the one without it.
const Route* find_route(const Config& config, std::string_view client_model);

// The names a client can ask for outright: every models entry and every route pattern without '*',
// once each, in file order.
std::span<const std::string_view> catalogue(const Config& config, Arena& arena);

}  // namespace signalbox::routing
