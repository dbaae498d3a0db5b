// What is noticed of Chat answers that go by to Chat clients.
#include <catch2/catch.hpp>

#include <string>

#include "dialects/openai_chat/openai_chat.h"

using namespace signalbox;
using dialects::Observation;
using dialects::openai_chat_row;

namespace {

Observation seen_of(std::initializer_list<std::string> frames) {
  Observation seen;
  for (const std::string& data : frames) openai_chat_row.observe_frame({"", data, 0, true}, seen);
  return seen;
}

std::string choice(const std::string& delta, const std::string& finish = "null") {
  return R"({"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":)" + delta +
         R"(,"logprobs":null,"finish_reason":)" + finish + "}]}";
}

Observation whole_of(std::string_view usage, std::string_view choices, std::string_view error,
                     std::string_view object = "", std::string_view type = "") {
  Observation seen;
  const std::string_view values[] = {usage, choices, error, object, type};
  REQUIRE(openai_chat_row.whole_keys.size() == std::size(values));
  openai_chat_row.observe_whole(std::span<const std::string_view>(values, std::size(values)), seen);
  return seen;
}

}  // namespace

TEST_CASE(
    "chat observing: [DONE] is the end, and a finish_reason already makes the answer whole "
    "(finalizes_after_finish_when_done_is_missing)") {
  CHECK_FALSE(seen_of({choice(R"({"content":"a"})")}).may_end);
  const Observation finished = seen_of({choice(R"({"content":"a"})"), choice("{}", R"("stop")")});
  CHECK(finished.may_end);
  CHECK_FALSE(finished.terminal);
  CHECK(finished.stop_reason == "stop");
  const Observation done = seen_of({choice("{}", R"("length")"), "[DONE]"});
  CHECK(done.may_end);
  CHECK(done.terminal);
  CHECK(done.stop_reason == "length");
  CHECK(seen_of({" [DONE] "}).terminal);
  CHECK_FALSE(seen_of({"[DONE"}).terminal);
  CHECK_FALSE(seen_of({choice("{}", "\"\"")}).may_end);
}

TEST_CASE("chat observing: usage in the last chunk, in a chunk of its own, in the choice") {
  const std::string usage =
      R"({"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4},)"
      R"("completion_tokens_details":{"reasoning_tokens":2}})";
  for (const std::string& data : {R"({"choices":[],"usage":)" + usage + "}",
                                  R"({"usage":)" + usage + R"(,"choices":[{"delta":{},"finish_reason":"stop"}]})",
                                  R"({"choices":[{"delta":{},"usage":)" + usage + R"(,"finish_reason":"stop"}]})"}) {
    INFO(data);
    const Observation seen = seen_of({data, R"({"choices":[],"usage":null})"});
    CHECK(seen.usage.input_tokens == 6);
    CHECK(seen.usage.cache_read_tokens == 4);
    CHECK(seen.usage.output_tokens == 5);
    CHECK(seen.usage.reasoning_tokens == 2);
  }
}

TEST_CASE(
    "chat observing: vendors' names for cached tokens, and sums below zero (clamps_input_when_cache_exceeds_prompt)") {
  CHECK(seen_of({R"({"usage":{"prompt_tokens":10,"prompt_cache_hit_tokens":4}})"}).usage.cache_read_tokens == 4);
  CHECK(seen_of({R"({"usage":{"prompt_tokens":10,"cached_tokens":3}})"}).usage.input_tokens == 7);
  const Usage written =
      seen_of({R"({"usage":{"prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":1,"cache_write_tokens":2}}})"})
          .usage;
  CHECK(written.cache_creation_tokens == 2);
  CHECK(written.input_tokens == 7);
  CHECK(seen_of({R"({"usage":{"prompt_tokens":3,"cached_tokens":9}})"}).usage.input_tokens == 0);
  CHECK(
      seen_of(
          {R"({"usage":{"prompt_tokens":3,"cached_tokens":9223372036854775807,"cache_creation_tokens":9223372036854775807}})"})
          .usage.input_tokens == 0);
  CHECK(seen_of({R"({"usage":{"prompt_tokens":-3}})"}).usage.input_tokens == -1);
}

TEST_CASE("chat observing: content is what a client sees") {
  for (const char* delta :
       {R"({"content":"a"})", R"({"reasoning_content":"a"})", R"({"reasoning":"a"})", R"({"reasoning_details":[{}]})",
        R"({"tool_calls":[{"index":0}]})", R"({"function_call":{"name":"f"}})", R"({"refusal":"no"})",
        R"({"role":"assistant","content":"a"})"}) {
    INFO(delta);
    CHECK(seen_of({choice(delta)}).content);
  }
  for (const char* delta : {"{}", "null", R"({"role":"assistant","content":""})", R"({"content":null})",
                            R"({"reasoning_content":"","tool_calls":[],"refusal":null})", R"({"tool_calls":[ ]})"}) {
    INFO(delta);
    CHECK_FALSE(seen_of({choice(delta)}).content);
  }
  CHECK_FALSE(seen_of({R"({"choices":[]})", R"({"choices":null})", "", "[DONE]"}).content);
}

