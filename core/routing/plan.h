// From facts to an ordered list of lanes: which route takes this model, which targets it names, and in
// what order its lanes are tried.
//
// The order: what the route's strategy says (order.h); then lanes that are cooling down go behind all others, among
// themselves the soonest recovery first.
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
#include "routing/lane.h"
#include "routing/lane_table.h"
#include "routing/match.h"
#include "routing/order.h"
#include "signalbox/config.h"

namespace signalbox::routing {

// The route that takes a model, with its lanes in the order of trying; `route` null when none does. Only the first `ordered`
// stand in it: whoever asks further calls order_rest().
struct Plan {
  const Route* route = nullptr;
  std::span<const Lane*> lanes;
  size_t ordered = 0;
  Moment moment;
  const RouteLanes* prepared = nullptr;
  Placement placement;        // of the conversation; where the route goes by none, empty
  std::string_view selected;  // the provider that alone is asked, because an administrator has selected it
};

// The lanes of a route that was found (match.h). Pure: the same arguments give the same plan. Result lives as long as
// `config`, `asked.table` and `arena`.
Plan lanes_of(const Match& match, const Config& config, const Health& health, const Facts& facts, int64_t now_unix_ms,
              Arena& arena, const Asked& asked = {});

// The same for the route that the model's name alone finds.
Plan choose(const Config& config, const Health& health, const Facts& facts, int64_t now_unix_ms, Arena& arena,
            const Asked& asked = {});

// Puts all lanes of `plan` into the order of trying.
void order_rest(Plan& plan, Arena& arena);

// `client_model` without the "[1m]", in either case, that Claude Code adds for itself (translation.md
// section 2). A name that is nothing else stays.
std::string_view without_local_suffix(std::string_view client_model);

// `client_model` without the "claude-sb-" of an alias (alias_of), where what is left, with or without the
// local suffix, is a name of the catalogue; a name of the catalogue is no alias.
std::string_view without_alias(const Config& config, std::string_view client_model);

// `client_model` as upstreams know it: without both, and without what it says of thinking.
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
