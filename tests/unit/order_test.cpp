// Strategies, spread, places and affinity: the order of lanes as a function of what was seen. Where chance decides, the
// seeds are fixed and the bounds are those of thousands of draws.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "base/mix.h"
#include "config/json_source.h"
#include "config/read.h"
#include "routing/plan.h"
#include "routing/session_key.h"

using namespace signalbox;
using namespace signalbox::routing;

namespace {

// Requests of one gateway to the first route of a configuration.
struct World {
  Config config;
  LaneStats stats;
  AffinityTable stays;
  Health health{1};
  std::unique_ptr<LaneTable> table;
  Arena arena;
  int64_t now_ms = 1'000'000;
  uint64_t seed = 1;

  explicit World(const std::string& route, const std::string& providers = three) {
    const std::string text = "{\"providers\":{" + providers + "}," + route + "}";
    config::Source source = config::read_json_tree(text);
    config::ReadResult read = config::read(source.tree);
    for (const auto& problem : read.problems) FAIL_CHECK(config::sentence(problem));
    config = std::move(read.config);
    table = std::make_unique<LaneTable>(config, stats);
  }

  static constexpr const char* three =
      R"("a":{"dialect":"anthropic","base_url":"https://a.example","key":"${K}"},
         "b":{"dialect":"anthropic","base_url":"https://b.example","key":"${K}"},
         "c":{"dialect":"anthropic","base_url":"https://c.example","key":"${K}"})";

  Plan plan(std::string_view session = {}) {
    const Header header{"x-session-id", session};
    Asked asked{table.get(), &stays, {}, "{}", {}, base::mix(seed++), now_ms};
    if (!session.empty()) asked.headers = {&header, 1};
    Facts facts;
    facts.model = "m";
    return choose(config, health, facts, 1'000, arena, asked);
  }
  // Asks, and it is the first lane's turn.
  std::string ask(std::string_view session = {}) {
    const Plan chosen = plan(session);
    take_turn(chosen);
    std::string name(chosen.lanes[0]->name);
    arena.reset();
    return name;
  }
  void take_turn(const Plan& chosen) { LaneTable::take_turn(*chosen.prepared, *chosen.lanes[0], chosen.lanes, stats); }
  LaneStat& lane(std::string_view name) { return *stats.of(name); }
};

std::string route(const std::string& more, const std::string& targets = R"("a/x","b/x","c/x")") {
  return R"("routes":[{"match":"*","targets":[)" + targets + "]," + more + "}]";
}

std::map<std::string, int> counts(World& world, int requests, bool sessions = false) {
  std::map<std::string, int> found;
  for (int i = 0; i < requests; ++i) ++found[world.ask(sessions ? "s" + std::to_string(i) : std::string())];
  return found;
}

constexpr const char* loose = R"("affinity":{"by":"off"})";

}  // namespace

TEST_CASE("order: by default that of the file, and nothing is chosen") {
  World world(route(R"("strategy":"priority")"));
  CHECK(!world.plan().prepared->chooses);
  CHECK(world.ask("s") == "a/default/x");
  CHECK(world.ask("t") == "a/default/x");
}

TEST_CASE("order: round robin gives everybody a turn") {
  World world(route(std::string(R"("strategy":"round_robin",)") + loose));
  std::string turns;
  for (int i = 0; i < 7; ++i) turns += world.ask()[0];
  CHECK(turns == "abcabca");
  const Plan plan = world.plan();
  CHECK(plan.lanes[0]->name == "b/default/x");
  CHECK(plan.lanes[1]->name == "c/default/x");
  CHECK(plan.lanes[2]->name == "a/default/x");
}

TEST_CASE("order: weighted round robin mixes evenly, as nginx does") {
  World world(route(std::string(R"("strategy":"weighted",)") + loose,
                    R"({"model":"a/x","weight":5},{"model":"b/x","weight":1},"c/x")"));
  std::string turns;
  for (int i = 0; i < 14; ++i) turns += world.ask()[0];
  CHECK(turns == "aabacaaaabacaa");
}

