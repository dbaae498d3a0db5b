// What a Responses body is understood to ask. Where it can, a test shows it as the Responses or the Messages writer
// says it; what those have no words for is looked at in the request itself.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "dialects/anthropic/anthropic.h"
#include "dialects/canonical/envelope.h"
#include "dialects/canonical/parts.h"
#include "dialects/openai_responses/encoder.h"
#include "dialects/openai_responses/openai_responses.h"
#include "json/walk.h"
#include "json/writer.h"
#include "read_body.h"

using namespace signalbox;
using namespace signalbox::canonical;
using namespace signalbox::testing;

namespace {

struct Asked : ReadBody {
  explicit Asked(std::string text) : ReadBody(dialects::openai_responses_row, std::move(text)) {}

  std::string written(const dialects::DialectRow& row, std::string_view member) {
    LaneFlags flags;
    flags.prefill = true;
    return ReadBody::written(row, flags, member);
  }
  // What the Responses writer makes of it.
  std::string again(std::string_view member) { return written(dialects::openai_responses_row, member); }
  std::string as_messages(std::string_view member) { return written(dialects::anthropic_row, member); }
};

Asked saying(std::string_view items) { return Asked(R"({"model":"m","input":)" + std::string(items) + "}"); }
Asked asking(std::string_view members) { return Asked(R"({"model":"m","input":"hi")" + std::string(members) + "}"); }

void check_refused(const Asked& asked, std::string_view member) {
  CAPTURE(asked.body);
  CHECK(asked.result.fault.kind == FaultKind::bad_request);
  CHECK(asked.result.fault.detail.find(member) != std::string::npos);
}

std::string envelope(Dialect vendor, std::string_view state) {
  std::string out;
  append_envelope(out, {vendor, "0a1b2c3d", {state}});
  return out;
}

}  // namespace

TEST_CASE("responses reader: an agent's turns come out as they went in", "[responses_reader]") {
  const std::string input =
      R"([{"type":"message","role":"user","content":[{"type":"input_text","text":"a"}]},)"
      R"({"type":"message","role":"assistant","content":[{"type":"output_text","text":"b"}]},)"
      R"({"type":"function_call","call_id":"c1","name":"A","arguments":"{\"x\": 1}"},)"
      R"({"type":"function_call","call_id":"c2","name":"B","arguments":"{}"},)"
      R"({"type":"function_call_output","call_id":"c1","output":"r1"},)"
      R"({"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"t"},)"
      R"({"type":"input_image","image_url":"data:image/png;base64,AA==","detail":"auto"}]},)"
      R"({"type":"message","role":"user","content":[{"type":"input_text","text":"d"},)"
      R"({"type":"input_file","filename":"f.pdf","file_data":"data:application/pdf;base64,BB=="},)"
      R"({"type":"input_file","file_url":"https://a/b.pdf"}]}])";
  Asked asked(R"({"model":"m","instructions":"s","input":)" + input + "}");
  CHECK(asked.again("input") == input);
  CHECK(asked.again("instructions") == "\"s\"");
  CHECK(asked.losses.empty());
}

TEST_CASE("responses reader: how closely a file is looked at is nobody else's", "[responses_reader]") {
  const auto lost = [](const std::string& detail) {
    return saying(R"([{"role":"user","content":[{"type":"input_file","file_url":"https://a/b.pdf","detail":")" +
                  detail + R"("}]}])")
        .losses;
  };
  CHECK(lost("auto").empty());
  CHECK(lost("high").joined() == "messages.document.detail");
}

TEST_CASE("responses reader: text and calls in a row are one turn of the assistant", "[responses_reader]") {
  Asked asked = saying(R"([{"role":"user","content":"a"},{"role":"assistant","content":"b"},)"
                       R"({"type":"function_call","call_id":"c","name":"A","arguments":""},)"
                       R"({"type":"function_call_output","id":"fco_1","call_id":"c","output":"r"}])");
  CHECK(
      asked.as_messages("messages") ==
      R"([{"role":"user","content":[{"type":"text","text":"a"}]},{"role":"assistant","content":[)"
      R"({"type":"text","text":"b"},{"type":"tool_use","id":"c","name":"A","input":{}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":[{"type":"text","text":"r"}]}]}])");
}

TEST_CASE("responses reader: a string is what the user says", "[responses_reader]") {
  CHECK(asking("").again("input") ==
        R"([{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}])");
}

