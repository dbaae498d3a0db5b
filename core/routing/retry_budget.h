// How many second attempts a provider gets. A second attempt is one at a provider that has already failed in
// the same exchange: when a provider is in trouble, everybody's second attempts are what keeps it there.
//
// Each provider has an account of tokens. A first attempt pays in a share of one (`percent`), a second
// attempt costs one. Time pays in a little too, up to quiet_tokens only, so that somebody who asks rarely
// has always a few. Who asks much and well saves up to tokens_max for a bad moment.
//
// Whole numbers, thousandths of a token: every build decides alike. Each gateway has its own accounts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace signalbox::routing {

class RetryBudget {
 public:
  // What an account begins with, and what time alone fills it up to.
  static constexpr int64_t quiet_tokens = 10;
  static constexpr int64_t tokens_max = 100;
  static constexpr int64_t tokens_per_second = 1;
  // Accounts kept; the one that was used the longest ago goes.
  static constexpr size_t providers_max = 1024;

  // A first attempt at `provider` is made. `percent`: Failover::retry_budget_percent.
  void pay_in(std::string_view provider, int64_t percent, int64_t now_monotonic_ms);

  // Whether a second attempt at `provider` may be made. With 0 percent none may.
  bool has(std::string_view provider, int64_t percent, int64_t now_monotonic_ms);
  // The same; it is paid for then.
  bool take(std::string_view provider, int64_t percent, int64_t now_monotonic_ms);

  size_t provider_count() const { return accounts_.size(); }

 private:
  struct Account {
    int64_t thousandths = quiet_tokens * 1000;
    int64_t used_at_ms = 0;
  };

  Account& account_of(std::string_view provider, int64_t now_monotonic_ms);

  std::map<std::string, Account, std::less<>> accounts_;
};

}  // namespace signalbox::routing
