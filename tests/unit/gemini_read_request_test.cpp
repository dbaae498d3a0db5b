// generateContent bodies as canonical requests. What is read is shown as the Chat body it becomes where that says
// most, and looked at itself elsewhere.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "dialects/canonical/envelope.h"
#include "dialects/gemini/gemini.h"
#include "read_body.h"

using namespace signalbox;
using namespace signalbox::canonical;
using namespace signalbox::testing;

namespace {

struct Read : ReadBody {
  explicit Read(std::string client_body) : ReadBody(dialects::gemini_row, std::move(client_body)) {}
};

std::string with(const std::string& members) {
  return R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}],)" + members + "}";
}
std::string generation(const std::string& members) { return with(R"("generationConfig":{)" + members + "}"); }
std::string contents(const std::string& list) { return R"({"contents":[)" + list + "]}"; }
std::string user(const std::string& parts) { return R"({"role":"user","parts":[)" + parts + "]}"; }
std::string model(const std::string& parts) { return R"({"role":"model","parts":[)" + parts + "]}"; }

std::string call(const std::string& members) { return R"({"functionCall":{)" + members + "}}"; }
std::string response(const std::string& members) { return R"({"functionResponse":{)" + members + "}}"; }

// One line for each block of all messages.
std::string said(const Request& request) {
  std::string out;
  for (const Message& message : request.messages) {
    out += message.role == Role::assistant ? "model" : message.role == Role::user ? "user" : "system";
    for (const Block& block : message.blocks) {
      out += "|";
      if (const auto* text = block.as<Text>())
        out += (text->continues ? "+text " : "text ") + std::string(text->text.inside);
      if (const auto* image = block.as<Image>())
        out += "image " + std::string(image->media_type.inside) + " " + std::string(image->data.inside);
      if (const auto* document = block.as<Document>())
        out += "document " + std::string(document->media_type.inside) + " " + std::string(document->data.inside);
      if (const auto* one = block.as<ToolCall>())
        out += "call " + std::string(one->id) + " " + std::string(one->name) + " " + std::string(one->input);
      if (const auto* one = block.as<ToolResult>()) {
        out += "result " + std::string(one->id) + (one->is_error ? " error" : "");
        for (const Block& inner : one->content) {
          if (const auto* text = inner.as<Text>()) out += " '" + std::string(text->text.inside) + "'";
          if (const auto* image = inner.as<Image>()) out += " image " + std::string(image->data.inside);
        }
      }
      if (const auto* thinking = block.as<Thinking>())
        out += "thinking '" + std::string(thinking->text.inside) + "' " + std::to_string(int(thinking->from.vendor)) +
               " " + std::string(thinking->from.state.inside) + (thinking->redacted ? " redacted" : "");
    }
    out += "\n";
  }
  return out;
}

std::string fault_of(const std::string& body) {
  const Read read(body);
  CHECK((read.result.fault.kind == FaultKind::bad_request || read.result.fault.kind == FaultKind::bad_json));
  return read.result.fault.detail;
}

const std::string gemini = std::to_string(int(Dialect::gemini));

}  // namespace

TEST_CASE("gemini read: a turn with everything plain", "[gemini_read_request]") {
  const Read read(
      R"({"contents":[{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":[{"text":"ho"}]},{"parts":[{"text":"and"}]}],"systemInstruction":{"role":"user","parts":[{"text":"be kind"},{"text":"be short"}]},"generationConfig":{"temperature":1,"topP":0.95,"topK":64.0,"maxOutputTokens":100,"stopSequences":["a",""],"seed":7,"presencePenalty":0.5,"frequencyPenalty":0.0,"candidateCount":1,"responseModalities":["TEXT"]}})");
  const Request& r = read.request();
  CHECK(said(r) == "user|text hi\nmodel|text ho\nuser|text and\n");
  REQUIRE(r.system.size() == 2);
  CHECK(r.system.first[1].as<Text>()->text.inside == "be short");
  CHECK(r.temperature == "1");
  CHECK(r.top_p == "0.95");
  CHECK(r.top_k == "64");
  CHECK(r.max_tokens == 100);
  CHECK(r.seed == "7");
  CHECK(r.presence_penalty == "0.5");
  CHECK(r.frequency_penalty.empty());
  REQUIRE(r.stop.size() == 1);
  CHECK(read.lost().empty());
}

