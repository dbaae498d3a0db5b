// From a model's name to lanes in order.
#include <catch2/catch.hpp>

#include "routing/plan.h"

using namespace signalbox;
using namespace signalbox::routing;

namespace {

Config two_providers() {
  Config config;
  config.providers.resize(2);
  config.providers[0].name = "a";
  config.providers[0].credentials = {"one", "two"};
  config.providers[1].name = "b";
  config.providers[1].passthrough = true;
  config.models.push_back({"sonnet", 0, "claude-sonnet", 200'000, 64'000});
  config.routes.push_back({"sonnet", {{0, "claude-sonnet"}, {1, ""}}, Accounting::on});
  config.routes.push_back({"claude-*", {{1, ""}}, Accounting::on});
  return config;
}

Facts asking(std::string_view model) {
  Facts facts;
  facts.model = model;
  return facts;
}

}  // namespace

TEST_CASE("lanes stand in the order of targets and credentials", "[plan]") {
  Arena arena;
  Health health(1);
  const Config config = two_providers();
  Plan plan = choose(config, health, asking("sonnet"), 1000, arena);
  REQUIRE(plan.lanes.size() == 3);
  CHECK(plan.lanes[0].name == "a/one/claude-sonnet");
  CHECK(plan.lanes[1].name == "a/two/claude-sonnet");
  CHECK(plan.lanes[2].name == "b//sonnet");
  CHECK(plan.lanes[2].credential.empty());
}

TEST_CASE("the first matching route serves, and none is none", "[plan]") {
  const Config config = two_providers();
  CHECK(find_route(config, "sonnet") == &config.routes[0]);
  CHECK(find_route(config, "claude-opus") == &config.routes[1]);
  CHECK(find_route(config, "gpt") == nullptr);
}

TEST_CASE("cooling lanes go behind, the soonest recovery first, and none is lost", "[plan]") {
  Arena arena;
  Health health(1);
  const Config config = two_providers();
  health.cool("a/one/claude-sonnet", 9'000, 1'000);
  health.cool("a/two/claude-sonnet", 5'000, 1'000);
  Plan plan = choose(config, health, asking("sonnet"), 2'000, arena);
  REQUIRE(plan.lanes.size() == 3);
  CHECK(plan.lanes[0].name == "b//sonnet");
  CHECK(plan.lanes[1].name == "a/two/claude-sonnet");
  CHECK(plan.lanes[2].name == "a/one/claude-sonnet");
  CHECK(choose(config, health, asking("sonnet"), 6'000, arena).lanes[0].name == "a/two/claude-sonnet");
}

TEST_CASE("a disabled provider has no lanes", "[plan]") {
  Arena arena;
  Health health(1);
  Config config = two_providers();
  config.providers[0].enabled = false;
  CHECK(choose(config, health, asking("sonnet"), 0, arena).lanes.size() == 1);
  config.providers[1].enabled = false;
  Plan plan = choose(config, health, asking("sonnet"), 0, arena);
  CHECK(plan.route != nullptr);
  CHECK(plan.lanes.empty());
}

TEST_CASE("the catalogue names what can be asked for outright, once", "[plan]") {
  Arena arena;
  const Config config = two_providers();
  auto names = catalogue(config, arena);
  REQUIRE(names.size() == 1);
  CHECK(names[0] == "sonnet");
}
