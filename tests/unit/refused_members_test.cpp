// What upstreams other than Anthropic say of members that they do not take, and what of a body goes for it.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "base/arena.h"
#include "dialects/dialect.h"
#include "edited.h"

using namespace signalbox;
using namespace signalbox::testing;
using Paths = std::vector<std::string>;

namespace {

constexpr Dialect chat = Dialect::openai_chat, responses = Dialect::openai_responses, gemini = Dialect::gemini;

// A refusal of `body`, as `dialect` reads it out of a whole error answer.
struct Refused {
  Arena arena;
  dialects::Refusal refusal;
  const dialects::DialectRow& row;
  const std::string body;

  Refused(Dialect dialect, std::string of, std::string_view answer, int status = 400)
      : row(dialects::row_of(dialect)), body(std::move(of)) {
    routing::UpstreamError error = row.read_error(answer, arena);
    error.status = status;
    refusal = row.read_refusal(body, error, arena);
  }
  Paths learnt() const { return {refusal.everywhere.begin(), refusal.everywhere.end()}; }
  std::string left() {
    std::vector<std::string_view> members(refusal.members.begin(), refusal.members.end());
    members.insert(members.end(), refusal.everywhere.begin(), refusal.everywhere.end());
    return edited(body, row.removals(body, {refusal.thinking, members}, arena));
  }
};

// An answer whose error says `message`, as OpenAI has it.
std::string saying(std::string_view message) {
  std::string answer = R"({"error":{"type":"invalid_request_error","param":null,"code":null,"message":")";
  for (const char c : message) {
    if (c == '"' || c == '\\') answer += '\\';
    if (c == '\n') answer += "\\n";
    else answer += c;
  }
  return answer + "\"}}";
}

}  // namespace

TEST_CASE("refused members: the words of those who speak Chat") {
  const std::string body =
      R"({"model":"m","temperature":0.2,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b",)"
      R"("reasoning_content":"c"}],"store":false})";
  for (const auto& [message, path] : std::vector<std::pair<std::string, std::string>>{
           {"Unsupported parameter: 'temperature' is not supported with this model.", "temperature"},
           {"Unsupported parameter: 'temperature' is not supported with this model. Use 'x' instead.", "temperature"},
           {"Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is "
            "supported.",
            "temperature"},
           {"invalid temperature: only 1 is allowed for this model", "temperature"},
           {"Unknown parameter: 'store'.", "store"},
           {"Unknown parameter: 'messages[1].reasoning_content'.", "messages.*.reasoning_content"},
           {"Unrecognized request argument supplied: store", "store"},
           {"Unrecognized request arguments supplied: store", "store"},
           {"Unsupported parameter: store", "store"},
           {"property 'store' is unsupported, did you mean 'stop'?", "store"},
           {"'messages.1' : property 'reasoning_content' is unsupported", "messages.*.reasoning_content"},
           {"'messages.1' : for 'role:assistant' the following must be satisfied[('messages.1' : property "
            "'reasoning_content' is unsupported, did you mean 'content'?)]",
            "messages.*.reasoning_content"},
           {"Extra inputs are not permitted, field: 'store'", "store"},
           {"store: Extra inputs are not permitted", "store"},
           {"[{'type': 'extra_forbidden', 'loc': ('body', 'store'), 'msg': 'Extra inputs are not permitted', 'input': "
            "False}]",
            "store"},
           {"Invalid JSON payload received. Unknown name \"store\": Cannot find field.", "store"}}) {
    INFO(message);
    Refused refused(chat, body, saying(message));
    CHECK(refused.learnt() == Paths{path});
    CHECK(refused.left().size() < body.size());
    CHECK(Refused(chat, body, saying(message), 500).learnt().empty());
    // As a quotation of what a client has said.
    CHECK(Refused(chat, body, saying("Invalid value: '" + message + "'.")).learnt().empty());
    CHECK(Refused(chat, body, saying("Unsupported value: 'stop' does not support 'a\n" + message + "\n'.")).left() ==
          body);
    CHECK(Refused(chat, body, saying(message + "\n' is no stop sequence.")).left() == body);
  }
}

