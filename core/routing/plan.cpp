#include "routing/plan.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "routing/thinking_suffix.h"

namespace signalbox::routing {

namespace {

// What Claude Code adds to a model's name for itself, to know how long its context may be.
constexpr std::string_view local_suffix = "[1m]";

const Route* first_match(const Config& config, std::string_view name) {
  const RouteIndex& index = config.route_index;
  if (index.names.empty() && index.patterns.empty()) {
    for (const Route& route : config.routes)
      if (base::matches(route.match, name)) return &route;
    return nullptr;
  }
  size_t first = config.routes.size();
  const auto named =
      std::lower_bound(index.names.begin(), index.names.end(), name,
                       [&](uint32_t route, std::string_view wanted) { return config.routes[route].match < wanted; });
  if (named != index.names.end() && config.routes[*named].match == name) first = *named;
  for (const uint32_t pattern : index.patterns) {
    if (pattern >= first) break;
    if (base::matches(config.routes[pattern].match, name)) return &config.routes[pattern];
  }
  return first < config.routes.size() ? &config.routes[first] : nullptr;
}

// What Claude Code's discovery of models looks for, and what we put before names that have none of it.
constexpr std::string_view shown_prefixes[] = {"claude", "anthropic"};
constexpr std::string_view alias_prefix = "claude-sb-";

bool begins_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

// find_route for a name that is no alias.
const Route* route_of(const Config& config, std::string_view client_model) {
  const Route* asked = first_match(config, client_model);
  const std::string_view name = without_local_suffix(client_model);
  if (name.size() == client_model.size()) return asked;
  // A pattern that takes the bare name as well did not mean the suffix: a '*' far down the file must not
  // take what a route before it serves under the bare name.
  if (asked && !base::matches(asked->match, name)) return asked;
  return first_match(config, name);
}

bool is_listed(const Model& model, const Config& config) { return route_of(config, model.name) != nullptr; }
bool is_listed(const Route& route) { return !route.match.empty() && route.match.find('*') == std::string::npos; }

// Whether `name` is one of the catalogue's.
bool is_in_catalogue(const Config& config, std::string_view name) {
  return std::any_of(config.models.begin(), config.models.end(),
                     [&](const Model& model) { return model.name == name && is_listed(model, config); }) ||
         std::any_of(config.routes.begin(), config.routes.end(),
                     [&](const Route& route) { return route.match == name && is_listed(route); });
}

// What the user says of a model holds, too, where a client names it by its provider.
const Model* entry_named(const Config& config, uint32_t provider, std::string_view model) {
  for (const Model& each : config.models)
    if (each.provider == provider && each.upstream_model == model) return &each;
  return nullptr;
}

// Whether neither the file nor somebody at run time has switched off its provider or its credential.
bool is_on(const Lane& lane, const Config& config, const Health& health) {
  return health.enabled(config.providers[lane.provider], lane.credential, lane.enabled);
}

// The provider that an administrator has selected, where one of `lanes` is its and may be asked; a route without it is
// served as ever.
uint32_t selected_of(std::span<const Lane* const> lanes, const Config& config, const Health& health) {
  const std::string_view selected = health.selected();
  if (selected.empty()) return Match::any_provider;
  const auto serves = [&](const Lane* lane) {
    return config.providers[lane->provider].name == selected && is_on(*lane, config, health);
  };
  const auto found = std::find_if(lanes.begin(), lanes.end(), serves);
  return found == lanes.end() ? Match::any_provider : (*found)->provider;
}

void stand(Lane& lane, const Standing& standing) {
  lane.cooled_until_unix_ms = standing.probing ? std::max<int64_t>(standing.until_unix_ms, 1) : standing.until_unix_ms;
  lane.half_open = standing.half_open && !standing.probing;
  lane.why = standing.why;
  lane.scope = standing.scope;
  lane.known_until_unix_ms = standing.known;
}

}  // namespace

std::string_view without_local_suffix(std::string_view client_model) {
  if (client_model.size() <= local_suffix.size()) return client_model;
  const std::string_view rest = client_model.substr(0, client_model.size() - local_suffix.size());
  return base::equals_ignoring_case(client_model.substr(rest.size()), local_suffix) ? rest : client_model;
}

std::string_view without_alias(const Config& config, std::string_view client_model) {
  if (!begins_with(client_model, alias_prefix)) return client_model;
  const auto known = [&](std::string_view name) {
    return is_in_catalogue(config, name) || is_in_catalogue(config, without_local_suffix(name));
  };
  const std::string_view rest = client_model.substr(alias_prefix.size());
  return !known(client_model) && known(rest) ? rest : client_model;
}

std::string_view own_name(const Config& config, std::string_view client_model) {
  return without_local_suffix(without_alias(config, without_thinking(config, client_model).name));
}

std::string_view alias_of(std::string_view name, Arena& arena) {
  const bool shown = std::any_of(std::begin(shown_prefixes), std::end(shown_prefixes),
                                 [&](std::string_view prefix) { return begins_with(name, prefix); });
  return shown ? std::string_view() : arena.concat({alias_prefix, name});
}

const Route* find_route(const Config& config, std::string_view client_model) {
  return route_of(config, without_alias(config, without_thinking(config, client_model).name));
}

Plan choose(const Config& config, const Health& health, const Facts& facts, int64_t now_unix_ms, Arena& arena,
            const Asked& asked) {
  Match match;
  match.route = find_route(config, facts.model);
  return lanes_of(match, config, health, facts, now_unix_ms, arena, asked);
}

Plan lanes_of(const Match& match, const Config& config, const Health& health, const Facts& facts, int64_t now_unix_ms,
              Arena& arena, const Asked& asked) {
  Plan plan;
  plan.route = match.route;
  if (!plan.route) return plan;
  const RouteLanes* prepared = asked.table ? asked.table->of(*plan.route) : nullptr;
  if (!prepared) {
    const std::span<RouteLanes> here = arena.array<RouteLanes>(1);
    here[0] = prepare(config, *plan.route, arena);
    prepared = here.data();
  }
  plan.prepared = prepared;

  std::span<const Lane*> lanes = arena.array<const Lane*>(prepared->lanes.size());
  std::copy(prepared->in_file_order.begin(), prepared->in_file_order.end(), lanes.begin());
  if (prepared->named_by_client) {
    const std::string_view model = match.model.empty() ? own_name(config, facts.model) : match.model;
    for (const Lane*& lane : lanes) {
      if (!lane->upstream_model.empty()) continue;
      const Model* const entry = match.model.empty() ? nullptr : entry_named(config, lane->provider, match.model);
      lane = named(*lane, config.providers[lane->provider], entry, model, arena);
    }
  }
  // Who is switched off, or is not the provider that the client wants, is not asked; he keeps his turn.
  const bool one_provider = match.provider != Match::any_provider;
  if (one_provider || prepared->any_disabled || health.has_switches()) {
    uint32_t only = match.provider;
    if (!one_provider) only = selected_of(lanes, config, health);
    if (!one_provider && only != Match::any_provider) plan.selected = config.providers[only].name;
    const auto out = [&](const Lane* lane) {
      return (only != Match::any_provider && lane->provider != only) || !is_on(*lane, config, health);
    };
    const auto end = std::remove_if(lanes.begin(), lanes.end(), out);
    lanes = lanes.first(size_t(end - lanes.begin()));
  }
  Cooling cooling = Cooling::none;
  const auto look_at = [&](const Lane*& lane) {
    const Standing standing = health.standing(lane->key, now_unix_ms);
    if (standing == Standing{}) return;
    const std::span<Lane> stands = arena.array<Lane>(1);
    stands[0] = *lane;
    stand(stands[0], standing);
    if (stands[0].cooled_until_unix_ms > 0) cooling = Cooling::some;
    lane = stands.data();
  };
  if (health.empty()) {
  } else if (prepared->marked && !prepared->named_by_client && lanes.size() == prepared->lanes.size()) {
    for (const uint16_t place : prepared->marked_places(health)) look_at(lanes[place]);
  } else {
    for (const Lane*& lane : lanes)
      if (lane->key.front() == '*' || health.may_stand(lane->marks)) look_at(lane);
  }
  const Order order = order_first(*prepared, lanes, cooling, asked, now_unix_ms);
  plan.placement = order.placement;
  plan.moment = order.moment;
  plan.ordered = order.ordered;
  plan.lanes = lanes;
  return plan;
}

void order_rest(Plan& plan, Arena& arena) {
  if (plan.ordered == plan.lanes.size()) return;
  order_rest(*plan.prepared, plan.lanes.subspan(plan.ordered), plan.moment, arena);
  plan.ordered = plan.lanes.size();
}

std::span<const std::string_view> catalogue(const Config& config, Arena& arena) {
  std::span<std::string_view> names = arena.array<std::string_view>(config.models.size() + config.routes.size());
  size_t filled = 0;
  auto add = [&](std::string_view name) {
    if (std::find(names.begin(), names.begin() + std::ptrdiff_t(filled), name) ==
        names.begin() + std::ptrdiff_t(filled))
      names[filled++] = name;
  };
  for (const Model& model : config.models)
    if (is_listed(model, config)) add(model.name);
  for (const Route& route : config.routes)
    if (is_listed(route)) add(route.match);
  return names.first(filled);
}

}  // namespace signalbox::routing