TEST_CASE("responses reader: instructions and what is said before all else are the system prompt",
          "[responses_reader]") {
  Asked asked(
      R"({"model":"m","input":[{"type":"message","role":"developer","content":[{"type":"input_text","text":"b"}]},)"
      R"({"role":"system","content":"c"},{"role":"user","content":"d"},{"role":"developer","content":"e"},)"
      R"({"role":"user","content":"f"}],"instructions":"a"})");
  CHECK(asked.again("instructions") == R"("a\n\nb\n\nc")");
  const auto messages = asked.request().messages;
  REQUIRE(messages.size() == 3);
  CHECK(messages[1].role == Role::system);
}

TEST_CASE("responses reader: the free text of a custom tool is a function's one argument", "[responses_reader]") {
  Asked asked(R"({"model":"m","input":[{"role":"user","content":"a"},{"type":"custom_tool_call","call_id":"c",)"
              R"("name":"apply_patch","input":"*** \"x\""},{"type":"custom_tool_call_output","call_id":"c",)"
              R"("output":"ok"}],"tools":[{"type":"custom","name":"apply_patch","description":"Patches.",)"
              R"("format":{"type":"grammar","syntax":"lark","definition":"start: \"x\""}},)"
              R"({"type":"custom","name":"say","format":{"type":"text"}}]})");
  const Request& request = asked.request();
  CHECK(request.messages[1].blocks.first->as<ToolCall>()->input == R"({"input":"*** \"x\""})");
  REQUIRE(request.tools.size() == 2);
  CHECK(request.tools[0].kind == ToolKind::custom);
  CHECK(request.tools[0].description.inside == R"(Patches.\n\nThe input must match this lark grammar:\nstart: \"x\")");
  CHECK(request.tools[1].description.empty());
  CHECK(request.tools[1].schema.find("\"input\"") != std::string_view::npos);
  CHECK(asked.losses.joined() == "tools.custom.format");
}

TEST_CASE("responses reader: tools of a namespace get its name, and calls of them too", "[responses_reader]") {
  Asked asked(R"({"model":"m","input":[{"role":"user","content":"a"},{"type":"function_call","call_id":"c",)"
              R"("namespace":"crm","name":"find","arguments":"{}"}],"tools":[{"type":"namespace","name":"crm",)"
              R"("description":"Customers.","tools":[{"type":"function","name":"find","description":"Finds."},)"
              R"({"type":"custom","name":"ask"}]},{"type":"function","name":"plain"}]})");
  const Request& request = asked.request();
  CHECK(request.messages[1].blocks.first->as<ToolCall>()->name == "crm__find");
  REQUIRE(request.tools.size() == 3);
  CHECK(request.tools[0].name == "crm__find");
  CHECK(request.tools[0].group == "crm");
  CHECK(request.tools[0].description.inside == R"(crm: Customers.\n\nFinds.)");
  CHECK(request.tools[1].name == "crm__ask");
  CHECK(request.tools[1].kind == ToolKind::custom);
  CHECK(request.tools[2].group.empty());
  CHECK(asked.losses.empty());
  const ToolOrigins origins(request);
  REQUIRE(origins.find("crm__find"));
  CHECK(origins.find("crm__find")->name == "find");
}

TEST_CASE("responses reader: calls of OpenAI's own shell and patch tools are calls of functions",
          "[responses_reader]") {
  Asked asked = saying(
      R"([{"role":"user","content":"a"},{"type":"local_shell_call","id":"l","call_id":"c1","status":"completed",)"
      R"("action":{"type":"exec","command":["ls"],"env":{}}},{"type":"local_shell_call_output","id":"c1","output":"x"},)"
      R"({"type":"shell_call","call_id":"c2","action":{"commands":["ls"]}},{"type":"shell_call_output","call_id":"c2",)"
      R"("output":[{"stdout":"o","stderr":"e","outcome":{"type":"exit","exit_code":0}}]},)"
      R"({"type":"apply_patch_call","call_id":"c3","status":"completed","operation":{"type":"delete_file","path":"p"}},)"
      R"({"type":"apply_patch_call_output","call_id":"c3","status":"failed","output":"no"}])");
  CHECK(
      asked.again("input") ==
      R"([{"type":"message","role":"user","content":[{"type":"input_text","text":"a"}]},)"
      R"({"type":"function_call","call_id":"c1","name":"local_shell","arguments":"{\"type\":\"exec\",\"command\":[\"ls\"],\"env\":{}}"},)"
      R"({"type":"function_call_output","call_id":"c1","output":"x"},)"
      R"({"type":"function_call","call_id":"c2","name":"shell","arguments":"{\"commands\":[\"ls\"]}"},)"
      R"({"type":"function_call_output","call_id":"c2","output":"o\ne"},)"
      R"({"type":"function_call","call_id":"c3","name":"apply_patch","arguments":"{\"type\":\"delete_file\",\"path\":\"p\"}"},)"
      R"({"type":"function_call_output","call_id":"c3","output":"[error] no"}])");
  CHECK(asked.losses.joined() == "messages.outcome");
}

