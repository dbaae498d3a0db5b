// From a model's name to lanes in order.
#include <catch2/catch.hpp>

#include "dialects/canonical/effort.h"
#include "routing/plan.h"
#include "routing/takes.h"
#include "routing/thinking_suffix.h"

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

TEST_CASE("takes: a request that is surely too long for a small bound is not asked of it", "[plan]") {
  Lane lane;
  lane.takes.tokens_max = 100;
  TaskFacts known;
  for (const auto& [tokens, taking] : {std::pair(100, Taking::whole), std::pair(134, Taking::partly),
                                       std::pair(135, Taking::no), std::pair(199, Taking::no)}) {
    known.tokens = tokens;
    CHECK(taking_of(lane, known).taking == taking);
  }
}

TEST_CASE("lanes stand in the order of targets and credentials", "[plan]") {
  Arena arena;
  Health health(1);
  const Config config = two_providers();
  Plan plan = choose(config, health, asking("sonnet"), 1000, arena);
  REQUIRE(plan.lanes.size() == 3);
  CHECK(plan.lanes[0]->name == "a/one/claude-sonnet");
  CHECK(plan.lanes[1]->name == "a/two/claude-sonnet");
  CHECK(plan.lanes[2]->name == "b//sonnet");
  CHECK(plan.lanes[2]->credential.empty());
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
  CHECK(plan.lanes[0]->name == "b//sonnet");
  CHECK(plan.lanes[1]->name == "a/two/claude-sonnet");
  CHECK(plan.lanes[2]->name == "a/one/claude-sonnet");
  CHECK(choose(config, health, asking("sonnet"), 6'000, arena).lanes[0]->name == "a/two/claude-sonnet");
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

TEST_CASE("the local suffix [1m] is no part of an upstream's name (strip_one_m_suffix_for_upstream)", "[plan]") {
  Arena arena;
  Health health(1);
  const Config config = two_providers();
  for (const char* asked : {"claude-opus[1m]", "claude-opus[1M]", "claude-opus"}) {
    INFO(asked);
    Plan plan = choose(config, health, asking(asked), 0, arena);
    REQUIRE(plan.lanes.size() == 1);
    CHECK(plan.lanes[0]->upstream_model == "claude-opus");
    CHECK(plan.lanes[0]->name == "b//claude-opus");
  }
  Plan named = choose(config, health, asking("sonnet[1m]"), 0, arena);
  REQUIRE(named.lanes.size() == 3);
  CHECK(named.lanes[0]->upstream_model == "claude-sonnet");
  CHECK(named.lanes[2]->upstream_model == "sonnet");
  CHECK(without_local_suffix("[1m]") == "[1m]");
  CHECK(without_local_suffix("") == "");
  CHECK(without_local_suffix("x[1m]y") == "x[1m]y");
  CHECK(without_local_suffix("x[2m]") == "x[2m]");
}

TEST_CASE("a route that names the suffix serves it, and a catch-all does not take it from the bare name", "[plan]") {
  Config config = two_providers();
  config.routes.clear();
  for (const char* match : {"opus", "opus[1m]", "haiku", "*"}) config.routes.push_back({match, {{1, ""}}});
  CHECK(find_route(config, "opus[1m]")->match == "opus[1m]");
  CHECK(find_route(config, "opus")->match == "opus");
  CHECK(find_route(config, "opus[1M]")->match == "opus");
  CHECK(find_route(config, "haiku[1m]")->match == "haiku");
  CHECK(find_route(config, "sonnet[1m]")->match == "*");
  config.routes.erase(config.routes.begin() + 3);
  CHECK(find_route(config, "sonnet[1m]") == nullptr);
  config.routes.insert(config.routes.begin(), Route{"*", {{1, ""}}});
  CHECK(find_route(config, "opus[1m]")->match == "*");  // file order, where both mean the name
}

TEST_CASE("an alias for Claude Code's discovery is the name that it stands for, whatever takes claude-*", "[plan]") {
  Arena arena;
  Health health(1);
  Config config = two_providers();
  config.routes.insert(config.routes.begin(), Route{"claude-*", {{1, ""}}});
  config.routes.push_back({"opus[1m]", {{1, ""}}});
  for (const char* asked : {"claude-sb-sonnet", "claude-sb-sonnet[1m]", "claude-sb-sonnet[1M]"}) {
    INFO(asked);
    CHECK(own_name(config, asked) == "sonnet");
    const Plan plan = choose(config, health, asking(asked), 0, arena);
    REQUIRE(plan.lanes.size() == 3);
    CHECK(plan.route->match == "sonnet");
    CHECK(plan.lanes[0]->upstream_model == "claude-sonnet");
    CHECK(plan.lanes[2]->name == "b//sonnet");
  }
  CHECK(find_route(config, "claude-sb-opus[1m]")->match == "opus[1m]");
  // What stands for no name of the catalogue is no alias, and names are not aliases of others.
  CHECK(without_alias(config, "claude-sb-haiku") == "claude-sb-haiku");
  CHECK(without_alias(config, "claude-sb-") == "claude-sb-");
  CHECK(without_alias(config, "claude-sb-claude-sb-sonnet") == "claude-sb-claude-sb-sonnet");
  CHECK(without_alias(config, "sonnet") == "sonnet");
  CHECK(find_route(config, "claude-sb-haiku")->match == "claude-*");
  CHECK(choose(config, health, asking("claude-sb-haiku"), 0, arena).lanes[0]->upstream_model == "claude-sb-haiku");
  config.routes.push_back({"claude-sb-sonnet", {{1, ""}}});
  CHECK(without_alias(config, "claude-sb-sonnet") == "claude-sb-sonnet");
  CHECK(without_alias(config, "claude-sb-sonnet[1m]") == "claude-sb-sonnet[1m]");
  // A models entry that no route takes is not in the catalogue.
  config.models.push_back({"lost", 0, "x", 0, 0});
  CHECK(without_alias(config, "claude-sb-lost") == "claude-sb-lost");
}

TEST_CASE("names that Claude Code's discovery shows need no alias", "[plan]") {
  Arena arena;
  CHECK(alias_of("sonnet", arena) == "claude-sb-sonnet");
  CHECK(alias_of("my-claude", arena) == "claude-sb-my-claude");
  CHECK(alias_of("claude-opus", arena).empty());
  CHECK(alias_of("anthropic/opus", arena).empty());
}

TEST_CASE("plan: how much thinking a name asks for, where that is on and the name is nobody's own", "[plan]") {
  Config config;
  config.providers.resize(1);
  config.providers[0].name = "a";
  for (const char* match : {"own(high)", "sonnet", "*"}) config.routes.push_back({match, {{0, ""}}});
  CHECK_FALSE(without_thinking(config, "sonnet(high)").thinking.any());
  CHECK(find_route(config, "sonnet(high)")->match == "*");

  config.thinking_suffix = ThinkingSuffix::on;
  const auto said = [&](std::string_view name) {
    const SuffixedName found = without_thinking(config, name);
    return std::string(found.name) + " " + std::to_string(found.thinking.effort) + " " +
           std::to_string(found.thinking.budget_tokens);
  };
  CHECK(said("sonnet(high)") == "sonnet 5 -1");
  CHECK(said("sonnet(none)") == "sonnet 1 -1");
  CHECK(said("sonnet(auto)") == "sonnet 5 -1");
  CHECK(said("sonnet(-1)") == "sonnet 5 -1");
  CHECK(said("sonnet(8192)[1M]") == "sonnet 0 8192");
  for (const char* name : {"sonnet", "sonnet(free)", "(high)", "sonnet(high) ", "sonnet()", "sonnet(-2)", "own(high)",
                           "sonnet(99999999999999999999)", "sonnet(8192", ")", "", "sonnet(HIGH)"}) {
    INFO(name);
    CHECK(said(name) == std::string(name) + " 0 -1");
  }
  CHECK(find_route(config, "sonnet(high)")->match == "sonnet");
  CHECK(find_route(config, "own(high)")->match == "own(high)");
  CHECK(own_name(config, "sonnet(8192)[1m]") == "sonnet");
  // One that a model's entry has is a name as well.
  config.models.emplace_back();
  config.models.back().upstream_model = "x(low)";
  CHECK(said("a/x(low)") == "a/x(low) 0 -1");
  CHECK(said("a/y(low)") == "a/y 3 -1");
}

TEST_CASE("plan: the words for thinking are those of the ladder, in its order", "[plan]") {
  Config config;
  config.thinking_suffix = ThinkingSuffix::on;
  for (int effort = 1; effort <= int(canonical::Effort::max); ++effort) {
    const std::string name = "m(" + std::string(canonical::word_of(canonical::Effort(effort))) + ")";
    CHECK(without_thinking(config, name).thinking.effort == effort);
  }
}
