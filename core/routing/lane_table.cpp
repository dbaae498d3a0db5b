#include "routing/lane_table.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "base/mix.h"

namespace signalbox::routing {
namespace {

// Any number will do, as long as it stays: sessions stay where it has put them.
constexpr uint64_t key_seed = 0x7369676e616c626fu;

uint64_t key_of(std::string_view name) { return base::mix_text(name, key_seed); }

bool weighs(Strategy strategy) { return strategy != Strategy::priority; }

}  // namespace

bool RouteLanes::full(const Lane& lane) const {
  const TargetLanes& target = targets[lane.target];
  return target.bounded && (target.target.full() || target.provider.full() || credentials[lane.place].full());
}

RouteLanes prepare(const Config& config, const Route& route, Arena& arena) {
  RouteLanes prepared;
  prepared.strategy = route.strategy;
  prepared.affinity = route.affinity;
  const std::span<TargetLanes> targets = arena.array<TargetLanes>(route.targets.size());
  size_t lane_count = 0;
  for (const Target& target : route.targets) {
    const Provider& provider = config.providers[target.provider];
    if (provider.enabled) lane_count += std::max<size_t>(1, provider.credentials.size());
  }
  lane_count = std::min(lane_count, route_lanes_max);
  const std::span<Lane> lanes = arena.array<Lane>(lane_count);
  const std::span<Bound> credentials = arena.array<Bound>(lane_count);

  size_t filled = 0, target_count = 0;
  for (const Target& target : route.targets) {
    const Provider& provider = config.providers[target.provider];
    if (!provider.enabled || filled == lane_count) continue;
    TargetLanes& its = targets[target_count];
    const bool named_by_client = target.upstream_model.empty();
    const std::string_view model = named_by_client ? std::string_view("*") : std::string_view(target.upstream_model);
    its.first = uint16_t(filled);
    its.weight = int32_t(target.weight);
    its.key = key_of(arena.concat({provider.name, "/", model}));
    its.spread = provider.spread;
    its.target.places_max = target.concurrent_max;
    its.provider.places_max = provider.concurrent_max;
    its.bounded = target.concurrent_max > 0 || provider.concurrent_max > 0;
    prepared.named_by_client = prepared.named_by_client || named_by_client;
    const size_t choices = std::max<size_t>(1, provider.credentials.size());
    for (size_t i = 0; i < choices && filled < lane_count; ++i) {
      Lane& lane = lanes[filled];
      lane.provider = target.provider;
      lane.flags = target.flags;
      if (target.entry < config.models.size()) {
        lane.rewrite = config.models[target.entry].rewrite;
        its.price = &config.models[target.entry].price;
      }
      lane.context_tokens_max = target.context_tokens_max;
      lane.output_tokens_max = target.output_tokens_max;
      lane.upstream_model = target.upstream_model;
      lane.target = uint16_t(target_count);
      lane.place = uint16_t(filled);
      if (i < provider.credentials.size()) {
        const Credential& credential = provider.credentials[i];
        lane.credential = credential.name;
        lane.weight = int32_t(credential.weight);
        credentials[filled].places_max = credential.concurrent_max;
        its.bounded = its.bounded || credential.concurrent_max > 0;
      }
      lane.name = arena.concat({provider.name, "/", lane.credential, "/", model});
      lane.key = key_of(lane.name);
      ++filled;
    }
    its.count = uint16_t(filled - its.first);
    prepared.chooses = prepared.chooses || its.bounded || (weighs(its.spread) && its.count > 1);
    ++target_count;
  }
  prepared.lanes = lanes.first(filled);
  prepared.credentials = credentials.first(filled);
  prepared.targets = targets.first(target_count);
  prepared.chooses = prepared.chooses || weighs(route.strategy) || route.affinity.by == AffinityBy::session;
  // Of one lane there is nothing to choose.
  prepared.chooses = prepared.chooses && filled > 1;
  return prepared;
}

const Lane* named(const Lane& lane, const Provider& provider, std::string_view model, Arena& arena) {
  const std::span<Lane> whole = arena.array<Lane>(1);
  whole[0] = lane;
  whole[0].upstream_model = model;
  whole[0].flags = provider.flags_of(model);
  const ModelLimits known = provider.limits_of(model);
  whole[0].context_tokens_max = known.context_tokens_max;
  whole[0].output_tokens_max = known.output_tokens_max;
  whole[0].name = arena.concat({provider.name, "/", lane.credential, "/", model});
  return whole.data();
}

LaneTable::LaneTable(const Config& config, LaneStats& stats)
    : config_(config), counts_(stats), routes_(config.routes.size(), nullptr) {}

// What is made in the arena is this table's own, and const only to others.
void LaneTable::count(RouteLanes& prepared, const Route& route) {
  const auto places = [&](Bound& bound, std::initializer_list<std::string_view> name) {
    if (bound.places_max <= 0) return;
    places_.push_back(counts_.places_of(arena_.concat(name)));
    bound.places = places_.back().get();
  };
  const std::span<Turn> turns = arena_.array<Turn>(prepared.targets.size());
  for (size_t t = 0; t < prepared.targets.size(); ++t) {
    TargetLanes& target = const_cast<TargetLanes&>(prepared.targets[t]);
    target.turn = &turns[t];
    const Lane& first = prepared.lanes[target.first];
    const std::string& provider = config_.providers[first.provider].name;
    const std::string_view model = first.upstream_model.empty() ? "*" : first.upstream_model;
    places(target.provider, {provider});
    places(target.target, {route.match, ">", provider, "/", model});
  }
  for (size_t i = 0; i < prepared.lanes.size(); ++i) {
    Lane& lane = const_cast<Lane&>(prepared.lanes[i]);
    stats_.push_back(counts_.of(lane.name));
    lane.stat = stats_.back().get();
    places(const_cast<Bound&>(prepared.credentials[i]), {config_.providers[lane.provider].name, "/", lane.credential});
  }
}

const RouteLanes* LaneTable::of(const Route& route) {
  const Route* const first = config_.routes.data();
  const std::less<const Route*> is_before;
  if (is_before(&route, first) || !is_before(&route, first + routes_.size())) return nullptr;
  const RouteLanes*& made = routes_[size_t(&route - first)];
  if (made) return made;
  const std::span<RouteLanes> prepared = arena_.array<RouteLanes>(1);
  prepared[0] = prepare(config_, route, arena_);
  count(prepared[0], route);
  return made = prepared.data();
}

void LaneTable::take_turn(const RouteLanes& route, const Lane& lane, LaneStats& stats) {
  if (!route.chooses) return;
  const TargetLanes& asked = route.targets[lane.target];
  const uint64_t turn = stats.next_turn();
  if (asked.turn) {
    asked.turn->last = turn;
    // Smooth weighted round robin: everybody gains its weight, who is asked pays for all. Who could not be asked for a
    // while has saved up little more than a round, which is what a heavy one owes or is owed in the course of one.
    if (route.strategy == Strategy::weighted) {
      int64_t all = 0;
      for (const TargetLanes& each : route.targets) all += each.weight;
      for (const TargetLanes& each : route.targets)
        each.turn->smooth = std::min(each.turn->smooth + each.weight, 2 * all);
      asked.turn->smooth -= all;
    }
  }
  if (!lane.stat) return;
  lane.stat->turn = turn;
  if (asked.spread != Strategy::weighted) return;
  const std::span<const Lane> its = route.lanes.subspan(asked.first, asked.count);
  int64_t all = 0;
  for (const Lane& each : its) all += each.weight;
  for (const Lane& each : its) each.stat->smooth = std::min(each.stat->smooth + each.weight, 2 * all);
  lane.stat->smooth -= all;
}

Seat::Seat(const RouteLanes& route, const Lane& lane) {
  if (lane.stat) add(&lane.stat->open);
  const TargetLanes& target = route.targets[lane.target];
  if (!target.bounded) return;
  add(target.target.places);
  add(target.provider.places);
  add(route.credentials[lane.place].places);
}

void Seat::add(Places* places) {
  if (!places) return;
  ++places->taken;
  *std::find(std::begin(taken_), std::end(taken_), nullptr) = places;
}

Seat::Seat(Seat&& other) noexcept { std::swap(taken_, other.taken_); }

Seat& Seat::operator=(Seat&& other) noexcept {
  if (this == &other) return *this;
  leave();
  std::swap(taken_, other.taken_);
  return *this;
}

void Seat::leave() {
  for (Places*& places : taken_) {
    if (places) --places->taken;
    places = nullptr;
  }
}

}  // namespace signalbox::routing
