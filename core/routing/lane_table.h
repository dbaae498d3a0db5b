// The lanes of every route, made once for a configuration, so that a request formats no name and looks nothing up.
// Each gateway has its own: with the lanes stand what it has seen of them, and whose turn it is.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/arena.h"
#include "routing/lane.h"
#include "routing/lane_stats.h"
#include "signalbox/config.h"

namespace signalbox::routing {

// A bound on how many are open at once, with what is open under it.
struct Bound {
  int64_t places_max = 0;  // 0: none
  Places* places = nullptr;

  bool full() const { return places_max > 0 && places && places->taken >= places_max; }
};

// Whose turn it is among the targets of one route.
struct Turn {
  uint64_t last = 0;   // when it was asked last
  int64_t smooth = 0;  // of the smooth weighted round
};

// A target's place in a route.
struct TargetLanes {
  uint16_t first = 0;  // of RouteLanes::lanes
  uint16_t count = 0;
  int32_t weight = 1;
  uint64_t key = 0;
  const Price* price = nullptr;
  Strategy spread = Strategy::priority;
  bool bounded = false;  // any of the bounds below, or of its lanes, is one
  Bound target, provider;
  Turn* turn = nullptr;
};

// What is known of a route before anybody asks.
struct RouteLanes {
  std::span<const Lane> lanes;           // in file order, at most route_lanes_max
  std::span<const Bound> credentials;    // one for each lane
  std::span<const TargetLanes> targets;  // of enabled providers
  Strategy strategy = Strategy::priority;
  Affinity affinity;
  bool named_by_client = false;  // some target passes the client's model name on
  bool chooses = false;          // there is more to ordering than the file's order

  bool full(const Lane& lane) const;
};

// Takes the places of `lane` for as long as it lives: the one that an attempt holds. Exact within one gateway.
class Seat {
 public:
  Seat() = default;
  Seat(const RouteLanes& route, const Lane& lane);
  ~Seat() { leave(); }
  Seat(Seat&& other) noexcept;
  Seat& operator=(Seat&& other) noexcept;
  void leave();

 private:
  void add(Places* places);
  Places* taken_[4] = {};
};

// The lanes of `route` in `arena`, without anything that is counted.
RouteLanes prepare(const Config& config, const Route& route, Arena& arena);

// `lane` of a target that passes names on, for a client that calls its model `model`.
const Lane* named(const Lane& lane, const Provider& provider, std::string_view model, Arena& arena);

class LaneTable {
 public:
  // `config` must outlive it; `stats` gives the entries, which live as long as this.
  LaneTable(const Config& config, LaneStats& stats);
  LaneTable(const LaneTable&) = delete;
  LaneTable& operator=(const LaneTable&) = delete;

  // Made when it is asked for first: of the routes that each of many models has, few are ever used. Null for a route
  // that is none of the configuration's.
  const RouteLanes* of(const Route& route);

  // It is the turn of `lane`, which is asked now.
  static void take_turn(const RouteLanes& route, const Lane& lane, LaneStats& stats);

 private:
  void count(RouteLanes& prepared, const Route& route);

  const Config& config_;
  LaneStats& counts_;
  Arena arena_;
  std::vector<const RouteLanes*> routes_;
  std::vector<std::shared_ptr<LaneStat>> stats_;
  std::vector<std::shared_ptr<Places>> places_;
};

}  // namespace signalbox::routing