TEST_CASE("responses reader: an envelope gives the reasoning back to the vendor that it came from",
          "[responses_reader]") {
  const auto first_thinking = [](Asked& asked) {
    const Thinking* thinking = asked.request().messages[1].blocks.first->as<Thinking>();
    REQUIRE(thinking);
    return *thinking;
  };
  Asked asked = saying(R"([{"role":"user","content":"a"},{"type":"reasoning","id":"rs_1","summary":[)"
                       R"({"type":"summary_text","text":"one"},{"type":"summary_text","text":"two"}],"content":null,)"
                       R"("encrypted_content":")" +
                       envelope(Dialect::anthropic, "EqQBsig") +
                       R"("},{"type":"function_call","call_id":"c","name":"A","arguments":"{}"}])");
  const Thinking thinking = first_thinking(asked);
  CHECK(thinking.text.inside == R"(one\n\ntwo)");
  CHECK(thinking.from.vendor == Dialect::anthropic);
  CHECK(thinking.from.scope == "0a1b2c3d");
  CHECK(thinking.from.state.inside == "EqQBsig");
  CHECK_FALSE(thinking.redacted);
  CHECK(asked.losses.empty());

  SECTION("what was redacted is redacted again") {
    Losses losses;
    const EncodeContext context{"m", "req_0123456789abcdef", "0a1b2c3d", Dialect::anthropic, 7, 0, true, losses};
    const auto encoder = dialects::openai_responses::make_encoder(context, Form::whole);
    std::string answer;
    for (const Delta& delta : {Delta(AnswerBegin{"msg_1"}), Delta(BlockBegin{BlockKind::redacted_thinking, {}, {}}),
                               Delta(BlockEnd{{Dialect::anthropic, {}, {"data"}}}),
                               Delta(Stopped{StopReason::end_turn, {}}), Delta(AnswerEnd{})})
      encoder->encode(delta, answer);
    std::string output(json::member(answer, "output"));
    output.back() = ',';
    Asked redacted = saying(output + R"({"role":"assistant","content":"b"}])");
    const Thinking* hidden = redacted.request().messages[0].blocks.first->as<Thinking>();
    REQUIRE(hidden);
    CHECK(hidden->redacted);
    CHECK(redacted.as_messages("messages").find(R"({"type":"redacted_thinking","data":"data"})") != std::string::npos);
  }
  SECTION("thinkings of envelopes count among the parts") {
    const std::vector<Thinking> half(elements_max / 2 + 1, Thinking{{"a"}, {Dialect::anthropic, "", {}}, false});
    std::string item = R"({"type":"reasoning","summary":[],"encrypted_content":")";
    append_carried(item, half);
    item += "\"}";
    CHECK_FALSE(saying("[" + item + "]").result.fault);
    CHECK(saying("[" + item + "," + item + "]").result.fault.kind == FaultKind::bad_request);
  }
  SECTION("a damaged one is nobody's") {
    Asked damaged = saying(R"([{"role":"user","content":"a"},{"type":"reasoning","summary":[{"text":"t"}],)"
                           R"("encrypted_content":"sb1.x"},{"role":"assistant","content":"b"}])");
    CHECK(damaged.request().messages[1].blocks.size() == 1);
    CHECK(damaged.losses.joined() == "messages.reasoning");
  }
}

