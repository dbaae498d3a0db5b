// What a configuration says of strategies, weights, prices and affinity, and what is wrong with it.
#include <catch2/catch.hpp>
#include <string>

#include "config/json_source.h"
#include "config/read.h"
#include "routing/plan.h"

using namespace signalbox;
using namespace signalbox::config;

namespace {

using Strings = std::vector<std::string>;

ReadResult read_text(const std::string& text) {
  Source source = read_json_tree(text);
  REQUIRE(source.problems.empty());
  return read(source.tree);
}

std::string with_route(const std::string& more, const std::string& targets = R"("a/x","b/x")") {
  return R"({"providers":{"a":{"dialect":"anthropic","base_url":"https://a.example","key":"${K}"},
"b":{"dialect":"anthropic","base_url":"https://b.example","key":"${K}"}},
"models":{"one":{"provider":"a","upstream_model":"x"},"two":{"provider":"b","upstream_model":"y","price":{"input":0.25,"output":1.25}}},
"routes":[{"match":"*","targets":[)" +
         targets + "]" + more + "}]}";
}

Strings said(const std::vector<Problem>& problems) {
  Strings all;
  for (const Problem& each : problems) all.push_back(each.path + ": " + each.message);
  return all;
}
Strings problems_of(const std::string& text) { return said(read_text(text).problems); }
Strings warnings_of(const std::string& text) { return said(read_text(text).warnings); }

}  // namespace

TEST_CASE("config: strategies, weights, bounds and prices are read") {
  const ReadResult read =
      read_text(with_route(R"(,"strategy":"weighted","affinity":{"subagents":"together","keep_ms":1000})",
                           R"({"model":"two","weight":3,"concurrent_max":7},"one")"));
  REQUIRE(said(read.problems) == Strings{});
  const Route& route = read.config.routes.back();
  CHECK(route.strategy == Strategy::weighted);
  CHECK(route.affinity.by == AffinityBy::session);
  CHECK(route.affinity.subagents == Subagents::together);
  CHECK(route.affinity.keep_ms == 1'000);
  REQUIRE(route.targets.size() == 2);
  CHECK(route.targets[0].weight == 3);
  CHECK(route.targets[0].concurrent_max == 7);
  CHECK(route.targets[1].weight == 1);
  CHECK(read.config.models[1].price.input == 250'000);
  CHECK(read.config.models[1].price.output == 1'250'000);
  CHECK(read.config.models[1].price.cache_read == -1);
}

TEST_CASE("config: affinity is on where lanes are equal choices, unless the file says otherwise") {
  const auto by = [](const std::string& more) { return read_text(with_route(more)).config.routes.back().affinity.by; };
  CHECK(by("") == AffinityBy::off);
  CHECK(by(R"(,"strategy":"quota")") == AffinityBy::session);
  CHECK(by(R"(,"strategy":"quota","affinity":{"by":"off"})") == AffinityBy::off);
  CHECK(by(R"(,"affinity":{"by":"session"})") == AffinityBy::session);
}

TEST_CASE("config: what is wrong with a strategy is said, with its place") {
  CHECK(problems_of(with_route(R"(,"strategy":"round-robbin")")) ==
        Strings{"routes[0].strategy: must be one of priority, round_robin, weighted, random, least_busy, fastest, "
                "cheapest, quota (did you mean \"round_robin\"?)"});
  CHECK(problems_of(with_route(
            "", R"({"model":"a/x","weight":0},{"model":"b/x","weight":-1},{"model":"b/y","weight":5000})")) ==
        Strings{"routes[0].targets[0].weight: must be between 1 and 1000",
                "routes[0].targets[1].weight: must be between 1 and 1000",
                "routes[0].targets[2].weight: must be between 1 and 1000"});
  CHECK(problems_of(with_route("", R"({"weight":1},"b/x")")) ==
        Strings{"routes[0].targets[0]: the key \"model\" is missing"});
  CHECK(problems_of(with_route("", R"({"model":"a/x","wieght":1},"b/x")")) ==
        Strings{"routes[0].targets[0].wieght: unknown key (did you mean \"weight\"?)"});
  CHECK(problems_of(with_route(R"(,"strategy":"cheapest")", R"("one","two","b/z")")) ==
        Strings{"routes[0].targets[0]: has no price, which strategy cheapest goes by: name a models entry with one",
                "routes[0].targets[2]: has no price, which strategy cheapest goes by: name a models entry with one"});
}

TEST_CASE("config: what means nothing, or is never asked, is a warning") {
  CHECK(warnings_of(with_route("", R"({"model":"a/x","weight":2},"b/x")")) ==
        Strings{"routes[0].targets[0].weight: means nothing here: the route's strategy is not weighted, random or "
                "least_busy"});
  std::string many;
  for (int i = 0; i < 150; ++i)
    many += (i ? ",\"a/x" : "\"a/x") + std::to_string(i) + "\",\"b/x" + std::to_string(i) + "\"";
  CHECK(problems_of(with_route("", many)) == Strings{"routes[0].targets: has more than 256 entries"});
}

TEST_CASE("config: a choice among one, and a queue in which nobody ever waits, are warnings") {
  const std::string begin = R"({"providers":{"a":{"dialect":"anthropic","base_url":"https://a.example",)";
  const auto provider = [&](const std::string& more) {
    return warnings_of(begin + more + R"(}},"routes":[{"match":"*","targets":["a/x"]}]})");
  };
  CHECK(provider(R"("spread":"round_robin","key":"${K}")") ==
        Strings{"providers.a.spread: chooses among one: the provider has no second credential"});
  CHECK(provider(R"("spread":"round_robin","credentials":[{"name":"c","key":"${K}"},{"name":"d","key":"${L}"}])") ==
        Strings{});

  const std::string queue = R"(,"queue":{"places_max":4})";
  CHECK(warnings_of(with_route(queue)) ==
        Strings{"routes[0].queue: nobody ever waits: nothing that this route asks has a concurrent_max"});
  CHECK(warnings_of(with_route(queue, R"({"model":"a/x","concurrent_max":1},"b/x")")) == Strings{});
  CHECK(warnings_of(begin + R"("key":"${K}","concurrent_max":1}},"routes":[{"match":"*","targets":["a/x"])" + queue +
                    "}]}") == Strings{});
}

TEST_CASE("config: queues and bounds for which there is no room are told of") {
  const std::string provider =
      R"({"providers":{"a":{"dialect":"anthropic","base_url":"https://a.example","key":"${K}","concurrent_max":1}})";
  const auto with_queues = [&](int count) {
    std::string text = provider + ",\"routes\":[";
    for (int i = 0; i < count; ++i)
      text += (i ? ",{\"match\":\"m" : "{\"match\":\"m") + std::to_string(i) +
              R"(","targets":["a/x"],"queue":{"places_max":1}})";
    return text + "]}";
  };
  CHECK(warnings_of(with_queues(64)) == Strings{});
  CHECK(warnings_of(with_queues(70)) == Strings{"routes: have 70 queues: 64 have room, nobody waits in the others"});

  std::string text = provider + ",\"routes\":[";
  for (int route = 0; route < 9; ++route) {
    text += (route ? ",{\"match\":\"m" : "{\"match\":\"m") + std::to_string(route) + "\",\"targets\":[";
    for (int i = 0; i < 250; ++i)
      text += (i ? ",{\"model\":\"a/x" : "{\"model\":\"a/x") + std::to_string(i) + R"(","concurrent_max":2})";
    text += "]}";
  }
  CHECK(warnings_of(text + "]}") ==
        Strings{"providers: and routes have 2251 bounds (concurrent_max): 2048 hold, the others do not"});
}

