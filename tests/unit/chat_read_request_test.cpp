// What a Chat body is understood to ask. Where it can, a test shows it as the Chat writer says it again;
// what that writer has no words for is looked at in the request itself.
#include <catch2/catch.hpp>

#include <string>

#include "dialects/canonical/envelope.h"
#include "dialects/canonical/parts.h"
#include "dialects/openai_chat/openai_chat.h"
#include "read_body.h"

using namespace signalbox;
using namespace signalbox::canonical;
using namespace signalbox::testing;

namespace {

struct Asked : ReadBody {
  explicit Asked(std::string text) : ReadBody(dialects::openai_chat_row, std::move(text)) {}

  // What the Chat writer makes of it.
  std::string again(std::string_view member) {
    LaneFlags flags;
    flags.documents = flags.needs_reasoning_content = flags.prefill = flags.top_k = flags.cache_control = true;
    return written(dialects::openai_chat_row, flags, member);
  }
};

Asked saying(std::string_view messages) { return Asked(R"({"model":"m","messages":)" + std::string(messages) + "}"); }
Asked asking(std::string_view members) {
  return Asked(R"({"model":"m","messages":[{"role":"user","content":"hi"}])" + std::string(members) + "}");
}

std::string input_of(std::string_view arguments, std::string* losses = nullptr) {
  Asked asked = saying(
      R"([{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"F","arguments":)" +
      std::string(arguments) + R"(}}]},{"role":"tool","tool_call_id":"c","content":"r"}])");
  if (losses) *losses = asked.losses.joined();
  return std::string(asked.request().messages[1].blocks.first->as<ToolCall>()->input);
}

}  // namespace

TEST_CASE("chat reader: a conversation with tools comes out as it went in", "[chat_reader]") {
  const std::string messages =
      R"([{"role":"system","content":"s"},{"role":"user","content":"a"},)"
      R"({"role":"assistant","content":"b","reasoning_content":"hm","tool_calls":[)"
      R"({"id":"call_1","type":"function","function":{"name":"F","arguments":"{\"n\":9007199254740993,\"t\":\"\\u00e9\\n\"}"}},)"
      R"({"id":"call_2","type":"function","function":{"name":"G","arguments":"{}"}}]},)"
      R"({"role":"tool","tool_call_id":"call_1","content":"one"},{"role":"tool","tool_call_id":"call_2","content":"two"},)"
      R"({"role":"user","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA==","detail":"low"}},)"
      R"({"type":"file","file":{"filename":"p.pdf","file_data":"data:application/pdf;base64,BB=="}}]}])";
  Asked asked = saying(messages);
  CHECK(asked.again("messages") == messages);
  CHECK(asked.losses.empty());
}

TEST_CASE("chat reader: leading system and developer messages are the system prompt, later ones stay",
          "[chat_reader]") {
  Asked asked = saying(
      R"([{"role":"system","content":"a"},{"role":"developer","content":[{"type":"text","text":"b"}]},{"role":"user","content":"u"},{"role":"system","content":"c"}])");
  REQUIRE(asked.request().system.size() == 2);
  CHECK(asked.request().system.first[1].as<Text>()->text.inside == "b");
  REQUIRE(asked.request().messages.size() == 2);
  CHECK(asked.request().messages[1].role == Role::system);
}

TEST_CASE("chat reader: members in any order, escaped names, the last of two", "[chat_reader]") {
  Asked asked(
      R"({"stream":true,"messages":[{"content":[{"text":"x","type":"text"}],"r\u006fle":"\u0075ser"}],"max_tokens":1,"max_tokens":2,"mod\u0065l":"m"})");
  CHECK(asked.again("messages") == R"([{"role":"user","content":"x"}])");
  CHECK(asked.request().max_tokens == 2);
  CHECK(asked.request().streamed);
  CHECK(asked.losses.empty());
}