TEST_CASE("gemini read: names in snake_case are the same", "[gemini_read_request]") {
  const Read read(
      R"({"contents":[{"role":"user","parts":[{"inline_data":{"mime_type":"image/png","data":"QUJD"}}]}],"system_instruction":{"parts":[{"text":"s"}]},"generation_config":{"max_output_tokens":5,"top_p":1,"top_k":2,"stop_sequences":["x"],"thinking_config":{"include_thoughts":true,"thinking_budget":512},"response_mime_type":"application/json"},"tools":[{"function_declarations":[{"name":"f","parameters_json_schema":{"type":"object"}}]}],"tool_config":{"function_calling_config":{"mode":"ANY","allowed_function_names":["f"]}}})");
  const Request& r = read.request();
  CHECK(said(r) == "user|image image/png QUJD\n");
  CHECK(r.system.size() == 1);
  CHECK(r.max_tokens == 5);
  CHECK(r.top_k == "2");
  CHECK(r.stop.size() == 1);
  CHECK(r.reasoning.budget_tokens == 512);
  CHECK(r.reasoning.shown == true);
  CHECK(r.format.kind == OutputFormat::Kind::json_object);
  REQUIRE(r.tools.size() == 1);
  CHECK(r.tools[0].schema == R"({"type":"object"})");
  CHECK(r.tool_choice.mode == ToolChoice::Mode::named);
  CHECK(read.lost().empty());
}

TEST_CASE("gemini read: a system instruction in each of its forms", "[gemini_read_request]") {
  for (const std::string form : {R"("s")", R"({"text":"s"})", R"({"parts":{"text":"s"}})",
                                 R"({"parts":[{"text":"s"}]})", R"([{"text":"s"}])", R"(["s"])"}) {
    const Read read(with(R"("systemInstruction":)" + form));
    INFO(form);
    REQUIRE(read.request().system.size() == 1);
    CHECK(read.request().system.first->as<Text>()->text.inside == "s");
  }
  CHECK(Read(with(R"("systemInstruction":{"parts":[]})")).request().system.empty());
  CHECK(fault_of(with(R"("systemInstruction":7)")).find("systemInstruction") != std::string::npos);
}

TEST_CASE("gemini read: a call without an id gets one of its place, and its response finds it",
          "[gemini_read_request]") {
  const Read read(contents(user(R"({"text":"go"})") + "," +
                           model(call(R"("name":"f","args":{"n":1})") + "," + call(R"("name":"f","args":{"n":2})") +
                                 "," + call(R"("name":"g")")) +
                           "," +
                           user(response(R"("name":"g","response":{"output":"third"})") + "," +
                                response(R"("name":"f","response":{"output":"first"})") + "," +
                                response(R"("name":"f","response":{"output":"second"})"))));
  CHECK(said(read.request()) ==
        "user|text go\n"
        "model|call call_1_0 f {\"n\":1}|call call_1_1 f {\"n\":2}|call call_1_2 g {}\n"
        "user|result call_1_0 'first'|result call_1_1 'second'|result call_1_2 'third'\n");
  CHECK(read.lost().empty());
}

TEST_CASE("gemini read: responses are matched by id first, and by name where the id is nobody's",
          "[gemini_read_request]") {
  const Read read(contents(user(R"({"text":"go"})") + "," +
                           model(call(R"("id":"a","name":"f")") + "," + call(R"("id":"b","name":"f")")) + "," +
                           user(response(R"("id":"b","name":"f","response":{"output":"of b"})")) + "," +
                           user(response(R"("id":"f_123_0","name":"f","response":{"output":"of a"})"))));
  CHECK(said(read.request()) == "user|text go\nmodel|call a f {}|call b f {}\nuser|result a 'of a'|result b 'of b'\n");
  CHECK(read.lost().empty());
  // A response to nothing is said as text.
  const Read orphan(contents(user(response(R"("name":"f","response":{"output":"x"})"))));
  CHECK(said(orphan.request()) == "user|text [tool result]|text x\n");
  // An old call that was never answered takes no response of a later turn.
  const Read later(contents(model(call(R"("name":"f")")) + "," + user(R"({"text":"no"})") + "," +
                            model(call(R"("name":"f")")) + "," +
                            user(response(R"("name":"f","response":{"output":"x"})"))));
  CHECK(said(later.request()) ==
        "model|call call_0_0 f {}\nuser|result call_0_0 error '[tool result missing: interrupted]'|text no\n"
        "model|call call_2_0 f {}\nuser|result call_2_0 'x'\n");
}