TEST_CASE("order: random follows the weights") {
  World world(route(std::string(R"("strategy":"random",)") + loose,
                    R"({"model":"a/x","weight":6},{"model":"b/x","weight":3},"c/x")"));
  const auto found = counts(world, 20'000);
  CHECK(found.at("a/default/x") > 11'700);
  CHECK(found.at("a/default/x") < 12'300);
  CHECK(found.at("b/default/x") > 5'700);
  CHECK(found.at("b/default/x") < 6'300);
}

TEST_CASE("order: sessions go by weight too, each always to the same, and few move when a lane goes") {
  World world(route(R"("strategy":"weighted")", R"({"model":"a/x","weight":2},"b/x","c/x")"));
  const auto found = counts(world, 8'000, true);
  CHECK(found.at("a/default/x") > 3'800);
  CHECK(found.at("a/default/x") < 4'200);
  World fewer(route(R"("strategy":"weighted")", R"({"model":"a/x","weight":2},"b/x")"));
  for (int i = 0; i < 500; ++i) {
    const std::string session = "s" + std::to_string(i);
    const std::string at = world.ask(session);
    CHECK(world.ask(session) == at);
    if (at[0] != 'c') CHECK(fewer.ask(session) == at);
  }
}

TEST_CASE("order: the least busy for its weight") {
  World world(route(std::string(R"("strategy":"least_busy",)") + loose, R"({"model":"a/x","weight":3},"b/x","c/x")"));
  world.plan();
  world.lane("a/default/x").open = 4;
  world.lane("b/default/x").open = 2;
  world.lane("c/default/x").open = 3;
  CHECK(world.ask() == "a/default/x");
  world.lane("a/default/x").open = 7;
  CHECK(world.ask() == "b/default/x");
}

TEST_CASE("order: the fastest, who is not known once at a time, and who was slow long ago again") {
  World world(route(std::string(R"("strategy":"fastest",)") + loose));
  world.plan();
  const Usage none;
  world.stats.learn(world.lane("a/default/x"), {300, none}, world.now_ms);
  world.stats.learn(world.lane("b/default/x"), {200, none}, world.now_ms);
  CHECK(world.ask() == "c/default/x");
  world.lane("c/default/x").open = 1;
  CHECK(world.ask() == "b/default/x");
  world.stats.learn(world.lane("c/default/x"), {5'000, none}, world.now_ms);
  CHECK(world.ask() == "b/default/x");
  world.now_ms += 12 * latency_half_life_ms;
  world.stats.learn(world.lane("a/default/x"), {300, none}, world.now_ms);
  world.stats.learn(world.lane("b/default/x"), {200, none}, world.now_ms);
  CHECK(world.ask() == "c/default/x");
}

TEST_CASE("order: the cheapest, with what comes from caches") {
  World world(R"("models":{"one":{"provider":"a","upstream_model":"x","price":{"input":3,"output":15,"cache_read":0.3}},
                           "two":{"provider":"b","upstream_model":"x","price":{"input":1.5,"output":2}}},)" +
              route(std::string(R"("strategy":"cheapest",)") + loose, R"("one","two")"));
  CHECK(world.ask() == "b/default/x");
  LaneStat& cached = world.lane("a/default/x");
  cached.cached_permille = 1000;
  cached.output_tokens = world.lane("b/default/x").output_tokens = 0;
  CHECK(world.ask() == "a/default/x");
}

TEST_CASE("order: the most left of its limits, until they are reset") {
  World world(route(std::string(R"("strategy":"quota",)") + loose));
  world.plan();
  const auto left = [&](std::string_view lane, std::string_view remaining) {
    const Header headers[] = {{"x-ratelimit-limit-tokens", "1000"}, {"x-ratelimit-remaining-tokens", remaining}};
    world.lane(lane).headroom.see(headers, 500);
  };
  left("a/default/x", "100");
  left("b/default/x", "900");
  left("c/default/x", "300");
  const Plan plan = world.plan();
  CHECK(plan.lanes[0]->name == "b/default/x");
  CHECK(plan.lanes[1]->name == "c/default/x");
  CHECK(plan.lanes[2]->name == "a/default/x");
}

TEST_CASE("order: a provider's credentials have a spread of their own") {
  World world(R"("routes":[{"match":"*","targets":["a/x"],"affinity":{"by":"off"}}])",
              R"("a":{"dialect":"anthropic","base_url":"https://a.example","spread":"round_robin",
                     "credentials":[{"name":"one","key":"${K}"},{"name":"two","key":"${K}"}]})");
  CHECK(world.ask() == "a/one/x");
  CHECK(world.ask() == "a/two/x");
  CHECK(world.ask() == "a/one/x");
}

TEST_CASE("order: a seat counts among what its lane has open, once") {
  World world(route(R"("strategy":"least_busy")"));
  const Plan plan = world.plan();
  const std::string name(plan.lanes[0]->name);
  {
    Seat seat(*plan.lanes[0]);
    Seat moved = std::move(seat);
    CHECK(world.lane(name).open == 1);
    moved = Seat(*plan.lanes[0]);
    CHECK(world.lane(name).open == 1);
  }
  CHECK(world.lane(name).open == 0);
}

TEST_CASE("order: each kind of bound has its own name") {
  World world(R"("routes":[{"match":"*","targets":[{"model":"a/x","concurrent_max":3},"a/y","b/x"]}])",
              R"("a":{"dialect":"anthropic","base_url":"https://a.example","concurrent_max":2,
                     "credentials":[{"name":"one","key":"${K}","concurrent_max":1},{"name":"two","key":"${K}"}]},
                 "b":{"dialect":"anthropic","base_url":"https://b.example","key":"${K}"})");
  const auto bounds = [&](size_t lane) {
    std::string all;
    for (const Bound& bound : world.plan().lanes[lane]->bounds)
      all += std::string(bound.name) + "=" + std::to_string(bound.most) + ";";
    return all;
  };
  CHECK(bounds(0) == "target *>a/x=3;credential a/one=1;provider a=2;");
  CHECK(bounds(1) == "target *>a/x=3;provider a=2;");
  CHECK(bounds(2) == "credential a/one=1;provider a=2;");
  CHECK(bounds(4) == "");
}

TEST_CASE("order: who is switched off is not asked, and saves up no turns") {
  World world(route(std::string(R"("strategy":"weighted",)") + loose));
  world.health.turn("a", Switch::off, 1'000);
  for (int i = 0; i < 20; ++i) CHECK(world.ask() != "a/default/x");
  world.health.turn("a", Switch::on, 2'000);
  CHECK(counts(world, 9)["a/default/x"] <= 5);
}

TEST_CASE("order: a conversation stays where it was put, unless that has no place") {
  World world(route(R"("strategy":"least_busy")", R"({"model":"a/x","concurrent_max":9},"b/x","c/x")"));
  const Plan first = world.plan("s");
  REQUIRE(first.placement.session != 0);
  CHECK(first.placement.home == nullptr);
  world.plan();
  world.lane("a/default/x").open = 5;
  const uint64_t key = first.prepared->lanes[0].hash;
  world.stays.remember(first.placement.stay_key, key, world.now_ms + 1'000, world.now_ms);
  CHECK(world.ask("s") == "a/default/x");
  CHECK(world.ask("t") != "a/default/x");
  world.now_ms += 1'000;
  CHECK(world.ask("s") != "a/default/x");
}

TEST_CASE("order: a credential that the file has switched off is asked when somebody switches it on") {
  World world(R"("routes":[{"match":"*","targets":["a/x"]}])",
              R"("a":{"dialect":"anthropic","base_url":"https://a.example",
                     "credentials":[{"name":"one","key":"${K}","enabled":false},{"name":"two","key":"${K}"}]})");
  REQUIRE(world.plan().lanes.size() == 1);
  CHECK(world.plan().lanes[0]->name == "a/two/x");
  world.health.turn("a/one", Switch::on, 1'000);
  world.health.turn("a/two", Switch::off, 1'000);
  REQUIRE(world.plan().lanes.size() == 1);
  CHECK(world.plan().lanes[0]->name == "a/one/x");
}

TEST_CASE("order: each route keeps a conversation where it put it itself") {
  World world(
      R"("routes":[{"match":"m","targets":["a/x","b/x"],"strategy":"least_busy"},{"match":"n","targets":["b/x","c/x"],"strategy":"least_busy"}])");
  Facts facts;
  facts.model = "n";
  const Header header{"x-session-id", "s"};
  const Asked asked{world.table.get(), &world.stays, {&header, 1}, "{}", {}, 1, 1};
  const Plan other = choose(world.config, world.health, facts, 1'000, world.arena, asked);
  const Plan one = world.plan("s");
  CHECK(one.placement.session == other.placement.session);
  CHECK(one.placement.stay_key != other.placement.stay_key);
}

TEST_CASE("order: names that clients make up have one entry, and one place") {
  World world(R"("routes":[{"match":"*","targets":[{"model":"a/*","concurrent_max":1},"b/*"]}])");
  Facts facts;
  facts.model = "made-up-1";
  const Asked asked{world.table.get(), &world.stays, {}, "{}", {}, 1, 1};
  const Plan plan = choose(world.config, world.health, facts, 1'000, world.arena, asked);
  CHECK(plan.lanes[0]->name == "a/default/made-up-1");
  CHECK(plan.lanes[0]->stat->name == "a/default/*");
  const std::string_view bound = plan.lanes[0]->bounds[0].name;
  facts.model = "made-up-2";
  CHECK(choose(world.config, world.health, facts, 1'000, world.arena, asked).lanes[0]->bounds[0].name == bound);
  CHECK(world.stats.lane_count() == 2);
}

TEST_CASE("order: who is asked for by a provider's name takes turns as well, and they count wherever it serves") {
  World world(R"("routes":[{"match":"*","targets":["k/*"],"affinity":{"by":"off"}}])",
              R"("k":{"dialect":"anthropic","base_url":"https://k.example","spread":"round_robin","credentials":[
                 {"name":"one","key":"${K}"},{"name":"two","key":"${K}"},{"name":"three","key":"${K}"}]})");
  const auto ask_by_name = [&](std::string_view model) {
    Facts facts;
    facts.model = model;
    const Asked asked{world.table.get(), &world.stays, {}, "{}", {}, base::mix(world.seed++), world.now_ms};
    const Match match = match_said(world.config, world.health, {}, facts);
    const Plan plan = lanes_of(match, world.config, world.health, facts, 1'000, world.arena, asked);
    LaneTable::take_turn(*plan.prepared, *plan.lanes[0], plan.lanes, world.stats);
    return std::string(plan.lanes[0]->credential);
  };
  CHECK(ask_by_name("k/x") == "one");
  CHECK(ask_by_name("k,y") == "two");
  CHECK(world.ask() == "k/three/m");
  CHECK(ask_by_name("k/x") == "one");
}

TEST_CASE("order: a reload keeps what was seen, and lets go of what is gone") {
  World world(route(std::string(R"("strategy":"round_robin",)") + loose));
  world.plan();
  world.lane("a/default/x").latency_ms = 7;
  const Config fewer = World(route(R"("strategy":"round_robin")", R"("a/x")")).config;
  auto table = std::make_unique<LaneTable>(fewer, world.stats);
  table->of(fewer.routes[0]);
  world.table.reset();
  world.stats.forget_unheld();
  CHECK(world.stats.lane_count() == 1);
  CHECK(world.lane("a/default/x").latency_ms == 7);
}

TEST_CASE("affinity: the table is bounded, and who comes once drives out nobody who came twice") {
  AffinityTable stays;
  for (uint64_t s = 1; s <= 100; ++s)
    for (int twice = 0; twice < 2; ++twice) stays.remember(s << 32 | 1, 7, 10'000, 0);
  for (uint64_t s = 1; s <= 200'000; ++s) stays.remember(base::mix(s) | 1, 9, 20'000, 1);
  CHECK(stays.count(2) <= conversations_max);
  int kept = 0;
  for (uint64_t s = 1; s <= 100; ++s) kept += stays.lane_of(s << 32 | 1, 2) == 7;
  CHECK(kept == 100);
  CHECK(stays.lane_of(uint64_t(1) << 32 | 1, 10'000) == 0);
}

TEST_CASE("session key: the session, and the first message of the user's, whatever its shape") {
  const auto key = [](std::string_view body, std::span<const Header> headers = {},
                      Subagents subagents = Subagents::apart) {
    return session_key({headers, body, "team", subagents});
  };
  const Header claude[] = {{"X-Claude-Code-Session-Id", "s1"}};
  const std::string_view first = R"({"messages":[{"role":"user","content":"hello"}],"metadata":{"user_id":"u"}})";
  CHECK(key("{}") == 0);
  CHECK(key("not json") == 0);
  CHECK(key(first) != 0);
  CHECK(
      key(first) ==
      key(R"({"metadata":{"user_id":"u"},"messages":[{"content":"hello","role":"user"},{"role":"assistant","content":"x"}]})"));
  CHECK(key(first) != key(R"({"messages":[{"role":"user","content":"hello"}],"metadata":{"user_id":"v"}})"));
  CHECK(key(first) != key(R"({"messages":[{"role":"user","content":"other"}],"metadata":{"user_id":"u"}})"));
  CHECK(key(first) != session_key({{}, first, "other team", Subagents::apart}));
  // A mark of the cache moves on with the turns.
  CHECK(
      key(R"({"messages":[{"role":"user","content":[{"type":"text","text":"hello","cache_control":{"type":"ephemeral"}}]}]})",
          claude) == key(R"({"messages":[{"role":"user","content":[{"type":"text","text":"hello"}]}]})", claude));
  CHECK(key(first, claude) != key(R"({"messages":[{"role":"user","content":"a subagent's task"}]})", claude));
  CHECK(key(first, claude, Subagents::together) ==
        key(R"({"messages":[{"role":"user","content":"a subagent's task"}]})", claude, Subagents::together));
  CHECK(key(R"({"input":"hello","prompt_cache_key":"k"})") == key(R"({"prompt_cache_key":"k","input":"hello"})"));
  CHECK(key(R"({"input":"hello","prompt_cache_key":"k"})") != key(R"({"prompt_cache_key":"l","input":"hello"})"));
  CHECK(key(R"({"contents":[{"parts":[{"text":"hello"}]}]})") != key(R"({"contents":[{"parts":[{"text":"other"}]}]})"));
  CHECK(
      key(R"({"input":[{"role":"developer","content":"d"},{"role":"user","content":[{"type":"input_text","text":"q"}]}]})") ==
      key(R"({"input":[{"role":"developer","content":"e"},{"role":"user","content":[{"type":"input_text","text":"q"}]}]})"));
}

TEST_CASE("headroom: what providers' headers say, and hostile ones do not") {
  constexpr int64_t now = 1'795'300'000'000;
  const auto left = [&](std::vector<Header> headers) {
    Headroom headroom;
    headroom.see(headers, now);
    return headroom.known(now) ? headroom.permille(now) : -1;
  };
  CHECK(left({{"anthropic-ratelimit-requests-limit", "50"},
              {"anthropic-ratelimit-requests-remaining", "40"},
              {"anthropic-ratelimit-input-tokens-limit", "40000"},
              {"anthropic-ratelimit-input-tokens-remaining", "10000"},
              {"anthropic-ratelimit-input-tokens-reset", "2100-01-01T00:00:00Z"}}) == 250);
  CHECK(left({{"X-RateLimit-Limit-Requests", "10"},
              {"x-ratelimit-remaining-requests", "0"},
              {"x-ratelimit-reset-requests", "6m0s"}}) == 0);
  CHECK(left({{"x-ratelimit-remaining-requests", "5"}}) == -1);
  CHECK(left({{"x-ratelimit-limit-requests", "0"}, {"x-ratelimit-remaining-requests", "5"}}) == -1);
  CHECK(left({{"x-ratelimit-limit-requests", "10"}, {"x-ratelimit-remaining-requests", "99"}}) == 1000);
  CHECK(left({{"x-ratelimit-limit-requests", "-10"}, {"x-ratelimit-remaining-requests", "5"}}) == -1);
  CHECK(left({{"x-ratelimit-limit-requests", "99999999999999999999"}, {"x-ratelimit-remaining-requests", "5"}}) == -1);
  CHECK(left({{"x-ratelimit-limit-requests", "9"},
              {"x-ratelimit-remaining-requests", "5"},
              {"x-ratelimit-reset-requests", "0s"}}) == -1);
  // Hosts show headers in any order: a second family neither counts before the first nor behind it.
  CHECK(left({{"x-ratelimit-limit-requests", "10"},
              {"x-ratelimit-remaining-requests", "5"},
              {"anthropic-ratelimit-requests-limit", "none"}}) == 500);
  CHECK(left({{"x-ratelimit-limit-requests", "10"},
              {"x-ratelimit-remaining-requests", "5"},
              {"anthropic-ratelimit-requests-remaining", "2"}}) == -1);
  CHECK(duration_ms("6m0s") == 360'000);
  CHECK(duration_ms("1.5s") == 1'500);
  CHECK(duration_ms("20ms") == 20);
  CHECK(duration_ms("12") == 12'000);
  CHECK(duration_ms("") == -1);
  CHECK(duration_ms("soon") == -1);
  CHECK(duration_ms("999999999999999999999d") == reset_ms_max);
  CHECK(rfc3339_ms("1970-01-02T00:00:01Z") == 86'401'000);
  CHECK(rfc3339_ms("2026-11-22T15:04:05.123+01:00") == 1'795'356'245'000);
  CHECK(rfc3339_ms("2026-13-22T15:04:05Z") == -1);
}

TEST_CASE("order: in a priority route a conversation stays where it failed over to, and nobody else goes there") {
  World world(route(R"("affinity":{"by":"session"})"));
  const Plan first = world.plan("s");
  REQUIRE(first.placement.home == first.lanes[0]);
  const uint64_t key = first.prepared->lanes[2].hash;
  world.stays.remember(first.placement.stay_key, key, world.now_ms + 1'000, world.now_ms);
  const Plan moved = world.plan("s");
  CHECK(moved.lanes[0]->name == "c/default/x");
  CHECK(moved.lanes[1]->name == "a/default/x");
  CHECK(moved.lanes[2]->name == "b/default/x");
  CHECK(moved.placement.home->name == "a/default/x");
  CHECK(world.ask("t") == "a/default/x");
}

namespace {

std::vector<std::string> names_of(std::span<const Lane* const> lanes) {
  std::vector<std::string> names;
  for (const Lane* lane : lanes) names.emplace_back(lane->name);
  return names;
}

// Many models with weights, prices and credentials of their own, of which all has been seen that strategies look at.
struct Crowd : World {
  static constexpr int targets = 30;

  explicit Crowd(const std::string& strategy) : World(entries() + route("\"strategy\":\"" + strategy + "\"", list())) {
    for (int i = 0; i < targets; ++i)
      for (const char* credential : {"one", "two"}) {
        const std::string number = std::to_string(i);
        LaneStat& stat = lane((i % 3 ? "a/default/m" : std::string("b/") + credential + "/m") + number);
        const uint64_t seen = base::mix(uint64_t(i) + (credential[0] == 'o' ? 0 : 1'000));
        stat.open = int64_t(seen % 3);
        stat.turn = seen % 50;
        stat.smooth = int64_t(seen % 40) - 20;
        stat.latency_ms = int64_t(seen % 7) - 1;
        stat.latency_at_ms = now_ms - 1'000;
        stat.cached_permille = int64_t(seen % 5) * 200;
        const std::string left = std::to_string(seen % 4);
        const Header headers[] = {{"x-ratelimit-limit-requests", "4"}, {"x-ratelimit-remaining-requests", left}};
        stat.headroom.see(headers, 1'000);
      }
  }
  static std::string entries() {
    std::string text = "\"models\":{";
    for (int i = 0; i < targets; ++i) {
      const std::string number = std::to_string(i);
      text += (i ? ",\"t" : "\"t") + number + R"(":{"provider":")" + (i % 3 ? "a" : "b") + R"(","upstream_model":"m)" +
              number + R"(","price":{"input":)" + std::to_string(1 + i * 7 % 10) + R"(,"output":9}})";
    }
    return text + "},";
  }
  static std::string list() {
    std::string text;
    for (int i = 0; i < targets; ++i)
      text += (i ? ",{" : "{") + (R"("model":"t)" + std::to_string(i)) + R"(","weight":)" +
              std::to_string(1 + i * i % 5) + "}";
    return text;
  }
};

constexpr const char* all_strategies[] = {"priority",   "round_robin", "weighted", "random",
                                          "least_busy", "fastest",     "cheapest", "quota"};

}  // namespace

TEST_CASE("order: the first lanes are those that all in their order begin with, whatever was seen") {
  for (const char* strategy : all_strategies) {
    for (const Strategy spread : {Strategy::priority, Strategy::weighted, Strategy::least_busy}) {
      Crowd world(strategy);
      Provider& spreading = world.config.providers[1];
      spreading.credentials = {"one"};
      // Where each target is one lane, they are gone through in another way.
      if (spread != Strategy::priority) spreading.credentials.emplace_back("two");
      spreading.spread = spread;
      world.table = std::make_unique<LaneTable>(world.config, world.stats);
      for (int round = 0; round < 60; ++round) {
        const std::string session = round % 2 ? "s" + std::to_string(round) : std::string();
        if (round == 20) world.health.cool("a/default/m1", 5'000, 1'000);
        if (round == 30) world.health.cool("b", 4'000, 1'000);
        if (round == 40) world.health.cool("a", 4'500, 1'000);
        if (round == 50) world.health.turn("a", Switch::off, 1'000);
        Plan plan = world.plan(session);
        INFO(strategy << ", " << name_of(spread) << ", round " << round);
        REQUIRE(plan.ordered >= std::min<size_t>(first_lanes_max, plan.lanes.size()));
        std::vector<const Lane*> all(plan.lanes.begin(), plan.lanes.end());
        std::sort(all.begin(), all.end(), [](const Lane* a, const Lane* b) { return a->place < b->place; });
        order_rest(*plan.prepared, all, plan.moment, world.arena);
        const std::vector<const Lane*> first(all.begin(), all.begin() + std::ptrdiff_t(plan.ordered));
        CHECK(names_of(plan.lanes.first(plan.ordered)) == names_of(first));
        order_rest(plan, world.arena);
        CHECK(names_of(plan.lanes) == names_of(all));
        world.take_turn(plan);
        world.arena.reset();
      }
    }
  }
}