TEST_CASE("config: more lanes than are considered are told of") {
  std::string credentials;
  for (int i = 0; i < 200; ++i)
    credentials += (i ? ",{\"name\":\"c" : "{\"name\":\"c") + std::to_string(i) + "\",\"key\":\"${K}\"}";
  const std::string text =
      R"({"providers":{"a":{"dialect":"anthropic","base_url":"https://a.example","credentials":[)" + credentials +
      R"(]}},"routes":[{"match":"*","targets":["a/x","a/y"]}]})";
  CHECK(warnings_of(text) ==
        Strings{"routes[0].targets: are 400 lanes with their credentials; the first 256 are asked, the others never"});
  const ReadResult read = read_text(text);
  Arena arena;
  CHECK(routing::prepare(read.config, read.config.routes[0], arena).lanes.size() == 256);
}

TEST_CASE("config: a price is a number of at most six decimals") {
  const auto price = [](const std::string& input) {
    return problems_of(R"({"providers":{"a":{"dialect":"anthropic","base_url":"https://a.example","key":"${K}"}},
"models":{"one":{"provider":"a","upstream_model":"x","price":{"input":)" +
                       input + R"(,"output":1}}}})");
  };
  CHECK(price("0.000001").empty());
  CHECK(price("3") == Strings{});
  CHECK(price("-1") == Strings{"models.one.price.input: must be between 0 and 100000"});
  CHECK(price("1e3") ==
        Strings{"models.one.price.input: must be a number in plain digits, with at most six behind the point"});
  CHECK(price("100000.5") == Strings{"models.one.price.input: must be between 0 and 100000"});
}
