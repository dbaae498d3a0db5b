// Canonical requests as generateContent bodies. Most requests come from a Messages body, because that says them
// shortest; the ones that only other dialects can say are put together here.
#include <catch2/catch.hpp>

#include <string>

#include "base/arena.h"
#include "dialects/anthropic/anthropic.h"
#include "dialects/canonical/envelope.h"
#include "dialects/gemini/gemini.h"
#include "json/walk.h"

using namespace signalbox;
using namespace signalbox::canonical;

namespace {

struct Written {
  explicit Written(const Request& request, const LaneFlags& flags = {}) { write(request, flags); }
  explicit Written(const std::string& client_body, const LaneFlags& flags = {}, int64_t output_tokens_max = 0) {
    Losses lost_in_reading;
    const ReadResult read = dialects::anthropic_row.read_request(client_body, arena, lost_in_reading);
    INFO(read.fault.detail);
    REQUIRE_FALSE(read.fault);
    write(read.request, flags, output_tokens_max);
  }

  void write(const Request& request, const LaneFlags& flags, int64_t output_tokens_max = 0) {
    dialects::gemini::write_request(request, {"up", flags, output_tokens_max, "00000000", arena, names, losses}, body);
    INFO(body);
    REQUIRE(json::is_whole_object(body));
  }

