// What a dry run says of lanes that need a translation.
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "json/walk.h"
#include "own_endpoints.h"
#include "signalbox/transform.h"

using namespace signalbox;

namespace {

constexpr std::string_view question =
    R"({"model":"claude-x","max_tokens":9,"messages":[{"role":"user","content":"hello"}],"speed":"fast"})";

// One provider of each dialect given, all asked by one route.
Config config_of(const std::vector<Dialect>& dialects, OnLoss on_loss = OnLoss::report) {
  Config config;
  Route route;
  route.match = "*";
  route.on_loss = on_loss;
  for (const Dialect dialect : dialects) {
    Provider provider;
    provider.name = "p" + std::to_string(config.providers.size());
    provider.dialect = dialect;
    provider.base_url = "https://up.example";
    provider.credentials = {"main"};
    Target target;
    target.provider = uint32_t(config.providers.size());
    target.upstream_model = "m";
    route.targets.push_back(target);
    config.providers.push_back(provider);
  }
  config.routes.push_back(route);
  return config;
}

std::string explained(const Config& config, std::string_view request = question, std::string_view query = "") {
  Gateway gateway(std::make_shared<const Config>(config), Capabilities{}, 0);
  const std::string answer = own_test::explained(gateway, query, request);
  CHECK(json::is_whole_object(answer));
  return answer;
}

std::vector<std::string> lanes_of(std::string_view answer) {
  std::vector<std::string> lanes;
  json::each_element(json::member(answer, "lanes"), [&](std::string_view lane) { lanes.emplace_back(lane); });
  return lanes;
}

}  // namespace

TEST_CASE("explain: a lane that translates shows the size and the losses of its request", "[explain]") {
  const Config config = config_of({Dialect::openai_chat});
  const Transformed expected = transform(question, Dialect::anthropic, config, config.routes[0].targets[0]);
  const std::string answer = explained(config);
  const std::vector<std::string> lanes = lanes_of(answer);
  REQUIRE(lanes.size() == 1);
  CHECK(json::member(lanes[0], "service") == R"("translate")");
  CHECK(json::member(lanes[0], "url") == R"("https://up.example/v1/chat/completions")");
  CHECK(json::member(lanes[0], "translation") ==
        R"({"bytes":)" + std::to_string(expected.body.size()) + R"(,"losses":["speed"]})");
  CHECK(json::member(lanes[0], "why_not").empty());
  CHECK(json::member(answer, "would_answer").empty());
  CHECK(json::member(answer, "edits") == "[]");
}

TEST_CASE("explain: the translated request is shown when it is asked for", "[explain]") {
  const Config config = config_of({Dialect::openai_chat, Dialect::anthropic});
  const Transformed expected = transform(question, Dialect::anthropic, config, config.routes[0].targets[0]);
  const std::vector<std::string> lanes = lanes_of(explained(config, question, "&body=true"));
  REQUIRE(lanes.size() == 2);
  CHECK(json::member(json::member(lanes[0], "translation"), "body") == expected.body);
  CHECK(json::member(lanes[1], "service") == R"("forward")");
  CHECK(json::member(lanes[1], "translation").empty());
  for (std::string_view query : {"", "&body=false"})
    CHECK(explained(config, question, query).find(R"("body")") == std::string::npos);
}

TEST_CASE("explain: a route that rejects losses passes over the lanes that lose", "[explain]") {
  Config config = config_of({Dialect::openai_chat, Dialect::anthropic}, OnLoss::reject);
  std::string answer = explained(config);
  std::vector<std::string> lanes = lanes_of(answer);
  CHECK(json::member(lanes[0], "why_not").find("lost would be: speed") != std::string::npos);
  CHECK(json::member(lanes[1], "why_not").empty());
  // The second one serves, and this is what it needs.
  CHECK(json::member(answer, "edits").find(R"("to":"m")") != std::string::npos);
  CHECK(json::member(answer, "would_answer").empty());

  config = config_of({Dialect::openai_chat, Dialect::openai_chat}, OnLoss::reject);
  answer = explained(config);
  const std::string_view would = json::member(answer, "would_answer");
  CHECK(json::member(would, "status") == "400");
  CHECK(json::member(would, "fault") == R"("translation_loss")");
  CHECK(json::member(would, "message").find("p0") != std::string::npos);
  CHECK(json::member(answer, "edits").empty());
}

TEST_CASE("explain: a request that cannot be read for a translation is refused there, as it would be", "[explain]") {
  const std::string answer =
      explained(config_of({Dialect::openai_chat, Dialect::anthropic}), R"({"model":"x","messages":7})");
  CHECK(json::member(json::member(answer, "would_answer"), "fault") == R"("bad_request")");
  CHECK(json::member(lanes_of(answer)[0], "translation").empty());
  // A lane of the request's own dialect leaves the judgement to its upstream.
  const std::string forwarded = explained(config_of({Dialect::anthropic}), R"({"model":"x","messages":7})");
  CHECK(json::member(forwarded, "would_answer").empty());
}

TEST_CASE("explain: what is taken out of a request is shown by its place and size", "[explain]") {
  const std::string request =
      R"({"model":"m","messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"f","signature":)"
      R"("sb1.gemini.0a1b2c3d.eyJ9"},{"type":"text","text":"a"}]}]})";
  const std::string answer = explained(config_of({Dialect::anthropic}), request);
  const size_t at = request.find(R"({"type":"thinking")");
  const std::string expected = R"([{"path":"messages.thinking","at_byte":)" + std::to_string(at) +
                               R"(,"removed_bytes":)" + std::to_string(request.find(R"({"type":"text")") - at) + "}]";
  CHECK(json::member(answer, "edits") == expected);
}

TEST_CASE("explain: a large request is not translated for each of many lanes", "[explain]") {
  std::string large(question);
  large.insert(large.find("hello"), std::string(size_t(20) << 20, 'x'));
  const std::vector<std::string> lanes =
      lanes_of(explained(config_of(std::vector<Dialect>(9, Dialect::openai_chat)), large));
  REQUIRE(lanes.size() == 9);
  CHECK_FALSE(json::member(lanes.front(), "translation").empty());
  CHECK(json::member(lanes.back(), "translation").empty());
}

TEST_CASE("explain: what the user's rules change of each lane's body is shown, and so is the body with it",
          "[explain]") {
  Config config = config_of({Dialect::anthropic, Dialect::openai_chat});
  Rewrite rule;
  rule.set = "max_tokens";
  rule.value = "7";
  Rewrite addition;
  addition.set_default = "extra.deep";
  addition.value = "[1]";
  for (Provider& provider : config.providers) provider.rewrite = {rule, addition};
  const std::string answer = explained(config, question, "&body=true");
  std::vector<std::string_view> rewrites;
  json::each_element(json::member(answer, "lanes"),
                     [&](std::string_view lane) { rewrites.push_back(json::member(lane, "rewrites")); });
  REQUIRE(rewrites.size() == 2);
  for (const std::string_view each : rewrites) {
    CHECK(each.find(R"("path":"max_tokens")") != each.npos);
    CHECK(each.find(R"("from":9,"to":7)") != each.npos);
    CHECK(each.find(R"("added":",\"extra\":{\"deep\":[1]}")") != each.npos);
  }
  CHECK(answer.find(R"("max_tokens":7)") != answer.npos);
}
