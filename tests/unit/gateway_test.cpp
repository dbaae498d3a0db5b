// What a gateway keeps over another configuration, and what of it others get to hear: the rows of docs/state.md.
#include "signalbox/gateway.h"

#include <catch2/catch.hpp>

#include "routing/health.h"
#include "routing/refusals.h"
#include "routing/retry_budget.h"
#include "tokens/calibration.h"

using namespace signalbox;

namespace {

constexpr int64_t now_unix_ms = 1'700'000'000'000;
constexpr std::string_view lane = "a/main/m";

void teach(Gateway& gateway) {
  gateway.health().cool(lane, now_unix_ms + 60'000, now_unix_ms);
  gateway.refusals().remember(lane, "context_management", 0);
  gateway.retry_budget().pay_in("a", 20, 0);
  gateway.calibration().learn(lane, 1000, 1500);
}

std::shared_ptr<const Config> empty_config() { return std::make_shared<const Config>(); }

}  // namespace

TEST_CASE("gateway: another configuration forgets nothing that was learnt") {
  Gateway gateway(empty_config(), Capabilities{}, 1);
  teach(gateway);
  gateway.adopt(empty_config());
  CHECK(gateway.health().cooled(lane, now_unix_ms));
  CHECK(gateway.refusals().lane_count() == 1);
  CHECK(gateway.retry_budget().provider_count() == 1);
  CHECK(gateway.calibration().has_learnt(lane));
}

TEST_CASE("gateway: a snapshot tells of cool-downs and of nothing else") {
  Gateway gateway(empty_config(), Capabilities{}, 1), other(empty_config(), Capabilities{}, 2);
  teach(gateway);
  REQUIRE(other.merge(gateway.snapshot()));
  CHECK(other.health().cooled(lane, now_unix_ms));
  CHECK(other.refusals().lane_count() == 0);
  CHECK(other.retry_budget().provider_count() == 0);
  CHECK_FALSE(other.calibration().has_learnt(lane));
}