TEST_CASE("chat reader: images by address, as a data URI, and as some clients shorten it", "[chat_reader]") {
  Asked asked = saying(
      R"([{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x/y.png"}},{"type":"image_url","image_url":"data:image\/webp;base64,AA\/="},)"
      R"({"type":"image_url","image_url":{"url":"data:text/plain,hello"}}]}])");
  const Blocks blocks = asked.request().messages[0].blocks;
  REQUIRE(blocks.size() == 3);
  CHECK(blocks.first[0].as<Image>()->source == Source::url);
  CHECK(blocks.first[1].as<Image>()->source == Source::base64);
  CHECK(blocks.first[1].as<Image>()->media_type.inside == "image\\/webp");
  CHECK(blocks.first[1].as<Image>()->data.inside == "AA\\/=");
  CHECK(blocks.first[2].as<Image>()->source == Source::url);
}

TEST_CASE("chat reader: files by id, and parts that no other dialect has", "[chat_reader]") {
  Asked asked = saying(
      R"([{"role":"user","content":[{"type":"file","file":{"file_id":"f1"}},{"type":"input_audio","input_audio":{"data":"AA","format":"wav"}}]}])");
  REQUIRE(asked.request().messages[0].blocks.size() == 1);
  CHECK(asked.request().messages[0].blocks.first->as<Document>()->source == Source::file);
  CHECK(asked.losses.joined() == "messages.input_audio");
}

TEST_CASE("chat reader: refusals are text; what SDKs write back as null is nothing", "[chat_reader]") {
  Asked asked = saying(
      R"([{"role":"user","content":"a"},{"role":"assistant","content":null,"refusal":"I will not","annotations":[],"audio":null,"function_call":null,"tool_calls":null},{"role":"user","content":"b"}])");
  CHECK(asked.request().messages[1].blocks.first->as<Text>()->text.inside == "I will not");
  CHECK(asked.losses.empty());
  Asked parts = saying(
      R"([{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"refusal","refusal":"no"}]},{"role":"user","content":"b"}])");
  CHECK(parts.request().messages[1].blocks.first->as<Text>()->text.inside == "no");
}

TEST_CASE("chat reader: a legacy function_call is one tool call (cc-switch)", "[chat_reader]") {
  Asked asked(
      R"({"model":"m","functions":[{"name":"F","description":"d","parameters":{"type":"object","properties":{}}}],"function_call":{"name":"F"},)"
      R"("messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"function_call":{"name":"F","arguments":"{\"a\":1}"}},)"
      R"({"role":"function","name":"F","content":"r"}]})");
  const Request& request = asked.request();
  REQUIRE(request.messages.size() == 3);
  const ToolCall* call = request.messages[1].blocks.first->as<ToolCall>();
  const ToolResult* result = request.messages[2].blocks.first->as<ToolResult>();
  CHECK(call->input == R"({"a":1})");
  CHECK_FALSE(call->id.empty());
  CHECK(result->id == call->id);
  CHECK(request.tools.size() == 1);
  CHECK(request.tool_choice.mode == ToolChoice::Mode::named);
  CHECK(request.tool_choice.name == "F");
  CHECK(asked.losses.empty());
}

TEST_CASE("chat reader: calls and results without ids find each other, parallel ones of one name too",
          "[chat_reader]") {
  Asked asked = saying(
      R"([{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"function":{"name":"F","arguments":"{\"n\":1}"}},)"
      R"({"function":{"name":"G","arguments":{"n":2}}},{"function":{"name":"F","arguments":"{\"n\":3}"}}]},)"
      R"({"role":"tool","name":"G","content":"g"},{"role":"tool","name":"F","content":"f1"},{"role":"tool","content":"f2"}])");
  const Blocks results = asked.request().messages[2].blocks;
  REQUIRE(results.size() == 3);
  const char* const texts[] = {"f1", "g", "f2"};
  for (size_t i = 0; i < 3; ++i) {
    const ToolResult* result = results.first[i].as<ToolResult>();
    REQUIRE(result);
    CHECK(result->content.first->as<Text>()->text.inside == texts[i]);
    CHECK(result->id == asked.request().messages[1].blocks.first[i].as<ToolCall>()->id);
  }
}

