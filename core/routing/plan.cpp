#include "routing/plan.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"

namespace signalbox::routing {

namespace {

// What Claude Code adds to a model's name for itself, to know how long its context may be.
constexpr std::string_view local_suffix = "[1m]";

const Route* first_match(const Config& config, std::string_view name) {
  for (const Route& route : config.routes)
    if (base::matches(route.match, name)) return &route;
  return nullptr;
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

// What bounds the requests at a time to a target, by names that tell the kinds apart.
std::span<const Bound> bounds_of(const Config& config, const Target& target, const Provider& provider, Arena& arena) {
  const Model* entry = target.entry < config.models.size() ? &config.models[target.entry] : nullptr;
  const bool by_entry = entry && entry->concurrent_max > 0;
  if (!by_entry && provider.concurrent_max <= 0) return {};
  std::span<Bound> bounds = arena.array<Bound>(bounds_max);
  size_t filled = 0;
  if (by_entry) bounds[filled++] = {arena.concat({"model ", entry->name}), entry->concurrent_max};
  if (provider.concurrent_max > 0)
    bounds[filled++] = {arena.concat({"provider ", provider.name}), provider.concurrent_max};
  return bounds.first(filled);
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
  return without_local_suffix(without_alias(config, client_model));
}

std::string_view alias_of(std::string_view name, Arena& arena) {
  const bool shown = std::any_of(std::begin(shown_prefixes), std::end(shown_prefixes),
                                 [&](std::string_view prefix) { return begins_with(name, prefix); });
  return shown ? std::string_view() : arena.concat({alias_prefix, name});
}

const Route* find_route(const Config& config, std::string_view client_model) {
  return route_of(config, without_alias(config, client_model));
}

void stand(Lane& lane, const Standing& standing) {
  lane.cooled_until_unix_ms = standing.probing ? std::max<int64_t>(standing.until_unix_ms, 1) : standing.until_unix_ms;
  lane.half_open = standing.half_open && !standing.probing;
  lane.why = standing.why;
  lane.scope = standing.scope;
  lane.known_until_unix_ms = standing.known;
}

Plan choose(const Config& config, const Health& health, const Facts& facts, int64_t now_unix_ms, Arena& arena) {
  Match match;
  match.route = find_route(config, facts.model);
  return lanes_of(match, config, health, facts, now_unix_ms, arena);
}

Plan lanes_of(const Match& match, const Config& config, const Health& health, const Facts& facts, int64_t now_unix_ms,
              Arena& arena) {
  Plan plan;
  plan.route = match.route;
  if (!plan.route) return plan;
  const auto serves = [&](const Target& target) {
    const Provider& provider = config.providers[target.provider];
    return health.enabled(provider.name, provider.enabled) &&
           (match.provider == Match::any_provider || match.provider == target.provider);
  };

  size_t lane_count = 0;
  for (const Target& target : plan.route->targets) {
    const Provider& provider = config.providers[target.provider];
    if (serves(target)) lane_count += std::max<size_t>(1, provider.credentials.size());
  }
  lane_count = std::min(lane_count, plan_lanes_max);
  std::span<Lane> lanes = arena.array<Lane>(lane_count);

  const std::string_view model = match.model.empty() ? own_name(config, facts.model) : match.model;
  // What the user says of a model holds, too, where a client names it by its provider.
  const auto entry_of = [&](const Target& target) -> const Model* {
    if (target.entry < config.models.size()) return &config.models[target.entry];
    if (match.model.empty() || !target.upstream_model.empty()) return nullptr;
    for (const Model& each : config.models)
      if (each.provider == target.provider && each.upstream_model == match.model) return &each;
    return nullptr;
  };
  size_t filled = 0;
  for (const Target& target : plan.route->targets) {
    const Provider& provider = config.providers[target.provider];
    if (!serves(target)) continue;
    const Model* entry = entry_of(target);
    const size_t choices = std::max<size_t>(1, provider.credentials.size());
    for (size_t i = 0; i < choices && filled < lane_count; ++i) {
      if (health.has_switches() && i < provider.credentials.size() &&
          !health.enabled(arena.concat({provider.name, "/", provider.credentials[i].name}), true))
        continue;
      Lane& lane = lanes[filled++];
      lane = {};
      lane.provider = target.provider;
      lane.flags = target.flags;
      lane.takes = target.takes;
      lane.context_tokens_max = target.context_tokens_max;
      lane.output_tokens_max = target.output_tokens_max;
      if (target.upstream_model.empty()) {
        lane.flags = provider.flags_of(model);
        const ModelLimits known = provider.limits_of(model);
        lane.context_tokens_max = known.context_tokens_max;
        lane.output_tokens_max = known.output_tokens_max;
      }
      if (entry) lane.rewrite = entry->rewrite;
      if (entry && target.upstream_model.empty()) {
        lane.flags = entry->flags;
        lane.takes = entry->takes;
        lane.context_tokens_max = entry->context_tokens_max;
        lane.output_tokens_max = entry->output_tokens_max;
      }
      if (i < provider.credentials.size()) lane.credential = provider.credentials[i].name;
      lane.upstream_model = target.upstream_model.empty() ? model : std::string_view(target.upstream_model);
      lane.key = arena.concat({"*", provider.name, "/", lane.credential, "/", lane.upstream_model});
      lane.name = lane.key.substr(1);
      if (!target.upstream_model.empty()) lane.key = lane.name;
      if (!health.empty()) stand(lane, health.standing(lane.key, now_unix_ms));
      lane.bounds = bounds_of(config, target, provider, arena);
    }
  }
  // Insertion sort: stable, allocates nothing, and the list is short and mostly in order.
  for (size_t i = 1; i < filled; ++i)
    for (size_t j = i; j > 0 && lanes[j].cooled_until_unix_ms < lanes[j - 1].cooled_until_unix_ms; --j)
      std::swap(lanes[j], lanes[j - 1]);
  plan.lanes = lanes.first(filled);
  return plan;
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
