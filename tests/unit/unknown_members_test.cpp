// What a client says that no reader knows is named, by one rule for all dialects and wherever it stands: at the root, in
// a message, a part of it, a call and a tool. What asks for nothing is not.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "signalbox/transform.h"

using namespace signalbox;

namespace {

struct Case {
  Dialect from;
  std::string_view body;
};

constexpr Case cases[] = {
    {Dialect::anthropic,
     R"({"model":"m","max_tokens":9,"at_root":"x","nothing":[],"tools":[{"name":"t","input_schema":{"type":"object"},"in_tool":1,"nothing":0}],
"messages":[{"role":"user","in_message":true,"nothing":false,"content":[{"type":"text","text":"a","in_part":{"a":1},"nothing":""}]},
{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"t","input":{},"caller":{"type":"direct"},"in_call":[1]}]},
{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"QQ==","in_source":1}}]}]}]})"},
    {Dialect::openai_chat,
     R"({"model":"m","at_root":"x","nothing":[],"tools":[{"type":"function","function":{"name":"t","in_tool":1,"nothing":0}}],
"messages":[{"role":"user","in_message":true,"nothing":false,"content":[{"type":"text","text":"a","in_part":{"a":1},"nothing":""},
{"type":"image_url","image_url":{"url":"data:image/png;base64,QQ==","in_source":1}}]},
{"role":"assistant","tool_calls":[{"index":1,"id":"c1","type":"function","function":{"name":"t","arguments":"{}"},"in_call":[1]}]},
{"role":"tool","tool_call_id":"c1","content":"b"}]})"},
    {Dialect::openai_responses,
     R"({"model":"m","at_root":"x","nothing":[],"tools":[{"type":"function","name":"t","in_tool":1,"nothing":0}],
"input":[{"role":"user","in_message":true,"nothing":false,"content":[{"type":"input_text","text":"a","in_part":{"a":1},"nothing":""},
{"type":"input_image","image_url":"data:image/png;base64,QQ==","in_source":1}]},
{"type":"function_call","id":"fc_1","call_id":"c1","name":"t","arguments":"{}","status":"completed","in_call":[1]},
{"type":"function_call_output","call_id":"c1","output":"b"},{"type":"mcp_call","id":"mcp_1","name":"n","server_label":"lost with its item"}]})"},
    {Dialect::gemini,
     R"({"at_root":"x","nothing":[],"tools":[{"functionDeclarations":[{"name":"t","in_tool":1,"nothing":0}]}],
"contents":[{"role":"user","in_message":true,"nothing":false,"parts":[{"text":"a","in_part":{"a":1},"nothing":""},
{"inlineData":{"mimeType":"image/png","data":"QQ==","in_source":1}}]},
{"role":"model","parts":[{"functionCall":{"name":"t","args":{},"in_call":[1]}}]},
{"role":"user","parts":[{"functionResponse":{"name":"t","response":{"output":"b"}}}]}]})"},
};

}  // namespace

TEST_CASE("unknown members are named by one rule, in every dialect and wherever they stand") {
  for (const Case& each : cases) {
    Config config;
    config.providers.emplace_back();
    config.providers[0].dialect = each.from == Dialect::anthropic ? Dialect::openai_chat : Dialect::anthropic;
    Target target;
    target.upstream_model = "m";
    const Transformed result = transform(each.body, each.from, config, target);
    INFO(name_of(each.from) << " " << result.fault.message());
    REQUIRE_FALSE(result.fault);
    std::string all;
    for (const std::string& path : result.losses) all += path + ";";
    INFO(all);
    for (const std::string_view member : {"at_root", "in_message", "in_part", "in_source", "in_call", "in_tool"}) {
      INFO(member);
      // By its own name behind what it stands in.
      const auto names_it = [&](const std::string& path) {
        return path.size() >= member.size() && path.substr(path.size() - member.size()) == member;
      };
      const auto found = std::find_if(result.losses.begin(), result.losses.end(), names_it);
      REQUIRE(found != result.losses.end());
      const std::string_view place = member == "at_root" ? "" : member == "in_tool" ? "tools." : "messages.";
      CHECK(found->substr(0, place.size()) == place);
    }
    CHECK(all.find("nothing") == all.npos);
    CHECK(all.find("caller") == all.npos);
    CHECK(all.find("server_label") == all.npos);
  }
}
