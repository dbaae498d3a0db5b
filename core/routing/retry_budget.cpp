#include "routing/retry_budget.h"

#include <algorithm>

namespace signalbox::routing {

// The account as time has left it.
RetryBudget::Account& RetryBudget::account_of(std::string_view provider, int64_t now_monotonic_ms) {
  auto place = accounts_.find(provider);
  if (place == accounts_.end()) {
    if (accounts_.size() >= providers_max) {
      accounts_.erase(std::min_element(accounts_.begin(), accounts_.end(), [](const auto& a, const auto& b) {
        return a.second.used_at_ms < b.second.used_at_ms;
      }));
    }
    place = accounts_.emplace(std::string(provider), Account()).first;
    place->second.used_at_ms = now_monotonic_ms;
    return place->second;
  }
  Account& account = place->second;
  // A token a second is a thousandth a millisecond. More than fills the account makes no difference, and the
  // distance of any two instants fits when it has no sign.
  constexpr uint64_t full_ms = quiet_tokens * 1000 / tokens_per_second;
  const bool forward = now_monotonic_ms > account.used_at_ms;
  const uint64_t passed_ms = forward ? uint64_t(now_monotonic_ms) - uint64_t(account.used_at_ms) : 0;
  const int64_t flowed = int64_t(std::min(passed_ms, full_ms)) * tokens_per_second;
  if (account.thousandths < quiet_tokens * 1000)
    account.thousandths = std::min(account.thousandths + flowed, quiet_tokens * 1000);
  account.used_at_ms = std::max(account.used_at_ms, now_monotonic_ms);
  return account;
}

void RetryBudget::pay_in(std::string_view provider, int64_t percent, int64_t now_monotonic_ms) {
  Account& account = account_of(provider, now_monotonic_ms);
  account.thousandths = std::min(account.thousandths + std::clamp<int64_t>(percent, 0, 100) * 10, tokens_max * 1000);
}

bool RetryBudget::has(std::string_view provider, int64_t percent, int64_t now_monotonic_ms) {
  return percent > 0 && account_of(provider, now_monotonic_ms).thousandths >= 1000;
}

bool RetryBudget::take(std::string_view provider, int64_t percent, int64_t now_monotonic_ms) {
  if (!has(provider, percent, now_monotonic_ms)) return false;
  account_of(provider, now_monotonic_ms).thousandths -= 1000;
  return true;
}

}  // namespace signalbox::routing
