// From a body to what is sent: the decision, and the edits that a lane needs.
#include <catch2/catch.hpp>

#include <string>

#include "config/json_source.h"
#include "config/read.h"
#include "exchange/decision.h"

using namespace signalbox;
using namespace signalbox::exchange;

namespace {

// What goes to the first lane of `config` for a Messages body.
std::string sent_of(const std::string& body, const Config& config, Arena& arena) {
  http::Endpoint endpoint;
  endpoint.operation = Operation::conversation;
  endpoint.shape = Dialect::anthropic;
  const Decision decision = decide({endpoint, body, Access::all}, config, routing::Health(1), 0, arena);
  REQUIRE_FALSE(decision.fault);
  REQUIRE(decision.first);
  std::string sent;
  const auto edits =
      edits_for(decision.facts, body, *decision.first->lane, dialects::row_of(Dialect::anthropic), {}, arena);
  for (std::string_view piece : edited(body, edits, arena)) sent += piece;
  return sent;
}

}  // namespace

TEST_CASE("the local suffix [1m] leaves the body, and nothing else does", "[decision]") {
  Config config;
  config.providers.resize(1);
  config.providers[0].name = "a";
  config.providers[0].passthrough = true;
  config.routes.push_back({"claude-*", {{0, ""}}});
  Arena arena;
  CHECK(sent_of(R"({"x":"[1m]", "model" : "claude-opus[1m]","y":1})", config, arena) ==
        R"({"x":"[1m]", "model" : "claude-opus","y":1})");
  CHECK(sent_of(R"({"model":"claude-opus[1\u004d]"})", config, arena) == R"({"model":"claude-opus"})");
  CHECK(sent_of(R"({"model":"claude-opus"})", config, arena) == R"({"model":"claude-opus"})");
}

TEST_CASE("who names a provider, or forces it, gets what was said of it last", "[decision]") {
  const auto read = config::read(config::read_json_tree(R"({"providers":{
    "a":{"builtin":"mock","dialect":"anthropic","enabled":false},"b":{"builtin":"mock","dialect":"anthropic"}},
    "routes":[{"match":"*","targets":["b/*"]}]})")
                                     .tree);
  REQUIRE(read.problems.empty());
  Arena arena;
  http::Endpoint endpoint;
  endpoint.operation = Operation::conversation;
  endpoint.shape = Dialect::anthropic;
  const Header force_a[] = {{"x-signalbox-provider", "a"}}, force_b[] = {{"x-signalbox-provider", "b"}};
  const auto ask = [&](std::string_view model, std::span<const Header> headers, const routing::Health& health) {
    Conversation conversation{endpoint, arena.concat({R"({"model":")", model, R"("})"}), Access::all};
    conversation.asker.headers = headers;
    return decide(conversation, read.config, health, 0, arena);
  };
  const auto is_served = [&](std::string_view provider, const Decision& decision) {
    return !decision.fault && decision.first && read.config.providers[decision.first->lane->provider].name == provider;
  };
  const auto is_off = [&](const Decision& decision) {
    return decision.fault.kind == FaultKind::bad_request &&
           decision.fault.detail.find("a provider that is not enabled.") != std::string::npos;
  };
  routing::Health health(1);
  for (std::string_view model : {"a/x", "a,x"}) CHECK(is_off(ask(model, {}, health)));
  CHECK(is_off(ask("x", force_a, health)));
  for (std::string_view model : {"b/x", "b,x"}) CHECK(is_served("b", ask(model, {}, health)));
  CHECK(is_served("b", ask("x", force_b, health)));

  health.turn("a", routing::Switch::on, 1);
  health.turn("b", routing::Switch::off, 1);
  for (std::string_view model : {"a/x", "a,x"}) CHECK(is_served("a", ask(model, {}, health)));
  CHECK(is_served("a", ask("x", force_a, health)));
  for (std::string_view model : {"b/x", "b,x"}) CHECK(is_off(ask(model, {}, health)));
  CHECK(is_off(ask("x", force_b, health)));
}
