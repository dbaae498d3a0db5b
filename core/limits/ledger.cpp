#include "limits/ledger.h"

#include <algorithm>
#include <cstring>

#include "base/fnv.h"

namespace signalbox::limits {
namespace {

constexpr uint32_t first_place = uint32_t(keys_max);

// The hash of the first `bytes` of an address. FNV's last steps do too little for a table that takes the low bits.
uint64_t hash_of(const Address& address, size_t bytes, uint64_t seed) {
  uint64_t hash = base::fnv1a({reinterpret_cast<const char*>(address.bytes.data()), bytes}, seed ^ base::fnv1a_begin);
  hash = (hash ^ (hash >> 31)) * 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 29);
}

}  // namespace

Ledger::Ledger(int64_t addresses_max) : set_count_(std::max<size_t>(1, size_t(addresses_max) / set_size)) {}

Account& Ledger::account(uint32_t number) {
  return number < first_place ? keys_[number].account : places_[number - first_place].account;
}

uint32_t Ledger::key_number(std::string_view name) const {
  for (size_t i = 0; i < keys_.size(); ++i)
    if (keys_[i].name == name) return uint32_t(i);
  return Share::none;
}

uint32_t Ledger::take_key(std::string_view name, Now now) {
  if (const uint32_t known = key_number(name); known != Share::none) return known;
  if (keys_.size() < keys_max) {
    keys_.push_back({std::string(name), {}});
    return uint32_t(keys_.size() - 1);
  }
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (!keys_[i].account.as_new(now)) continue;
    keys_[i] = {std::string(name), {}};
    return uint32_t(i);
  }
  return uint32_t(keys_max - 1);
}

size_t Ledger::set_of(const Address& address) const {
  return size_t(hash_of(address, address.bytes.size(), seed_) % set_count_) * set_size;
}

size_t Ledger::shared_of(const Address& address) const {
  const bool v4 = std::all_of(address.bytes.begin(), address.bytes.begin() + 10, [](uint8_t b) { return b == 0; });
  return set_count_ * set_size + size_t(hash_of(address, v4 ? 14 : 6, seed_) % shared_accounts);
}

uint32_t Ledger::take_place(const Address& address, Now now) {
  const size_t set = set_of(address);
  size_t free = places_.size();
  for (size_t i = set; i < set + set_size; ++i) {
    if (places_[i].address == address) return first_place + uint32_t(i);
    if (free == places_.size() && places_[i].account.as_new(now)) free = i;
  }
  if (free == places_.size()) return first_place + uint32_t(shared_of(address));
  places_[free] = {address, {}};
  return first_place + uint32_t(free);
}

Ledger::Taken Ledger::take(const Client& client, const ClientLimits& limits, const std::array<uint8_t, 16>& random,
                           Now now) {
  uint32_t number;
  if (!client.key.empty()) {
    number = take_key(client.key, now);
  } else {
    if (places_.empty()) {
      std::memcpy(&seed_, random.data(), sizeof seed_);
      places_.resize(set_count_ * set_size + shared_accounts);
    }
    number = take_place(client.address, now);
  }
  Account& held = account(number);
  Taken taken;
  taken.standing = held.in_the_way(limits, now);
  if (taken.standing.of != ClientLimit::none) {
    taken.retry_ms = held.wait_ms(taken.standing.of, limits, now);
    return taken;
  }
  held.take(limits);
  taken.share.account = number;
  taken.share.window_end_unix_ms = held.window_end_unix_ms();
  taken.standing = held.nearest(limits, now);
  return taken;
}

Ledger::Standing Ledger::reserve(Share& share, const ClientLimits& limits, int64_t tokens, Now now) {
  if (!share.held() || limits.window_tokens_max <= 0) return {};
  Account& held = account(share.account);
  // The window may have turned while the request's body came: it is the new one that pays.
  held.refresh(limits, now);
  share.window_end_unix_ms = held.window_end_unix_ms();
  std::array<Standing, 4> standings;
  const size_t count = held.stand(limits, now, standings);
  const Standing& window = standings[count - 1];  // where there are tokens they stand last
  if (tokens > window.remaining) return window;
  held.add_tokens(share.window_end_unix_ms, tokens);
  share.reserved_tokens = tokens;
  return {};
}

void Ledger::settle(Share& share, int64_t tokens) {
  if (!share.held()) return;
  Account& held = account(share.account);
  held.give_back();
  held.add_tokens(share.window_end_unix_ms, tokens - share.reserved_tokens);
  share = {};
}

size_t Ledger::look(const Client& client, const ClientLimits& limits, Now now,
                    std::array<Standing, 4>& standings) const {
  Account copy;
  if (!client.key.empty()) {
    if (const uint32_t known = key_number(client.key); known != Share::none) copy = keys_[known].account;
  } else if (!places_.empty()) {
    const size_t set = set_of(client.address);
    bool room = false, found = false;
    for (size_t i = set; i < set + set_size && !found; ++i) {
      found = places_[i].address == client.address;
      if (found) copy = places_[i].account;
      room = room || places_[i].account.as_new(now);
    }
    if (!found && !room) copy = places_[shared_of(client.address)].account;
  }
  copy.refresh(limits, now);
  return copy.stand(limits, now, standings);
}

bool Ledger::enter(int64_t exchanges_max) {
  if (exchange_count_ >= exchanges_max) return false;
  ++exchange_count_;
  return true;
}

}  // namespace signalbox::limits

namespace signalbox {

std::unique_ptr<ClientLedger> make_client_ledger(int64_t addresses_max) {
  return std::make_unique<limits::Ledger>(addresses_max);
}

}  // namespace signalbox