TEST_CASE("gemini read: what responses say", "[gemini_read_request]") {
  const auto of = [](const std::string& members) {
    const Read read(
        contents(model(call(R"("id":"a","name":"f")")) + "," + user(response(R"("id":"a","name":"f",)" + members))));
    const std::string all = said(read.request());
    return all.substr(all.find("result a") + 8);
  };
  CHECK(of(R"("response":{"output":"x\n"})") == " 'x\\n'\n");
  CHECK(of(R"("response":{"result":"x"})") == " 'x'\n");
  CHECK(of(R"("response":{"output":{"n":1.50}})") == R"( '{\"n\":1.50}')"
                                                     "\n");
  CHECK(of(R"("response":{"a":1,"output":2})") == R"( '{\"a\":1,\"output\":2}')"
                                                  "\n");
  CHECK(of(R"("response":{"error":"no"})") == " error 'no'\n");
  CHECK(of(R"("response":{"error":{"code":1}})") == R"( error '{\"code\":1}')"
                                                    "\n");
  CHECK(of(R"("response":{"output":"x","error":""})") == " 'x'\n");
  CHECK(of(R"("response":{"output":"x","error":"no"})") == R"( error '{\"output\":\"x\",\"error\":\"no\"}')"
                                                           "\n");
  CHECK(of(R"("response":{})") == "\n");
  CHECK(of(R"("response":{"output":"x"},"parts":[{"inlineData":{"mimeType":"image/png","data":"QUJD"}}])") ==
        " 'x' image QUJD\n");
}

