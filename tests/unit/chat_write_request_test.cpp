// What a request becomes on its way to an upstream that speaks Chat Completions, but for its messages: those are
// chat_write_messages_test.cpp's.
#include <catch2/catch.hpp>

#include <string>

#include "chat_written.h"

using namespace signalbox;
using namespace signalbox::testing;

namespace {

constexpr std::string_view one_tool = R"(,"tools":[{"name":"T","input_schema":{"type":"object","properties":{}}}])";

}  // namespace

TEST_CASE("chat writer: a plain request", "[chat_writer]") {
  const Chat chat =
      chat_of(asking(R"(,"system":"be brief","temperature":0.7,"top_p":0.95,"stop_sequences":["\n\n","x"])"));
  CHECK(chat.body == R"({"model":"up","max_tokens":100,"temperature":0.7,"top_p":0.95,"stop":["\n\n","x"],)"
                     R"("messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hi"}]})");
  CHECK(chat.losses == "");
}

TEST_CASE("chat writer: the bound on the answer is the model's own at most, in the member it knows", "[chat_writer]") {
  CHECK(chat_of(asking(""), {}, 50).member("max_tokens") == "50");
  CHECK(chat_of(asking(""), {}, 5000).member("max_tokens") == "100");
  const Chat chat =
      chat_of(asking(""), with([](LaneFlags& f) { f.max_tokens_field = MaxTokensField::max_completion_tokens; }));
  CHECK(chat.member("max_completion_tokens") == "100");
  CHECK(chat.member("max_tokens") == "");
}

