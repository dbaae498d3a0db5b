// The lanes of every route, made once for a configuration, so that a request formats no name and looks nothing up.
// Each gateway has its own: with the lanes stand what it has seen of them, and whose turn it is.
#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "routing/health.h"
#include "routing/lane.h"
#include "routing/lane_stats.h"
#include "signalbox/config.h"

namespace signalbox::routing {

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
  int32_t draw_weight = 1;  // in draws of the route's strategy
  uint64_t key = 0;
  const Price* price = nullptr;
  Strategy spread = Strategy::priority;
  Turn* turn = nullptr;
};

// Which lanes of a route may stand as some of which something is known (Health::may_stand), by place.
struct Marked {
  const Health* health = nullptr;
  uint64_t version = 0;
  std::span<uint16_t> places;
  size_t count = 0;
};

// What is known of a route before anybody asks.
struct RouteLanes {
  std::span<const Lane> lanes;                 // in file order, at most route_lanes_max
  std::span<const Lane* const> in_file_order;  // the same, as a plan has them
  std::span<const TargetLanes> targets;
  int64_t weight = 0;  // of all targets
  uint64_t hash = 0;   // of what the route is called
  Strategy strategy = Strategy::priority;
  Affinity affinity;
  FactSet facts_asked = 0;       // what decides who of all lanes can take a request (takes.h)
  int64_t tokens_least = 0;      // the least bound on tokens of any lane; 0: none has one
  bool any_disabled = false;     // some provider or credential is, in the file
  bool named_by_client = false;  // some target passes the client's model name on
  bool chooses = false;          // there is more to ordering than the file's order
  bool spreads = false;          // over the credentials of some target
  bool spread_at_once = false;   // and by what goes on at the moment
  Marked* marked = nullptr;      // null where nothing is kept between requests

  // Of marked_places() no lane that is missing stands otherwise than one of which nothing is known.
  std::span<const uint16_t> marked_places(const Health& health) const;
};

// Counts an attempt among those that its lane has open, for as long as it lives.
class Seat {
 public:
  Seat() = default;
  explicit Seat(const Lane& lane) : stat_(lane.stat) {
    if (stat_) ++stat_->open;
  }
  ~Seat() { leave(); }
  Seat(Seat&& other) noexcept : stat_(std::exchange(other.stat_, nullptr)) {}
  Seat& operator=(Seat&& other) noexcept {
    std::swap(stat_, other.stat_);
    return *this;
  }

  void leave() {
    if (stat_) --stat_->open;
    stat_ = nullptr;
  }

 private:
  LaneStat* stat_ = nullptr;
};

// The lanes of `route` in `arena`, without anything that is counted.
RouteLanes prepare(const Config& config, const Route& route, Arena& arena);

// `lane` of a target that passes names on, for a client that calls its model `model`; `entry` is what the user says of
// that model, or null.
const Lane* named(const Lane& lane, const Provider& provider, const Model* entry, std::string_view model, Arena& arena);

class LaneTable {
 public:
  // `config` must outlive it; `stats` gives the entries, which live as long as this.
  LaneTable(const Config& config, LaneStats& stats);
  LaneTable(const LaneTable&) = delete;
  LaneTable& operator=(const LaneTable&) = delete;

  // Made when it is asked for first: of the routes that each of many models has, few are ever used. Null for a route
  // that is none of the configuration's, be it found by rules and patterns or by a provider's name.
  const RouteLanes* of(const Route& route);

  // It is the turn of `lane`, which is asked now, among those that are in `plan_lanes`: who is switched off saves up no
  // turns.
  static void take_turn(const RouteLanes& route, const Lane& lane, std::span<const Lane* const> plan_lanes,
                        LaneStats& stats);

 private:
  void count(RouteLanes& prepared);

  const Config& config_;
  LaneStats& counts_;
  Arena arena_;
  std::vector<const RouteLanes*> routes_;           // Config::routes
  std::vector<const RouteLanes*> provider_routes_;  // Config::provider_routes
  std::vector<std::shared_ptr<LaneStat>> stats_;
};

}  // namespace signalbox::routing
