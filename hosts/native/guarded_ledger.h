// The one account of clients that all threads share, behind a lock: exact, and asked twice or three times a request,
// never for a frame, and not at all where no client has a limit (docs/decisions/0010). Held for tens of nanoseconds.
#pragma once

#include <memory>
#include <mutex>

#include "signalbox/client_ledger.h"

namespace signalbox::native {

class GuardedLedger final : public ClientLedger {
 public:
  explicit GuardedLedger(int64_t addresses_max) : ledger_(make_client_ledger(addresses_max)) {}

  Taken take(const Client& client, const ClientLimits& limits, const std::array<uint8_t, 16>& random,
             Now now) override {
    const std::lock_guard lock(mutex_);
    return ledger_->take(client, limits, random, now);
  }
  Standing reserve(Share& share, const ClientLimits& limits, int64_t tokens, Now now) override {
    const std::lock_guard lock(mutex_);
    return ledger_->reserve(share, limits, tokens, now);
  }
  void settle(Share& share, int64_t tokens) override {
    if (!share.held()) return;
    const std::lock_guard lock(mutex_);
    ledger_->settle(share, tokens);
  }
  size_t look(const Client& client, const ClientLimits& limits, Now now,
              std::array<Standing, 4>& standings) const override {
    const std::lock_guard lock(mutex_);
    return ledger_->look(client, limits, now, standings);
  }
  bool enter(int64_t exchanges_max) override {
    const std::lock_guard lock(mutex_);
    return ledger_->enter(exchanges_max);
  }
  void leave() override {
    const std::lock_guard lock(mutex_);
    ledger_->leave();
  }

 private:
  mutable std::mutex mutex_;
  std::unique_ptr<ClientLedger> ledger_;
};

}  // namespace signalbox::native
