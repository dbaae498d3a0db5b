// What is read of Gemini's answers that go by to clients of their own dialect, and what is said to these.
#include <catch2/catch.hpp>

#include <string>

#include "base/arena.h"
#include "dialects/gemini/gemini.h"
#include "dialects/openai_chat/openai_chat.h"
#include "edited.h"

using namespace signalbox;
using namespace signalbox::testing;
using dialects::Ask;
using dialects::gemini_row;
using dialects::Observation;

namespace {

Observation seen_of(std::initializer_list<std::string> frames) {
  Observation seen;
  for (const std::string& data : frames) gemini_row.observe_frame({"", data, 0, true}, seen);
  return seen;
}

std::string chunk(const std::string& parts, const std::string& more = {}) {
  return R"({"candidates":[{"content":{"role":"model","parts":[)" + parts + "]}" + more + "}]}";
}

routing::FactsResult facts_of(const http::Endpoint& endpoint, const std::string& body, Arena& arena) {
  return gemini_row.read_facts(endpoint, body, arena);
}

}  // namespace

// "data:" and two blanks, or its text on a line of its own: JSON to every client.
TEST_CASE("gemini observing: blanks around a chunk say nothing") {
  const Observation seen =
      seen_of({"  " + chunk(R"({"text":"a"})"), "\n" + chunk(R"({"text":"b"})", R"(,"finishReason":"STOP")") + " "});
  CHECK(seen.content);
  CHECK(seen.may_end);
}

TEST_CASE("gemini: paths hold the model and the verb") {
  const auto path = [](std::string_view model, Ask ask) {
    std::string out;
    gemini_row.write_path(out, model, ask);
    return out;
  };
  CHECK(path("gemini-2.5-pro", Ask::whole_answer) == "/v1beta/models/gemini-2.5-pro:generateContent");
  CHECK(path("models/g", Ask::streamed_answer) == "/v1beta/models/g:streamGenerateContent?alt=sse");
  CHECK(path("g", Ask::listed_answer) == "/v1beta/models/g:streamGenerateContent");
  CHECK(path("a/b?c", Ask::token_count) == "/v1beta/models/a%2Fb%3Fc:countTokens");
}

TEST_CASE("gemini: the facts stand in the path, and the body is checked whole") {
  Arena arena;
  http::Endpoint endpoint;
  endpoint.shape = Dialect::gemini;
  endpoint.model_id = "models/a%2Fb";
  endpoint.form = http::Endpoint::Form::streamed;
  const routing::FactsResult read = facts_of(endpoint, R"({"model":1,"stream":2,"contents":[]})", arena);
  REQUIRE_FALSE(read.fault);
  CHECK(read.facts.model == "a/b");
  CHECK(read.facts.model_end == 0);
  CHECK(read.facts.streamed);
  CHECK_FALSE(read.facts.listed);
  CHECK_FALSE(read.facts.envelopes);
  endpoint.form = http::Endpoint::Form::listed;
  CHECK_FALSE(facts_of(endpoint, "{}", arena).facts.streamed);
  CHECK(facts_of(endpoint, "{}", arena).facts.listed);
  CHECK(facts_of(endpoint, R"({"contents":[{"parts":[{"thoughtSignature":"c2IxLng="}]}]})", arena).facts.envelopes);
  CHECK(facts_of(endpoint, R"({"contents":[})", arena).fault.kind == FaultKind::bad_json);
  CHECK(facts_of(endpoint, "", arena).fault.kind == FaultKind::bad_json);
  CHECK(facts_of(endpoint, "{} x", arena).fault.kind == FaultKind::bad_json);
  CHECK(facts_of(endpoint, "[]", arena).fault.kind == FaultKind::bad_request);
  for (const std::string& id : {std::string("models%2f"), std::string("%ff"), std::string(300, 'm')}) {
    endpoint.model_id = id;
    CHECK(facts_of(endpoint, "{}", arena).fault.kind == FaultKind::bad_request);
  }
}

