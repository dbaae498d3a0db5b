// Messages bodies as canonical requests.
#include <catch2/catch.hpp>

#include <string>

#include "dialects/anthropic/anthropic.h"
#include "dialects/canonical/effort.h"
#include "dialects/canonical/envelope.h"
#include "json/walk.h"
#include "read_body.h"

using namespace signalbox;
using namespace signalbox::canonical;
using namespace signalbox::testing;
using dialects::anthropic_row;

namespace {

struct Read : ReadBody {
  explicit Read(std::string text) : ReadBody(anthropic_row, std::move(text)) {}

  const Block& block(size_t message, size_t index) const { return request().messages[message].blocks.first[index]; }
  std::string_view text(size_t message, size_t index) const {
    const Text* text = block(message, index).as<Text>();
    return text ? text->text.inside : "(no text)";
  }
};

// `members` beside a conversation of one word.
std::string with(const std::string& members) {
  return R"({"model":"m","messages":[{"role":"user","content":"hi"}],)" + members + "}";
}

// One user message with these blocks.
std::string of_user(const std::string& blocks) {
  return R"({"messages":[{"role":"user","content":[)" + blocks + "]}]}";
}

std::string of_assistant(const std::string& blocks) {
  return R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[)" + blocks + "]}]}";
}

}  // namespace

TEST_CASE("reading A: parameters are the client's own text", "[anthropic]") {
  const Read read(with(R"("max_tokens":1024,"temperature":0.70,"top_p":9e-1,"top_k":40,"stream":true,)"
                       R"("stop_sequences":["a\n","b"],"service_tier":"auto","system":"be good")"));
  REQUIRE_FALSE(read.result.fault);
  const Request& request = read.request();
  CHECK(request.max_tokens == 1024);
  CHECK(request.temperature == "0.70");
  CHECK(request.top_p == "9e-1");
  CHECK(request.top_k == "40");
  CHECK(request.streamed);
  REQUIRE(request.stop.size() == 2);
  CHECK(request.stop[0].inside == "a\\n");
  CHECK(request.service_tier.inside == "auto");
  REQUIRE(request.system.size() == 1);
  CHECK(request.system.first->as<Text>()->text.inside == "be good");
  CHECK(read.text(0, 0) == "hi");
  CHECK(read.lost().empty());
}

TEST_CASE("reading A: what no other dialect has is named, null and caching are not", "[anthropic]") {
  const Read read(with(R"("context_management":{"edits":[]},"container":"c","mcp_servers":[{}],"speed":"fast",)"
                       R"("inference_geo":null,"cache_control":{"type":"ephemeral"},"new one":1,)"
                       R"("output_config":{"task_budget":1})"));
  REQUIRE_FALSE(read.result.fault);
  CHECK(read.lost() == "context_management;container;mcp_servers;speed;new_one;output_config.task_budget");
}

