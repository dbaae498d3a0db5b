// The accounts of all clients, bounded.
//
// Keys are configured and so are few; each has an account of its own for as long as the process lives. Addresses are
// anybody's: they stand in a table of sets of set_size places, found by a hash whose seed nobody outside knows.
//
//   A place is taken again only when its account is as a new one would be. So nobody gets rid of what he has used by
//   coming with many addresses, and nobody pushes others out.
//   Where all places of a set are in use, a newcomer shares an account with others of his part of the network (the
//   first 16 bits of an IPv4 address, 48 of an IPv6 one): a crowd of addresses from one place is one client.
//
// An account that is open, or not as new, never moves: its index serves until the share is settled.
#pragma once

#include <string>
#include <vector>

#include "limits/account.h"

namespace signalbox::limits {

// Where to look for an address's account: enough that a set is full long after the half of the table is.
inline constexpr size_t set_size = 16;
// Accounts for those that find no place.
inline constexpr size_t shared_accounts = 256;
// Configured are at most 1024 at a time (schema.cpp); the others are names of before.
inline constexpr size_t keys_max = 4096;

class Ledger final : public ClientLedger {
 public:
  explicit Ledger(int64_t addresses_max);

  Taken take(const Client& client, const ClientLimits& limits, const std::array<uint8_t, 16>& random, Now now) override;
  Standing reserve(Share& share, const ClientLimits& limits, int64_t tokens, Now now) override;
  void settle(Share& share, int64_t tokens) override;
  size_t look(const Client& client, const ClientLimits& limits, Now now,
              std::array<Standing, 4>& standings) const override;
  bool enter(int64_t exchanges_max) override;
  void leave() override { exchange_count_ -= exchange_count_ > 0; }

  // How much memory the addresses take, in bytes; at most that of all of them.
  size_t address_bytes() const { return places_.capacity() * sizeof(Place); }

 private:
  struct Key {
    std::string name;
    Account account;
  };
  struct Place {
    Address address;  // not known: shared, or never used
    Account account;
  };

  // Accounts by number: keys first, from keys_max on places.
  Account& account(uint32_t number);
  uint32_t key_number(std::string_view name) const;
  uint32_t take_key(std::string_view name, Now now);
  size_t set_of(const Address& address) const;
  size_t shared_of(const Address& address) const;
  uint32_t take_place(const Address& address, Now now);

  size_t set_count_;
  uint64_t seed_ = 0;
  std::vector<Key> keys_;      // in the order of coming
  std::vector<Place> places_;  // the sets, then the shared ones; empty until the first address
  int64_t exchange_count_ = 0;
};

}  // namespace signalbox::limits