TEST_CASE("gemini read: media in either alphabet of base64", "[gemini_read_request]") {
  const auto media = [](const std::string& data, const std::string& type = "image/png") {
    return said(
        Read(contents(user(R"({"inlineData":{"mimeType":")" + type + R"(","data":")" + data + R"("}})"))).request());
  };
  CHECK(media("-_8=") == "user|image image/png +/8=\n");
  CHECK(media("-_8") == "user|image image/png +/8=\n");
  CHECK(media("+\\/8\\u003d") == "user|image image/png +/8=\n");
  CHECK(media("QUJD", "application/pdf") == "user|document application/pdf QUJD\n");
  const Read file(contents(user(
      R"({"fileData":{"mimeType":"image/png","fileUri":"gs://b/x"}},{"fileData":{"mimeType":"image/png","fileUri":"https://a/x"}})")));
  CHECK(file.request().messages[0].blocks.first[0].as<Image>()->source == Source::file);
  CHECK(file.request().messages[0].blocks.first[1].as<Image>()->source == Source::url);
  const auto lost = [](const std::string& type) {
    const Read read(contents(user(R"({"inlineData":{"mimeType":")" + type + R"(","data":"QUJD","displayName":"N"}})")));
    read.request();
    return read.lost();
  };
  CHECK(lost("image/png") == "messages.displayName");
  CHECK(lost("application/pdf").empty());
}

TEST_CASE("gemini read: signatures of Gemini's own say on which part they stood", "[gemini_read_request]") {
  const std::string reply = user(response(R"("name":"f","response":{"output":"x"})"));
  const Read read(
      contents(model(R"({"text":"hm","thought":true},{"functionCall":{"name":"f"},"thoughtSignature":"S1"})") + "," +
               reply + "," + model(R"({"functionCall":{"name":"f"},"thoughtSignature":"S2"})") + "," + reply + "," +
               model(R"({"text":"hm","thought":true,"thoughtSignature":"S3"},{"text":"so","thoughtSignature":"S4"})")));
  CHECK(said(read.request()) ==
        "model|thinking 'hm' " + gemini + " call:S1|call call_0_1 f {}\nuser|result call_0_1 'x'\n" +
            "model|thinking '' " + gemini + " call:S2 redacted|call call_2_0 f {}\nuser|result call_2_0 'x'\n" +
            "model|thinking 'hm' " + gemini + " thought:S3|text so|thinking '' " + gemini + " text:S4 redacted\n");
  // What stands in for a signature says nothing.
  const Read none(contents(
      model(R"({"functionCall":{"name":"f"},"thoughtSignature":"skip_thought_signature_validator"})") + "," + reply));
  CHECK(said(none.request()) == "model|call call_0_0 f {}\nuser|result call_0_0 'x'\n");
}

TEST_CASE("gemini read: envelopes are opened, and thoughts that came with them are not said twice",
          "[gemini_read_request]") {
  const Thinking thinkings[] = {{{"hm"}, {Dialect::anthropic, "0a1b2c3d", {"Eq1"}}, false},
                                {{}, {Dialect::anthropic, "0a1b2c3d", {"Eq2"}}, true}};
  std::string carried;
  append_carried_bytes(carried, thinkings);
  const std::string anthropic = std::to_string(int(Dialect::anthropic));
  const std::string expected = "model|thinking 'hm' " + anthropic + " Eq1|thinking '' " + anthropic +
                               " Eq2 redacted|call call_0_0 f {}\nuser|result call_0_0 'x'\n";
  const std::string signed_call =
      R"({"functionCall":{"id":"call_0_0","name":"f"},"thoughtSignature":")" + carried + R"("})";
  const std::string reply = user(response(R"("id":"call_0_0","name":"f","response":{"output":"x"})"));
  CHECK(said(Read(contents(model(signed_call) + "," + reply)).request()) == expected);
  CHECK(said(Read(contents(model(R"({"text":"hm","thought":true},)" + signed_call) + "," + reply)).request()) ==
        expected);
  std::string plain;
  append_carried(plain, thinkings);
  CHECK(said(Read(contents(
                      model(R"({"functionCall":{"id":"call_0_0","name":"f"},"thoughtSignature":")" + plain + R"("})") +
                      "," + reply))
                 .request()) == expected);
  // A stream that was kept in pieces: the thoughts' place is the envelope's.
  CHECK(said(Read(contents(model(R"({"text":"h","thought":true})") + "," +
                           model(R"({"text":"m","thought":true},{"text":"so"})") + "," + model(signed_call) + "," +
                           reply))
                 .request()) == "model|thinking 'hm' " + anthropic + " Eq1|thinking '' " + anthropic +
                                    " Eq2 redacted|text so|call call_0_0 f {}\nuser|result call_0_0 'x'\n");
  const Read damaged(contents(model(R"({"text":"t","thoughtSignature":"sb1.anthropic.0a.!"})")));
  CHECK(said(damaged.request()) == "model|text t\n");
  CHECK(damaged.lost() == "messages.thinking");
}

TEST_CASE("gemini read: thinkings of envelopes count among the parts", "[gemini_read_request]") {
  const std::vector<Thinking> half(elements_max / 2 + 1, Thinking{{"a"}, {Dialect::anthropic, "", {}}, false});
  std::string carried;
  append_carried_bytes(carried, half);
  const std::string part = R"({"text":"t","thoughtSignature":")" + carried + R"("})";
  CHECK_FALSE(Read(contents(model(part))).result.fault);
  CHECK(Read(contents(model(part + "," + part))).result.fault.kind == FaultKind::bad_request);
}

TEST_CASE("gemini read: pieces of a turn are one text and one thought", "[gemini_read_request]") {
  const Read read(contents(model(R"({"text":"h","thought":true})") + "," +
                           model(R"({"text":"m","thought":true},{"text":"so "})") + "," +
                           model(R"({"text":"it"},{"text":" is"})") + "," + user(R"({"text":"a"},{"text":"b"})")));
  CHECK(said(read.request()) ==
        "model|thinking 'hm' " + gemini + " |text so |+text it|+text  is\nuser|text a|text b\n");
}

TEST_CASE("gemini read: how much to think", "[gemini_read_request]") {
  const auto asked = [](const std::string& config) {
    return Read(generation(R"("thinkingConfig":)" + config)).request().reasoning;
  };
  CHECK(asked(R"({"thinkingBudget":-1})").effort == Effort::high);
  CHECK(asked(R"({"thinkingBudget":0})").budget_tokens == 0);
  CHECK(asked(R"({"thinkingBudget":8192})").budget_tokens == 8192);
  CHECK(asked(R"({"thinkingLevel":"MINIMAL"})").effort == Effort::minimal);
  CHECK(asked(R"({"thinkingLevel":"low"})").effort == Effort::low);
  CHECK(asked(R"({"thinkingLevel":"HIGH","includeThoughts":false})").shown == false);
  CHECK(asked(R"({"thinkingLevel":"XHIGH"})").effort == Effort::xhigh);
  CHECK(asked(R"({"thinkingLevel":"THINKING_LEVEL_UNSPECIFIED"})").effort == Effort::unset);
  CHECK(Read(generation(R"("thinkingConfig":{"thinkingLevel":"WILD"})")).lost() == "thinkingConfig.thinkingLevel");
  CHECK(asked("{}").shown == std::nullopt);
}

TEST_CASE("gemini read: tools and the choice among them", "[gemini_read_request]") {
  const Read read(with(
      R"("tools":[{"functionDeclarations":[{"name":"a","description":"d","parameters":{"type":"OBJECT","properties":{"x":{"type":"STRING"}}}},{"name":"b","behavior":"BLOCKING"}]},{"googleSearch":{}},{"urlContext":{}},{"codeExecution":{}},{"googleMaps":{}}])"));
  const Request& r = read.request();
  REQUIRE(r.tools.size() == 2);
  CHECK(r.tools[0].schema == R"({"properties":{"x":{"type":"string"}},"type":"object"})");
  CHECK(r.tools[1].schema.empty());
  REQUIRE(r.server_tools.size() == 3);
  CHECK(r.server_tools[0].kind == ServerTool::Kind::web_search);
  CHECK(r.server_tools[2].kind == ServerTool::Kind::code_execution);
  CHECK(read.lost() == "tools.behavior;tools.googleMaps");

  const std::string tools = R"("tools":[{"functionDeclarations":[{"name":"a"},{"name":"b"},{"name":"c"}]}],)";
  const auto chosen = [&](const std::string& config) {
    return Read(with(tools + R"("toolConfig":{"functionCallingConfig":)" + config + "}"));
  };
  CHECK(chosen(R"({"mode":"AUTO"})").request().tool_choice.mode == ToolChoice::Mode::automatic);
  CHECK(chosen(R"({"mode":"ANY"})").request().tool_choice.mode == ToolChoice::Mode::any);
  CHECK(chosen(R"({"mode":"NONE"})").request().tool_choice.mode == ToolChoice::Mode::none);
  CHECK(chosen(R"({"mode":"VALIDATED"})").request().tool_choice.mode == ToolChoice::Mode::automatic);
  CHECK(chosen(R"({"mode":"MODE_UNSPECIFIED"})").request().tool_choice.mode == ToolChoice::Mode::unset);
  const Read one = chosen(R"({"mode":"ANY","allowedFunctionNames":["b"]})");
  CHECK(one.request().tool_choice.name == "b");
  CHECK(one.request().tools.size() == 3);
  const Read some = chosen(R"({"mode":"ANY","allowedFunctionNames":["c","a"]})");
  CHECK(some.request().tool_choice.mode == ToolChoice::Mode::any);
  CHECK(some.request().tools.size() == 2);
  CHECK(chosen(R"({"mode":"ANY","allowedFunctionNames":["z"]})").lost() == "tool_choice");
  CHECK(fault_of(with(R"("toolConfig":{"functionCallingConfig":{"mode":"SOMETIMES"}})")).find("mode") !=
        std::string::npos);
}

TEST_CASE("gemini read: the form of the answer", "[gemini_read_request]") {
  const Read read(generation(
      R"("responseMimeType":"application/json","responseSchema":{"type":"OBJECT","properties":{"a":{"type":"NUMBER"}}})"));
  CHECK(read.request().format.kind == OutputFormat::Kind::json_schema);
  CHECK(read.request().format.schema == R"({"properties":{"a":{"type":"number"}},"type":"object"})");
  CHECK(Read(generation(R"("responseJsonSchema":{"type":"object"})")).request().format.schema ==
        R"({"type":"object"})");
  CHECK(Read(generation(R"("responseMimeType":"text/plain")")).request().format.kind == OutputFormat::Kind::text);
  CHECK(Read(generation(R"("responseMimeType":"text/x.enum")")).lost() == "response_format");
  CHECK(
      Read(generation(R"("responseMimeType":"text/x.enum","responseSchema":{"type":"STRING","enum":["a"]})")).lost() ==
      "response_format");
}

TEST_CASE("gemini read: what has no place in other dialects is named", "[gemini_read_request]") {
  CHECK(
      Read(
          with(
              R"("safetySettings":[{"category":"x"}],"cachedContent":"c/1","labels":{"a":"b"},"serviceTier":"flex","other":1)"))
          .lost() == "safetySettings;cachedContent;labels;serviceTier;other");
  CHECK(Read(with(R"("safetySettings":[],"labels":{},"serviceTier":"standard","model":"models/x")")).lost().empty());
  CHECK(Read(generation(R"("logprobs":3,"responseModalities":["TEXT","IMAGE"])")).lost() ==
        "generationConfig.logprobs;generationConfig.responseModalities");
  CHECK(Read(contents(user(R"({"text":"a","videoMetadata":{"fps":1}})"))).lost() == "messages.videoMetadata");
  const Read code(contents(model(
      R"({"executableCode":{"language":"PYTHON","code":"print 1"}},{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"1"}})")));
  CHECK(said(code.request()) == "model|text print 1|text 1\n");
  CHECK(code.lost() == "messages.code_execution");
}

TEST_CASE("gemini read: what counts tokens may be asked with the whole request", "[gemini_read_request]") {
  const Read read(
      R"({"generateContentRequest":{"model":"models/x","contents":[{"role":"user","parts":[{"text":"hi"}]}],"systemInstruction":{"parts":[{"text":"s"}]}}})");
  CHECK(said(read.request()) == "user|text hi\n");
  CHECK(read.request().system.size() == 1);
}

TEST_CASE("gemini read: bad bodies are refused, with the member", "[gemini_read_request]") {
  const auto names = [](const std::string& body, const std::string& member) {
    INFO(body);
    CHECK(fault_of(body).find(member) != std::string::npos);
  };
  names("[]", "body");
  names("{", "JSON");
  names("{}", "contents");
  names(R"({"contents":{}})", "contents");
  names(R"({"contents":[7]})", "contents");
  names(contents(R"({"role":"robot","parts":[]})"), "role");
  names(contents(R"({"role":"user","parts":7})"), "parts");
  names(contents(R"({"role":"user","parts":["x"]})"), "parts");
  names(contents(user(R"({"text":7})")), "parts.text");
  names(contents(model(call(R"("args":{})"))), "functionCall");
  names(contents(model(call(R"("name":"f","args":[])"))), "functionCall.args");
  names(contents(user(R"({"inlineData":{"mimeType":"image/png"}})")), "inlineData");
  names(contents(user(R"({"fileData":{}})")), "fileData");
  names(with(R"("tools":7)"), "tools");
  names(with(R"("tools":[{"functionDeclarations":[{}]}])"), "functionDeclarations");
  names(with(R"("tools":[{"functionDeclarations":[{"name":"f","parameters":[]}]}])"), "parameters");
  names(with(R"("generationConfig":[])"), "generationConfig");
  names(generation(R"("temperature":"hot")"), "temperature");
  names(generation(R"("maxOutputTokens":-1)"), "maxOutputTokens");
  names(generation(R"("stopSequences":"x")"), "stopSequences");
  names(generation(R"("candidateCount":2)"), "candidateCount");
  names(generation(R"("thinkingConfig":{"thinkingBudget":-2})"), "thinkingBudget");
  names(generation(R"("thinkingConfig":{"thinkingLevel":3})"), "thinkingLevel");
}
