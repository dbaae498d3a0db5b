// What a request becomes on its way to an upstream.
#include <catch2/catch.hpp>
#include <string>

#include "json/walk.h"
#include "signalbox/transform.h"

using namespace signalbox;

namespace {

Config config_of(Dialect dialect) {
  Config config;
  config.providers.emplace_back();
  config.providers[0].name = "up";
  config.providers[0].dialect = dialect;
  config.providers[0].credentials = {"main"};
  return config;
}

Transformed to_chat(std::string_view body, const Target& target = {}) {
  return transform(body, Dialect::anthropic, config_of(Dialect::openai_chat), target);
}

Transformed chat_answer(std::string_view answer, AnswerForm form, const Target& target = {}) {
  return transform_answer(answer, config_of(Dialect::openai_chat), target, Dialect::anthropic, form);
}

constexpr std::string_view question =
    R"({"model": "claude-x[1m]", "max_tokens": 9000, "messages": [{"role": "user", "content": "gr\u00fc\u00df"}],)"
    R"( "stream": true, "context_management": {"edits": []}})";

}  // namespace

TEST_CASE("transform: a request for its own dialect keeps every byte but the model's name", "[transform]") {
  Target target;
  target.upstream_model = "claude-y";
  const Transformed result = transform(question, Dialect::anthropic, config_of(Dialect::anthropic), target);
  CHECK(row(result.fault.kind).name == "none");
  std::string expected(question);
  expected.replace(expected.find("claude-x[1m]"), 12, "claude-y");
  CHECK(result.body == expected);
  CHECK(result.losses.empty());
}

TEST_CASE("transform: a request for another dialect is translated, and its losses are named", "[transform]") {
  Target target;
  target.upstream_model = "gpt-y";
  const Transformed result = to_chat(question, target);
  CHECK(row(result.fault.kind).name == "none");
  CHECK(json::is_whole_object(result.body));
  CHECK(json::member(result.body, "model") == R"("gpt-y")");
  CHECK(json::member(result.body, "max_tokens") == "9000");
  CHECK(json::member(result.body, "stream") == "true");
  CHECK(json::member(result.body, "messages") == R"([{"role":"user","content":"gr\u00fc\u00df"}])");
  CHECK(json::member(result.body, "context_management").empty());
  CHECK(result.losses == std::vector<std::string>{"context_management"});
}

TEST_CASE("transform: without a name for the model the client's own goes on, less its local suffix", "[transform]") {
  CHECK(json::member(to_chat(question).body, "model") == R"("claude-x")");
}

TEST_CASE("transform: the target's flags and limits count", "[transform]") {
  Target target;
  target.upstream_model = "gpt-y";
  target.flags.max_tokens_field = MaxTokensField::max_completion_tokens;
  target.output_tokens_max = 4096;
  const Transformed result = to_chat(question, target);
  CHECK(json::member(result.body, "max_tokens").empty());
  CHECK(json::member(result.body, "max_completion_tokens") == "4096");
}