TEST_CASE("reading A: what is wrong is named with path and place", "[anthropic]") {
  struct Case {
    std::string body;
    FaultKind kind;
    std::string detail;
  };
  const Case cases[] = {
      {"", FaultKind::bad_json, "byte 0"},
      {"[]", FaultKind::bad_request, "The request's body must be an object (at byte 0)."},
      {"{}", FaultKind::bad_request, "\"messages\" is required."},
      {"{\"messages\":7}", FaultKind::bad_request, "\"messages\" must be a list (at byte 12)."},
      {"{\"messages\":[7]}", FaultKind::bad_request, "\"messages.0\" must be an object (at byte 13)."},
      {"{\"messages\":[{}]}", FaultKind::bad_request, "\"messages.0\" must be a message with a role (at byte 13)."},
      {R"({"messages":[{"role":"tool"}]})", FaultKind::bad_request, "\"messages.0.role\" must be"},
      {R"({"messages":[{"role":"user","content":1}]})", FaultKind::bad_request,
       "\"messages.0.content\" must be a string or a list (at byte 38)."},
      {of_user(R"({"type":"text","text":5})"), FaultKind::bad_request,
       "\"messages.0.content.0.text\" must be a string (at byte 61)."},
      {of_user(R"({"type":"text"})"), FaultKind::bad_request, "\"messages.0.content.0.text\" is required."},
      {of_user(R"({"text":"a"})"), FaultKind::bad_request, "\"messages.0.content.0\" must be a block with a type"},
      {of_user(R"({"type":"image","source":{"type":"base64","data":"x"}})"), FaultKind::bad_request,
       "\"messages.0.content.0.source.media_type\" is required."},
      {of_user(R"({"type":"image","source":{"type":"ftp"}})"), FaultKind::bad_request,
       "\"messages.0.content.0.source.type\" must be a kind of source"},
      {of_user(R"({"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":null}]})"),
       FaultKind::bad_request, "\"messages.0.content.0.content.0.text\" must be a string"},
      {of_assistant(R"({"type":"tool_use","id":"a","name":"b","input":[]})"), FaultKind::bad_request,
       "\"messages.1.content.0.input\" must be an object"},
      {with(R"("max_tokens":-5)"), FaultKind::bad_request, "\"max_tokens\" must be a whole number, 0 or more (at"},
      {with(R"("temperature":true)"), FaultKind::bad_request, "\"temperature\" must be a number"},
      {with(R"("stop_sequences":["a",1])"), FaultKind::bad_request, "\"stop_sequences.1\" must be a string"},
      {with(R"("system":[{"type":"text"}])"), FaultKind::bad_request, "\"system.0.text\" is required."},
      {with(R"("tools":[{"name":"a","input_schema":"x"}])"), FaultKind::bad_request,
       "\"tools.0.input_schema\" must be an object"},
      {with(R"("tool_choice":{"type":"some"})"), FaultKind::bad_request, "\"tool_choice.type\" must be"},
      {with(R"("thinking":"on")"), FaultKind::bad_request, "\"thinking\" must be an object"},
      {with(R"("output_config":{"format":{"type":"json_schema"}})"), FaultKind::bad_request,
       "\"output_config.format.schema\" is required."},
      {with(R"("stream":1)"), FaultKind::bad_request, "\"stream\" must be true or false"},
      {R"({"messages":[{"role":"user","content":[{"type":"text","text":"a"}]})", FaultKind::bad_json, "at byte"},
      {R"({"messages":[{"role":"user","content":"a"}]} x)", FaultKind::bad_json, "at byte"},
  };
  for (const Case& wrong : cases) {
    const Read read(wrong.body);
    INFO(wrong.body << "\n" << read.result.fault.detail);
    CHECK(read.result.fault.kind == wrong.kind);
    CHECK(read.result.fault.detail.find(wrong.detail) != std::string::npos);
  }
}

TEST_CASE("reading A: blocks keep their bytes, whatever the order of their members", "[anthropic]") {
  const Read read(
      R"({"messages":[{"content":[{"text":"a\u00e9","type":"text","cache_control":{"type":"ephemeral"}},)"
      R"({"source":{"media_type":"image/png","data":"iVB=","type":"base64"},"type":"image"},)"
      R"({"type":"image","source":{"type":"url","url":"https:\/\/x\/y"}},{"type":"image","source":{"type":"file","file_id":"f"}}],)"
      R"("role":"user"},{"role":"assistant","content":[{"type":"tool_use","name":"R\u0065ad","input":{ "n":1.50, "n":12345678901234567890 },"id":"toolu_1"}]}]})");
  REQUIRE_FALSE(read.result.fault);
  CHECK(read.text(0, 0) == "a\\u00e9");
  CHECK(read.block(0, 0).cache_control == R"({"type":"ephemeral"})");
  const Image* image = read.block(0, 1).as<Image>();
  REQUIRE(image);
  CHECK(image->media_type.inside == "image/png");
  CHECK(image->data.inside == "iVB=");
  CHECK(read.block(0, 2).as<Image>()->source == Source::url);
  CHECK(read.block(0, 2).as<Image>()->data.inside == "https:\\/\\/x\\/y");
  CHECK(read.block(0, 3).as<Image>()->source == Source::file);
  const ToolCall* call = read.block(1, 0).as<ToolCall>();
  REQUIRE(call);
  CHECK(call->name == "Read");
  CHECK(call->input == R"({ "n":1.50, "n":12345678901234567890 })");
}

