// From a body to what is sent: the decision, and the edits that a lane needs.
#include <catch2/catch.hpp>

#include <string>

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