TEST_CASE("chat writer: prompt and answer together fit into the context (CCR #895)", "[chat_writer]") {
  const std::string asked = R"({"model":"m","max_tokens":32000,"messages":[{"role":"user","content":"hi"}]})";
  const auto bound = [&](const Room& room) {
    const Chat chat = chat_of(asked, {}, room);
    CHECK(chat.losses == "");
    return chat.member("max_tokens");
  };
  CHECK(bound({0, 128'000, 100'000}) == "28000");
  CHECK(bound({0, 128'000, 96'000}) == "32000");
  CHECK(bound({0, 128'000, 96'001}) == "31999");
  CHECK(bound({0, 1'000'000, 100'000}) == "32000");  // never raised
  CHECK(bound({8'192, 128'000, 100'000}) == "8192");
  CHECK(bound({8'192, 128'000, 122'000}) == "6000");
  // A context that is full is for the upstream to say.
  CHECK(bound({0, 128'000, 126'976}) == "1024");
  CHECK(bound({0, 128'000, 126'977}) == "32000");
  CHECK(bound({8'192, 128'000, 128'000}) == "8192");
  CHECK(bound({0, 128'000, 500'000}) == "32000");
  CHECK(bound({0, 0, 500'000}) == "32000");
  // Who asked for little gets it, and who asked for nothing is not answered with a bound.
  CHECK(chat_of(asking(""), {}, Room{0, 128'000, 126'976}).member("max_tokens") == "100");
  const Chat unbounded =
      chat_of(R"({"model":"m","messages":[{"role":"user","content":"hi"}]})", {}, Room{0, 4'000, 10});
  CHECK(unbounded.member("max_tokens") == "");
}

TEST_CASE("chat writer: numbers keep every digit (PreservesNumberPrecision)", "[chat_writer]") {
  const Chat chat = chat_of(
      R"({"model":"m","max_tokens":1,"temperature":0.30000000000000004,"messages":[{"role":"user","content":"a"},)"
      R"({"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"T","input":{"n":9007199254740993,"f":1.10}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"ok"}]}]})");
  CHECK(chat.member("temperature") == "0.30000000000000004");
  CHECK(chat.messages().find(R"("arguments":"{\"n\":9007199254740993,\"f\":1.10}")") != std::string::npos);
}

TEST_CASE("chat writer: tools lose what Chat does not know (input_examples, CLIProxyAPI #263)", "[chat_writer]") {
  const Chat chat = chat_of(asking(
      R"(,"tools":[{"name":"Read","description":"reads \"it\"","input_schema":{"type":"object","properties":{"p":{"type":"string"}},"required":["p"]},)"
      R"("input_examples":[{"p":"x"}],"defer_loading":true,"eager_input_streaming":true,"allowed_callers":["direct"]}])"));
  CHECK(chat.member("tools") ==
        R"([{"type":"function","function":{"name":"Read","description":"reads \"it\"",)"
        R"("parameters":{"type":"object","properties":{"p":{"type":"string"}},"required":["p"]}}}])");
}

TEST_CASE("chat writer: a tool is strict only where its schema is, since OpenAI refuses others", "[chat_writer]") {
  const auto tool = [](std::string_view schema) {
    return chat_of(asking(R"(,"tools":[{"name":"T","strict":true,"input_schema":)" + std::string(schema) + "}]"));
  };
  const Chat strict = tool(R"({"type":"object","properties":{},"additionalProperties":false})");
  CHECK(strict.member("tools").find(R"("strict":true)") != std::string::npos);
  CHECK(strict.losses == "");
  const Chat loose = tool(R"({"type":"object","properties":{"a":{}}})");
  CHECK(loose.member("tools").find("strict") == std::string::npos);
  CHECK(loose.losses == "tools.strict");
  CHECK(tool(R"({"anyOf":[{"properties":{"a":{}}}]})").losses == "tools.input_schema;tools.strict");
}

TEST_CASE("chat writer: an MCP name over 64 bytes goes out short everywhere", "[chat_writer]") {
  const std::string name = "mcp__" + std::string(70, 'n');
  const Chat chat = chat_of(
      R"({"model":"m","max_tokens":1,"tools":[{"name":")" + name +
      R"(","input_schema":{"type":"object"}}],"tool_choice":{"type":"tool","name":")" + name +
      R"("},"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":")" +
      name + R"(","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"r"}]}]})");
  CHECK(chat.body.find(name) == std::string::npos);
  const std::string_view mark = "\"name\":\"";
  std::string first;
  int count = 0;
  for (size_t at = chat.body.find(mark); at != std::string::npos; at = chat.body.find(mark, at + 1), ++count) {
    const std::string sent =
        chat.body.substr(at + mark.size(), chat.body.find('"', at + mark.size()) - at - mark.size());
    if (first.empty()) first = sent;
    CHECK(sent == first);
    CHECK(sent.size() == 64);
  }
  CHECK(count == 3);
}

TEST_CASE("chat writer: tool choice: any is required, never auto", "[chat_writer]") {
  const auto choice = [](std::string_view asked, const LaneFlags& flags = {}) {
    const Chat chat = chat_of(asking(std::string(one_tool) + R"(,"tool_choice":)" + std::string(asked)), flags);
    return chat.member("tool_choice") + " " + chat.losses;
  };
  CHECK(choice(R"({"type":"auto"})") == "\"auto\" ");
  CHECK(choice(R"({"type":"any"})") == "\"required\" ");
  CHECK(choice(R"({"type":"none"})") == "\"none\" ");
  CHECK(choice(R"({"type":"tool","name":"T"})") == R"({"type":"function","function":{"name":"T"}} )");
  const LaneFlags auto_only = with([](LaneFlags& f) { f.tool_choice = ToolChoiceSupport::auto_only; });
  CHECK(choice(R"({"type":"any"})", auto_only) == "\"auto\" tool_choice");
  CHECK(choice(R"({"type":"auto"})", auto_only) == "\"auto\" ");
  CHECK(choice(R"({"type":"none"})", auto_only) == "\"none\" ");  // it forces nothing
  const LaneFlags none = with([](LaneFlags& f) { f.tool_choice = ToolChoiceSupport::none; });
  CHECK(choice(R"({"type":"tool","name":"T"})", none) == " tool_choice");
  CHECK(choice(R"({"type":"auto"})", none) == " ");
}

TEST_CASE("chat writer: without tools no choice either (CliRelay #739)", "[chat_writer]") {
  const Chat chat = chat_of(asking(R"(,"tools":[],"tool_choice":{"type":"any","disable_parallel_tool_use":true})"));
  CHECK(chat.member("tools") == "");
  CHECK(chat.member("tool_choice") == "");
  CHECK(chat.member("parallel_tool_calls") == "");
}

TEST_CASE("chat writer: parallel calls are forbidden where the lane can be told", "[chat_writer]") {
  const std::string body =
      asking(std::string(one_tool) + R"(,"tool_choice":{"type":"auto","disable_parallel_tool_use":true})");
  CHECK(chat_of(body).member("parallel_tool_calls") == "false");
  const Chat chat = chat_of(body, with([](LaneFlags& f) { f.parallel_tools = false; }));
  CHECK(chat.member("parallel_tool_calls") == "");
  CHECK(chat.losses == "parallel_tool_calls");
}

TEST_CASE("chat writer: effort in each style", "[chat_writer]") {
  const std::string high = asking(R"(,"thinking":{"type":"adaptive"},"output_config":{"effort":"max"})");
  const std::string budget =
      R"({"model":"m","max_tokens":32000,"messages":[{"role":"user","content":"a"}],"thinking":{"type":"enabled","budget_tokens":10000}})";
  const std::string off = asking(R"(,"thinking":{"type":"disabled"})");
  const auto style = [](EffortStyle asked, uint8_t levels = 0xff) {
    LaneFlags flags;
    flags.effort_style = asked;
    flags.effort_levels = levels;
    return flags;
  };
  CHECK(chat_of(high, style(EffortStyle::reasoning_effort)).member("reasoning_effort") == "\"max\"");
  CHECK(chat_of(high, style(EffortStyle::reasoning_effort, 0b00011100)).member("reasoning_effort") == "\"high\"");
  CHECK(chat_of(budget, style(EffortStyle::reasoning_effort)).member("reasoning_effort") == "\"high\"");
  CHECK(chat_of(off, style(EffortStyle::reasoning_effort)).member("reasoning_effort") == "\"none\"");
  CHECK(chat_of(high, style(EffortStyle::reasoning)).member("reasoning") == R"({"effort":"max"})");
  CHECK(chat_of(budget, style(EffortStyle::reasoning)).member("reasoning") == R"({"max_tokens":10000})");
  CHECK(chat_of(budget, style(EffortStyle::reasoning), 8000).member("reasoning") == R"({"effort":"high"})");
  CHECK(chat_of(high, style(EffortStyle::thinking)).member("thinking") == R"({"type":"enabled"})");
  CHECK(chat_of(high, style(EffortStyle::thinking)).member("reasoning_effort") == "");
  CHECK(chat_of(off, style(EffortStyle::thinking)).member("thinking") == R"({"type":"disabled"})");
  CHECK(chat_of(budget, style(EffortStyle::enable_thinking)).member("enable_thinking") == "true");
  CHECK(chat_of(budget, style(EffortStyle::enable_thinking)).member("thinking_budget") == "10000");
  CHECK(chat_of(high, style(EffortStyle::enable_thinking)).member("thinking_budget") == "63999");
  CHECK(chat_of(off, style(EffortStyle::enable_thinking)).member("enable_thinking") == "false");
  CHECK(chat_of(off, style(EffortStyle::enable_thinking)).member("thinking_budget") == "");  // CCR #1378
  const Chat none = chat_of(high, style(EffortStyle::none));
  CHECK(none.member("reasoning_effort") == "");
  CHECK(none.losses == "reasoning");
  CHECK(chat_of(off, style(EffortStyle::none)).losses == "");
  CHECK(chat_of(asking("")).member("reasoning_effort") == "");
}

TEST_CASE(
    "chat writer: a switch for thinking says no rung, and with effort beside it never a contradiction (CCR #1378)",
    "[chat_writer]") {
  const auto asked = [](const std::string& effort) {
    return asking(R"(,"thinking":{"type":"adaptive"},"output_config":{"effort":")" + effort + "\"}");
  };
  const std::string off = asking(R"(,"thinking":{"type":"disabled"})");
  LaneFlags flags;
  flags.effort_style = EffortStyle::thinking;
  // On is as much as the model thinks by itself, which is what asking for thinking alone means.
  CHECK(chat_of(asking(R"(,"thinking":{"type":"adaptive"})"), flags).losses == "");
  CHECK(chat_of(asked("high"), flags).losses == "");
  for (const char* effort : {"minimal", "low", "medium", "xhigh", "max"}) {
    const Chat chat = chat_of(asked(effort), flags);
    CHECK(chat.losses == "reasoning.effort");
    CHECK(chat.member("thinking") == R"({"type":"enabled"})");
    CHECK(chat.member("reasoning_effort") == "");
  }
  CHECK(chat_of(off, flags).losses == "");

  flags.effort_style = EffortStyle::thinking_effort;
  flags.effort_levels = 0b1111100;
  const std::pair<const char*, const char*> words[] = {{"minimal", "\"low\""},   {"low", "\"low\""},
                                                       {"medium", "\"medium\""}, {"high", "\"high\""},
                                                       {"xhigh", "\"xhigh\""},   {"max", "\"max\""}};
  for (const auto& [effort, word] : words) {
    const Chat chat = chat_of(asked(effort), flags);
    CHECK(chat.losses == "");
    CHECK(chat.member("thinking") == R"({"type":"enabled"})");
    CHECK(chat.member("reasoning_effort") == word);
  }
  for (const uint8_t levels : {uint8_t(0b1111100), uint8_t(0xff)}) {
    flags.effort_levels = levels;
    const Chat chat = chat_of(off, flags);
    CHECK(chat.member("thinking") == R"({"type":"disabled"})");
    CHECK(chat.member("reasoning_effort") == "");
    CHECK(chat.losses == "");
  }
  flags.effort_levels = 0b1;
  CHECK(chat_of(asked("low"), flags).member("thinking") == R"({"type":"enabled"})");
  CHECK(chat_of(asked("low"), flags).member("reasoning_effort") == "");
  CHECK(chat_of(asked("low"), flags).losses == "reasoning.effort");
  CHECK(chat_of(asking(""), flags).member("thinking") == "");
}

TEST_CASE("chat writer: temperature and top_p go where they are refused", "[chat_writer]") {
  const LaneFlags fixed = with([](LaneFlags& f) { f.temperature_fixed = true; });
  const Chat chat = chat_of(asking(R"(,"temperature":0.5,"top_p":0.9)"), fixed);
  CHECK(chat.member("temperature") == "");
  CHECK(chat.member("top_p") == "");
  CHECK(chat.losses == "temperature;top_p");
  CHECK(chat_of(asking(R"(,"temperature":1)"), fixed).losses == "");  // the default: nothing is lost
  const Chat thinking = chat_of(asking(R"(,"temperature":0.5,"output_config":{"effort":"high"})"));
  CHECK(thinking.member("temperature") == "");
  CHECK(thinking.losses == "temperature");
  CHECK(chat_of(asking(R"(,"temperature":0.5,"thinking":{"type":"disabled"})")).member("temperature") == "0.5");
}

TEST_CASE("chat writer: top_k, stop, stream and service tier", "[chat_writer]") {
  CHECK(chat_of(asking(R"(,"top_k":40)")).losses == "top_k");
  const Chat top_k = chat_of(asking(R"(,"top_k":40)"), with([](LaneFlags& f) { f.top_k = true; }));
  CHECK(top_k.member("top_k") == "40");
  CHECK(top_k.losses == "");
  const Chat stop =
      chat_of(asking(R"(,"stop_sequences":["1","2","3","4","5"])"));  // stop_sequences_clamped_per_vendor_cap
  CHECK(stop.member("stop") == R"(["1","2","3","4"])");
  CHECK(stop.losses == "stop_sequences");
  CHECK(chat_of(asking("")).member("stream") == "");
  CHECK(chat_of(asking(R"(,"stream":true)")).member("stream_options") == R"({"include_usage":true})");
  const Chat without = chat_of(asking(R"(,"stream":true)"), with([](LaneFlags& f) { f.stream_options = false; }));
  CHECK(without.member("stream") == "true");
  CHECK(without.member("stream_options") == "");
  CHECK(chat_of(asking(R"(,"service_tier":"standard_only")")).member("service_tier") == "\"default\"");
  CHECK(chat_of(asking(R"(,"service_tier":"auto")")).member("service_tier") == "\"auto\"");
}

TEST_CASE("chat writer: who asks is never said, and a session only as a hash", "[chat_writer]") {
  const std::string body = asking(R"(,"metadata":{"user_id":"{\"device_id\":\"device-7\",\"session_id\":\"s-77\"}"})");
  CHECK(chat_of(body).body.find("device-7") == std::string::npos);
  CHECK(chat_of(body).member("prompt_cache_key") == "");
  const LaneFlags flags = with([](LaneFlags& f) { f.prompt_cache_key = true; });
  const Chat chat = chat_of(body, flags);
  CHECK(chat.body.find("device-7") == std::string::npos);
  CHECK(chat.body.find("s-77") == std::string::npos);
  CHECK(chat.member("prompt_cache_key").size() == 2 + 3 + 32);
  CHECK(chat.member("prompt_cache_key") == chat_of(body, flags).member("prompt_cache_key"));
}

TEST_CASE("chat writer: structured output (CLIProxyAPI #5280)", "[chat_writer]") {
  const std::string strict =
      R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false})";
  const std::string loose = R"({"type":"object","properties":{"a":{"type":"string"}}})";
  const auto body = [](const std::string& schema) {
    return asking(R"(,"output_config":{"format":{"type":"json_schema","schema":)" + schema + "}}");
  };
  CHECK(chat_of(body(strict)).member("response_format") ==
        R"({"type":"json_schema","json_schema":{"name":"output","schema":)" + strict + R"(,"strict":true}})");
  CHECK(chat_of(body(loose)).member("response_format") ==
        R"({"type":"json_schema","json_schema":{"name":"output","schema":)" + loose + "}}");
  CHECK(chat_of(body(loose)).losses == "");
  const Chat object =
      chat_of(body(loose), with([](LaneFlags& f) { f.structured_output = StructuredOutput::json_object; }));
  CHECK(object.member("response_format") == R"({"type":"json_object"})");
  CHECK(object.losses == "response_format");
  CHECK(object.messages().find(R"(JSON schema: {\"type\":\"object\")") != std::string::npos);
  const Chat none = chat_of(body(loose), with([](LaneFlags& f) { f.structured_output = StructuredOutput::none; }));
  CHECK(none.member("response_format") == "");
  CHECK(none.losses == "response_format");
  CHECK(none.messages().find(R"(JSON schema: {\"type\":\"object\")") != std::string::npos);
}

TEST_CASE("chat writer: tools that a provider runs are lost by name, and nothing names them", "[chat_writer]") {
  const std::string search = R"({"type":"web_search_20250305","name":"web_search","max_uses":8})";
  const std::string forced = R"(,"tool_choice":{"type":"tool","name":"web_search"})";
  const Chat alone = chat_of(asking(R"(,"tools":[)" + search + "]" + forced));
  CHECK(alone.member("tools").empty());
  CHECK(alone.member("tool_choice").empty());
  CHECK(alone.losses == "tools.web_search");
  const Chat beside = chat_of(asking(R"(,"tools":[{"name":"T","input_schema":{}},)" + search + "]" + forced));
  CHECK(beside.member("tool_choice").empty());
  CHECK(beside.losses == "tools.web_search;tool_choice");
}

TEST_CASE("chat writer: seed and penalties go where they ask for something", "[chat_writer]") {
  const auto written = [](const canonical::Request& request) {
    Arena arena;
    canonical::Losses losses;
    canonical::ToolNames names;
    Chat chat;
    dialects::openai_chat_row.write_request(request, {"up", LaneFlags(), 0, "scope", arena, names, losses}, chat.body);
    chat.losses = losses.joined();
    return chat;
  };
  canonical::Request request;
  request.seed = "7";
  request.presence_penalty = "0.5";
  request.frequency_penalty = "0.0";
  request.verbosity = {"low"};
  const Chat chat = written(request);
  CHECK(chat.member("seed") == "7");
  CHECK(chat.member("presence_penalty") == "0.5");
  CHECK(chat.member("frequency_penalty").empty());
  CHECK(chat.losses == "verbosity");
}