TEST_CASE("chat reader: arguments that are no object are kept, in one, and named", "[chat_reader]") {
  std::string losses;
  CHECK(input_of(R"("{\"a\":1.10}")") == R"({"a":1.10})");
  CHECK(input_of(R"({"a":1})") == R"({"a":1})");
  CHECK(input_of(R"("")") == "{}");
  CHECK(input_of(R"(" \n")") == "{}");
  CHECK(input_of("null", &losses) == "{}");
  CHECK(losses.empty());
  CHECK(input_of(R"("\"{\\\"a\\\":1}\"")", &losses) == R"({"a":1})");  // a string with an object: decoded once
  CHECK(losses.empty());
  CHECK(input_of(R"("{\"a\":")", &losses) == R"({"arguments":"{\"a\":"})");
  CHECK(losses == "messages.tool_calls.arguments");
  CHECK(input_of(R"("[1]")") == R"({"arguments":"[1]"})");
  CHECK(input_of("7") == R"({"arguments":7})");
}

TEST_CASE("chat reader: tools, choices and parallel calls", "[chat_reader]") {
  const std::string tools =
      R"([{"type":"function","function":{"name":"F","description":"d","parameters":{"type":"object","properties":{},"required":[],"additionalProperties":false},"strict":true},"cache_control":{"type":"ephemeral"}}])";
  Asked asked = asking(R"(,"parallel_tool_calls":false,"tool_choice":"required","tools":)" + tools);
  CHECK(asked.again("tools") == tools);
  CHECK(asked.again("tool_choice") == "\"required\"");
  CHECK(asked.again("parallel_tool_calls") == "false");
  CHECK(asked.losses.empty());
  CHECK(asking(R"(,"tool_choice":"none")").request().tool_choice.mode == ToolChoice::Mode::none);
  CHECK(asking(R"(,"tool_choice":{"type":"function","function":{"name":"F"}})").request().tool_choice.name == "F");
  CHECK(asking(R"(,"tool_choice":{"type":"allowed_tools","allowed_tools":{}})").losses.joined() == "tool_choice");
  CHECK(asking(R"(,"tools":[{"type":"web_search"}])").losses.joined() == "tools.web_search");
  Asked custom = asking(R"(,"tools":[{"type":"custom","custom":{"name":"patch","format":{"type":"text"}}}])");
  CHECK(custom.request().tools[0].name == "patch");
  CHECK(custom.request().tools[0].kind == ToolKind::custom);
  CHECK(custom.losses.empty());
  Asked grammar = asking(R"(,"tools":[{"type":"custom","custom":{"name":"patch","description":"d","format":)"
                         R"({"type":"grammar","grammar":{"syntax":"lark","definition":"start: X"}}}}])");
  CHECK(grammar.request().tools[0].description.inside == R"(d\n\nThe input must match this lark grammar:\nstart: X)");
  CHECK(grammar.losses.joined() == "tools.custom.format");
  Asked allowed = asking(R"(,"tools":[{"type":"function","function":{"name":"F"}},{"type":"function","function":)"
                         R"({"name":"G"}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required",)"
                         R"("tools":[{"type":"function","function":{"name":"G"}}]}})");
  CHECK(allowed.request().tool_choice.mode == ToolChoice::Mode::any);
  REQUIRE(allowed.request().tools.size() == 1);
  CHECK(allowed.request().tools[0].name == "G");
  CHECK(asking(R"(,"tools":[{"type":"function","function":{"name":"F"}}],"tool_choice":{"type":"function",)"
               R"("function":{"name":"none such"}})")
            .losses.joined() == "tool_choice");
}

TEST_CASE("chat reader: parameters", "[chat_reader]") {
  Asked asked = asking(
      R"(,"max_tokens":5,"max_completion_tokens":7,"temperature":1.50,"top_p":0.1,"stop":"x","reasoning_effort":"low","user":"u\"1",)"
      R"("prompt_cache_key":"k","service_tier":"default","stream":true,"stream_options":{"include_usage":true},"n":1)");
  const Request& request = asked.request();
  CHECK(request.max_tokens == 7);
  CHECK(request.temperature == "1.50");
  CHECK(request.top_p == "0.1");
  REQUIRE(request.stop.size() == 1);
  CHECK(request.stop[0].inside == "x");
  CHECK(request.reasoning.effort == Effort::low);
  CHECK(request.user == "u\"1");
  CHECK(request.session == "k");
  CHECK(request.service_tier.inside == "standard_only");
  CHECK(request.usage_in_stream);
  CHECK(asked.losses.empty());
  CHECK_FALSE(asking(R"(,"stream":true)").request().usage_in_stream);
  CHECK(asking(R"(,"stop":["a","","b"])").request().stop.size() == 2);
  CHECK(asking(R"(,"reasoning":{"effort":"high"})").request().reasoning.effort == Effort::high);
  CHECK(asking(R"(,"reasoning":{"max_tokens":900})").request().reasoning.budget_tokens == 900);
  CHECK(asking(R"(,"reasoning":{"enabled":false})").request().reasoning.effort == Effort::none);
}

TEST_CASE("chat reader: what nobody knows beside a function is named", "[chat_reader]") {
  CHECK(asking(R"(,"tools":[{"type":"function","function":{"name":"F"},"novelty":1}])").losses.joined() ==
        "tools.novelty");
}

TEST_CASE("chat reader: a search of the web is asked for by its options, be there any or none", "[chat_reader]") {
  Asked plain = asking(R"(,"web_search_options":{})");
  REQUIRE(plain.request().server_tools.size() == 1);
  CHECK(plain.request().server_tools[0].user_location.empty());
  CHECK(plain.losses.empty());
  Asked placed = asking(
      R"(,"web_search_options":{"search_context_size":"high","user_location":{"type":"approximate","approximate":{"city":"Bern"}}})");
  REQUIRE(placed.request().server_tools.size() == 1);
  CHECK(placed.request().server_tools[0].user_location == R"({"type":"approximate","city":"Bern"})");
  CHECK(placed.losses.joined() == "web_search_options.search_context_size");
  Asked nowhere =
      asking(R"(,"web_search_options":{"search_context_size":"medium","user_location":{"approximate":{}}})");
  CHECK(nowhere.request().server_tools[0].user_location.empty());
  CHECK(nowhere.losses.joined() == "web_search_options.user_location");
  CHECK(asking(R"(,"web_search_options":null)").request().server_tools.empty());
}

TEST_CASE("chat reader: response formats", "[chat_reader]") {
  CHECK(asking(R"(,"response_format":{"type":"text"})").request().format.kind == OutputFormat::Kind::text);
  CHECK(asking(R"(,"response_format":{"type":"json_object"})").request().format.kind ==
        OutputFormat::Kind::json_object);
  Asked asked = asking(
      R"(,"response_format":{"type":"json_schema","json_schema":{"name":"N","strict":true,"schema":{"type":"object"}}})");
  CHECK(asked.request().format.kind == OutputFormat::Kind::json_schema);
  CHECK(asked.request().format.name.inside == "N");
  CHECK(asked.request().format.schema == R"({"type":"object"})");
  CHECK(asked.request().format.strict == true);
}

TEST_CASE("chat reader: numbers that Gemini has too, and the verbosity of Responses", "[chat_reader]") {
  const auto asked = asking(R"(,"seed":7,"presence_penalty":0.5,"frequency_penalty":-1,"verbosity":"low")");
  CHECK(asked.request().seed == "7");
  CHECK(asked.request().presence_penalty == "0.5");
  CHECK(asked.request().frequency_penalty == "-1");
  CHECK(asked.request().verbosity.inside == "low");
  CHECK(asked.losses.empty());
}

TEST_CASE("chat reader: what no other dialect has is lost by name, unless it asks for nothing", "[chat_reader]") {
  CHECK(
      asking(
          R"(,"logprobs":true,"top_logprobs":3,"seed":7,"presence_penalty":0.5,"frequency_penalty":-1,"logit_bias":{"1":2},"brand_new":"x")")
          .losses.joined() == "logprobs;top_logprobs;logit_bias;brand_new");
  CHECK(
      asking(
          R"(,"logprobs":false,"presence_penalty":0,"frequency_penalty":0.0,"logit_bias":{},"store":false,"metadata":null,"modalities":[])")
          .losses.empty());
  CHECK(saying(R"([{"role":"user","name":"Ann","content":"a"}])").losses.joined() == "messages.name");
}

TEST_CASE("chat reader: what is wrong is named with its place", "[chat_reader]") {
  struct Case {
    const char* body;
    FaultKind kind;
    const char* part;
  };
  const Case cases[] = {
      {"", FaultKind::bad_json, "byte 0"},
      {"[]", FaultKind::bad_request, "object"},
      {R"({"model":"m"})", FaultKind::bad_request, "\"messages\" is required."},
      {R"({"messages":{}})", FaultKind::bad_request, "byte 12"},
      {R"({"messages":[1]})", FaultKind::bad_request, "byte 13"},
      {R"({"messages":[{"role":"user","content":"a"}]} x)", FaultKind::bad_json, "byte 45"},
      {R"({"messages":[{"role":"user","content":"a"})", FaultKind::bad_json, "byte"},
      {R"({"messages":[{"role":"king","content":"a"}]})", FaultKind::bad_request, "role"},
      {R"({"messages":[{"content":"a"}]})", FaultKind::bad_request, "role"},
      {R"({"messages":[{"role":"user","content":7}]})", FaultKind::bad_request, "content"},
      {R"({"messages":[{"role":"user","content":["a"]}]})", FaultKind::bad_request, "content"},
      {R"({"messages":[{"role":"user","content":[{"type":"text"}]}]})", FaultKind::bad_request, "content.text"},
      {R"({"messages":[{"role":"user","content":[{"type":"image_url"}]}]})", FaultKind::bad_request, "image_url"},
      {R"({"messages":[{"role":"assistant","tool_calls":[{"id":"x"}]}]})", FaultKind::bad_request, "tool_calls"},
      {R"({"messages":[{"role":"assistant","tool_calls":{}}]})", FaultKind::bad_request, "tool_calls"},
      {R"({"messages":[],"n":2})", FaultKind::bad_request, "\"n\""},
      {R"({"messages":[],"max_tokens":"many"})", FaultKind::bad_request, "max_tokens"},
      {R"({"messages":[],"temperature":"hot"})", FaultKind::bad_request, "temperature"},
      {R"({"messages":[],"stream":"yes"})", FaultKind::bad_request, "stream"},
      {R"({"messages":[],"stop":[1]})", FaultKind::bad_request, "stop"},
      {R"({"messages":[],"tools":[{"type":"function"}]})", FaultKind::bad_request, "tools"},
      {R"({"messages":[],"tool_choice":"perhaps"})", FaultKind::bad_request, "tool_choice"},
      {R"({"messages":[],"response_format":{"type":"xml"}})", FaultKind::bad_request, "response_format"},
      {R"({"messages":[],"reasoning_effort":"very"})", FaultKind::bad_request, "reasoning_effort"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.body);
    Asked asked(c.body);
    CHECK(asked.result.fault.kind == c.kind);
    CAPTURE(asked.result.fault.detail);
    CHECK(asked.result.fault.detail.find(c.part) != std::string::npos);
  }
}

TEST_CASE("chat reader: a body cut at any byte is refused, never misread", "[chat_reader]") {
  const std::string body =
      R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}}]},)"
      R"({"role":"assistant","tool_calls":[{"id":"c","function":{"name":"F","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"r"}],)"
      R"("tools":[{"type":"function","function":{"name":"F"}}],"stop":["x"]})";
  for (size_t length = 0; length < body.size(); ++length) {
    CAPTURE(length);
    CHECK(Asked(body.substr(0, length)).result.fault.kind == FaultKind::bad_json);
  }
  CHECK_FALSE(Asked(body).result.fault);
}

