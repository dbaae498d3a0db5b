// Canonical requests as Messages bodies. Most requests come from a Messages body, because that says them
// shortest; the ones that only other dialects can say are put together here.
#include <catch2/catch.hpp>

#include <string>

#include "base/arena.h"
#include "dialects/anthropic/anthropic.h"
#include "dialects/canonical/envelope.h"
#include "json/walk.h"

using namespace signalbox;
using namespace signalbox::canonical;
using dialects::anthropic_row;

namespace {

struct Lane {
  LaneFlags flags;
  int64_t output_tokens_max = 0;
  int64_t context_tokens_max = 0;
  int64_t input_tokens_estimate = 0;
};

struct Written {
  explicit Written(const Request& request, const Lane& lane = {}) { write(request, lane); }
  explicit Written(const std::string& client_body, const Lane& lane = {}) {
    Losses lost_in_reading;
    const ReadResult read = anthropic_row.read_request(client_body, arena, lost_in_reading);
    REQUIRE_FALSE(read.fault);
    write(read.request, lane);
  }

  void write(const Request& request, const Lane& lane) {
    anthropic_row.write_request(request,
                                {"up", lane.flags, lane.output_tokens_max, "00000000", arena, names, losses,
                                 lane.context_tokens_max, lane.input_tokens_estimate},
                                body);
    INFO(body);
    REQUIRE(json::is_whole_object(body));
  }

  std::string_view member(std::string_view name) const { return json::member(body, name); }
  std::string lost() const { return losses.joined(); }

  Arena arena;
  ToolNames names;
  Losses losses;
  std::string body;
};

std::string with(const std::string& members) {
  return R"({"messages":[{"role":"user","content":"hi"}],"max_tokens":50000)" + members + "}";
}

std::string conversation(const std::string& messages, const std::string& members = {}) {
  return R"({"max_tokens":50000,"messages":[)" + messages + "]" + members + "}";
}

constexpr std::string_view user_a = R"([{"role":"user","content":[{"type":"text","text":"a"}]})";
constexpr std::string_view tool = R"(,"tools":[{"name":"a","input_schema":{"type":"object","properties":{}}}])";

Lane lane_with(EffortStyle style) {
  Lane lane;
  lane.flags.effort_style = style;
  return lane;
}

// What Claude Code sends, shortened, with every kind of block that its sessions have.
const std::string claude_code_body =
    R"({"model":"claude-sonnet-4-5","messages":[{"role":"user","content":[{"type":"text","text":"<system-reminder>\nAs you answer…\n</system-reminder>"},)"
    R"({"type":"text","text":"run the echo \u2014 gr\u00fcn"}]},{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"EtQBCkYIBxgCKkA"},)"
    R"({"type":"text","text":"I shall run it. "},{"type":"tool_use","id":"toolu_0001","name":"Bash","input":{"command":"echo \"é\"","timeout":1.20e3,"n":9007199254740993},"cache_control":{"type":"ephemeral"}},)"
    R"({"type":"tool_use","id":"toolu_0002","name":"Read","input":{ }}]},{"role":"user","content":[{"tool_use_id":"toolu_0001","type":"tool_result","content":"hello","is_error":false},)"
    R"({"tool_use_id":"toolu_0002","type":"tool_result","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}},{"type":"text","text":"2 pages"}]},)"
    R"({"type":"text","text":"go on","cache_control":{"type":"ephemeral","ttl":"1h"}}]}],)"
    R"("system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1.329.a1; cc_entrypoint=cli; cch=0f3c9;"},)"
    R"({"type":"text","text":"You are Claude Code.","cache_control":{"type":"ephemeral"}},{"type":"text","text":"\nYou are an interactive agent.","cache_control":{"type":"ephemeral"}}],)"
    R"("tools":[{"name":"Bash","description":"Runs \"it\"","input_schema":{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"command":{"type":"string"},"timeout":{"type":"number","maximum":600000.0}},"required":["command"],"additionalProperties":false}},)"
    R"({"name":"Read","description":"Reads","input_schema":{"type":"object","properties":{"file_path":{"type":"string"}}},"eager_input_streaming":true}],)"
    R"("metadata":{"user_id":"{\"device_id\":\"d0\",\"account_uuid\":\"\",\"session_id\":\"5b1c\"}"},"max_tokens":32000,"thinking":{"type":"adaptive","display":"omitted"},)"
    R"("output_config":{"effort":"medium"},"context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]},"stream":true})";