TEST_CASE("reading A: documents from every source", "[anthropic]") {
  const Read read(of_user(
      R"({"type":"document","title":"T","context":"C","source":{"type":"base64","media_type":"application/pdf","data":"JVB"}},)"
      R"({"type":"document","source":{"type":"text","media_type":"text/plain","data":"plain"}},)"
      R"({"type":"document","source":{"type":"content","content":"s"}},)"
      R"({"type":"document","citations":{"enabled":true},"source":{"type":"content","content":[{"type":"text","text":"b"},{"type":"image","source":{"type":"url","url":"u"}}]}},)"
      R"({"type":"document","source":{"type":"url","url":"https://x/a.pdf"}},{"type":"document","source":{"type":"file","file_id":"f"}})"));
  REQUIRE_FALSE(read.result.fault);
  const auto document = [&](size_t i) { return read.block(0, i).as<Document>(); };
  CHECK(document(0)->source == Source::base64);
  CHECK(document(0)->title.inside == "T");
  CHECK(document(0)->context.inside == "C");
  CHECK(document(1)->data.inside == "plain");
  CHECK(document(2)->blocks.size() == 1);
  REQUIRE(document(3)->blocks.size() == 2);
  CHECK(document(3)->blocks.first[1].as<Image>());
  CHECK(document(4)->source == Source::url);
  CHECK(document(5)->source == Source::file);
  CHECK(read.lost() == "messages.document.citations");
}

TEST_CASE("reading A: a tool's result with text, image and document (free-claude-code #1409)", "[anthropic]") {
  const Read read(
      R"({"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"Read","input":{}},{"type":"tool_use","id":"b","name":"Read","input":{}}]},)"
      R"({"role":"user","content":[{"type":"text","text":"now"},{"type":"tool_result","tool_use_id":"b","is_error":true,"content":"no"},)"
      R"({"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"seen"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVB"}},)"
      R"({"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVB"}}],"cache_control":{"type":"ephemeral"}}]}]})");
  REQUIRE_FALSE(read.result.fault);
  REQUIRE(read.request().messages[1].blocks.size() == 3);
  const ToolResult* first = read.block(1, 0).as<ToolResult>();
  REQUIRE(first);
  CHECK(first->id == "a");
  REQUIRE(first->content.size() == 3);
  CHECK(first->content.first[1].as<Image>());
  CHECK(first->content.first[2].as<Document>());
  CHECK(read.block(1, 0).cache_control == R"({"type":"ephemeral"})");
  CHECK(read.block(1, 1).as<ToolResult>()->is_error);
  CHECK(read.text(1, 2) == "now");
  CHECK(read.lost().empty());
}

TEST_CASE("reading A: system messages in mid-conversation stay where they are", "[anthropic]") {
  const Read read(
      R"({"messages":[{"role":"user","content":"a"},{"role":"system","content":"s"},{"role":"user","content":"b"}]})");
  REQUIRE(read.request().messages.size() == 3);
  CHECK(read.request().messages[1].role == Role::system);
  CHECK(read.text(1, 0) == "s");
}

TEST_CASE("reading A: thinking with its own signature, with an envelope, and without any", "[anthropic]") {
  std::string envelope;
  append_envelope(envelope, {Dialect::openai_responses, "0a1b2c3d", {R"({\"id\":\"rs_1\"})"}});
  const Read read(of_assistant(
      R"({"type":"thinking","thinking":"t","signature":"EtQB"},{"type":"redacted_thinking","data":"EmR"},)"
      R"({"type":"thinking","thinking":"","signature":")" +
      envelope + R"("},{"type":"redacted_thinking","data":")" + envelope +
      R"("},{"type":"thinking","thinking":"bare"},{"type":"thinking","thinking":"broken","signature":"sb1.?"})"));
  REQUIRE_FALSE(read.result.fault);
  REQUIRE(read.request().messages[1].blocks.size() == 6);
  const auto thinking = [&](size_t i) { return *read.block(1, i).as<Thinking>(); };
  CHECK(thinking(0).from.vendor == Dialect::anthropic);
  CHECK(thinking(0).from.state.inside == "EtQB");
  CHECK(thinking(0).text.inside == "t");
  CHECK(thinking(1).redacted);
  CHECK(thinking(1).from.state.inside == "EmR");
  CHECK(thinking(2).from.vendor == Dialect::openai_responses);
  CHECK(thinking(2).from.scope == "0a1b2c3d");
  CHECK(json::equals(thinking(2).from.state, R"({"id":"rs_1"})"));
  CHECK(thinking(3).redacted);
  CHECK(thinking(3).from.vendor == Dialect::openai_responses);
  CHECK(thinking(4).from.state.empty());
  CHECK(thinking(5).from.state.empty());
  CHECK(thinking(5).text.inside == "broken");
}