TEST_CASE("responses reader: OpenAI's own reasoning keeps the whole item", "[responses_reader]") {
  const std::string item = R"({"type":"reasoning","id":"rs_1","summary":[],"content":null,"encrypted_content":"gAAA"})";
  Asked asked = saying(R"([{"role":"user","content":"a"},)" + item + R"(,{"role":"assistant","content":"b"},)" +
                       R"({"role":"user","content":"c"}])");
  CHECK(asked.again("input").find(item) != std::string::npos);
  // Without a state it is a text, which some lanes want.
  Asked told = saying(R"([{"role":"user","content":"a"},{"type":"reasoning","summary":[],)"
                      R"("content":[{"type":"reasoning_text","text":"t"}]},{"role":"assistant","content":"b"}])");
  const Thinking* thinking = told.request().messages[1].blocks.first->as<Thinking>();
  REQUIRE(thinking);
  CHECK(thinking->text.inside == "t");
  CHECK(thinking->from.state.empty());
}

TEST_CASE("responses reader: items of tools that ran elsewhere are lost, a search is told of", "[responses_reader]") {
  Asked asked = saying(R"([{"role":"user","content":"a"},{"type":"web_search_call","id":"ws_1","status":"completed",)"
                       R"("action":{"type":"search","query":"cats"}},{"type":"context_compaction"},)"
                       R"({"type":"mcp_call","id":"m","name":"n","server_label":"s","arguments":"{}"}])");
  CHECK(asked.request().messages[1].blocks.first->as<Text>()->text.inside == "[web_search] cats");
  CHECK(asked.losses.joined() == "messages.web_search_call;messages.context_compaction;messages.mcp_call");
}

TEST_CASE("responses reader: what only a store could know is refused by name", "[responses_reader]") {
  check_refused(asking(R"(,"previous_response_id":"resp_1")"), "previous_response_id");
  check_refused(asking(R"(,"conversation":"conv_1")"), "conversation");
  check_refused(asking(R"(,"prompt":{"id":"p"})"), "prompt");
  check_refused(asking(R"(,"background":true)"), "background");
  check_refused(saying(R"([{"type":"item_reference","id":"msg_1"}])"), "input");
  check_refused(saying(R"([{"id":"msg_1"}])"), "input");
  CHECK_FALSE(asking(R"(,"previous_response_id":null,"conversation":null,"background":false)").result.fault);
  for (const std::string type : {"compaction", "compaction_summary", "context_compaction"})
    check_refused(saying(R"([{"role":"user","content":"a"},{"type":")" + type + R"(","encrypted_content":"x"}])"),
                  type);
  CHECK(asking(R"(,"store":true)").losses.joined() == "store");
  CHECK(asking(R"(,"store":false)").losses.empty());
}

TEST_CASE("responses reader: what is wrong is refused with its name", "[responses_reader]") {
  check_refused(Asked(R"({"model":"m"})"), "input");
  check_refused(saying("1"), "input");
  check_refused(saying("[1]"), "input");
  check_refused(saying("[{}]"), "input");
  check_refused(saying(R"([{"role":"nobody","content":"a"}])"), "role");
  check_refused(saying(R"([{"role":"user","content":1}])"), "content");
  check_refused(saying(R"([{"role":"user","content":[{"type":"input_text"}]}])"), "content.text");
  check_refused(saying(R"([{"role":"user","content":[{"type":"input_image"}]}])"), "content.image_url");
  check_refused(saying(R"([{"role":"user","content":[{"type":"input_file"}]}])"), "content");
  check_refused(saying(R"([{"type":"function_call","call_id":"c","arguments":"{}"}])"), "input");
  check_refused(asking(R"(,"instructions":1)"), "instructions");
  check_refused(asking(R"(,"max_output_tokens":"a")"), "max_output_tokens");
  check_refused(asking(R"(,"tools":[{"type":"function"}])"), "tools");
  check_refused(asking(R"(,"tools":[{"type":"namespace","name":"n"}])"), "tools");
  check_refused(asking(R"(,"tools":{})"), "tools");
  check_refused(asking(R"(,"tool_choice":"perhaps")"), "tool_choice");
  check_refused(asking(R"(,"reasoning":1)"), "reasoning");
  check_refused(asking(R"(,"text":{"format":{"type":"xml"}})"), "text.format");
  CHECK(Asked("{").result.fault.kind == FaultKind::bad_json);
  CHECK(saying("[{]").result.fault.kind == FaultKind::bad_json);
}