const std::string claude_code_written =
    R"({"model":"up","max_tokens":32000,"stream":true,"tools":[{"name":"Bash","description":"Runs \"it\"","input_schema":{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"command":{"type":"string"},"timeout":{"type":"number","maximum":600000.0}},"required":["command"],"additionalProperties":false}},)"
    R"({"name":"Read","description":"Reads","input_schema":{"type":"object","properties":{"file_path":{"type":"string"}}}}],)"
    R"("system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1.329.a1; cc_entrypoint=cli; cch=0f3c9;"},)"
    R"({"type":"text","text":"You are Claude Code.","cache_control":{"type":"ephemeral"}},{"type":"text","text":"\nYou are an interactive agent.","cache_control":{"type":"ephemeral"}}],)"
    R"("messages":[{"role":"user","content":[{"type":"text","text":"<system-reminder>\nAs you answer…\n</system-reminder>"},)"
    R"({"type":"text","text":"run the echo \u2014 gr\u00fcn"}]},{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"EtQBCkYIBxgCKkA"},)"
    R"({"type":"text","text":"I shall run it. "},{"type":"tool_use","id":"toolu_0001","name":"Bash","input":{"command":"echo \"é\"","timeout":1.20e3,"n":9007199254740993},"cache_control":{"type":"ephemeral"}},)"
    R"({"type":"tool_use","id":"toolu_0002","name":"Read","input":{ }}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_0001","content":[{"type":"text","text":"hello"}]},)"
    R"({"type":"tool_result","tool_use_id":"toolu_0002","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}},{"type":"text","text":"2 pages"}]},)"
    R"({"type":"text","text":"go on","cache_control":{"type":"ephemeral","ttl":"1h"}}]}],)"
    R"("thinking":{"type":"adaptive","display":"omitted"},"output_config":{"effort":"medium"})";

}  // namespace

TEST_CASE("A to A: a Claude Code session keeps texts, arguments, schemas and numbers byte for byte (golden)",
          "[anthropic]") {
  const Written written(claude_code_body, lane_with(EffortStyle::adaptive));
  const auto without_user = [](std::string text) { return text.substr(0, text.find(",\"metadata\"")); };
  CHECK(without_user(written.body) == without_user(claude_code_written));
  // The user is told apart by a hash, and named nowhere.
  const std::string_view user = json::string_inside(json::member(written.member("metadata"), "user_id"));
  CHECK(user.size() == 64);
  CHECK(written.body.find("d0") == std::string::npos);
  CHECK(written.lost().empty());
  // The same again is the same bytes.
  CHECK(Written(claude_code_body, lane_with(EffortStyle::adaptive)).body == written.body);
  // And what was written reads as what it was written from.
  CHECK(without_user(Written(written.body, lane_with(EffortStyle::adaptive)).body) == without_user(written.body));
}

TEST_CASE("writing A: the billing line goes where the lane says so, and only it", "[anthropic]") {
  Lane lane;
  lane.flags.strip_billing = true;
  const Written written(
      with(R"(,"system":[{"type":"text","text":"x-anthropic-billing-header: c;\nkept"},{"type":"text","text":"b"}])"),
      lane);
  CHECK(written.member("system") == R"([{"type":"text","text":"kept"},{"type":"text","text":"b"}])");
  const Written alone(with(R"(,"system":"x-anthropic-billing-header: c;")"), lane);
  CHECK(alone.member("system").empty());
}

TEST_CASE("writing A: max_tokens is always said", "[anthropic]") {
  const std::string unset = R"({"messages":[{"role":"user","content":"hi"}]})";
  Lane known;
  known.output_tokens_max = 32000;
  CHECK(Written(unset).member("max_tokens") == "4096");
  CHECK(Written(unset, known).member("max_tokens") == "32000");
  Lane told;
  told.flags.output_tokens_default = 16000;
  CHECK(Written(unset, told).member("max_tokens") == "16000");
  told.output_tokens_max = 8000;
  CHECK(Written(unset, told).member("max_tokens") == "8000");
  CHECK(Written(with(""), known).member("max_tokens") == "32000");
  CHECK(Written(with("")).member("max_tokens") == "50000");
}