TEST_CASE("transform: what a preset knows of the client's own model counts", "[transform]") {
  static constexpr ModelLimits known[] = {{"claude-x", 200'000, 512}};
  Config config = config_of(Dialect::openai_chat);
  config.providers[0].known_models = known;
  CHECK(json::member(transform(question, Dialect::anthropic, config, {}).body, "max_tokens") == "512");
  Target other;
  other.upstream_model = "gpt-y";
  CHECK(json::member(transform(question, Dialect::anthropic, config, other).body, "max_tokens") == "9000");
}

TEST_CASE("transform: prompt and answer together fit into the context that is known of the model", "[transform]") {
  Target target;
  target.upstream_model = "gpt-y";
  target.context_tokens_max = 6000;
  const auto bound = [&](const Transformed& result) {
    return std::stoi(std::string(json::member(result.body, "max_tokens")));
  };
  CHECK(bound(to_chat(question, target)) > 5000);
  CHECK(bound(to_chat(question, target)) < 6000);
  target.context_tokens_max = 900;
  CHECK(bound(to_chat(question, target)) == 9000);
  static constexpr ModelLimits known[] = {{"claude-x", 5'000, 0}};
  Config config = config_of(Dialect::openai_chat);
  config.providers[0].known_models = known;
  CHECK(bound(transform(question, Dialect::anthropic, config, {})) < 5000);
  CHECK(bound(transform(question, Dialect::anthropic, config, {})) > 4000);
}

TEST_CASE("transform: the same request gives the same bytes", "[transform]") {
  CHECK(to_chat(question).body == to_chat(question).body);
}

TEST_CASE("transform: what cannot be read or translated has a reason and no body", "[transform]") {
  for (std::string_view body : {"", "{", "[]", "null", R"({"model":"x"})", R"({"model":"x","messages":7})"}) {
    INFO(body);
    const Transformed result = to_chat(body);
    CHECK(result.fault);
    CHECK(row(result.fault.kind).source == FaultSource::client);
    CHECK(result.body.empty());
  }
}

TEST_CASE("transform: a request that names its model in its path gets the target's", "[transform]") {
  const std::string body = R"({"contents":[{"parts":[{"text":"Hi"}]}]})";
  const Config config = config_of(Dialect::gemini);
  CHECK(transform(body, Dialect::gemini, config, {.upstream_model = "gemini-pro"}).body == body);
  CHECK(transform(body, Dialect::gemini, config, {}).fault.kind == FaultKind::bad_request);
}

TEST_CASE("transform: an answer is what the client would get, in the form it came in or the other one", "[transform]") {
  const std::string_view whole =
      R"({"id":"c1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},)"
      R"("finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}})";
  const std::string_view streamed =
      "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n"
      "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
      "data: [DONE]\n\n";
  for (const std::string_view answer : {whole, streamed}) {
    const Transformed one = chat_answer(answer, AnswerForm::whole);
    CHECK_FALSE(one.fault);
    CHECK(json::member(one.body, "content") == R"([{"type":"text","text":"Hi"}])");
    CHECK(json::member(one.body, "stop_reason") == R"("end_turn")");
    const Transformed many = chat_answer(answer, AnswerForm::streamed);
    CHECK_FALSE(many.fault);
    CHECK(many.body.find("event: message_start") == 0);
    CHECK(many.body.find(R"("text_delta","text":"Hi")") != many.body.npos);
    CHECK(many.body.find("event: message_stop") != many.body.npos);
  }
  CHECK(chat_answer(whole, AnswerForm::as_it_came).body.front() == '{');
  CHECK(chat_answer(streamed, AnswerForm::as_it_came).body.front() == 'e');
}

TEST_CASE("transform: an answer that breaks off has a fault, and a stream says so in the end", "[transform]") {
  const std::string_view cut = "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n";
  const Transformed result = chat_answer(cut, AnswerForm::as_it_came);
  CHECK(result.fault.kind == FaultKind::upstream_cut);
  CHECK(result.body.find("event: error") != result.body.npos);
  CHECK(result.body.find("message_stop") == result.body.npos);
  const Transformed whole = chat_answer(cut, AnswerForm::whole);
  CHECK(json::member(json::member(whole.body, "error"), "message") ==
        R"("The upstream's stream ended before the answer was complete.")");
  CHECK(json::member(whole.body, "content").empty());
}

TEST_CASE("transform: an answer is read with the flags of the lane that gave it", "[transform]") {
  const std::string_view answer =
      R"({"id":"c1","choices":[{"index":0,"message":{"role":"assistant","content":"<think>why</think>Hi"},)"
      R"("finish_reason":"stop"}]})";
  CHECK(chat_answer(answer, AnswerForm::whole).body.find(R"({"type":"text","text":"<think>why</think>Hi"})") !=
        std::string::npos);
  Target target;
  target.flags.think_tags = true;
  CHECK(chat_answer(answer, AnswerForm::whole, target).body.find(R"({"type":"thinking","thinking":"why",)") !=
        std::string::npos);
}

TEST_CASE("transform: what an answer loses is named as the answer's", "[transform]") {
  const std::string_view answer =
      R"({"id":"c1","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"}},{"index":1}]})";
  CHECK(chat_answer(answer, AnswerForm::whole).losses ==
        std::vector<std::string>{"answer.choices", "answer.finish_reason"});
}