TEST_CASE("responses reader: plain members", "[responses_reader]") {
  Asked asked = asking(
      R"(,"max_output_tokens":7,"temperature":0.5,"top_p":0.25,"stream":true,"parallel_tool_calls":false,)"
      R"("prompt_cache_key":"s-1","user":"old","safety_identifier":"u-1","service_tier":"default",)"
      R"("reasoning":{"effort":"high","summary":"auto"},"text":{"verbosity":"low","format":{"type":"json_schema",)"
      R"("name":"n","schema":{"type":"object"},"strict":false}},"truncation":"auto","client_metadata":{"a":"b"},)"
      R"("include":["reasoning.encrypted_content","message.output_text.logprobs"],)"
      R"("stream_options":{"include_obfuscation":false},"metadata":{"k":"v"},"top_logprobs":0,"moderation":{"model":"x"})");
  const Request& r = asked.request();
  CHECK(r.max_tokens == 7);
  CHECK(r.temperature == "0.5");
  CHECK(r.top_p == "0.25");
  CHECK(r.streamed);
  CHECK(r.usage_in_stream);
  CHECK(r.parallel_tool_calls == false);
  CHECK(r.session == "s-1");
  CHECK(r.user == "u-1");
  CHECK(r.service_tier.inside == "standard_only");
  CHECK(r.reasoning.effort == Effort::high);
  CHECK(r.reasoning.shown == true);
  CHECK(r.verbosity.inside == "low");
  CHECK(r.format.kind == OutputFormat::Kind::json_schema);
  CHECK(r.format.name.inside == "n");
  CHECK(r.format.schema == R"({"type":"object"})");
  CHECK(r.format.strict == false);
  CHECK(asked.losses.joined() == "include.message.output_text.logprobs;metadata;moderation");
}

TEST_CASE("responses reader: the search of the web is a tool of the provider's", "[responses_reader]") {
  Asked asked =
      asking(R"(,"tools":[{"type":"web_search","external_web_access":true,"search_context_size":"medium",)"
             R"("filters":{"allowed_domains":["a.org"]},"user_location":{"type":"approximate","city":"Rome"}},)"
             R"({"type":"mcp","server_label":"x"},{"type":"tool_search"}],"max_tool_calls":3,)"
             R"("tool_choice":{"type":"web_search_preview"})");
  const Request& r = asked.request();
  CHECK(r.tools.empty());
  REQUIRE(r.server_tools.size() == 1);
  CHECK(r.server_tools[0].allowed_domains == R"(["a.org"])");
  CHECK(r.server_tools[0].user_location == R"({"type":"approximate","city":"Rome"})");
  CHECK(r.server_tools[0].uses_max == 3);
  CHECK(r.tool_choice.mode == ToolChoice::Mode::named);
  CHECK(r.tool_choice.name == "web_search");
  CHECK(asked.losses.joined() == "tools.mcp");
  CHECK(asking(R"(,"tools":[{"type":"web_search","external_web_access":false}])").losses.joined() ==
        "tools.web_search.external_web_access");
}

TEST_CASE("responses reader: the choice of tools, and tools that it leaves out", "[responses_reader]") {
  const std::string tools =
      R"(,"tools":[{"type":"function","name":"A"},{"type":"function","name":"B"},)"
      R"({"type":"namespace","name":"n","tools":[{"type":"function","name":"C"}]}],"tool_choice":)";
  CHECK(asking(tools + R"("required")").request().tool_choice.mode == ToolChoice::Mode::any);
  CHECK(asking(tools + R"("none")").request().tool_choice.mode == ToolChoice::Mode::none);
  CHECK(asking(tools + R"({"type":"function","name":"A"})").request().tool_choice.name == "A");
  CHECK(asking(tools + R"({"type":"function","namespace":"n","name":"C"})").request().tool_choice.name == "n__C");
  Asked allowed =
      asking(tools + R"({"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"B"}]})");
  CHECK(allowed.request().tool_choice.mode == ToolChoice::Mode::any);
  REQUIRE(allowed.request().tools.size() == 1);
  CHECK(allowed.request().tools[0].name == "B");
  CHECK(allowed.losses.empty());
  Asked unknown = asking(tools + R"({"type":"file_search"})");
  CHECK(unknown.request().tool_choice.mode == ToolChoice::Mode::unset);
  CHECK(unknown.losses.joined() == "tool_choice");
}

TEST_CASE("responses reader: tools that came up in the conversation are tools", "[responses_reader]") {
  Asked asked = saying(R"([{"role":"user","content":"a"},{"type":"additional_tools","role":"developer","tools":[)"
                       R"({"type":"function","name":"late"}]}])");
  REQUIRE(asked.request().tools.size() == 1);
  CHECK(asked.request().tools[0].name == "late");
  CHECK(asked.losses.empty());
}
