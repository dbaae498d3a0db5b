#include "routing/lane_table.h"

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <utility>

#include "base/mix.h"
#include "routing/order.h"
#include "routing/takes.h"

namespace signalbox::routing {
namespace {

// Any number will do, as long as it stays: sessions stay where it has put them.
constexpr uint64_t key_seed = 0x7369676e616c626fu;

uint64_t key_of(std::string_view name) { return base::mix_text(name, key_seed); }

bool weighs(Strategy strategy) { return strategy != Strategy::priority; }

// What bounds the requests at a time to a lane, by names that tell the kinds apart (docs/waiting.md).
std::span<const Bound> bounds_of(const Config& config, const Route& route, const Target& target,
                                 const Credential* credential, Arena& arena) {
  const Provider& provider = config.providers[target.provider];
  std::array<Bound, bounds_max> bounds;
  size_t filled = 0;
  if (target.concurrent_max > 0)
    bounds[filled++] = {arena.concat({"target ", route.label(), ">", provider.name, "/", target.upstream_model}),
                        target.concurrent_max};
  if (target.entry < config.models.size() && config.models[target.entry].concurrent_max > 0)
    bounds[filled++] = {arena.concat({"model ", config.models[target.entry].name}),
                        config.models[target.entry].concurrent_max};
  if (credential && credential->concurrent_max > 0)
    bounds[filled++] = {arena.concat({"credential ", provider.name, "/", credential->name}),
                        credential->concurrent_max};
  if (provider.concurrent_max > 0)
    bounds[filled++] = {arena.concat({"provider ", provider.name}), provider.concurrent_max};
  if (filled == 0) return {};
  const std::span<Bound> kept = arena.array<Bound>(filled);
  std::copy_n(bounds.begin(), filled, kept.begin());
  return kept;
}

}  // namespace

RouteLanes prepare(const Config& config, const Route& route, Arena& arena) {
  RouteLanes prepared;
  prepared.hash = key_of(route.label());
  prepared.strategy = route.strategy;
  prepared.affinity = route.affinity;
  const std::span<TargetLanes> targets = arena.array<TargetLanes>(route.targets.size());
  size_t lane_count = 0;
  for (const Target& target : route.targets) {
    const Provider& provider = config.providers[target.provider];
    lane_count += std::max<size_t>(1, provider.credentials.size());
    prepared.any_disabled = prepared.any_disabled || !provider.enabled;
  }
  lane_count = std::min(lane_count, route_lanes_max);
  const std::span<Lane> lanes = arena.array<Lane>(lane_count);

  size_t filled = 0, target_count = 0;
  for (const Target& target : route.targets) {
    const Provider& provider = config.providers[target.provider];
    if (filled == lane_count) break;
    TargetLanes& its = targets[target_count];
    const bool named_by_client = target.upstream_model.empty();
    const std::string_view model = named_by_client ? std::string_view("*") : std::string_view(target.upstream_model);
    its.first = uint16_t(filled);
    its.weight = int32_t(target.weight);
    its.draw_weight = route.strategy == Strategy::round_robin ? 1 : its.weight;
    its.key = key_of(arena.concat({provider.name, "/", model}));
    its.spread = provider.spread;
    prepared.named_by_client = prepared.named_by_client || named_by_client;
    const size_t choices = std::max<size_t>(1, provider.credentials.size());
    for (size_t i = 0; i < choices && filled < lane_count; ++i) {
      Lane& lane = lanes[filled];
      const Credential* const credential = i < provider.credentials.size() ? &provider.credentials[i] : nullptr;
      lane.provider = target.provider;
      lane.flags = target.flags;
      lane.takes = target.takes;
      if (target.entry < config.models.size()) {
        lane.rewrite = config.models[target.entry].rewrite;
        its.price = &config.models[target.entry].price;
      }
      lane.context_tokens_max = target.context_tokens_max;
      lane.output_tokens_max = target.output_tokens_max;
      lane.upstream_model = target.upstream_model;
      lane.target = uint16_t(target_count);
      lane.place = uint16_t(filled);
      if (credential) {
        lane.credential = credential->name;
        lane.weight = int32_t(credential->weight);
        lane.enabled = credential->enabled;
        prepared.any_disabled = prepared.any_disabled || !credential->enabled;
      }
      lane.bounds = bounds_of(config, route, target, credential, arena);
      lane.name = lane.key = arena.concat({provider.name, "/", lane.credential, "/", model});
      lane.hash = key_of(lane.name);
      lane.marks = marks_of(lane.key);
      ++filled;
    }
    its.count = uint16_t(filled - its.first);
    if (its.count > 1) {
      prepared.spreads = prepared.spreads || weighs(its.spread);
      prepared.spread_at_once = prepared.spread_at_once || is_of_the_moment(its.spread);
    }
    prepared.weight += its.weight;
    ++target_count;
  }
  prepared.lanes = lanes.first(filled);
  prepared.targets = targets.first(target_count);
  const std::span<const Lane*> in_file_order = arena.array<const Lane*>(filled);
  for (size_t i = 0; i < filled; ++i) in_file_order[i] = &lanes[i];
  prepared.in_file_order = in_file_order;
  prepared.facts_asked = asked_by(in_file_order);
  prepared.tokens_least = tokens_least(in_file_order);
  prepared.chooses = prepared.spreads || weighs(route.strategy) || route.affinity.by == AffinityBy::session;
  // Of one lane there is nothing to choose.
  prepared.chooses = prepared.chooses && filled > 1;
  return prepared;
}

const Lane* named(const Lane& lane, const Provider& provider, const Model* entry, std::string_view model,
                  Arena& arena) {
  const std::span<Lane> whole = arena.array<Lane>(1);
  whole[0] = lane;
  whole[0].upstream_model = model;
  whole[0].flags = provider.flags_of(model);
  const ModelLimits known = provider.limits_of(model);
  whole[0].context_tokens_max = known.context_tokens_max;
  whole[0].output_tokens_max = known.output_tokens_max;
  if (entry) {
    whole[0].rewrite = entry->rewrite;
    whole[0].flags = entry->flags;
    whole[0].takes = entry->takes;
    whole[0].context_tokens_max = entry->context_tokens_max;
    whole[0].output_tokens_max = entry->output_tokens_max;
  }
  whole[0].key = arena.concat({"*", provider.name, "/", lane.credential, "/", model});
  whole[0].name = whole[0].key.substr(1);
  return whole.data();
}

LaneTable::LaneTable(const Config& config, LaneStats& stats)
    : config_(config),
      counts_(stats),
      routes_(config.routes.size(), nullptr),
      provider_routes_(config.provider_routes.size(), nullptr) {}

// What is made in the arena is this table's own, and const only to others.
void LaneTable::count(RouteLanes& prepared) {
  const std::span<Turn> turns = arena_.array<Turn>(prepared.targets.size());
  for (size_t t = 0; t < prepared.targets.size(); ++t) {
    TargetLanes& target = const_cast<TargetLanes&>(prepared.targets[t]);
    target.turn = &turns[t];
  }
  for (size_t i = 0; i < prepared.lanes.size(); ++i) {
    Lane& lane = const_cast<Lane&>(prepared.lanes[i]);
    stats_.push_back(counts_.of(lane.name));
    lane.stat = stats_.back().get();
  }
  prepared.marked = arena_.array<Marked>(1).data();
  prepared.marked->places = arena_.array<uint16_t>(prepared.lanes.size());
}

std::span<const uint16_t> RouteLanes::marked_places(const Health& health) const {
  Marked& known = *marked;
  if (known.health != &health || known.version != health.marks_version()) {
    known.health = &health;
    known.version = health.marks_version();
    known.count = 0;
    for (const Lane& lane : lanes)
      if (health.may_stand(lane.marks)) known.places[known.count++] = lane.place;
  }
  return known.places.first(known.count);
}

const RouteLanes* LaneTable::of(const Route& route) {
  const std::less<const Route*> is_before;
  const auto has = [&](const std::vector<Route>& routes) {
    return !is_before(&route, routes.data()) && is_before(&route, routes.data() + routes.size());
  };
  const bool by_provider = !has(config_.routes);
  if (by_provider && !has(config_.provider_routes)) return nullptr;
  const RouteLanes*& made = by_provider ? provider_routes_[size_t(&route - config_.provider_routes.data())]
                                        : routes_[size_t(&route - config_.routes.data())];
  if (made) return made;
  const std::span<RouteLanes> prepared = arena_.array<RouteLanes>(1);
  prepared[0] = prepare(config_, route, arena_);
  count(prepared[0]);
  return made = prepared.data();
}

void LaneTable::take_turn(const RouteLanes& route, const Lane& lane, std::span<const Lane* const> plan_lanes,
                          LaneStats& stats) {
  if (!route.chooses) return;
  const TargetLanes& asked = route.targets[lane.target];
  const uint64_t turn = stats.next_turn();
  if (asked.turn) {
    asked.turn->last = turn;
    // Smooth weighted round robin: everybody gains its weight, who is asked pays for all. Who could not be asked for a
    // while has saved up little more than a round, which is what a heavy one owes or is owed in the course of one.
    if (route.strategy == Strategy::weighted) {
      int64_t all = route.weight;
      const auto gain = [&](const TargetLanes& target) {
        target.turn->smooth = std::min(target.turn->smooth + target.weight, 2 * all);
      };
      if (plan_lanes.size() == route.lanes.size()) {
        for (const TargetLanes& target : route.targets) gain(target);
      } else {
        std::array<bool, route_lanes_max> present{};
        for (const Lane* each : plan_lanes) present[each->target] = true;
        all = 0;
        for (size_t t = 0; t < route.targets.size(); ++t)
          if (present[t]) all += route.targets[t].weight;
        for (size_t t = 0; t < route.targets.size(); ++t)
          if (present[t]) gain(route.targets[t]);
      }
      asked.turn->smooth -= all;
    }
  }
  if (!lane.stat) return;
  lane.stat->turn = turn;
  if (asked.spread != Strategy::weighted) return;
  int64_t all = 0;
  for (const Lane* each : plan_lanes)
    if (each->target == lane.target) all += each->weight;
  for (const Lane* each : plan_lanes)
    if (each->target == lane.target) each->stat->smooth = std::min(each->stat->smooth + each->weight, 2 * all);
  lane.stat->smooth -= all;
}

}  // namespace signalbox::routing