TEST_CASE("reading A: what ran on Anthropic's servers becomes text, without what only they can read", "[anthropic]") {
  const Read read(of_assistant(
      R"({"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"weather"}},)"
      R"({"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[{"type":"web_search_result","url":"https://x","title":"Rain","encrypted_content":"SECRET","page_age":"1"}]},)"
      R"({"type":"web_search_tool_result","tool_use_id":"srvtoolu_2","content":{"type":"web_search_tool_result_error","error_code":"max_uses_exceeded"}},)"
      R"({"type":"web_fetch_tool_result","tool_use_id":"s","content":{"type":"web_fetch_result","url":"https://y","content":{"type":"document","source":{"type":"text","media_type":"text/plain","data":"page"},"title":"Y"}}},)"
      R"({"type":"bash_code_execution_tool_result","tool_use_id":"s","content":{"type":"bash_code_execution_result","stdout":"out","stderr":"err","return_code":0}},)"
      R"({"type":"tool_search_tool_result","tool_use_id":"s","content":{"type":"tool_search_tool_search_result","tool_references":[{"type":"tool_reference","tool_name":"Grep"}]}},)"
      R"({"type":"mcp_tool_use","id":"m","name":"find","server_name":"s","input":{"n":1}},{"type":"mcp_tool_result","tool_use_id":"m","content":[{"type":"text","text":"found"}]},)"
      R"({"type":"web_fetch_tool_result","tool_use_id":"s","content":{"type":"web_fetch_result","url":"https://z","content":{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"BINARY"}}}},)"
      R"({"type":"container_upload","file_id":"f"},{"type":"quantum_block","x":1},)"
      R"({"type":"text","text":"done","citations":[{"type":"web_search_result_location"}]})"));
  REQUIRE_FALSE(read.result.fault);
  CHECK(read.text(1, 0) == "[web_search] weather");
  CHECK(read.text(1, 1) == "https://x\\nRain");
  CHECK(read.text(1, 2) == "max_uses_exceeded");
  CHECK(read.text(1, 3) == "https://y\\npage\\nY");
  CHECK(read.text(1, 4) == "out\\nerr");
  CHECK(read.text(1, 5) == "Grep");
  CHECK(read.text(1, 6) == R"([find] {\"n\":1})");
  CHECK(read.text(1, 7) == "found");
  CHECK(read.text(1, 8) == "https://z");
  CHECK(read.text(1, 9) == "[container upload]");
  CHECK(read.text(1, 10) == "done");
  CHECK(read.lost() ==
        "messages.server_tool_use;messages.web_search_tool_result;messages.web_fetch_tool_result;"
        "messages.bash_code_execution_tool_result;messages.tool_search_tool_result;messages.mcp_tool_use;"
        "messages.mcp_tool_result;messages.container_upload;messages.quantum_block;messages.text.citations");
}

TEST_CASE("reading A: search results and loaded tools inside a tool's result", "[anthropic]") {
  const Read read(
      R"({"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"ToolSearch","input":{}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"tool_reference","tool_name":"Grep"},)"
      R"({"type":"tool_reference","tool_name":"Glob"},{"type":"search_result","title":"T","source":"https://x","content":[{"type":"text","text":"c"}]}]}]}]})");
  REQUIRE_FALSE(read.result.fault);
  const ToolResult* result = read.block(1, 0).as<ToolResult>();
  REQUIRE(result->content.size() == 2);
  CHECK(result->content.first[0].as<Text>()->text.inside == "Loaded tools: Grep, Glob");
  CHECK(result->content.first[1].as<Text>()->text.inside == "T\\nhttps://x\\nc");
  CHECK(read.lost() == "messages.search_result");
}