TEST_CASE("chat observing: an error inside a 200 is one (data carrying an error)") {
  CHECK(seen_of({R"({"error":{"message":"no"}})"}).error);
  CHECK(seen_of({R"({"error":"no"})"}).error);
  CHECK_FALSE(seen_of({R"({"error":null,"choices":[]})"}).error);
  Observation named;
  openai_chat_row.observe_frame({"error", R"({"message":"no"})", 0, true}, named);
  CHECK(named.error);
  CHECK_FALSE(named.may_end);
}

TEST_CASE("chat observing: an error is seen wherever the decoder sees one, streamed and whole") {
  for (const char* members : {R"("error":{"message":"boom","code":502},"finish_reason":"error")",
                              R"("error":{"message":"boom"},"finish_reason":null)", R"("error":"boom")",
                              R"("finish_reason":"error")", R"("finish_reason":"ERR\u004fR","index":0)",
                              R"("finish_reason":"abort")", R"("finish_reason":"insufficient_system_resource")"}) {
    INFO(members);
    CHECK(seen_of({R"({"choices":[{"delta":{},)" + std::string(members) + "}]}"}).error);
    CHECK(whole_of("", R"([{"message":{"content":""},)" + std::string(members) + "}]", "").error);
  }
  for (const char* members : {R"("error":null,"finish_reason":"stop")", R"("error":{ })", R"("error":false)",
                              R"("error":{"message":"boom"},"index":1)", R"("index":2,"finish_reason":"error")"}) {
    INFO(members);
    CHECK_FALSE(seen_of({R"({"choices":[{"delta":{},)" + std::string(members) + "}]}"}).error);
    CHECK_FALSE(whole_of("", R"([{"message":{"content":"a"},)" + std::string(members) + "}]", "").error);
  }
  CHECK(seen_of({R"({"error":500})"}).error);
  CHECK_FALSE(seen_of({R"({"error":false,"choices":[]})"}).error);
  CHECK(seen_of({R"({"object":"error","message":"boom","code":500})"}).error);
  CHECK(seen_of({R"({"type":"error","message":"boom"})"}).error);
  CHECK(whole_of("", "", "", R"("error")").error);
  CHECK(whole_of("", "", "", "", R"("error")").error);
  CHECK_FALSE(whole_of("", "", "", R"("chat.completion")").error);
}

TEST_CASE("chat observing: what is left of a cut frame says nothing") {
  const std::string whole =
      R"({"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1},"error":{"x":1}})";
  for (size_t at = 0; at < whole.size(); ++at) {
    const Observation seen = seen_of({whole.substr(0, at)});
    INFO(at);
    CHECK_FALSE(seen.content);
    CHECK_FALSE(seen.may_end);
    CHECK_FALSE(seen.error);
    CHECK(seen.usage.input_tokens == -1);
  }
}

TEST_CASE("chat observing: whole answers, and members too long to be kept") {
  const Observation seen =
      whole_of(R"({"prompt_tokens":1,"completion_tokens":2})",
               R"([{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop"}])", "");
  CHECK(seen.usage.output_tokens == 2);
  CHECK(seen.stop_reason == "stop");
  CHECK(seen.content);
  CHECK_FALSE(seen.error);
  CHECK_FALSE(whole_of("", R"([{"message":{"content":null}}])", "null").content);
  CHECK_FALSE(whole_of("", "", "").content);
  CHECK(whole_of("", dialects::too_long, "").content);
  CHECK(whole_of("", "", R"({"message":"no"})").error);
  CHECK(whole_of("", "", dialects::too_long).error);
  CHECK_FALSE(whole_of(dialects::too_long, "[", "").content);
}

TEST_CASE("chat facts: model and stream stand where the Messages API has them") {
  Arena arena;
  const std::string body = R"({"stream":true,"model":"gpt-x","messages":[]})";
  const auto result = openai_chat_row.read_facts({}, body, arena);
  REQUIRE_FALSE(result.fault);
  CHECK(result.facts.model == "gpt-x");
  CHECK(result.facts.streamed);
  CHECK(body.substr(result.facts.model_begin, result.facts.model_end - result.facts.model_begin) == "\"gpt-x\"");
}