TEST_CASE("gemini observing: content, the reason it stopped, usage") {
  CHECK_FALSE(seen_of({chunk(R"({"text":""})")}).content);
  CHECK_FALSE(seen_of({chunk(R"({"text":"","thoughtSignature":"c2ln"})")}).content);
  CHECK(seen_of({chunk(R"({"text":"a"})")}).content);
  CHECK(seen_of({chunk(R"({"text":"a","thought":true})")}).content);
  CHECK(seen_of({chunk(R"({"functionCall":{"name":"f"}})")}).content);
  CHECK(seen_of({chunk(R"({"inlineData":{"data":"AA=="}})")}).content);
  const Observation going = seen_of({chunk(R"({"text":"a"})")});
  CHECK_FALSE(going.may_end);
  const Observation done =
      seen_of({chunk(R"({"text":"a"})"),
               R"({"candidates":[{"finishReason":"MAX_TOKENS"}],"usageMetadata":{"promptTokenCount":20,)"
               R"("cachedContentTokenCount":8,"candidatesTokenCount":4,"thoughtsTokenCount":3}})"});
  CHECK(done.may_end);
  CHECK_FALSE(done.terminal);
  CHECK(done.stop_reason == "MAX_TOKENS");
  CHECK(done.usage.input_tokens == 12);
  CHECK(done.usage.cache_read_tokens == 8);
  CHECK(done.usage.output_tokens == 7);
  const Observation blocked = seen_of({R"({"promptFeedback":{"blockReason":"SAFETY"}})"});
  CHECK(blocked.may_end);
  CHECK(blocked.stop_reason == "SAFETY");
  CHECK(seen_of({R"({"error":{"code":503,"message":"no","status":"UNAVAILABLE"}})"}).error);
  CHECK_FALSE(seen_of({R"({"error":{"code":503)"}).error);
  CHECK_FALSE(seen_of({R"({"candidates":[{"finishReason":"STOP"}])"}).may_end);
}

TEST_CASE("gemini observing: a whole answer") {
  const auto whole = [](std::string_view candidates, std::string_view error) {
    Observation seen;
    const std::string_view values[] = {candidates, R"({"promptTokenCount":5})", "", error};
    REQUIRE(gemini_row.whole_keys.size() == std::size(values));
    gemini_row.observe_whole(std::span<const std::string_view>(values, std::size(values)), seen);
    return seen;
  };
  const Observation said = whole(R"([{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}])", "");
  CHECK(said.content);
  CHECK(said.stop_reason == "STOP");
  CHECK(said.usage.input_tokens == 5);
  CHECK(whole(dialects::too_long, "").content);
  CHECK(whole("", R"({"code":500})").error);
}

TEST_CASE("gemini: signatures of other vendors go, and the first call of a step says that it has none") {
  const std::string envelope = R"("sb1.anthropic.0a1b2c3d.eyJ9")";
  const auto body = [](const std::string& parts) {
    return R"({"contents": [{"role":"user","parts":[{"text":"q"}]}, {"role":"model","parts": [ )" + parts +
           R"( ]}],"x":1})";
  };
  const auto cut = [&](const std::string& parts) { return left_by(gemini_row, body(parts)); };
  CHECK(cut(R"({"text":"a", "thoughtSignature":)" + envelope + "}") == body(R"({"text":"a"})"));
  CHECK(cut(R"({"thought_signature":)" + envelope + R"(, "text":"a"})") == body(R"({"text":"a"})"));
  CHECK(cut(R"({"functionCall":{"name":"f"},"thoughtSignature":)" + envelope + R"(},{"functionCall":{"name":"g"},)" +
            R"("thoughtSignature":)" + envelope + "}") ==
        body(R"({"functionCall":{"name":"f"},"thoughtSignature":"skip_thought_signature_validator"},)"
             R"({"functionCall":{"name":"g"}})"));
  CHECK(cut(R"({"text":"","thoughtSignature":)" + envelope + R"(}, {"text":"a"})") == body(R"({"text":"a"})"));
  const std::string own =
      R"({"functionCall":{"name":"f","args":{"thoughtSignature":"sb1.x"}},"thoughtSignature":"c2ln"})";
  CHECK(cut(own) == body(own));
  CHECK(cut(R"({"text":"","thoughtSignature":)" + envelope + "}") ==
        R"({"contents": [{"role":"user","parts":[{"text":"q"}]}],"x":1})");
}