TEST_CASE("reading A: tools, client-executed ones with the documented schema, server tools as such", "[anthropic]") {
  const Read read(with(
      R"("tools":[{"name":"mcp__a\u002eb","description":"d","input_schema":{ "type":"object" },"strict":true,"cache_control":{"type":"ephemeral"}},)"
      R"({"type":"custom","name":"late","input_schema":{},"defer_loading":true,"input_examples":[{}],"allowed_callers":["direct"],"eager_input_streaming":true},)"
      R"({"type":"bash_20250124","name":"bash"},{"type":"text_editor_20250728","name":"str_replace_based_edit_tool"},{"type":"memory_20250818","name":"memory"},)"
      R"({"type":"computer_20250124","name":"computer","display_width_px":1024,"display_height_px":768},)"
      R"({"type":"tool_search_tool_regex_20251119","name":"tool_search_tool_regex"},)"
      R"({"type":"web_search_20250305","name":"web_search","max_uses":8,"allowed_domains":["a.com"],"blocked_domains":["b.com"],"user_location":{"type":"approximate","city":"Bonn"}},{"type":"web_fetch_20250910","name":"web_fetch"},{"type":"code_execution_20250825","name":"code_execution"},{"name":"web_search","input_schema":{"type":"object"}}])"));
  REQUIRE_FALSE(read.result.fault);
  const auto tools = read.request().tools;
  REQUIRE(tools.size() == 7);
  CHECK(tools[0].name == "mcp__a.b");
  CHECK(tools[0].schema == R"({ "type":"object" })");
  CHECK(tools[0].strict == true);
  CHECK(tools[0].cache_control == R"({"type":"ephemeral"})");
  CHECK(tools[1].name == "late");
  CHECK(tools[2].schema.find(R"("restart")") != std::string_view::npos);
  CHECK(tools[3].name == "str_replace_based_edit_tool");
  CHECK(tools[3].schema.find(R"("str_replace")") != std::string_view::npos);
  CHECK(tools[4].schema.find(R"("old_path")") != std::string_view::npos);
  CHECK(tools[5].description.inside.find("1024 by 768") != std::string_view::npos);
  for (size_t i : {2u, 3u, 4u, 5u}) CHECK(json::is_whole_object(tools[i].schema));
  CHECK(tools[6].name == "web_search");  // a function that is only called so
  CHECK(read.lost() == "tools.input_examples");
  for (const char* typed :
       {R"({"type":"bash_20250124","name":"bash",)", R"({"type":"web_search_20260209","name":"web_search",)"})
    CHECK(Read(with(R"("tools":[)" + std::string(typed) +
                    R"("strict":true,"allowed_callers":["code_execution_20260120"]}])"))
              .lost() == "tools.strict;tools.allowed_callers");
  const auto run = read.request().server_tools;
  REQUIRE(run.size() == 3);
  CHECK(run[0].kind == ServerTool::Kind::web_search);
  CHECK(run[0].uses_max == 8);
  CHECK(run[0].allowed_domains == R"(["a.com"])");
  CHECK(run[0].blocked_domains == R"(["b.com"])");
  CHECK(run[0].user_location == R"({"type":"approximate","city":"Bonn"})");
  CHECK(run[1].kind == ServerTool::Kind::web_fetch);
  CHECK(run[1].uses_max == -1);
  CHECK(run[2].kind == ServerTool::Kind::code_execution);
  const Read wrong(with(R"("tools":[{"type":"web_search_20250305","name":"web_search","max_uses":"8"}])"));
  CHECK(wrong.result.fault.detail.find("tools.0.max_uses") != std::string::npos);
}

TEST_CASE("reading A: tool_choice, and one of a lost tool", "[anthropic]") {
  const std::string tools = R"("tools":[{"name":"a"}],"tool_choice":)";
  using Mode = ToolChoice::Mode;
  CHECK(Read(with(tools + R"({"type":"auto"})")).request().tool_choice.mode == Mode::automatic);
  CHECK(Read(with(tools + R"({"type":"any"})")).request().tool_choice.mode == Mode::any);
  CHECK(Read(with(tools + R"({"type":"none"})")).request().tool_choice.mode == Mode::none);
  const Read named(with(tools + R"({"type":"tool","name":"a","disable_parallel_tool_use":true})"));
  CHECK(named.request().tool_choice.mode == Mode::named);
  CHECK(named.request().tool_choice.name == "a");
  CHECK(named.request().parallel_tool_calls == false);
  const Read search(with(
      R"("tools":[{"type":"web_search_20250305","name":"web_search"}],"tool_choice":{"type":"tool","name":"web_search"})"));
  CHECK(search.request().tool_choice.mode == Mode::named);
  CHECK(search.lost().empty());
  const Read lost(with(
      R"("tools":[{"type":"web_fetch_20250910","name":"web_fetch"}],"tool_choice":{"type":"tool","name":"web_fetch"})"));
  CHECK(lost.request().tool_choice.mode == Mode::automatic);
  CHECK(lost.lost() == "tool_choice");
}

