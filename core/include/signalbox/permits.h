// What must be exact over all gateways of a process: how many requests a bound lets through at a time, who probes
// a lane that was out, and whose turn it is to get a place that came free. Counters in a fixed table, each an
// atomic: no lock, no waiting, and nothing is touched where no bound is configured.
//
// One host owns one Permits and gives it to each of its gateways (PermitsShare). Entries belong to configured names,
// so a reload keeps what is held. Names stay until the process ends, and there is room for `names_max` of them; a
// name beyond it is not bounded (`no_slot`), for a bound that cannot be counted must not refuse anybody.
//
// What the members do across threads rests on sequential consistency, which is what std::atomic has by default:
// who queues says so first and looks for a place then, and who gives one back does that first and looks for who
// queues then, so that one of the two sees the other.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace signalbox {

class Permits {
 public:
  static constexpr size_t names_max = 2048;  // bounded targets, providers and credentials of a large team: hundreds
  static constexpr size_t queues_max = 64;   // routes whose requests may wait
  static constexpr uint32_t no_slot = UINT32_MAX;
  static constexpr uint64_t no_ticket = 0;

  // For as many gateways, numbered from 0.
  explicit Permits(uint32_t gateways_max = 1);

  // The entry of a configured name; the same for all threads, for ever. `no_slot` when there is no room.
  uint32_t slot_of(std::string_view name);

  // One more place of `slot`, if fewer than `most` are held. Whoever got one gives it back once.
  bool take(uint32_t slot, int64_t most);
  void give_back(uint32_t slot);
  int64_t held(uint32_t slot) const { return slot == no_slot ? 0 : slots_[slot].held.load(); }

  // The one lease of `slot`, until `until_ms` of the monotonic clock, if nobody has it at `now_ms`. One that is not
  // ended ends by itself, so that a probe that came to nothing keeps nobody away for ever. Ending it takes the
  // instant that it was taken for, and does nothing to a later one's.
  bool lease(uint32_t slot, int64_t now_ms, int64_t until_ms);
  void end_lease(uint32_t slot, int64_t until_ms) { move_lease(slot, until_ms, INT64_MIN); }
  // Has it end at `ends_ms` instead.
  void move_lease(uint32_t slot, int64_t until_ms, int64_t ends_ms);

  // The queue of a configured name, `no_slot` when there is no room: then nobody waits there.
  uint32_t queue_of(std::string_view name);
  // Who comes later gets a larger one, over all queues. Never no_ticket.
  uint64_t next_ticket() { return ++tickets_; }
  // One more who waits, if fewer than `most` do.
  bool enter(uint32_t queue, int64_t most);
  void leave(uint32_t queue);
  int64_t waiting(uint32_t queue) const { return queue == no_slot ? 0 : queues_[queue].waiting.load(); }
  int64_t waiting() const { return waiting_.load(); }
  // Says who has waited longest among those of `gateway`; no_ticket: nobody waits there. Each gateway says it of itself.
  void set_first(uint32_t queue, uint32_t gateway, uint64_t ticket);

  // Who has waited longest of all.
  struct Turn {
    uint32_t gateway = 0;
    uint64_t ticket = no_ticket;
  };
  Turn first(uint32_t queue) const;

 private:
  struct Slot {
    std::atomic<uint64_t> key{0};  // 0: free; a name's hash. Taken once and kept
    std::atomic<uint32_t> held{0};
    std::atomic<int64_t> leased_until_ms{INT64_MIN};
  };
  struct Queue {
    std::atomic<uint64_t> key{0};
    std::atomic<uint32_t> waiting{0};
    std::unique_ptr<std::atomic<uint64_t>[]> firsts;  // by gateway
  };

  const uint32_t gateways_max_;
  std::unique_ptr<Slot[]> slots_;
  std::unique_ptr<Queue[]> queues_;
  std::atomic<uint64_t> tickets_{0};
  std::atomic<uint32_t> waiting_{0};
};

// Which Permits a gateway has, and which of those that share it it is: GiveTurn names it.
struct PermitsShare {
  std::shared_ptr<Permits> permits;  // null: it makes its own when it needs one
  uint32_t gateway = 0;
};

}  // namespace signalbox