TEST_CASE("refused members: a list of faults, as FastAPI and Mistral have it") {
  const std::string fault = R"({"type":"extra_forbidden","msg":"Extra inputs are not permitted","input":1,"loc":)";
  const std::string faults = "[" + fault + R"(["body","store"]},)" + fault +
                             R"(["body","messages",0,"user","name"]},)" + fault +
                             R"(["body","messages",1,"user","name"]}])";
  const std::string message = R"({"role":"user","name":"n","content":"a"})", bare = R"({"role":"user","content":"a"})";
  const std::string body = R"({"store":true,"messages":[)" + message + "," + message + "]}";
  for (const std::string& answer :
       {R"({"detail":)" + faults + "}", R"({"object":"error","message":{"detail":)" + faults + "}}",
        R"({"object":"Error","detail":)" + faults + R"(,"message":)" + faults + "}"}) {
    INFO(answer);
    Refused refused(chat, body, answer, 422);
    CHECK(refused.learnt() == Paths{"store", "messages.*.user.name"});
    CHECK(refused.left() == R"({"messages":[)" + bare + "," + bare + "]}");
  }
  // Another fault in the same list is none of a member that may go.
  const std::string other = R"({"detail":[{"type":"missing","loc":["body","store"],"msg":"Field required"}]})";
  CHECK(Refused(chat, body, other, 422).left() == body);
}

TEST_CASE("refused members: Responses") {
  const std::string item = R"({"type":"function_call_output","call_id":"c","output":"o","status":"completed"})";
  const std::string body = R"({"input":[)" + item + R"(],"max_output_tokens":5,"top_p":1})";
  Refused status(responses, body, saying("Unknown parameter: 'input[0].status'."));
  CHECK(status.learnt() == Paths{"input.*.status"});
  CHECK(status.left() ==
        R"({"input":[{"type":"function_call_output","call_id":"c","output":"o"}],"max_output_tokens":5,"top_p":1})");
  Refused plan(responses, body, R"({"detail":"Unsupported parameter: max_output_tokens"})");
  CHECK(plan.learnt() == Paths{"max_output_tokens"});
  CHECK(plan.left() == R"({"input":[)" + item + R"(],"top_p":1})");
}

TEST_CASE("refused members: of neighbours that go for different reasons both go") {
  const auto body = [](const std::string& members) {
    return R"({"input":[{)" + members + R"("type":"message","role":"user","content":"a"}]})";
  };
  for (const char* members : {R"("id":"i", "status":"s" ,)", R"("status":"s","id":"i",)",
                              R"("status":"s","id":"i","x":1,)", R"("x":1,"id":"i","status":"s",)"}) {
    INFO(members);
    const std::string all = body(members);
    const std::vector<std::string_view> paths = {"input.*.status", "input.*.x"};
    CHECK(left_by(dialects::row_of(responses), all, {true, paths}) == body(""));
  }
}

TEST_CASE("refused members: beside another's signature both go, wherever they stand") {
  const std::string sig = R"("extra_content":{"google":{"thought_signature":"sb1.anthropic.0a1b2c3d.QQ"}})";
  const std::string x = R"("x":1)", id = R"("id":"c")", name = R"("n":2)";
  const auto body = [](const std::string& members) {
    return R"({"messages":[{"role":"assistant","tool_calls":[{)" + members + "}]}]}";
  };
  const std::string both = id + ", " + name;
  for (const auto& [members, what_stays] :
       std::vector<std::pair<std::string, std::string>>{{x + "," + sig + "," + both, both},
                                                        {sig + "," + x + "," + both, both},
                                                        {x + " , " + sig + "," + x + "," + both, both},
                                                        {id + "," + x + "," + sig + ", " + name, both},
                                                        {id + "," + sig + "," + x + ", " + name, both},
                                                        {both + "," + x + "," + sig, both},
                                                        {both + "," + sig + " ," + x, both},
                                                        {sig + "," + id + "," + x + ", " + name, both},
                                                        {x + "," + sig, ""},
                                                        {sig + "," + x, ""},
                                                        {sig + "," + x + "," + sig, ""}}) {
    INFO(members);
    const std::string all = body(members);
    const std::vector<std::string_view> paths = {"messages.*.tool_calls.*.x"};
    CHECK(left_by(dialects::row_of(chat), all, {false, paths}) == body(what_stays));
  }
}

TEST_CASE("refused members: Gemini names all places in one message, in its own spelling") {
  const std::string unknown = "Invalid JSON payload received. Unknown name \"";
  const auto body = [](const std::string& id, const std::string& more) {
    return R"({"contents":[{"parts":[{"functionCall":{)" + id + R"("name":"f","args":{"id":1}}}]},)" +
           R"({"parts":[{"functionResponse":{)" + id + R"("name":"f","response":{}}}]}],"generationConfig":{)" + more +
           R"("topK":1}})";
  };
  Refused refused(gemini, body(R"("id":"c",)", R"("seed":1,)"),
                  saying(unknown + "id\" at 'contents[0].parts[0].function_call': Cannot find field.\n" + unknown +
                         "id\" at 'contents[1].parts[0].function_response': Cannot find field.\n" + unknown +
                         "seed\" at 'generation_config': Cannot find field."));
  CHECK(refused.learnt() == Paths{"contents.*.parts.*.function_call.id", "contents.*.parts.*.function_response.id",
                                  "generation_config.seed"});
  CHECK(refused.left() == body("", ""));
}