TEST_CASE("chat reader: no request has more elements than any conversation") {
  const auto list = [](size_t count, const std::string& element) {
    std::string all = element;
    for (size_t i = 1; i < count; ++i) all += "," + element;
    return "[" + all + "]";
  };
  const std::string message = R"({"role":"user","content":"x"})", part = R"({"type":"text","text":"x"})";
  const std::string call = R"({"id":"c","type":"function","function":{"name":"F","arguments":"{}"}})";
  const auto of_user = [](const std::string& parts) { return R"([{"role":"user","content":)" + parts + "}]"; };
  const auto of_both = [&](size_t parts, size_t calls) {
    return R"([{"role":"user","content":)" + list(parts, part) + R"(},{"role":"assistant","tool_calls":)" +
           list(calls, call) + "}]";
  };
  const std::string tool = R"({"type":"function","function":{"name":"F"}})", function = R"({"name":"F"})";
  const size_t max = elements_max;
  struct Case {
    const char* what;
    Asked most, more;
  };
  const Case cases[] = {
      {"messages", saying(list(max, message)), saying(list(max + 1, message))},
      {"content blocks", saying(of_user(list(max, part))), saying(of_user(list(max + 1, part)))},
      {"content blocks", saying(of_both(max - 9, 9)), saying(of_both(max - 9, 10))},
      {"tools", asking(",\"tools\":" + list(max, tool)), asking(",\"tools\":" + list(max + 1, tool))},
      {"functions", asking(",\"functions\":" + list(max, function)),
       asking(",\"functions\":" + list(max + 1, function))},
      {"stop sequences", asking(",\"stop\":" + list(max, "\"a\"")), asking(",\"stop\":" + list(max + 1, "\"a\""))},
  };
  for (const Case& c : cases) {
    INFO(c.what);
    CHECK_FALSE(c.most.result.fault);
    CHECK(c.more.result.fault.kind == FaultKind::bad_request);
    CHECK(c.more.result.fault.detail == "The request has more than 100000 " + std::string(c.what) + ".");
  }
}

