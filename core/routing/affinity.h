// Where conversations stay that are not where their hash puts them: they were moved, or put where the load, the price
// or the time of the moment said. All others need no memory.
//
// A table of fixed size in sets of eight. Who comes when a set is full takes the place of one whose time is over, else
// of one that has asked only once, and the oldest of these: a client that makes up sessions drives out its own. What is
// lost costs a prompt cache, never an answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace signalbox::routing {

// More conversations than one gateway has within the five minutes that caches live, in 384 KB, which are taken when the
// first is remembered.
inline constexpr size_t conversations_max = 16'384;

class AffinityTable {
 public:
  // The key of the lane where `session` is; 0: nowhere in particular.
  uint64_t lane_of(uint64_t session, int64_t now_ms) const;

  // `session` is at `lane` until `until_ms`.
  void remember(uint64_t session, uint64_t lane, int64_t until_ms, int64_t now_ms);

  // When its stay ends; 0 where there is none.
  int64_t until_ms(uint64_t session, int64_t now_ms) const;

  void forget(uint64_t session);

  size_t count(int64_t now_ms) const;

 private:
  struct Stay {
    uint64_t session = 0;
    uint64_t lane = 0;
    int64_t until_ms = 0;
    bool again = false;  // it has asked a second time
  };
  static constexpr size_t ways = 8;
  const Stay* find(uint64_t session) const;

  std::vector<Stay> stays_;
};

}  // namespace signalbox::routing