TEST_CASE("refused members: what a request is there for stays, whoever names it") {
  const auto stays = [](Dialect dialect, const std::string& body, const Paths& paths) {
    for (const std::string& path : paths) {
      INFO(path);
      for (const std::string& message :
           {"Unknown parameter: '" + path + "'.", path + ": Extra inputs are not permitted"}) {
        Refused refused(dialect, body, saying(message));
        CHECK(refused.learnt().empty());
        CHECK(refused.left() == body);
      }
    }
  };
  stays(
      chat,
      R"({"model":"m","max_tokens":1,"max_completion_tokens":1,"stream":true,"response_format":{"json_schema":{"schema":)"
      R"({"x":1}}},"tools":[{"type":"function","function":{"name":"f","parameters":{"strict":1}}}],"messages":[{"role":)"
      R"("assistant","content":"a","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},)"
      R"({"role":"tool","tool_call_id":"c","content":[{"type":"text","text":"r"}]}]})",
      {"model",
       "max_tokens",
       "max_completion_tokens",
       "stream",
       "response_format",
       "tools",
       "messages",
       "messages[0]",
       "messages[0].role",
       "messages[0].content",
       "messages[0].tool_calls",
       "messages[0].tool_calls[0].id",
       "messages[0].tool_calls[0].function.name",
       "messages[0].tool_calls[0].function.arguments",
       "messages[1].tool_call_id",
       "messages[1].content[0].text",
       "tools[0].function",
       "tools[0].function.name",
       "tools[0].function.parameters",
       "tools[0].function.parameters.strict",
       "response_format.json_schema.schema.x"});
  stays(
      responses,
      R"({"model":"m","instructions":"i","text":{"format":{"type":"json_schema"}},"tools":[{"type":"function","name":"f",)"
      R"("parameters":{"x":1}}],"input":[{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},)"
      R"({"type":"function_call_output","call_id":"c","output":"o"},{"role":"user","content":[{"text":"t"}]}]})",
      {"model", "instructions", "text", "text.format", "tools", "tools[0].name", "tools[0].parameters.x", "input",
       "input[0]", "input[0].call_id", "input[0].arguments", "input[1].output", "input[2].content",
       "input[2].content[0].text"});
  stays(
      gemini,
      R"({"systemInstruction":{"parts":[]},"tools":[{"functionDeclarations":[{"name":"f","parameters":{"x":1}}]}],)"
      R"("generationConfig":{"responseSchema":{"x":1},"maxOutputTokens":1},"contents":[{"role":"user","parts":[{"text":"t"},)"
      R"({"functionCall":{"name":"f","args":{"x":1}}}]}]})",
      {"contents", "contents[0].parts", "contents[0].parts[0].text", "contents[0].parts[1].function_call.name",
       "contents[0].parts[1].function_call.args.x", "tools", "tools[0].function_declarations",
       "tools[0].function_declarations[0].parameters", "tools[0].function_declarations[0].parameters.x",
       "system_instruction", "systemInstruction", "generation_config.response_schema",
       "generationConfig.responseSchema", "generation_config.maxOutputTokens", "generation_config.response_schema.x"});
}

