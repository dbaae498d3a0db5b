// Rules, tasks and names of routes in a configuration: what they become, and what is wrong with them.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "config/json_source.h"
#include "config/read.h"

using namespace signalbox;
using namespace signalbox::config;

namespace {

using Strings = std::vector<std::string>;

// What is said of a configuration with two mocks, a model, a client key, and `rest`.
std::string text_with(std::string_view rest) {
  return R"({"server":{"client_keys":[{"name":"anna","key":"sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"}]},
"providers":{"p":{"builtin":"mock"},"q":{"builtin":"mock"}},"models":{"own":{"provider":"q","upstream_model":"o"}},
)" + std::string(rest) +
         "}";
}

// Each without its place in the file.
Strings said(const std::vector<Problem>& problems) {
  Strings out;
  for (const Problem& each : problems) out.push_back(each.path + ": " + each.message);
  return out;
}
Strings problems_of(std::string_view rest) { return said(read_json(text_with(rest)).problems); }
Strings warnings_of(std::string_view rest) {
  const ReadResult result = read_json(text_with(rest));
  CHECK(said(result.problems) == Strings{});
  return said(result.warnings);
}

}  // namespace

TEST_CASE("config: rules and tasks name routes of the file, or have routes of their own") {
  const ReadResult result =
      read_json(text_with(R"("routes":[{"name":"big","targets":["q/b"]},{"match":"*","targets":["p/*"]}],
    "rules":[{"name":"one","when":{"tokens_min":500,"tools":"on"},"route":"big"},{"targets":["own","p,x/y"]}],
    "tasks":{"think":"big","image":["own"],"long_context":{"targets":"q/*","threshold":300}})"));
  REQUIRE(said(result.problems) == Strings{});
  CHECK(said(result.warnings) == Strings{"tasks: no task decides: rules[1] holds always"});
  const Config& c = result.config;
  const auto route = [&](uint32_t index) -> const Route& { return c.routes.at(index); };
  CHECK(route(c.rules[0].route).name == "big");
  CHECK(c.rules[0].name == "rule:one");
  const Route& own = route(c.rules[1].route);
  CHECK(own.name == "rules[1]");
  CHECK(own.match.empty());
  REQUIRE(own.targets.size() == 2);
  CHECK(own.targets[0].entry == 0);
  CHECK(own.targets[1].upstream_model == "x/y");
  CHECK(c.tasks.route_of[size_t(Task::think)] == c.rules[0].route);
  CHECK(route(c.tasks.route_of[size_t(Task::image)]).name == "task:image");
  CHECK(c.tasks.route_of[size_t(Task::background)] == no_route);
  CHECK(c.tokens_asked_min == 300);
  CHECK(c.facts_wanted == (bit_of(Fact::tokens) | bit_of(Fact::tools) | bit_of(Fact::effort) |
                           bit_of(Fact::image_asked) | bit_of(Fact::tags)));
  CHECK(c.provider_routes.size() == 2);
}

TEST_CASE("config: without rules and tasks nothing is asked of a request") {
  CHECK(read_json(text_with(R"("routes":[{"match":"*","targets":["p/*"]}])")).config.facts_wanted == 0);
  CHECK(read_json(text_with(R"("tasks":{"tags":"off","background":"own"})")).config.facts_wanted == 0);
  CHECK(read_json(text_with(R"("tasks":{})")).config.facts_wanted == bit_of(Fact::tags));
}

TEST_CASE("config: a default task takes the place of the route that serves every model") {
  const ReadResult result = read_json(text_with(R"("tasks":{"default":"p/*"})"));
  REQUIRE(result.config.routes.size() == 2);
  CHECK(result.config.routes[0].match == "own");
  CHECK(result.config.tasks.default_route == 1);
}

TEST_CASE("config: what is wrong with rules, all at once") {
  CHECK(
      problems_of(R"("routes":[{"name":"big","targets":["q/b"]}],
    "rules":[{"when":{"model":"a"}},{"route":"bigg"},{"route":"big","targets":["own"]},{"targets":["nobody/x"]},{"targets":[]},
      {"targets":"own","when":{"client_key":"ann","tokens_min":9,"tokens_max":3}},{"targets":"own","when":{"model":[],"task":"thinking"}},
      {"targets":"own","when":{"header":{"authorization":"*"}}},{"targets":["big","own"]},{"name":"n","targets":"own"},{"name":"n","targets":"own"},
      {"targets":"own","when":{"modle":"x"}}])") ==
      Strings{
          R"(rules[0]: must say who answers: route or targets)",
          R"(rules[1].route: there is no route with the name "bigg" (did you mean "big"?))",
          R"(rules[2].route: stands beside targets; give one of the two)",
          R"(rules[3].targets[0]: there is no model and no route "nobody/x", and no provider "nobody" with such a model)",
          R"(rules[4].targets: names no target)",
          R"(rules[5].when.client_key: there is no client key "ann" under server.client_keys (did you mean "anna"?))",
          R"(rules[5].when.tokens_min: is more than tokens_max, so that the rule never holds)",
          R"(rules[6].when.model: names nothing, so that the rule never holds)",
          R"(rules[6].when.task: must be one of subagent, long_context, web_search, image, background, think (did you mean "think"?))",
          R"(rules[7].when.header.authorization: carries a credential: a rule knows clients by client_key)",
          R"(rules[8].targets[0]: is a route, which stands alone and not among targets)",
          R"(rules[10].name: the name "n" is taken already, at line 6)",
          R"(rules[11].when.modle: unknown key (did you mean "model"?))"});
}

TEST_CASE("config: what is wrong with tasks, without any model too") {
  CHECK(
      said(
          read_json(
              R"({"tasks":{"think":"gone","long_context":{"threshold":0,"targets":["a/b"]},"background_models":[],"vision":"x"}})")
              .problems) ==
      Strings{
          R"(: the key "providers" is missing)", R"(tasks.think: there is no model and no route "gone")",
          R"(tasks.long_context.threshold: must be between 1 and 100000000)",
          R"(tasks.long_context.targets[0]: there is no model and no route "a/b", and no provider "a" with such a model)",
          R"(tasks.background_models: names none, so that no request is for background)",
          R"(tasks.vision: unknown key)"});
}

TEST_CASE("config: a route has a pattern or a name, and names are taken once") {
  CHECK(
      problems_of(
          R"("routes":[{"targets":["p/*"]},{"name":"own","targets":["p/*"]},{"name":"a","match":"x","targets":["p/*"]},{"name":"a","match":"y","targets":["p/*"]}])") ==
      Strings{R"(routes[0]: the key "match" is missing, or a name for rules, tasks and tags to call it by)",
              R"(routes[1].name: is the name of a model; a tag or a task could mean either)",
              R"(routes[3].name: the name "a" is taken already, at line 3)"});
}

TEST_CASE("config: rules and tasks that can never decide are warned of") {
  CHECK(warnings_of(R"("routes":[{"match":"*","targets":["p/*","q/*"]}],"tasks":{"default":"own"},
    "rules":[{"when":{"model":["a-*","b"]},"targets":"own"},{"when":{"model":"a-1","tools":"on"},"targets":"own"},
      {"when":{"model":"c"},"targets":"own"},{"targets":"own"},{"when":{"tools":"on"},"targets":"own"}])") ==
        Strings{R"(tasks: no task decides: rules[3] holds always)",
                R"(tasks.default: never serves: a route takes every model)",
                R"(rules[1]: this rule never decides: rules[0] takes all of it first)",
                R"(rules[4]: this rule never decides: rules[3] holds always)"});
}