  std::string member(std::string_view name) const { return std::string(json::member(body, name)); }
  std::string generation(std::string_view name) const {
    return std::string(json::member(json::member(body, "generationConfig"), name));
  }
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

// The contents of a conversation of: a user's word, `said` by the model (blocks), and a result for each id.
std::string turn(const std::string& said, const std::string& results) {
  return conversation(R"({"role":"user","content":"go"},{"role":"assistant","content":[)" + said +
                      R"(]},{"role":"user","content":[)" + results + "]}");
}

std::string call(const std::string& id, const std::string& name = "Bash") {
  return R"({"type":"tool_use","id":")" + id + R"(","name":")" + name + R"(","input":{"x":1}})";
}

std::string result(const std::string& id, const std::string& content = R"("ok")", const std::string& more = {}) {
  return R"({"type":"tool_result","tool_use_id":")" + id + R"(","content":)" + content + more + "}";
}

std::string envelope(std::string_view state, Dialect vendor = Dialect::gemini) {
  std::string out;
  append_envelope(out, {vendor, "00000000", {state}});
  return out;
}

std::string redacted(std::string_view state) {
  return R"({"type":"redacted_thinking","data":")" + envelope(state) + R"("})";
}

const std::string user_part = R"({"role":"user","parts":[{"text":"go"}]})";

// The parts that the model said, of a conversation made by turn().
std::string said_of(const Written& written) {
  std::string found;
  json::each_element(written.member("contents"), [&](std::string_view content) {
    if (json::member(content, "role") == "\"model\"") found = json::member(content, "parts");
  });
  return found;
}

std::string results_of(const Written& written) {
  std::string found;
  json::each_element(written.member("contents"),
                     [&](std::string_view content) { found = json::member(content, "parts"); });
  return found;
}

template <class Change>
LaneFlags flags_with(Change change) {
  LaneFlags flags;
  change(flags);
  return flags;
}

LaneFlags style(EffortStyle style, uint8_t levels = 0xff) {
  return flags_with([&](LaneFlags& f) {
    f.effort_style = style;
    f.effort_levels = levels;
  });
}

}  // namespace

TEST_CASE("gemini request: plain members, and contents last", "[gemini_write_request]") {
  const Written written(with(
      R"(,"system":[{"type":"text","text":"be kind"},{"type":"text","text":"be short"}],"temperature":0.70,"top_p":0.95,"top_k":64,"stop_sequences":["a","b","c","d","e","f"],"stream":true)"));
  CHECK(
      written.body ==
      R"({"systemInstruction":{"parts":[{"text":"be kind"},{"text":"be short"}]},"generationConfig":{"maxOutputTokens":50000,"temperature":0.70,"topP":0.95,"topK":64,"stopSequences":["a","b","c","d","e"]},"contents":[{"role":"user","parts":[{"text":"hi"}]}]})");
  CHECK(written.lost() == "stop_sequences");
  CHECK(Written(with(""), {}, 8192).generation("maxOutputTokens") == "8192");
}

TEST_CASE("gemini request: what other dialects alone can say", "[gemini_write_request]") {
  Request request;
  request.seed = "7";
  request.presence_penalty = "0.5";
  request.frequency_penalty = "-1";
  request.verbosity = {"low"};
  const Written written(request);
  CHECK(written.member("generationConfig") == R"({"presencePenalty":0.5,"frequencyPenalty":-1,"seed":7})");
  CHECK(written.lost() == "verbosity");
  request.seed = "5000000000";  // Google's is of 32 bits
  CHECK(Written(request).lost() == "seed;verbosity");
  // A conversation must have something in it.
  CHECK(written.member("contents") == R"([{"role":"user","parts":[{"text":"Please begin."}]}])");
  const LaneFlags fixed = flags_with([](LaneFlags& f) { f.temperature_fixed = true; });
  const Written thinks(with(R"(,"temperature":0.5,"top_k":1)"), fixed);
  CHECK(thinks.generation("temperature").empty());
  CHECK(thinks.lost() == "temperature;top_k");
}

TEST_CASE("gemini request: how much to think, as a budget or as a level", "[gemini_write_request]") {
  const auto asked = [](const std::string& how, const LaneFlags& flags) {
    return Written(with(how), flags).generation("thinkingConfig");
  };
  const std::string high = R"(,"output_config":{"effort":"high"})", most = R"(,"output_config":{"effort":"max"})",
                    exact = R"(,"thinking":{"type":"enabled","budget_tokens":5000})",
                    off = R"(,"thinking":{"type":"disabled"})", least = R"(,"output_config":{"effort":"minimal"})";
  const LaneFlags budget = style(EffortStyle::thinking_budget), level = style(EffortStyle::thinking_level);
  CHECK(asked("", budget).empty());
  CHECK(asked(high, budget) == R"({"thinkingBudget":24576,"includeThoughts":true})");
  CHECK(asked(high, {}) == R"({"thinkingBudget":24576,"includeThoughts":true})");
  CHECK(asked(most, budget) == R"({"thinkingBudget":32768,"includeThoughts":true})");
  CHECK(asked(exact, budget) == R"({"thinkingBudget":5000,"includeThoughts":true})");
  CHECK(asked(least, budget) == R"({"thinkingBudget":512,"includeThoughts":true})");
  CHECK(asked(off, budget) == R"({"thinkingBudget":0})");
  // Flash ends at 24576, Pro does not stop thinking.
  const LaneFlags flash = style(EffortStyle::thinking_budget, 0b001'1111);
  CHECK(asked(most, flash) == R"({"thinkingBudget":24576,"includeThoughts":true})");
  CHECK(asked(R"(,"thinking":{"type":"enabled","budget_tokens":31999})", flash) ==
        R"({"thinkingBudget":24576,"includeThoughts":true})");
  const LaneFlags pro = style(EffortStyle::thinking_budget, 0b011'1110);
  CHECK(asked(off, pro) == R"({"thinkingBudget":512})");
  CHECK(Written(with(off), pro).lost() == "reasoning");
  // Thoughts are part of the answer's bound, and leave room for it.
  CHECK(Written(with(high), budget, 8192).generation("thinkingConfig") ==
        R"({"thinkingBudget":7168,"includeThoughts":true})");

  CHECK(asked(high, level) == R"({"thinkingLevel":"HIGH","includeThoughts":true})");
  CHECK(asked(most, level) == R"({"thinkingLevel":"HIGH","includeThoughts":true})");
  CHECK(asked(exact, level) == R"({"thinkingLevel":"MEDIUM","includeThoughts":true})");
  CHECK(asked(exact, style(EffortStyle::thinking_level, 0b001'0100)) ==
        R"({"thinkingLevel":"LOW","includeThoughts":true})");
  CHECK(asked(off, level) == R"({"thinkingLevel":"MINIMAL"})");
  CHECK(Written(with(off), level).lost() == "reasoning");

  CHECK(asked(high, style(EffortStyle::none)).empty());
  CHECK(Written(with(high), style(EffortStyle::none)).lost() == "reasoning");
  CHECK(Written(with(off), style(EffortStyle::none)).lost().empty());
}

TEST_CASE("gemini request: a client that does not want to see thoughts does not get them", "[gemini_write_request]") {
  Request request;
  request.reasoning.effort = Effort::low;
  request.reasoning.shown = false;
  CHECK(Written(request).generation("thinkingConfig") == R"({"thinkingBudget":2048})");
  request.reasoning = {Effort::unset, -1, true};
  CHECK(Written(request).generation("thinkingConfig") == R"({"includeThoughts":true})");
}

TEST_CASE("gemini request: calls and results, in order and by name", "[gemini_write_request]") {
  const Written written(
      turn(R"({"type":"text","text":"look"},)" + call("a") + "," + call("b", "Read"),
           result("b", R"("two")") + "," + result("a", R"("one")") + R"(,{"type":"text","text":"and?"})"));
  CHECK(
      said_of(written) ==
      R"([{"text":"look"},{"functionCall":{"id":"a","name":"Bash","args":{"x":1}},"thoughtSignature":"skip_thought_signature_validator"},{"functionCall":{"id":"b","name":"Read","args":{"x":1}}}])");
  CHECK(
      results_of(written) ==
      R"([{"functionResponse":{"id":"a","name":"Bash","response":{"output":"one"}}},{"functionResponse":{"id":"b","name":"Read","response":{"output":"two"}}},{"text":"and?"}])");
  CHECK(written.lost().empty());
  const LaneFlags vertex = flags_with([](LaneFlags& f) { f.tool_id_style = ToolIdStyle::none; });
  CHECK(results_of(Written(turn(call("a"), result("a")), vertex)) ==
        R"([{"functionResponse":{"name":"Bash","response":{"output":"ok"}}}])");
  CHECK(said_of(Written(turn(call("a"), result("a")), vertex)).find("\"id\"") == std::string::npos);
}

TEST_CASE("gemini request: text between the calls of one batch comes behind them", "[gemini_write_request]") {
  const std::string text = R"({"type":"text","text":"meanwhile"})";
  const std::string said =
      said_of(Written(turn(call("a") + "," + text + "," + call("b"), result("a") + "," + result("b"))));
  CHECK(said.find("meanwhile") > said.find("\"id\":\"b\""));
}

TEST_CASE("gemini request: what results say", "[gemini_write_request]") {
  const auto said = [](const std::string& content, const std::string& more = {}) {
    const std::string parts = results_of(Written(turn(call("a"), result("a", content, more))));
    std::string first;
    json::each_element(parts, [&](std::string_view part) {
      if (first.empty()) first = json::member(json::member(part, "functionResponse"), "response");
    });
    return first;
  };
  CHECK(said(R"("ok")") == R"({"output":"ok"})");
  CHECK(said(R"([{"type":"text","text":"a"},{"type":"text","text":"b\n"}])") == R"({"output":"a\nb\n"})");
  CHECK(said(R"("no such file")", R"(,"is_error":true)") == R"({"error":"no such file"})");
  CHECK(said("[]") == R"({"output":""})");
  // An object is said as one, numbers as they were written.
  CHECK(said(R"("{\"n\": 1.50, \"s\":\"x\"}")") == R"({"n": 1.50, "s":"x"})");
  CHECK(said(R"("{\"output\": 1}")") == R"({"output":"{\"output\": 1}"})");
  CHECK(said(R"("{\"error\": null}")") == R"({"output":"{\"error\": null}"})");
  CHECK(said(R"("{broken")") == R"({"output":"{broken"})");
  CHECK(said(R"("{} and more")") == R"({"output":"{} and more"})");
  CHECK(said(R"("{\"a\":1}")", R"(,"is_error":true)") == R"({"error":"{\"a\":1}"})");
  // Google's reader has a bound on depth.
  std::string deep = "\"";
  for (int i = 0; i < 80; ++i) deep += R"({\"a\":)";
  deep += "1" + std::string(80, '}') + "\"";
  CHECK(said(deep).substr(0, 12) == R"({"output":"{)");
}

TEST_CASE("gemini request: media of results stand behind them, or within", "[gemini_write_request]") {
  const std::string image =
      R"([{"type":"text","text":"a shot"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"QUJD"}}])";
  const std::string body = turn(call("a"), result("a", image));
  CHECK(
      results_of(Written(body)) ==
      R"([{"functionResponse":{"id":"a","name":"Bash","response":{"output":"a shot"}}},{"inlineData":{"mimeType":"image/png","data":"QUJD"}}])");
  const LaneFlags inside = flags_with([](LaneFlags& f) { f.media_in_results = true; });
  CHECK(
      results_of(Written(body, inside)) ==
      R"([{"functionResponse":{"id":"a","name":"Bash","response":{"output":"a shot"},"parts":[{"inlineData":{"mimeType":"image/png","data":"QUJD"}}]}}])");
  const LaneFlags blind = flags_with([](LaneFlags& f) { f.vision = false; });
  const Written unseen(body, blind);
  CHECK(
      results_of(unseen) ==
      R"([{"functionResponse":{"id":"a","name":"Bash","response":{"output":"a shot\n[image omitted: model has no vision]"}}}])");
  CHECK(unseen.lost() == "messages.image");
}

TEST_CASE("gemini request: images and documents", "[gemini_write_request]") {
  const auto parts = [](const std::string& block, std::string* lost = nullptr) {
    const Written written(conversation(R"({"role":"user","content":[)" + block + "]}"));
    if (lost) *lost = written.lost();
    return results_of(written);
  };
  std::string lost;
  const auto image = [](const std::string& url) {
    return R"({"type":"image","source":{"type":"url","url":")" + url + R"("}})";
  };
  CHECK(parts(image("gs://b/x.png"), &lost) == R"([{"fileData":{"fileUri":"gs://b/x.png"}}])");
  CHECK(lost.empty());
  CHECK(parts(image("https://example.com/x.png"), &lost) ==
        R"([{"text":"[image omitted: it is at an address that is not read]"}])");
  CHECK(lost == "messages.image");
  CHECK(parts(R"({"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"QUJD"}})",
              &lost) == R"([{"inlineData":{"mimeType":"application/pdf","data":"QUJD"}}])");
  CHECK(lost.empty());
  CHECK(
      parts(
          R"({"type":"document","title":"T","context":"C","source":{"type":"base64","media_type":"application/pdf","data":"QUJD"}})",
          &lost) == R"([{"inlineData":{"mimeType":"application/pdf","data":"QUJD"}}])");
  CHECK(lost == "messages.document.title;messages.document.context");
  CHECK(parts(R"({"type":"document","title":"T","source":{"type":"text","media_type":"text/plain","data":"d"}})") ==
        R"([{"text":"<document title=\"T\">\nd\n</document>"}])");
  CHECK(parts(R"({"type":"document","title":"T","source":{"type":"url","url":"https://example.com/a.pdf"}})", &lost) ==
        R"([{"text":"[document omitted: T]"}])");
  CHECK(lost == "messages.document");
  CHECK(
      parts(
          R"({"type":"document","source":{"type":"content","content":[{"type":"text","text":"a"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"QUJD"}}]}})") ==
      R"([{"text":"<document>\na\n</document>"},{"inlineData":{"mimeType":"image/png","data":"QUJD"}}])");
}

TEST_CASE("gemini request: signatures go back on the part on which they came", "[gemini_write_request]") {
  const std::string text = R"({"type":"text","text":"t"})";
  const Written by_call(
      turn(redacted("call:SIG=") + "," + call("a") + "," + call("b"), result("a") + "," + result("b")));
  CHECK(
      said_of(by_call) ==
      R"([{"functionCall":{"id":"a","name":"Bash","args":{"x":1}},"thoughtSignature":"SIG="},{"functionCall":{"id":"b","name":"Bash","args":{"x":1}}}])");
  CHECK(by_call.lost().empty());
  // Of a text before it, it says nothing.
  CHECK(said_of(Written(turn(text + "," + redacted("call:SIG=") + "," + call("a"), result("a")))) ==
        R"([{"text":"t"},{"functionCall":{"id":"a","name":"Bash","args":{"x":1}},"thoughtSignature":"SIG="}])");
  // What was thought before it need not come back.
  const std::string shown = R"({"type":"thinking","thinking":"hm","signature":")" + envelope("call:SIG=") + R"("})";
  CHECK(said_of(Written(turn(shown + "," + call("a"), result("a")))) ==
        R"([{"functionCall":{"id":"a","name":"Bash","args":{"x":1}},"thoughtSignature":"SIG="}])");
  const Written second(
      turn(call("a") + "," + redacted("call:SIG=") + "," + call("b"), result("a") + "," + result("b")));
  CHECK(
      said_of(second) ==
      R"([{"functionCall":{"id":"a","name":"Bash","args":{"x":1}},"thoughtSignature":"skip_thought_signature_validator"},{"functionCall":{"id":"b","name":"Bash","args":{"x":1}},"thoughtSignature":"SIG="}])");
  CHECK(said_of(Written(turn(text + "," + redacted("text:SIG="), ""))).empty());  // an answer begun: not asked for
  CHECK(said_of(Written(turn(text + "," + redacted("text:SIG="), R"({"type":"text","text":"more"})"))) ==
        R"([{"text":"t","thoughtSignature":"SIG="}])");
  CHECK(said_of(Written(turn(redacted("text:SIG="), R"({"type":"text","text":"more"})"))) ==
        R"([{"text":"","thoughtSignature":"SIG="}])");
  const std::string thought =
      R"({"type":"thinking","thinking":"hm","signature":")" + envelope("thought:SIG=") + R"("})";
  CHECK(said_of(Written(turn(thought + "," + text, R"({"type":"text","text":"more"})"))) ==
        R"([{"text":"hm","thought":true,"thoughtSignature":"SIG="},{"text":"t"}])");
}

TEST_CASE("gemini request: no signature of another vendor ever goes to Google", "[gemini_write_request]") {
  const std::string foreign =
      R"({"type":"thinking","thinking":"hm","signature":"EqRkFoo"},{"type":"redacted_thinking","data":")" +
      envelope("{\\\"id\\\":1}", Dialect::openai_responses) + R"("},)";
  const Written written(turn(foreign + call("a"), result("a")));
  CHECK(
      said_of(written) ==
      R"([{"functionCall":{"id":"a","name":"Bash","args":{"x":1}},"thoughtSignature":"skip_thought_signature_validator"}])");
  CHECK(written.lost() == "messages.thinking;messages.redacted_thinking");
  // A state that no decoder of ours has made.
  CHECK(said_of(Written(turn(redacted("else:SIG=") + "," + call("a"), result("a")))) == said_of(written));
}

TEST_CASE("gemini request: roles alternate, and the user begins", "[gemini_write_request]") {
  const Written written(conversation(
      R"({"role":"assistant","content":"hello"},{"role":"system","content":"rule"},{"role":"user","content":"go"},{"role":"assistant","content":"and so"})"));
  CHECK(
      written.member("contents") ==
      R"([{"role":"user","parts":[{"text":"Please begin."}]},{"role":"model","parts":[{"text":"hello"}]},{"role":"user","parts":[{"text":"<system-reminder>\nrule\n</system-reminder>"},{"text":"go"}]}])");
  CHECK(written.lost() == "messages.prefill");
  const LaneFlags goes_on = flags_with([](LaneFlags& f) { f.prefill = true; });
  CHECK(said_of(Written(turn(R"({"type":"text","text":"a"})", ""), goes_on)) == R"([{"text":"a"}])");
}

TEST_CASE("gemini request: the billing line is left out where the lane says so", "[gemini_write_request]") {
  const std::string body = with(R"(,"system":"x-anthropic-billing-header: cch=1;\nYou are.")");
  CHECK(Written(body).member("systemInstruction").find("billing") != std::string::npos);
  const LaneFlags strips = flags_with([](LaneFlags& f) { f.strip_billing = true; });
  CHECK(Written(body, strips).member("systemInstruction") == R"({"parts":[{"text":"You are."}]})");
}

TEST_CASE("gemini request: tools, their names and the choice among them", "[gemini_write_request]") {
  const std::string tools =
      R"(,"tools":[{"name":"Bash","description":"runs","input_schema":{"type":"object","properties":{"c":{"type":"string"}},"additionalProperties":false,"$schema":"x"}},{"name":"1st","input_schema":{"type":"object"}},{"name":"Bash","input_schema":{}}])";
  const Written written(with(tools));
  CHECK(
      written.member("tools") ==
      R"([{"functionDeclarations":[{"name":"Bash","description":"runs","parametersJsonSchema":{"type":"object","properties":{"c":{"type":"string"}},"additionalProperties":false,"$schema":"x"}},{"name":")" +
          std::string(written.names.asked("Bash") == "Bash" ? "_1st_" : "") +
          written.member("tools").substr(written.member("tools").find("_1st_") + 5, 8) +
          R"(","parametersJsonSchema":{"type":"object","properties":{}}}]}])");
  CHECK(written.lost() == "tools.repeated");
  CHECK(written.member("toolConfig").empty());
  const auto chosen = [&](const std::string& choice, const LaneFlags& flags = {}) {
    return Written(with(tools + R"(,"tool_choice":)" + choice), flags).member("toolConfig");
  };
  CHECK(chosen(R"({"type":"auto"})") == R"({"functionCallingConfig":{"mode":"AUTO"}})");
  CHECK(chosen(R"({"type":"any"})") == R"({"functionCallingConfig":{"mode":"ANY"}})");
  CHECK(chosen(R"({"type":"none"})") == R"({"functionCallingConfig":{"mode":"NONE"}})");
  CHECK(chosen(R"({"type":"tool","name":"Bash"})") ==
        R"({"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["Bash"]}})");
  const LaneFlags gentle = flags_with([](LaneFlags& f) { f.tool_choice = ToolChoiceSupport::auto_only; });
  CHECK(chosen(R"({"type":"any"})", gentle) == R"({"functionCallingConfig":{"mode":"AUTO"}})");
  CHECK(Written(with(tools + R"(,"tool_choice":{"type":"auto","disable_parallel_tool_use":true})")).lost() ==
        "tools.repeated;parallel_tool_calls");
  CHECK(Written(with(R"(,"tool_choice":{"type":"any"})")).member("toolConfig").empty());
}

TEST_CASE("gemini request: schemas in the older words where the lane says so", "[gemini_write_request]") {
  const LaneFlags openapi = flags_with([](LaneFlags& f) { f.schema_dialect = SchemaDialect::openapi; });
  const Written written(
      with(
          R"(,"tools":[{"name":"a","input_schema":{"type":"object","properties":{"c":{"type":"string"}},"additionalProperties":false}},{"name":"b","input_schema":{"type":"object","properties":{}}}])"),
      openapi);
  CHECK(
      written.member("tools") ==
      R"([{"functionDeclarations":[{"name":"a","parameters":{"type":"OBJECT","properties":{"c":{"type":"STRING"}}}},{"name":"b"}]}])");
  CHECK(written.lost().empty());
}

TEST_CASE("gemini request: tools that Google's servers run", "[gemini_write_request]") {
  const ServerTool tools[] = {{.kind = ServerTool::Kind::web_search, .allowed_domains = "[]", .uses_max = 8},
                              {.kind = ServerTool::Kind::web_fetch},
                              {.kind = ServerTool::Kind::code_execution}};
  Request request;
  request.server_tools = tools;
  const Written written(request);
  CHECK(written.member("tools") == R"([{"googleSearch":{}},{"urlContext":{}},{"codeExecution":{}}])");
  CHECK(written.lost() == "tools.web_search.max_uses");
  // Beside functions they are refused.
  const Tool function{.name = "f"};
  request.tools = {&function, 1};
  const Written both(request);
  CHECK(both.member("tools").find("googleSearch") == std::string::npos);
  CHECK(both.lost() == "tools.web_search;tools.web_fetch;tools.code_execution");
}

TEST_CASE("gemini request: a search that must keep within bounds does not go where there are none",
          "[gemini_write_request]") {
  ServerTool tool{.kind = ServerTool::Kind::web_search, .blocked_domains = R"(["evil.example"])"};
  Request request;
  request.server_tools = {&tool, 1};
  const Written kept_away(request);
  CHECK(kept_away.member("tools").empty());
  CHECK(kept_away.lost() == "tools.web_search.blocked_domains");
  tool = {.kind = ServerTool::Kind::web_search, .allowed_domains = R"(["a.com"])"};
  const Written kept_within(request);
  CHECK(kept_within.member("tools").empty());
  CHECK(kept_within.lost() == "tools.web_search.allowed_domains");
}

TEST_CASE("gemini request: the form of the answer", "[gemini_write_request]") {
  const std::string wish =
      R"(,"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}}})";
  const Written written(with(wish));
  CHECK(written.generation("responseMimeType") == R"("application/json")");
  CHECK(written.generation("responseJsonSchema") ==
        R"({"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false})");
  CHECK(written.lost().empty());
  const LaneFlags openapi = flags_with([](LaneFlags& f) { f.schema_dialect = SchemaDialect::openapi; });
  CHECK(Written(with(wish), openapi).generation("responseSchema") ==
        R"({"type":"OBJECT","properties":{"a":{"type":"STRING"}}})");
  const std::string tool = R"(,"tools":[{"name":"f","input_schema":{"type":"object"}}])";
  const Written beside(with(wish + tool));
  CHECK(beside.generation("responseMimeType").empty());
  CHECK(beside.member("systemInstruction").find("It must match this JSON schema: {") != std::string::npos);
  CHECK(beside.lost() == "response_format");
  const LaneFlags takes_both = flags_with([](LaneFlags& f) { f.format_with_tools = true; });
  CHECK(Written(with(wish + tool), takes_both).lost().empty());
  const LaneFlags form_only = flags_with([](LaneFlags& f) { f.structured_output = StructuredOutput::json_object; });
  const Written less(with(wish), form_only);
  CHECK(less.generation("responseMimeType") == R"("application/json")");
  CHECK(less.generation("responseJsonSchema").empty());
  CHECK(less.lost() == "response_format");
  Request request;
  request.format.kind = OutputFormat::Kind::json_object;
  CHECK(Written(request).member("generationConfig") == R"({"responseMimeType":"application/json"})");
}
