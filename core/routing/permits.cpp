#include "signalbox/permits.h"

#include "base/fnv.h"

namespace signalbox {
namespace {

uint64_t key_of(std::string_view name) {
  const uint64_t hash = base::fnv1a(name);
  return hash ? hash : 1;
}

// The entry of `key`, or the first free one, which is taken for it. All threads look in the same order and an entry is
// never given up, so no key gets two.
template <class Entry>
uint32_t find_or_take(Entry* entries, size_t count, uint64_t key) {
  for (size_t i = 0; i < count; ++i) {
    const size_t at = size_t(key + i) % count;
    uint64_t there = entries[at].key.load();
    if (there == 0 && entries[at].key.compare_exchange_strong(there, key)) return uint32_t(at);
    if (there == key) return uint32_t(at);
  }
  return Permits::no_slot;
}

}  // namespace

Permits::Permits(uint32_t gateways_max)
    : gateways_max_(gateways_max), slots_(new Slot[names_max]), queues_(new Queue[queues_max]) {
  for (size_t i = 0; i < queues_max; ++i) queues_[i].firsts.reset(new std::atomic<uint64_t>[gateways_max] {});
}

uint32_t Permits::slot_of(std::string_view name) { return find_or_take(slots_.get(), names_max, key_of(name)); }

bool Permits::take(uint32_t slot, int64_t most) {
  if (slot == no_slot) return true;
  std::atomic<uint32_t>& held = slots_[slot].held;
  uint32_t now = held.load();
  while (int64_t(now) < most)
    if (held.compare_exchange_weak(now, now + 1)) return true;
  return false;
}

void Permits::give_back(uint32_t slot) {
  if (slot != no_slot) --slots_[slot].held;
}

bool Permits::lease(uint32_t slot, int64_t now_ms, int64_t until_ms) {
  if (slot == no_slot) return true;
  std::atomic<int64_t>& leased = slots_[slot].leased_until_ms;
  int64_t until = leased.load();
  return until <= now_ms && leased.compare_exchange_strong(until, until_ms);
}

void Permits::move_lease(uint32_t slot, int64_t until_ms, int64_t ends_ms) {
  if (slot != no_slot) slots_[slot].leased_until_ms.compare_exchange_strong(until_ms, ends_ms);
}

uint32_t Permits::queue_of(std::string_view name) { return find_or_take(queues_.get(), queues_max, key_of(name)); }

bool Permits::enter(uint32_t queue, int64_t most) {
  if (queue == no_slot) return false;
  std::atomic<uint32_t>& waiting = queues_[queue].waiting;
  uint32_t now = waiting.load();
  while (int64_t(now) < most) {
    if (!waiting.compare_exchange_weak(now, now + 1)) continue;
    ++waiting_;
    return true;
  }
  return false;
}

void Permits::leave(uint32_t queue) {
  --queues_[queue].waiting;
  --waiting_;
}

void Permits::set_first(uint32_t queue, uint32_t gateway, uint64_t ticket) {
  if (gateway < gateways_max_) queues_[queue].firsts[gateway].store(ticket);
}

Permits::Turn Permits::first(uint32_t queue) const {
  Turn oldest;
  for (uint32_t gateway = 0; gateway < gateways_max_; ++gateway) {
    const uint64_t ticket = queues_[queue].firsts[gateway].load();
    if (ticket != no_ticket && (oldest.ticket == no_ticket || ticket < oldest.ticket)) oldest = {gateway, ticket};
  }
  return oldest;
}

}  // namespace signalbox
