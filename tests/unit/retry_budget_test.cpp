// How many second attempts a provider gets.
#include <catch2/catch.hpp>
#include <string>

#include "routing/retry_budget.h"

using signalbox::routing::RetryBudget;

namespace {

int taken(RetryBudget& budget, std::string_view provider, int64_t percent, int64_t now_ms) {
  int count = 0;
  while (count < 100'000 && budget.take(provider, percent, now_ms)) ++count;
  return count;
}

}  // namespace

TEST_CASE("retry budget: whoever is new or quiet has a few second attempts", "[retry_budget]") {
  RetryBudget budget;
  CHECK(taken(budget, "a", 20, 0) == RetryBudget::quiet_tokens);
  CHECK(taken(budget, "a", 20, 999) == 0);
  CHECK(taken(budget, "a", 20, 1'000) == 1);
  CHECK(taken(budget, "a", 20, 3'500) == 2);
  // The half second that was left is not lost.
  CHECK(taken(budget, "a", 20, 4'000) == 1);
  CHECK(taken(budget, "a", 20, INT64_MAX) == RetryBudget::quiet_tokens);
}

TEST_CASE("retry budget: first attempts pay for a share of second ones", "[retry_budget]") {
  RetryBudget budget;
  taken(budget, "a", 20, 0);
  for (int i = 0; i < 4; ++i) budget.pay_in("a", 20, 0);
  CHECK_FALSE(budget.take("a", 20, 0));
  budget.pay_in("a", 20, 0);
  CHECK(taken(budget, "a", 20, 0) == 1);
  for (int i = 0; i < 50; ++i) budget.pay_in("a", 100, 0);
  CHECK(taken(budget, "a", 100, 0) == 50);
}

TEST_CASE("retry budget: savings are bounded, and time adds nothing to them", "[retry_budget]") {
  RetryBudget budget;
  for (int i = 0; i < 100'000; ++i) budget.pay_in("a", 20, 0);
  CHECK(taken(budget, "a", 20, 0) == RetryBudget::tokens_max);
  for (int i = 0; i < 100; ++i) budget.pay_in("a", 20, 0);  // 20 tokens
  CHECK(taken(budget, "a", 20, 60'000) == 20);
}

TEST_CASE("retry budget: with 0 percent there is no second attempt", "[retry_budget]") {
  RetryBudget budget;
  for (int i = 0; i < 1'000; ++i) budget.pay_in("a", 0, 0);
  CHECK_FALSE(budget.take("a", 0, 1'000'000));
  CHECK(taken(budget, "a", 20, 1'000'000) == RetryBudget::quiet_tokens);
}

TEST_CASE("retry budget: one provider's trouble is not another's", "[retry_budget]") {
  RetryBudget budget;
  taken(budget, "a", 20, 0);
  CHECK(taken(budget, "b", 20, 0) == RetryBudget::quiet_tokens);
}

TEST_CASE("retry budget: a clock that goes back, or far, does no harm", "[retry_budget]") {
  RetryBudget budget;
  taken(budget, "a", 20, 1'000'000);
  CHECK_FALSE(budget.take("a", 20, 0));
  CHECK_FALSE(budget.take("a", 20, INT64_MIN));
  CHECK_FALSE(budget.take("a", 20, 1'000'000));
  CHECK(budget.take("a", 20, 1'001'000));
  for (int64_t percent : {INT64_MAX, INT64_MIN}) budget.pay_in("a", percent, 1'001'000);
  CHECK(taken(budget, "a", 20, 1'001'000) == 1);
  CHECK_FALSE(budget.take("early", 0, INT64_MIN));
  CHECK(taken(budget, "early", 20, INT64_MIN) == RetryBudget::quiet_tokens);
  CHECK(taken(budget, "early", 20, INT64_MAX) == RetryBudget::quiet_tokens);
}

TEST_CASE("retry budget: no more providers are kept than the bound", "[retry_budget]") {
  RetryBudget budget;
  taken(budget, "used", 20, 0);
  for (size_t i = 0; i < 3 * RetryBudget::providers_max; ++i) {
    budget.pay_in("invented " + std::to_string(i), 20, int64_t(i) / 1000);
    budget.take("used", 20, int64_t(i) / 1000 + 1);  // stays because it is used, and stays empty
  }
  CHECK(budget.provider_count() == RetryBudget::providers_max);
  CHECK_FALSE(budget.take("used", 20, 4));
}
