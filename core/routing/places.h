// One gateway's side of what must be exact (signalbox/permits.h): takes a lane's places for an attempt, keeps those who
// wait for one in the order in which they came, and gathers whose turn it has become, for the host to tell.
//
// The rule that nobody is forgotten by: whoever gives a place back, or leaves a queue for whatever reason, gives the
// one who has waited longest in each queue his turn. He tries; if he gets nothing he goes on waiting, and the next place
// that comes free is told him again.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "signalbox/permits.h"

namespace signalbox::routing {

class Places;

// At most so many requests at a time of what `name` stands for; configured names, told apart by what stands before them.
struct Bound {
  std::string_view name;
  int64_t most = 0;
};

// A target's, its model's, its credential's and its provider's.
inline constexpr size_t bounds_max = 4;

// What the probe of the lane that is kept under `key` is called. Lanes whose models clients name have one for each target:
// a name that a client makes up takes no room.
std::string probe_name(std::string_view key);

// What an attempt holds of its lane's bounds: gives it back when it goes, however it goes.
class Place {
 public:
  Place() = default;
  Place(Place&& other) noexcept { swap(other); }
  Place& operator=(Place&& other) noexcept {
    Place(std::move(other)).swap(*this);
    return *this;
  }
  ~Place() { give_back(); }

  void give_back();
  bool held() const { return count_ > 0; }
  bool holds(uint32_t slot) const;

 private:
  friend class Places;
  void swap(Place& other) noexcept {
    std::swap(places_, other.places_);
    std::swap(slots_, other.slots_);
    std::swap(count_, other.count_);
  }

  Places* places_ = nullptr;
  std::array<uint32_t, bounds_max> slots_{};
  uint8_t count_ = 0;
};

// The one attempt that finds out whether a half-open lane serves again: nobody else's while it goes on, on any thread.
class Probe {
 public:
  Probe() = default;
  Probe(Probe&& other) noexcept { swap(other); }
  Probe& operator=(Probe&& other) noexcept {
    Probe(std::move(other)).swap(*this);
    return *this;
  }
  ~Probe() { end(); }

  // The next one may begin.
  void end() {
    if (is_held()) end_at(INT64_MIN);
  }
  // Likewise from `ends_ms` on, of the monotonic clock.
  void end_at(int64_t ends_ms);
  bool is_held() const { return places_ != nullptr; }

 private:
  friend class Places;
  void swap(Probe& other) noexcept {
    std::swap(places_, other.places_);
    std::swap(slot_, other.slot_);
    std::swap(until_ms_, other.until_ms_);
  }

  Places* places_ = nullptr;
  uint32_t slot_ = 0;
  int64_t until_ms_ = 0;
};

// One who waits in a queue: leaves it when it goes.
class Waiting {
 public:
  Waiting() = default;
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() { leave(); }

  void leave();
  bool in_queue() const { return places_ != nullptr; }
  uint64_t ticket() const { return ticket_; }
  // Whether nobody in the queue has waited longer, on any thread.
  bool is_first() const;

 private:
  friend class Places;
  Places* places_ = nullptr;
  uint32_t queue_ = 0;
  uint64_t ticket_ = Permits::no_ticket;
};

class Places {
 public:
  explicit Places(PermitsShare share) : share_(std::move(share)) {}

  // A place of each of `bounds`, at most bounds_max, or none of any: then false. With no bounds it touches nothing.
  bool take(std::span<const Bound> bounds, Place& place);
  // Whether there would be one now, when what `own` holds is given back.
  bool has_room(std::span<const Bound> bounds, const Place& own = {});
  // The probe of the lane that is kept under `key`, if no thread has it.
  bool take_probe(std::string_view key, int64_t now_ms, Probe& probe);
  // How many are taken, on all threads.
  int64_t held(const Bound& bound) { return permits().held(permits().slot_of(bound.name)); }

  // Joins the queue of a route as its last, if fewer than `most` wait there; false: it is full.
  bool join(std::string_view route, int64_t most, Waiting& waiting);
  // How many wait for `route`, on all threads.
  int64_t waiting(std::string_view route);

  // Whose turn it has become since the last call; of whichever gateway. Valid until the next change.
  std::span<const Permits::Turn> turns() const { return turns_; }
  void clear_turns() { turns_.clear(); }
  // Has `ticket` of this gateway's own told.
  void give_turn(uint64_t ticket) { add_turn({share_.gateway, ticket}); }
  uint64_t next_ticket() { return permits().next_ticket(); }

  Permits& permits();

 private:
  friend class Place;
  friend class Probe;
  friend class Waiting;
  struct Line {
    uint32_t queue = 0;
    std::vector<uint64_t> tickets;  // of this gateway's, the oldest first
  };

  Line& line_of(uint32_t queue);
  void leave(uint32_t queue, uint64_t ticket);
  void give_turns();
  void add_turn(Permits::Turn turn);

  PermitsShare share_;
  std::vector<Line> lines_;  // one for each queue that was ever used here
  std::vector<Permits::Turn> turns_;
};

}  // namespace signalbox::routing