TEST_CASE("writing A: prompt and answer together fit into the context (CCR #895)", "[anthropic]") {
  const auto lane = [](int64_t estimate, int64_t output_max = 0) { return Lane{{}, output_max, 200'000, estimate}; };
  const auto bound = [](const std::string& body, const Lane& room) {
    const Written written(body, room);
    CHECK(written.lost().empty());
    return std::string(written.member("max_tokens"));
  };
  CHECK(bound(with(""), lane(160'000)) == "40000");
  CHECK(bound(with(""), lane(150'000)) == "50000");
  CHECK(bound(with(""), lane(100'000)) == "50000");
  CHECK(bound(with(""), lane(160'000, 32'000)) == "32000");
  CHECK(bound(with(""), lane(198'976)) == "1024");
  CHECK(bound(with(""), lane(198'977)) == "50000");
  CHECK(bound(with(""), lane(300'000, 32'000)) == "32000");
  // The bound that the dialect demands is no wish for more, and a budget stays below what is left.
  const std::string unset = R"({"messages":[{"role":"user","content":"hi"}])";
  CHECK(bound(unset + "}", lane(197'000)) == "3000");
  CHECK(bound(unset + "}", lane(190'000, 32'000)) == "10000");
  const Written thinking(unset + R"(,"output_config":{"effort":"medium"}})", lane(195'000));
  CHECK(thinking.member("max_tokens") == "5000");
  CHECK(thinking.member("thinking") == R"({"type":"enabled","budget_tokens":3976})");
}

TEST_CASE("writing A: temperature is clamped to what Anthropic takes, and keeps its digits within", "[anthropic]") {
  const auto temperature = [](const std::string& number) {
    return std::string(Written(with(R"(,"temperature":)" + number)).member("temperature"));
  };
  for (const char* within : {"0", "0.70", "1", "1.0", "1e0", "10e-1", "0.0e99999999999999999999", "-0", "1e-400",
                             "0.99999999999999999999999999"})
    CHECK(temperature(within) == within);
  for (const char* above : {"1.01", "2", "1e1", "1e400", "100000000000000000000000000000e-5", "1e99999999999999999999"})
    CHECK(temperature(above) == "1");
  CHECK(temperature("-0.5") == "0");
}

TEST_CASE("writing A: of temperature and top_p only one goes, as newer models want it", "[anthropic]") {
  const Written both(with(R"(,"temperature":1,"top_p":0.95,"top_k":64)"));
  CHECK(both.member("temperature") == "1");
  CHECK(both.member("top_p").empty());
  CHECK(both.member("top_k") == "64");
  CHECK(both.lost() == "top_p");
  CHECK(Written(with(R"(,"top_p":0.5)")).member("top_p") == "0.5");
  Lane fixed;
  fixed.flags.temperature_fixed = true;
  const Written none(with(R"(,"temperature":1)"), fixed);
  CHECK(none.member("temperature").empty());
  CHECK(none.lost() == "temperature");
}

TEST_CASE("writing A: with thinking on, temperature, top_k and a forced tool go", "[anthropic]") {
  const Written written(with(
      R"(,"temperature":1,"top_p":0.5,"top_k":64,"thinking":{"type":"enabled","budget_tokens":8192},"tool_choice":{"type":"tool","name":"a"})" +
      std::string(tool)));
  CHECK(written.member("thinking") == R"({"type":"enabled","budget_tokens":8192})");
  CHECK(written.member("temperature").empty());
  CHECK(written.member("top_k").empty());
  CHECK(written.member("top_p").empty());
  CHECK(written.member("tool_choice") == R"({"type":"auto"})");
  CHECK(written.lost() == "tool_choice;temperature;top_k;top_p");
  CHECK(Written(with(R"(,"top_p":0.95,"thinking":{"type":"adaptive"})")).member("top_p") == "0.95");
}

TEST_CASE("writing A: a budget is at least 1024 and leaves room for the answer, or there is no thinking",
          "[anthropic]") {
  const auto thinking = [](const std::string& effort, const std::string& max_tokens, const Lane& lane = {}) {
    const Written written(R"({"messages":[{"role":"user","content":"hi"}],"output_config":{"effort":")" + effort +
                              "\"}" + (max_tokens.empty() ? "" : ",\"max_tokens\":" + max_tokens) + "}",
                          lane);
    return std::string(written.member("thinking")) + " of " + std::string(written.member("max_tokens"));
  };
  CHECK(thinking("low", "50000") == R"({"type":"enabled","budget_tokens":2048} of 50000)");
  CHECK(thinking("minimal", "50000") == R"({"type":"enabled","budget_tokens":1024} of 50000)");
  CHECK(thinking("max", "50000") == R"({"type":"enabled","budget_tokens":48976} of 50000)");
  CHECK(thinking("max", "3000") == R"({"type":"enabled","budget_tokens":1976} of 3000)");
  CHECK(thinking("max", "1500") == R"({"type":"enabled","budget_tokens":1024} of 1500)");
  CHECK(thinking("low", "1024") == R"({"type":"disabled"} of 1024)");
  CHECK(thinking("none", "50000") == R"({"type":"disabled"} of 50000)");
  CHECK(thinking("medium", "") == R"({"type":"enabled","budget_tokens":8192} of 12288)");
  Lane known;
  known.output_tokens_max = 8000;
  CHECK(thinking("medium", "", known) == R"({"type":"enabled","budget_tokens":6976} of 8000)");
  Lane told;
  told.flags.output_tokens_default = 32000;
  CHECK(thinking("medium", "", told) == R"({"type":"enabled","budget_tokens":8192} of 32000)");
  CHECK(thinking("max", "", told) == R"({"type":"enabled","budget_tokens":63999} of 68095)");
  Lane low;
  low.flags.effort_levels = 0b100;
  CHECK(thinking("max", "50000", low) == R"({"type":"enabled","budget_tokens":2048} of 50000)");
  CHECK(thinking("max", "50000", lane_with(EffortStyle::none)) == " of 50000");
  const Written huge(with(R"(,"thinking":{"type":"enabled","budget_tokens":9223372036854775807})"));
  CHECK(huge.member("thinking") == R"({"type":"enabled","budget_tokens":48976})");
  CHECK(Written(with("")).member("thinking").empty());
}

TEST_CASE("writing A: models that know efforts only get one, in Anthropic's words", "[anthropic]") {
  const Written written(with(R"(,"output_config":{"effort":"minimal"})"), lane_with(EffortStyle::adaptive));
  CHECK(written.member("thinking") == R"({"type":"adaptive"})");
  CHECK(written.member("output_config") == R"({"effort":"low"})");
  const Written off(with(R"(,"thinking":{"type":"disabled"})"), lane_with(EffortStyle::adaptive));
  CHECK(off.member("thinking") == R"({"type":"disabled"})");
  CHECK(off.member("output_config").empty());
}

TEST_CASE("writing A: a model that always thinks thinks little where none was asked for, and is never told off",
          "[anthropic]") {
  Lane always = lane_with(EffortStyle::adaptive);
  always.flags.effort_levels = 0b1111100;
  for (const char* asked : {R"(,"thinking":{"type":"disabled"})", R"(,"output_config":{"effort":"none"})"}) {
    const Written written(with(asked), always);
    CHECK(written.member("thinking") == R"({"type":"adaptive"})");
    CHECK(written.member("output_config") == R"({"effort":"low"})");
    CHECK(written.lost() == "reasoning");
  }
  CHECK(Written(with(""), always).member("thinking").empty());
}

TEST_CASE("writing A: models that choose their own words are told of no number", "[anthropic]") {
  Lane fixed;
  fixed.flags.temperature_fixed = true;
  const Written written(with(R"(,"temperature":0.5,"top_k":5)"), fixed);
  CHECK(written.member("temperature").empty());
  CHECK(written.member("top_k").empty());
  CHECK(written.lost() == "temperature;top_k");
}

TEST_CASE("writing A: with a budget, an open tool loop without its own thinking goes on without", "[anthropic]") {
  const std::string budget = R"(,"thinking":{"type":"enabled","budget_tokens":2048})";
  const std::string call = R"({"type":"tool_use","id":"t","name":"a","input":{}}]})";
  const std::string result = R"(,{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"r"}]})";
  const std::string ask = R"({"role":"user","content":"q"},{"role":"assistant","content":[)";
  const std::string off = R"({"type":"disabled"})", on = R"({"type":"enabled","budget_tokens":2048})";
  const std::string native = R"({"type":"thinking","thinking":"t","signature":"EtQ"},)";
  const Written open(conversation(ask + call + result, budget));
  CHECK(open.member("thinking") == off);
  CHECK(open.lost() == "reasoning");
  CHECK(Written(conversation(ask + native + call + result, budget)).member("thinking") == on);
  const std::string closed =
      ask + call + result + R"(,{"role":"assistant","content":"ok"},{"role":"user","content":"q"})";
  CHECK(Written(conversation(closed, budget)).member("thinking") == on);
  CHECK(Written(conversation(ask + call + result, budget), lane_with(EffortStyle::adaptive)).member("thinking") ==
        R"({"type":"adaptive"})");
}

TEST_CASE("writing A: what is shown of thinking is said where it would not be, or not be left out", "[anthropic]") {
  const auto thinking = [](std::string_view display, EffortStyle style) {
    const std::string asked = R"({"model":"m","max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":2048)" +
                              std::string(display) + R"(},"messages":[{"role":"user","content":"q"}]})";
    return std::string(Written(asked, lane_with(style)).member("thinking"));
  };
  const std::string_view shown = R"(,"display":"summarized")", hidden = R"(,"display":"omitted")";
  CHECK(thinking(shown, EffortStyle::adaptive) == R"({"type":"adaptive","display":"summarized"})");
  CHECK(thinking(hidden, EffortStyle::adaptive) == R"({"type":"adaptive","display":"omitted"})");
  CHECK(thinking(R"(,"display":null)", EffortStyle::adaptive) == R"({"type":"adaptive"})");
  // Told a budget, a model shows what it thinks unless asked not to.
  const std::string_view budget = R"({"type":"enabled","budget_tokens":2048})";
  CHECK(thinking(shown, EffortStyle::reasoning_effort) == budget);
  CHECK(thinking({}, EffortStyle::reasoning_effort) == budget);
  CHECK(thinking(hidden, EffortStyle::reasoning_effort) ==
        R"({"type":"enabled","budget_tokens":2048,"display":"omitted"})");
}

TEST_CASE("writing A: only thinking that is Anthropic's own goes back, never an unsigned block", "[anthropic]") {
  std::string foreign, others, own;
  append_envelope(foreign, {Dialect::openai_responses, "00000000", {"state"}});
  append_envelope(others, {Dialect::anthropic, "0a1b2c3d", {"EtQ"}});  // of a compatible server
  append_envelope(own, {Dialect::anthropic, "00000000", {"EtQ"}});
  const Written written(conversation(
      R"({"role":"user","content":"q"},{"role":"assistant","content":[{"type":"thinking","thinking":"f","signature":")" +
      foreign + R"("},{"type":"thinking","thinking":"s","signature":")" + others +
      R"("},{"type":"redacted_thinking","data":")" + foreign +
      R"("},{"type":"thinking","thinking":"u","signature":""},)"
      R"({"type":"thinking","thinking":"n","signature":"EtQ"},{"type":"redacted_thinking","data":"EmR"},{"type":"thinking","thinking":"o","signature":")" +
      own + R"("},{"type":"text","text":"a"}]},{"role":"user","content":"b"})"));
  CHECK(
      written.member("messages") ==
      R"([{"role":"user","content":[{"type":"text","text":"q"}]},{"role":"assistant","content":[{"type":"thinking","thinking":"n","signature":"EtQ"},)"
      R"({"type":"redacted_thinking","data":"EmR"},{"type":"thinking","thinking":"o","signature":"EtQ"},{"type":"text","text":"a"}]},)"
      R"({"role":"user","content":[{"type":"text","text":"b"}]}])");
  CHECK(written.lost() == "messages.thinking;messages.redacted_thinking");
}

TEST_CASE("writing A: where foreign thinking was all there was, the neighbours become one message", "[anthropic]") {
  const Written written(conversation(
      R"({"role":"user","content":"a"},{"role":"assistant","content":[{"type":"thinking","thinking":"f"}]},{"role":"user","content":"b"})"));
  CHECK(written.member("messages") ==
        R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}])");
}

TEST_CASE("writing A: the first message is the user's (CLIProxyAPI SystemOnlyInputKeepsFallbackUserMessage)",
          "[anthropic]") {
  const std::string opening = R"({"role":"user","content":[{"type":"text","text":"Please begin."}]})";
  CHECK(Written(R"({"messages":[],"system":"s"})").member("messages") == "[" + opening + "]");
  CHECK(
      Written(conversation(R"({"role":"assistant","content":"a"},{"role":"user","content":"b"})")).member("messages") ==
      "[" + opening +
          R"(,{"role":"assistant","content":[{"type":"text","text":"a"}]},{"role":"user","content":[{"type":"text","text":"b"}]}])");
}

TEST_CASE("writing A: system messages in mid-conversation become marked text of the user's", "[anthropic]") {
  const Written written(
      conversation(R"({"role":"user","content":"a"},{"role":"system","content":"s"},{"role":"user","content":"b"})"));
  CHECK(
      written.member("messages") ==
      R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"<system-reminder>\ns\n</system-reminder>"},{"type":"text","text":"b"}]}])");
}

TEST_CASE("writing A: a beginning of the answer ends in no blank", "[anthropic]") {
  const auto prefill = [](const std::string& text) {
    const Written written(
        conversation(R"({"role":"user","content":"a"},{"role":"assistant","content":")" + text + "\"}"));
    return std::string(written.member("messages")).substr(user_a.size());
  };
  CHECK(prefill(R"(x \n\t )") == R"(,{"role":"assistant","content":[{"type":"text","text":"x"}]}])");
  CHECK(prefill(R"(x\\n)") == R"(,{"role":"assistant","content":[{"type":"text","text":"x\\n"}]}])");
  CHECK(prefill(R"( \n)") == "]");
}

TEST_CASE("writing A: stop sequences of blanks only go", "[anthropic]") {
  const Written written(with(R"(,"stop_sequences":["\n"," ","a"])"));
  CHECK(written.member("stop_sequences") == R"(["a"])");
  CHECK(written.lost() == "stop_sequences");
  CHECK(Written(with(R"(,"stop_sequences":["\n"])")).member("stop_sequences").empty());
}

TEST_CASE("writing A: names and ids that Anthropic refuses go under others, the same in call and result",
          "[anthropic]") {
  const Written written(conversation(
      R"({"role":"user","content":"q"},{"role":"assistant","content":[{"type":"tool_use","id":"call.1|x","name":"a.b","input":{}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"call.1|x","is_error":true}]})",
      R"(,"tools":[{"name":"a.b","input_schema":{"type":"object","properties":{}}}],"tool_choice":{"type":"tool","name":"a.b"})"));
  std::string id;
  append_tool_id(id, "call.1|x", "toolu_", 64);
  ToolNames names;
  const std::string name(names.sent("a.b"));
  REQUIRE(name != "a.b");
  const std::string messages(written.member("messages"));
  CHECK(messages.find(R"({"type":"tool_use","id":")" + id + R"(","name":")" + name + R"(","input":{}})") !=
        std::string::npos);
  CHECK(messages.find(R"({"type":"tool_result","tool_use_id":")" + id + R"(","content":"error","is_error":true})") !=
        std::string::npos);
  CHECK(written.member("tool_choice") == R"({"type":"tool","name":")" + name + "\"}");
  CHECK(written.names.asked(name) == "a.b");
}

TEST_CASE("writing A: tool_choice and parallel calls, as far as the lane takes them", "[anthropic]") {
  const auto choice = [](const std::string& asked, ToolChoiceSupport support = ToolChoiceSupport::full) {
    Lane lane;
    lane.flags.tool_choice = support;
    const Written written(with(R"(,"tool_choice":)" + asked + std::string(tool)), lane);
    return std::string(written.member("tool_choice")) + written.lost();
  };
  CHECK(choice(R"({"type":"any","disable_parallel_tool_use":true})") ==
        R"({"type":"any","disable_parallel_tool_use":true})");
  CHECK(choice(R"({"type":"none"})") == R"({"type":"none"})");
  CHECK(choice(R"({"type":"any"})", ToolChoiceSupport::auto_only) == R"({"type":"auto"}tool_choice)");
  CHECK(choice(R"({"type":"any"})", ToolChoiceSupport::none) == "tool_choice");
  CHECK(choice("null").empty());
  CHECK(Written(with(R"(,"tools":[],"tool_choice":{"type":"any"})")).member("tool_choice").empty());
}

TEST_CASE("writing A: a tool that stands twice goes once (CLIProxyAPI DeduplicatesAndDisambiguatesTools)",
          "[anthropic]") {
  const Written written(
      with(R"(,"tools":[{"name":"b"},{"name":"a","description":"1"},{"name":"a","description":"2"}])"));
  CHECK(
      written.member("tools") ==
      R"([{"name":"b","input_schema":{"type":"object","properties":{}}},{"name":"a","description":"1","input_schema":{"type":"object","properties":{}}}])");
  CHECK(written.lost() == "tools.repeated");
}

TEST_CASE("writing A: of many tools with one name, in any order, the first is sent", "[anthropic]") {
  std::string tools;
  for (int i = 20'000; i-- > 0;) tools += R"({"name":"t)" + std::to_string(i) + R"("},{"name":"t7"},)";
  const Written written(with(R"(,"tools":[)" + tools + R"({"name":"t0","description":"again"}])"));
  const std::string_view sent = written.member("tools");
  size_t count = 0;
  for (size_t at = sent.find(R"("name")"); at != sent.npos; at = sent.find(R"("name")", at + 1)) ++count;
  CHECK(count == 20'000);
  CHECK(sent.substr(0, 29) == R"([{"name":"t19999","input_sche)");
  CHECK(sent.find("again") == sent.npos);
  CHECK(written.lost() == "tools.repeated");
}

TEST_CASE("writing A: structured output, and what stands for json_object", "[anthropic]") {
  const std::string schema = R"({"type":"json_schema","schema":{ "type":"object","x":1.0 }})";
  const Written written(with(R"(,"output_config":{"format":)" + schema + "}"));
  CHECK(written.member("output_config") == R"({"format":)" + schema + "}");
  CHECK(written.lost().empty());

  Lane words;
  words.flags.structured_output = StructuredOutput::none;
  const Written told(with(R"(,"system":"s","output_config":{"format":)" + schema + "}"), words);
  CHECK(told.member("output_config").empty());
  CHECK(std::string(told.member("system")).find(R"(nothing else:\n{ \"type\":\"object\",\"x\":1.0 })") !=
        std::string::npos);
  CHECK(told.lost() == "response_format");

  Request request;
  request.format.kind = OutputFormat::Kind::json_object;
  const Written object(request);
  CHECK(object.member("system") == R"([{"type":"text","text":"Answer with one JSON object and nothing else."}])");
  CHECK(object.lost() == "response_format");
}

TEST_CASE("writing A: of more marks for caching than four the last four stay", "[anthropic]") {
  const std::string mark = R"("cache_control":{"type":"ephemeral"})";
  const auto text = [&](const std::string& word) { return R"({"type":"text","text":")" + word + "\"," + mark + "}"; };
  const Written written(
      conversation(R"({"role":"user","content":[)" + text("c") + "," + text("d") + "," + text("e") + "]}",
                   R"(,"system":[)" + text("a") + "," + text("b") + "]"));
  CHECK(written.member("system") == R"([{"type":"text","text":"a"},{"type":"text","text":"b",)" + mark + "}]");
  CHECK(written.member("messages") ==
        R"([{"role":"user","content":[)" + text("c") + "," + text("d") + "," + text("e") + "]}]");
  CHECK(written.lost() == "cache_control");
}

TEST_CASE("writing A: media that Anthropic cannot take are named where they stood", "[anthropic]") {
  const Block blocks[] = {
      {Image{Source::file, {}, {"file-1"}, {}}, {}},
      {Image{Source::base64, {"image/tiff"}, {"AA"}, {}}, {}},
      {Image{Source::url, {}, {"https://x/y.png"}, {"low"}}, {}},
      {Document{Source::base64, {"application/pdf"}, {"JVB"}, {}, {"T"}, {}}, {}},
      {Document{Source::text, {}, {"plain"}, {}, {}, {"C"}}, {}},
      {Document{Source::file, {}, {"file-2"}, {}, {}, {}}, {}},
      {Document{Source::url, {"audio/wav"}, {"https://x/y.wav"}, {}, {}, {}}, {}},
  };
  const Message message{Role::user, {blocks, std::size(blocks)}};
  Request request;
  request.messages = {&message, 1};
  const Written written(request);
  CHECK(
      written.member("messages") ==
      R"([{"role":"user","content":[{"type":"text","text":"[image omitted: it is in another provider's store]"},)"
      R"({"type":"text","text":"[image omitted: its type is not supported]"},{"type":"image","source":{"type":"url","url":"https://x/y.png"}},)"
      R"({"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVB"},"title":"T"},)"
      R"({"type":"document","source":{"type":"text","media_type":"text/plain","data":"plain"},"context":"C"},)"
      R"({"type":"text","text":"[document omitted: it is in another provider's store]"},)"
      R"({"type":"text","text":"[document omitted: its type is not supported]"}]}])");
  CHECK(written.lost() ==
        "messages.image.file;messages.image.media_type;messages.image.detail;messages.document.file;messages.document."
        "media_type");
  Lane blind;
  blind.flags.vision = false;
  CHECK(Written(request, blind).body.find("[image omitted: model has no vision]") != std::string::npos);
}

TEST_CASE("reading A errors: the shapes that upstreams and gateways use", "[anthropic]") {
  Arena arena;
  const auto shown = [&](std::string_view body) {
    const routing::UpstreamError error = anthropic_row.read_error(body, arena);
    return std::string(error.type) + "|" + std::string(error.code) + "|" + std::string(error.message);
  };
  CHECK(shown(R"({"type":"error","error":{"type":"overloaded_error","message":"Over\u006coaded"},"request_id":"r"})") ==
        "overloaded_error||Overloaded");
  CHECK(shown(R"({"error":"text"})") == "||text");
  CHECK(shown(R"({"message":"m","code":429})") == "|429|m");
  CHECK(shown(R"({"detail":"d"})") == "||d");
  CHECK(shown(R"({"error":{"message":"m","code":"insufficient_quota","type":null}})") == "|insufficient_quota|m");
  CHECK(
      shown(
          R"({"error":{"type":"api_error","message":"{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"slow\"}}"}})") ==
      "rate_limit_error||slow");
  // Once, not for ever.
  CHECK(shown(R"({"error":"{\"error\":\"{\\\"error\\\":\\\"deep\\\"}\"}"})") == R"(||{"error":"deep"})");
  CHECK(shown("  upstream is down") == "||upstream is down");
  CHECK(shown("<html>") == "||");
  CHECK(shown("") == "||");
}

TEST_CASE("writing messages: texts of nothing but blanks are left out, and nothing is lost (claude-code #23440)",
          "[anthropic]") {
  const std::string blank = R"({"type":"text","text":"\n\n"})",
                    call = R"({"type":"tool_use","id":"t","name":"a","input":{}})";
  const auto messages = [](const std::string& body, const Lane& lane = {}) {
    const Written written(body, lane);
    CHECK(written.lost().empty());
    return std::string(written.member("messages"));
  };
  const std::string asked = R"({"role":"user","content":"q"},)", answered = R"(,{"role":"user","content":[)";
  const std::string result = R"({"type":"tool_result","tool_use_id":"t","content":)";
  CHECK(messages(conversation(asked + R"({"role":"assistant","content":[)" + blank + "," + call + "]}" + answered +
                              blank + "," + result + "[" + blank + R"(,{"type":"text","text":"r"}]}]})")) ==
        R"([{"role":"user","content":[{"type":"text","text":"q"}]},{"role":"assistant","content":[)" + call + "]}" +
            answered + result + R"([{"type":"text","text":"r"}]}]}])");
  // A result of nothing else says nothing, or that something went wrong.
  const std::string before = asked + R"({"role":"assistant","content":[)" + call + "]}" + answered;
  const auto result_of = [&](const std::string& more) {
    const std::string all = messages(conversation(before + result + "[" + blank + "]" + more + "}]}"));
    return all.substr(all.find(R"({"type":"tool_result")"));
  };
  CHECK(result_of("") == R"({"type":"tool_result","tool_use_id":"t"}]}])");
  CHECK(result_of(R"(,"is_error":true)") ==
        R"({"type":"tool_result","tool_use_id":"t","content":"error","is_error":true}]}])");
  // A message of nothing else leaves no gap, and the last text of a prefill has no blanks at its end.
  CHECK(messages(conversation(asked + R"({"role":"assistant","content":" "},{"role":"user","content":"r"})")) ==
        R"([{"role":"user","content":[{"type":"text","text":"q"},{"type":"text","text":"r"}]}])");
  CHECK(
      messages(
          conversation(asked + R"({"role":"assistant","content":[{"type":"text","text":"so "},)" + blank + "]}")) ==
      R"([{"role":"user","content":[{"type":"text","text":"q"}]},{"role":"assistant","content":[{"type":"text","text":"so"}]}])");
  const Written system(with(R"(,"system":[)" + blank + R"(,{"type":"text","text":"s"}])"));
  CHECK(system.member("system") == R"([{"type":"text","text":"s"}])");
  CHECK(Written(with(R"(,"system":"\t")")).member("system").empty());
}

TEST_CASE("writing A: the search of the web is its own, other tools of a provider are lost", "[anthropic]") {
  const std::string tools =
      R"(,"tools":[{"type":"web_search_20260209","name":"web_search","max_uses":8,"allowed_domains":["a.com"],"user_location":{"type":"approximate"}},{"type":"web_fetch_20250910","name":"web_fetch"}])";
  const Written written(with(tools + R"(,"tool_choice":{"type":"tool","name":"web_search"})"));
  CHECK(
      written.member("tools") ==
      R"([{"type":"web_search_20250305","name":"web_search","max_uses":8,"allowed_domains":["a.com"],"user_location":{"type":"approximate"}}])");
  CHECK(written.member("tool_choice") == R"({"type":"tool","name":"web_search"})");
  CHECK(written.lost() == "tools.web_fetch");
  const Written taken(with(
      R"(,"tools":[{"name":"web_search","input_schema":{"type":"object","properties":{}}},{"type":"web_search_20250305","name":"web_search"}])"));
  CHECK(taken.member("tools") == R"([{"name":"web_search","input_schema":{"type":"object","properties":{}}}])");
  CHECK(taken.lost() == "tools.web_search");
}

TEST_CASE("writing A: seed, penalties and verbosity are lost by name", "[anthropic]") {
  Request request;
  request.seed = "7";
  request.presence_penalty = "0.5";
  request.frequency_penalty = "0";
  request.verbosity = {"low"};
  CHECK(Written(request).lost() == "seed;presence_penalty;verbosity");
}
