// Any bytes as a request of every dialect, under rules, tasks, tags and targets with bounds: the decision is the same
// for the same request, nothing crashes, what is taken out leaves JSON, and no tag that counted is sent on. The first two
// bytes say which facts are asked about and how large the bounds are.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "config/json_source.h"
#include "config/read.h"
#include "exchange/decision.h"
#include "json/reader.h"
#include "json/walk.h"
#include "require.h"

using namespace signalbox;
using signalbox::testing::require;

namespace {

constexpr Dialect all[] = {Dialect::anthropic, Dialect::openai_chat, Dialect::openai_responses, Dialect::gemini};

const Config& settings() {
  static const Config read = config::read_json(R"({
    "providers":{"p":{"dialect":"anthropic","base_url":"https://p.example","key":"${K}"},"q":{"builtin":"mock"}},
    "models":{"a":{"provider":"p","upstream_model":"a","context_tokens_max":50,"takes":{"images":false}},
      "b":{"provider":"q","upstream_model":"b","takes":{"documents":false,"tools":false},"flags":{"vision":false}}},
    "routes":[{"name":"r","targets":["b"]},{"match":"c*","targets":["p/*"]},{"match":"*","targets":["a","b"]}],
    "rules":[{"when":{"model":["x*y","*z"],"tools":"on"},"route":"r"},{"when":{"header":{"x-a":"*b*"},"path":"/v1/m*"},"targets":"p,c"},
      {"when":{"tokens_min":20,"tokens_max":30},"targets":"a"},{"when":{"session":"s*"},"targets":"b"},{"when":{"task":["image","think"]},"targets":"q/i"}],
    "tasks":{"subagent":"r","long_context":{"targets":"a","threshold":40},"web_search":"q/w","background":"q/b","default":"q/d"}})")
                                 .config;
  return read;
}

std::string joined(std::span<const std::string_view> pieces) {
  std::string out;
  for (std::string_view piece : pieces) out += piece;
  return out;
}

bool is_json(std::string_view text) {
  json::Reader reader(text);
  return reader.skip_value() && reader.next() == json::Token::end;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::string_view header = body.substr(0, data[0]);
  const Header headers[] = {{"x-a", header}, {data[1] & 1 ? "x-signalbox-provider" : "x-b", header}};
  const routing::Health health(1);
  for (Dialect dialect : all) {
    http::Endpoint endpoint;
    endpoint.operation = data[1] & 2 ? exchange::Operation::count_tokens : exchange::Operation::conversation;
    endpoint.shape = dialect;
    endpoint.model_id = body.substr(0, data[1] >> 2);
    exchange::Conversation asked{endpoint, body, exchange::Access::all, {headers, "/v1/messages", {}}};
    Arena arena;
    const exchange::Decision one = exchange::decide(asked, settings(), health, 0, arena);
    const exchange::Decision two = exchange::decide(asked, settings(), health, 0, arena);
    require(one.label == two.label && one.fault.kind == two.fault.kind && one.fault.detail == two.fault.detail);
    require(one.choices.size() == two.choices.size() && (one.first != nullptr) == !one.fault);
    if (is_json(body)) {
      // Facts that are asked about one by one are those that are asked about together.
      const auto together = dialects::row_of(dialect).read_task_facts(body, 511, arena);
      if (!together.fault) {
        const auto tools = dialects::row_of(dialect).read_task_facts(body, bit_of(Fact::tools), arena);
        const auto tags = dialects::row_of(dialect).read_task_facts(body, bit_of(Fact::tags), arena);
        require(tools.facts.tools == together.facts.tools && tags.facts.tag == together.facts.tag);
      }
    }
    if (!one.first) continue;
    require(one.plan.route && !one.label.empty());
    for (const auto& unwanted : {dialects::Unwanted{}, dialects::Unwanted{true, {}, true}}) {
      const auto edits =
          exchange::edits_for(one.facts, body, *one.first->lane, dialects::row_of(dialect), unwanted, arena);
      size_t at = 0;
      for (const auto& edit : edits) {
        require(edit.begin >= at && edit.end >= edit.begin && edit.end <= body.size());
        at = edit.end;
      }
      require(is_json(joined(exchange::edited(body, edits, arena))));
    }
  }
  return 0;
}
