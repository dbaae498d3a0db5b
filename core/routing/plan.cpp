#include "routing/plan.h"

#include <algorithm>

#include "base/text.h"

namespace signalbox::routing {

const Route* find_route(const Config& config, std::string_view client_model) {
  for (const Route& route : config.routes)
    if (base::matches(route.match, client_model)) return &route;
  return nullptr;
}

Plan choose(const Config& config, const Health& health, const Facts& facts, int64_t now_unix_ms, Arena& arena) {
  Plan plan;
  plan.route = find_route(config, facts.model);
  if (!plan.route) return plan;

  size_t lane_count = 0;
  for (const Target& target : plan.route->targets) {
    const Provider& provider = config.providers[target.provider];
    if (provider.enabled) lane_count += std::max<size_t>(1, provider.credentials.size());
  }
  lane_count = std::min(lane_count, plan_lanes_max);
  std::span<Lane> lanes = arena.array<Lane>(lane_count);

  size_t filled = 0;
  for (const Target& target : plan.route->targets) {
    const Provider& provider = config.providers[target.provider];
    if (!provider.enabled) continue;
    const size_t choices = std::max<size_t>(1, provider.credentials.size());
    for (size_t i = 0; i < choices && filled < lane_count; ++i) {
      Lane& lane = lanes[filled++];
      lane = {};
      lane.provider = target.provider;
      lane.flags = target.flags;
      if (i < provider.credentials.size()) lane.credential = provider.credentials[i];
      lane.upstream_model = target.upstream_model.empty() ? facts.model : std::string_view(target.upstream_model);
      lane.name = arena.concat({provider.name, "/", lane.credential, "/", lane.upstream_model});
      lane.cooled_until_unix_ms = health.cooled_until(lane.name, now_unix_ms);
    }
  }
  // Insertion sort: stable, allocates nothing, and the list is short and mostly in order.
  for (size_t i = 1; i < filled; ++i)
    for (size_t j = i; j > 0 && lanes[j].cooled_until_unix_ms < lanes[j - 1].cooled_until_unix_ms; --j)
      std::swap(lanes[j], lanes[j - 1]);
  plan.lanes = lanes;
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
    if (find_route(config, model.name)) add(model.name);
  for (const Route& route : config.routes)
    if (route.match.find('*') == std::string::npos) add(route.match);
  return names.first(filled);
}

}  // namespace signalbox::routing