TEST_CASE("gemini: where a signature was refused all go, and every step's first call says that it has none") {
  const auto body = [](const std::string& parts) {
    return R"({"contents":[{"role":"model","parts":[)" + parts + R"(]}],"x":1})";
  };
  const auto cut = [&](const std::string& parts) { return left_by(gemini_row, body(parts), {.thinking = true}); };
  const std::string sentinel = R"("thoughtSignature":"skip_thought_signature_validator")";
  const std::string f = R"({"functionCall":{"name":"f"})", g = R"({"functionCall":{"name":"g"})";
  const std::string signature = R"(,"thoughtSignature":"c2ln"})";
  CHECK(cut(f + signature + "," + g + signature) == body(f + "," + sentinel + "}," + g + "}"));
  CHECK(cut(f + "}," + g + signature) == body(f + "," + sentinel + "}," + g + "}"));
  CHECK(cut(R"({"text":"a","thought":true)" + signature + R"(,{"text":"")" + signature + "," + f + "}") ==
        body(R"({"text":"a","thought":true},)" + f + "," + sentinel + "}"));
  const std::string said = f + "," + sentinel + "}";
  CHECK(cut(said) == body(said));

  const auto refused = [](int status, std::string_view message) {
    return thinking_refused(gemini_row, status, message);
  };
  CHECK(refused(400, "Function call is missing a thought_signature in functionCall parts."));
  CHECK(refused(400, "Thought signature is not valid"));
  CHECK_FALSE(refused(400, "Request contains an invalid argument."));
  CHECK_FALSE(refused(500, "Thought signature is not valid"));
}

TEST_CASE("chat: extra_content that holds another vendor's state goes") {
  const auto body = [](const std::string& call, const std::string& message = {}) {
    return R"({"messages":[{"role":"assistant","tool_calls":[{"id":"c")" + call + "}]" + message + "}]}";
  };
  const std::string foreign = R"(, "extra_content":{"google":{"thought_signature":"sb1.anthropic*.0a1b2c3d.eyJ9"}})";
  const std::string own = R"(, "extra_content":{"google":{"thought_signature":"c2ln"}})";
  CHECK(left_by(dialects::openai_chat_row, body(foreign, foreign)) == body(""));
  CHECK(left_by(dialects::openai_chat_row, body(own, foreign)) == body(own));
  CHECK(left_by(dialects::openai_chat_row, body(own, own)) == body(own, own));
}

TEST_CASE("gemini: what an error says, and what is said to clients") {
  Arena arena;
  const routing::UpstreamError error = gemini_row.read_error(
      R"({"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"x"},)"
      R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.07s"}]}})",
      arena);
  CHECK(error.message == "Quota");
  CHECK(error.type == "RESOURCE_EXHAUSTED");
  CHECK(error.retry_after_ms == 34'070);
  CHECK(gemini_row.keep_alive_before == "\n");
  CHECK(gemini_row.keep_alive_within == "\n");
  std::string out;
  gemini_row.write_token_count(out, 12);
  CHECK(out == R"({"totalTokens":12})");
  out.clear();
  gemini_row.write_model(out, {"g", "G", 10, 0});
  CHECK(out == R"({"name":"models/g","displayName":"G","inputTokenLimit":10,)"
               R"("supportedGenerationMethods":["generateContent","streamGenerateContent","countTokens"]})");
}

TEST_CASE("gemini observing: counts that change with every chunk are those of the last") {
  Observation seen;
  const auto chunk = [&](const char* text, int count, const char* more = "") {
    const std::string data =
        std::string(R"({"candidates":[{"content":{"parts":[{"text":")") + text + R"("}],"role":"model"},"index":0)" +
        more + R"(}],"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":)" + std::to_string(count) + R"(}})";
    gemini_row.observe_frame({"", data, 0, true}, seen);
  };
  for (int i = 1; i <= 12; ++i) chunk(i % 2 ? "a" : "longer \\u00e9", i);
  CHECK(seen.content);
  CHECK_FALSE(seen.may_end);
  gemini_row.observe_end(seen);
  CHECK(seen.usage.output_tokens == 12);
  CHECK(seen.usage.input_tokens == 7);
  chunk("b", 13);
  chunk("c", 14, R"(,"finishReason":"STOP")");
  CHECK(seen.usage.output_tokens == 14);
  CHECK(seen.may_end);
}