TEST_CASE("refused members: names that clients have made up teach nothing of other requests") {
  const auto learnt = [](const std::string& body, const std::string& message) {
    return Refused(chat, body, saying(message)).learnt();
  };
  const std::string rest = R"("temperature":1,"messages":[{"role":"user","name":"n"}]})";
  CHECK(learnt("{" + rest, "Unknown parameter: 'temperature'.") == Paths{"temperature"});
  CHECK(learnt(R"({"temperature'.":1,)" + rest, "Unknown parameter: 'temperature'.'.").empty());
  CHECK(learnt(R"({"temperature' is unsupported":1,)" + rest, "property 'temperature' is unsupported' is unsupported")
            .empty());
  CHECK(learnt(R"({"temperature.":1,)" + rest, "Unsupported parameter: temperature.").empty());
  CHECK(learnt(R"({"temperature. Use 'x' instead.":1,)" + rest,
               "Unrecognized request argument supplied: temperature. Use 'x' instead.")
            .empty());
  CHECK(learnt(R"({"messages[0].name":1,)" + rest, "Unknown parameter: 'messages[0].name'.").empty());
  CHECK(learnt(R"({"messages.0.name":1,)" + rest, "messages.0.name: Extra inputs are not permitted").empty());
  // The only names that can bring a line of their own.
  const std::string google = "Invalid JSON payload received. Unknown name \"";
  CHECK(learnt("{\"x\\\": Cannot find field.\\n\":1," + rest,
               google + "x\": Cannot find field.\n" + google + "temperature\": Cannot find field.")
            .empty());
  // Values bring lines as well, in which a sentence ends and another begins.
  CHECK(
      learnt(
          "{\"stop\":\"a\"," + rest,
          "Unsupported value: 'stop' does not support 'a value is supported.\nUnknown parameter: 'temperature'.\n"
          "Unsupported value: 'stop' does not support b' with this model. Only the default (null) value is supported.")
          .empty());
  // Another spelling is another member.
  CHECK(learnt("{\"Temperature\":1," + rest, "Unknown parameter: 'Temperature'.") == Paths{"Temperature"});
  CHECK(Refused(chat, "{\"Temperature\":1," + rest, saying("Unknown parameter: 'Temperature'.")).left() == "{" + rest);
}

TEST_CASE("refused members: each path of one error is found for itself") {
  // One is a name, one stands inside another that goes, one is nowhere, one stays, and one has more parts than any path.
  Refused refused(responses, R"({"a.b":1,"store":true,"x":{"y":1},"input":[{"type":"message","id":"i","z":1}],"c":1})",
                  saying("Unknown parameter: 'a.b'.\nUnknown parameter: 'x'.\nUnknown parameter: 'x.y'.\n"
                         "Unknown parameter: 'gone'.\nUnknown parameter: 'input'.\n"
                         "Unknown parameter: 'c.d.e.f.g.h.i.j.k.l.m.n.o'.\nUnknown parameter: 'input[0].z'.\n"
                         "Unknown parameter: 'c'."));
  CHECK(refused.learnt() == Paths{"x", "x.y", "input.*.z", "c"});
  CHECK(refused.left() == R"({"store":true,"input":[{"type":"message","id":"i"}]})");
}

TEST_CASE("refused members: OpenAI lists arguments in one sentence") {
  const std::string rest = R"("model":"m","messages":[]})";
  const std::string message = "Unrecognized request arguments supplied: top_k, temperature";
  CHECK(Refused(chat, R"({"top_k":1,"temperature":1,)" + rest, saying(message)).left() == "{" + rest);
  CHECK(Refused(chat, R"({"top_k":1,"temperature":1,)" + rest, saying(message)).learnt() ==
        Paths{"top_k", "temperature"});
  CHECK(Refused(chat, R"({"top_k":1,)" + rest, saying(message + ", it is said")).learnt().empty());
  CHECK(Refused(chat, R"({"top_k":1,)" + rest, saying(message + ", ")).learnt().empty());
  // One name, which a client has made of two. Where names are not listed it is one.
  CHECK(Refused(chat, R"({"x":1,"top_k, temperature":1,"temperature":1,)" + rest,
                saying("Unrecognized request arguments supplied: x, top_k, temperature"))
            .learnt()
            .empty());
  CHECK(Refused(chat, R"({"x":{"top_k, temperature":1},"temperature":1,)" + rest, saying("Unknown parameter: 'x'."))
            .learnt() == Paths{"x"});
}

TEST_CASE("refused members: no more are read of one error than are remembered of a lane") {
  std::string body = "{\"model\":\"m\"", message;
  for (int i = 0; i < 40; ++i) {
    body += ",\"x" + std::to_string(i) + "\":1";
    message += "Unknown parameter: 'x" + std::to_string(i) + "'.\n";
  }
  CHECK(Refused(chat, body + "}", saying(message)).learnt().size() == 16);
}

TEST_CASE("refused members: a signature that Google's Chat endpoint refuses, or misses") {
  const std::string sentinel = R"("extra_content":{"google":{"thought_signature":"skip_thought_signature_validator"}})";
  const auto body = [](const std::string& first, const std::string& second) {
    return R"({"messages":[{"role":"assistant","tool_calls":[{"id":"a")" + first + R"(},{"id":"b")" + second + "}]}]}";
  };
  const std::string own = R"(,"extra_content":{"google":{"thought_signature":"c2ln"}})";
  const std::string refused = R"([{"error":{"code":400,"message":"Function call is missing a thought_signature in )"
                              R"(functionCall parts.","status":"INVALID_ARGUMENT"}}])";
  CHECK(Refused(chat, body("", ""), refused).left() == body("," + sentinel, ""));
  CHECK(Refused(chat, body(own, own), refused).left() == body("," + sentinel, ""));
  CHECK(Refused(chat, body("," + sentinel, ""), refused).left() == body("," + sentinel, ""));
  CHECK(Refused(chat, body(own, ""), saying("Corrupted thought signature.")).left() == body("," + sentinel, ""));
  CHECK(Refused(chat, body(own, ""), saying("Thought signature is not valid"), 500).left() == body(own, ""));
  CHECK(Refused(chat, body(own, ""), saying("Request contains an invalid argument.")).left() == body(own, ""));
}
