// The order in which a route's lanes are asked: targets by the route's strategy, the credentials of each by its
// provider's spread, and a conversation where it is. A lane that is full when it is to be asked is passed over
// (places.h).
//
//   priority     the file's order
//   round_robin  who has had no turn for longest
//   weighted     smooth weighted round robin, as nginx has it
//   random       by weight, from the exchange's own random bytes
//   least_busy   fewest open requests for their weight; equals at random
//   fastest      shortest decayed time to the first content; who is not known yet first, one request at a time
//   cheapest     the price of this request: its size, the share of prompts seen to come from the cache, the mean answer
//   quota        most left of the scarcest limit in the provider's headers
//
// A conversation goes by rendezvous hashing over the lanes where a strategy is a matter of turns (round_robin, weighted,
// random): the same lane on every thread and host, without memory, and when lanes come or go only those move that must.
// Where the strategy looks at the moment, the first request goes by it and the conversation stays there (affinity.h).
//
// Pure: the same arguments give the same order on every host; there is no floating point in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/arena.h"
#include "routing/affinity.h"
#include "routing/lane_table.h"
#include "routing/score.h"
#include "signalbox/header.h"

namespace signalbox::routing {

// What is asked, beside its facts. Without a table nothing is counted and every lane is alike.
struct Asked {
  LaneTable* table = nullptr;
  const AffinityTable* stays = nullptr;
  std::span<const Header> headers{};  // the client's
  std::string_view body{};
  std::string_view client_key{};  // its name
  uint64_t seed = 0;
  int64_t now_ms = 0;  // monotonic
};

// Where a conversation is, and where its hash puts it.
struct Placement {
  uint64_t session = 0;        // 0: the request is none's, or the route goes by none
  uint64_t stay_key = 0;       // what the AffinityTable knows it by: each route keeps it where it put it itself
  const Lane* home = nullptr;  // where it goes when all lanes are well; null where that is not a matter of its hash
  const Lane* stay = nullptr;  // where it was before, if that is remembered
};

// Whether any of the lanes is cooling down.
enum class Cooling : uint8_t { none, some };

struct Order {
  Placement placement;
  Moment moment;
  size_t ordered = 0;  // so many lanes stand in their order, the others in the file's behind them
};

// Brings those of `lanes` forward that are asked first: at least one, and first_lanes_max where there are so many. They
// are the route's in file order, or copies of them; who is not asked at all may be missing. What is cooling down goes behind
// all others, among themselves the soonest recovery first. All that a usual request needs, without ordering what nobody
// asks; order_rest() does that.
Order order_first(const RouteLanes& route, std::span<const Lane*> lanes, Cooling cooling, const Asked& asked,
                  int64_t now_unix_ms);

// More than a request usually asks, and few enough to be kept in order while all are gone through.
inline constexpr size_t first_lanes_max = 4;

// Puts `rest`, which order_first() has left in the file's order, into their own.
void order_rest(const RouteLanes& route, std::span<const Lane*> rest, const Moment& moment, Arena& arena);

}  // namespace signalbox::routing