TEST_CASE("reading A: effort comes before budget, budget before adaptive, absent is unset", "[anthropic]") {
  const auto effort = [](const std::string& members) {
    return word_of(effort_of(Read(with(members)).request().reasoning));
  };
  CHECK(effort(R"("max_tokens":1)") == "");
  CHECK(effort(R"("thinking":{"type":"adaptive","display":"omitted"})") == "high");
  CHECK(effort(R"("thinking":{"type":"adaptive"},"output_config":{"effort":"low"})") == "low");
  CHECK(effort(R"("output_config":{"effort":"max"})") == "max");
  CHECK(effort(R"("thinking":{"type":"enabled","budget_tokens":1024},"output_config":{"effort":"xhigh"})") == "xhigh");
  CHECK(effort(R"("thinking":{"type":"enabled","budget_tokens":2048})") == "low");
  CHECK(effort(R"("thinking":{"type":"enabled","budget_tokens":31999})") == "xhigh");  // Claude Code's default
  CHECK(effort(R"("thinking":{"type":"disabled"},"output_config":{"effort":"high"})") == "none");
  CHECK(Read(with(R"("thinking":{"type":"enabled","budget_tokens":31999})")).request().reasoning.budget_tokens ==
        31999);
  const Read unknown(with(R"("thinking":{"type":"adaptive"},"output_config":{"effort":"gigantic"})"));
  CHECK(unknown.request().reasoning.effort == Effort::high);
  CHECK(unknown.lost() == "output_config.effort");
}

TEST_CASE("reading A: structured output, also under its older name (CLIProxyAPI #5280)", "[anthropic]") {
  const Read read(with(R"("output_config":{"format":{"type":"json_schema","schema":{ "a":1.0 }}})"));
  CHECK(read.request().format.kind == OutputFormat::Kind::json_schema);
  CHECK(read.request().format.schema == R"({ "a":1.0 })");
  const Read legacy(with(R"("output_format":{"type":"json_schema","schema":{}})"));
  CHECK(legacy.request().format.kind == OutputFormat::Kind::json_schema);
  const Read both(with(
      R"("output_config":{"format":{"type":"json_schema","schema":{"new":1}}},"output_format":{"type":"json_schema","schema":{}})"));
  CHECK(both.request().format.schema == R"({"new":1})");
}

TEST_CASE("reading A: the session stands inside the user's id, in either form", "[anthropic]") {
  const Read json(with(R"("metadata":{"user_id":"{\"device_id\":\"d\",\"session_id\":\"8f-1\"}"})"));
  CHECK(json.request().user == R"({"device_id":"d","session_id":"8f-1"})");
  CHECK(json.request().session == "8f-1");
  const Read legacy(with(R"("metadata":{"user_id":"user_ab_account_cd_session_8f-2"})"));
  CHECK(legacy.request().session == "8f-2");
  const Read plain(with(R"("metadata":{"user_id":"me"})"));
  CHECK(plain.request().user == "me");
  CHECK(plain.request().session.empty());
}

TEST_CASE("reading A: no request has more elements than any conversation, and memory stays in proportion",
          "[anthropic]") {
  const auto list = [](size_t count, const std::string& element) {
    std::string all = element;
    for (size_t i = 1; i < count; ++i) all += "," + element;
    return all;
  };
  const std::string text = R"({"type":"text","text":"x"})", tool = R"({"name":"t"})";
  const std::string message = R"({"role":"user","content":"x"})";
  const auto result = [](const std::string& content) {
    return R"({"type":"tool_result","tool_use_id":"t","content":[)" + content + "]}";
  };
  struct Case {
    const char* what;
    std::string most, more;
  };
  const size_t max = elements_max;
  const Case cases[] = {
      {"messages", R"({"messages":[)" + list(max, message) + "]}", R"({"messages":[)" + list(max + 1, message) + "]}"},
      {"content blocks", of_user(list(max, text)), of_user(list(max + 1, text))},
      // Wherever they stand: in several messages, in results, in the system prompt.
      {"content blocks", of_user(result(list(max - 1, text))), of_user(result(list(max, text)))},
      {"content blocks", of_user(R"({"type":"thinking_of_tomorrow"})"),
       R"({"system":[)" + text + R"(],"messages":[{"role":"user","content":[)" + text +
           R"(]},{"role":"user","content":[)" + list(max - 1, text) + "]}]}"},
      {"tools", with(R"("tools":[)" + list(max, tool) + "]"), with(R"("tools":[)" + list(max + 1, tool) + "]")},
      {"stop sequences", with(R"("stop_sequences":[)" + list(max, "\"a\"") + "]"),
       with(R"("stop_sequences":[)" + list(max + 1, "\"a\"") + "]")},
  };
  for (const Case& c : cases) {
    INFO(c.what);
    CHECK_FALSE(Read(c.most).result.fault);
    const Read more(c.more);
    CHECK(more.result.fault.kind == FaultKind::bad_request);
    CHECK(more.result.fault.detail == "The request has more than 100000 " + std::string(c.what) + ".");
  }
}