TEST_CASE("chat reader: reasoning comes back from beside its call, and once", "[chat_reader]") {
  const std::vector<Thinking> thought = {{{"hm"}, {Dialect::anthropic, "0a1b2c3d", {"EqQB"}}, false},
                                         {{}, {Dialect::anthropic, "0a1b2c3d", {"opaque"}}, true}};
  std::string carried;
  append_carried(carried, thought);
  const auto with = [](const std::string& signature) {
    return saying(R"([{"role":"user","content":"a"},{"role":"assistant","content":"b","reasoning_content":"hm",)"
                  R"("tool_calls":[{"id":"c","type":"function","extra_content":{"google":{"thought_signature":")" +
                  signature +
                  R"("}},"function":{"name":"F","arguments":"{}"}}]},)"
                  R"({"role":"tool","tool_call_id":"c","content":"r"}])");
  };
  const Asked own = with(carried);
  const Blocks blocks = own.request().messages[1].blocks;
  REQUIRE(blocks.size() == 4);
  CHECK(blocks.first[0].as<Text>());
  REQUIRE(blocks.first[1].as<Thinking>());
  CHECK(blocks.first[1].as<Thinking>()->text.inside == "hm");
  CHECK(blocks.first[1].as<Thinking>()->from.state.inside == "EqQB");
  CHECK(blocks.first[2].as<Thinking>()->redacted);
  CHECK(blocks.first[3].as<ToolCall>());
  CHECK(own.losses.empty());

  const Asked googles = with("CiQBVKhc7kZz");
  const Blocks raw = googles.request().messages[1].blocks;
  REQUIRE(raw.size() == 4);
  CHECK(raw.first[0].as<Thinking>()->text.inside == "hm");
  CHECK(raw.first[2].as<Thinking>()->from.state.inside == "call:CiQBVKhc7kZz");
  CHECK(raw.first[2].as<Thinking>()->from.vendor == Dialect::gemini);

  const Asked damaged = with(carried.substr(0, carried.size() - 5));
  CHECK(damaged.request().messages[1].blocks.size() == 3);
  CHECK(damaged.losses.joined() == "messages.thinking");
}
