// What must hold of limits of clients (docs/limits.md). Each gateway of the simulation counts by itself, as instances and isolates
// do; within one the count is exact.
#include <algorithm>

#include "rules.h"

namespace signalbox::simulation {
namespace {

constexpr int64_t parts = 60'000;  // of a request, so that a rate by the minute comes out even in milliseconds
constexpr int64_t unix_begin_ms = 1'790'000'000'000;

}  // namespace

void Rules::came(const Asked& asked, bool limited, int64_t now_ms) {
  const LimitsSpec& limits = setting(asked).limits;
  const bool refused = limited && asked.finished && asked.status == 429;
  if (!limits.any()) return check(!refused, "nobody is limited who has no limits", asked, "");
  Account& account = accounts_[asked.client->gateway];
  const int64_t most = limits.burst * parts;
  account.level = account.level < 0
                      ? most
                      : std::min(most, account.level + (now_ms - account.filled_ms) * limits.requests_per_minute);
  account.filled_ms = now_ms;
  const int64_t window = limits.window_ms > 0 ? (unix_begin_ms + now_ms) / limits.window_ms : 0;
  if (window != account.window) account.window = window, account.window_count = 0;
  const auto open = std::count_if(all_.begin(), all_.end(), [&](const auto& each) {
    return each && each.get() != &asked && !each->finished && each->client->gateway == asked.client->gateway;
  });
  const bool used_up = (limits.requests_per_minute > 0 && account.level < parts) ||
                       (limits.concurrent_max > 0 && open >= limits.concurrent_max) ||
                       (limits.window_requests_max > 0 && account.window_count >= limits.window_requests_max);
  const std::string state = std::to_string(account.level) + " parts left, " + std::to_string(open) + " open, " +
                            std::to_string(account.window_count) + " in the window";
  check(!refused || used_up, "nobody is limited before it is used up", asked, state);
  check(refused || !used_up, "no limit is exceeded", asked, state);
  check(!refused || asked.retry_after, "a limit is told as one", asked, "without retry-after");
  if (refused) return;
  account.level = std::max<int64_t>(account.level - parts, 0);
  ++account.window_count;
}

}  // namespace signalbox::simulation
