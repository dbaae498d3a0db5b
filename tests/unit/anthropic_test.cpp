// What the Messages dialect reads of a request and notices of an answer.
#include <catch2/catch.hpp>

#include <string>

#include "base/arena.h"
#include "dialects/anthropic/anthropic.h"

using namespace signalbox;
using dialects::anthropic_row;

namespace {

routing::FactsResult facts_of(const std::string& body, Arena& arena) {
  return anthropic_row.read_facts({}, body, arena);
}

dialects::Observation seen_of(std::string_view event, std::string_view data) {
  dialects::Observation seen;
  anthropic_row.observe_frame({event, data, 0, true}, seen);
  return seen;
}

}  // namespace

TEST_CASE("facts: the model's token is found where it stands, whatever surrounds it", "[anthropic]") {
  Arena arena;
  const std::string body = R"({"max_tokens":1, "model" : "claude-x","stream":true,"messages":[{"model":"no"}]})";
  auto result = facts_of(body, arena);
  REQUIRE_FALSE(result.fault);
  CHECK(result.facts.model == "claude-x");
  CHECK(body.substr(result.facts.model_begin, result.facts.model_end - result.facts.model_begin) == "\"claude-x\"");
  CHECK(result.facts.streamed);
}

TEST_CASE("facts: an escaped model and an escaped key mean what they spell", "[anthropic]") {
  Arena arena;
  auto result = facts_of(R"({"mod\u0065l":"a\"b\u00e9"})", arena);
  REQUIRE_FALSE(result.fault);
  CHECK(result.facts.model == "a\"b\xc3\xa9");
  CHECK_FALSE(result.facts.streamed);
}

TEST_CASE("facts: what is wrong is named with its place", "[anthropic]") {
  Arena arena;
  struct Case {
    std::string body;
    FaultKind kind;
    std::string part;
  };
  const Case cases[] = {
      {"", FaultKind::bad_json, "byte 0"},
      {"{\"model\":\"a\",}", FaultKind::bad_json, "byte 13"},
      {"{\"model\":\"a\"} x", FaultKind::bad_json, "byte 14"},
      {"{\"model\":\"a\",\"x\":\"\xff\"}", FaultKind::bad_json, "byte 18"},
      {std::string("{\"model\":\"a\",\"x\":\"\0\"}", 21), FaultKind::bad_json, "byte 18"},
      {"[]", FaultKind::bad_request, "object"},
      {"{}", FaultKind::bad_request, "required"},
      {"{\"model\":\"" + std::string(257, 'm') + "\"}", FaultKind::bad_request, "longer"},
      {"{\"model\":\"" + std::string(30'000'000, 'm') + "\"}", FaultKind::bad_request, "longer"},
      {"{\"model\":7}", FaultKind::bad_request, "byte 9"},
      {"{\"model\":\"\"}", FaultKind::bad_request, "empty"},
      {"{\"model\":\"a\",\"stream\":\"yes\"}", FaultKind::bad_request, "stream"},
      {"{\"model\":\"a\",\"model\":\"b\"}", FaultKind::duplicate_fact, "byte 13"},
      {"{\"model\":\"a\",\"stream\":true,\"stre\\u0061m\":false}", FaultKind::duplicate_fact, "stream"},
  };
  for (const Case& c : cases) {
    INFO(c.body.substr(0, 80));
    auto result = facts_of(c.body, arena);
    CHECK(result.fault.kind == c.kind);
    CHECK(std::string(result.fault.message()).find(c.part) != std::string::npos);
  }
}

TEST_CASE("facts: odd but valid JSON is carried", "[anthropic]") {
  Arena arena;
  CHECK_FALSE(facts_of(R"({"model":"a","x":"\ud800","y":1e400,"z":1,"z":2,"stream":null})", arena).fault);
  CHECK_FALSE(facts_of("{\"model\":\"a\",\"n\":" + std::string(10000, '7') + "}", arena).fault);
}

TEST_CASE("facts: a hundred thousand levels are refused, not followed", "[anthropic]") {
  Arena arena;
  auto result =
      facts_of("{\"model\":\"a\",\"x\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}", arena);
  CHECK(result.fault.kind == FaultKind::bad_json);
}

TEST_CASE("observing: usage comes from both ends of a stream, later figures win", "[anthropic]") {
  dialects::Observation seen;
  anthropic_row.observe_frame(
      {"message_start",
       R"({"type":"message_start","message":{"usage":{"input_tokens":9,"cache_read_input_tokens":4,"output_tokens":1}}})",
       0, true},
      seen);
  CHECK(seen.usage.input_tokens == 9);
  CHECK(seen.usage.cache_read_tokens == 4);
  CHECK(seen.usage.output_tokens == 1);
  CHECK_FALSE(seen.terminal);
  anthropic_row.observe_frame(
      {"message_delta",
       R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":42,"input_tokens":null}})",
       0, true},
      seen);
  CHECK(seen.usage.input_tokens == 9);
  CHECK(seen.usage.output_tokens == 42);
  CHECK(seen.stop_reason == "end_turn");
}

TEST_CASE("observing: a frame without an event line says its type in its data", "[anthropic]") {
  CHECK(seen_of("", R"({"type":"message_stop"})").terminal);
  CHECK(seen_of("", R"({"type":"error","error":{}})").error);
  CHECK_FALSE(seen_of("", "not json").terminal);
  CHECK(seen_of("message_stop", R"({"type":"message_stop"})").terminal);
  CHECK_FALSE(seen_of("message_stop", R"({"ty)").terminal);
  CHECK_FALSE(seen_of("message_stop", "not json").terminal);
  CHECK_FALSE(seen_of("error", R"({"type":"error","err)").error);
  CHECK_FALSE(seen_of("ping", R"({"type":"ping"})").terminal);
}

TEST_CASE("observing: content is what a client has seen, and heads and pings are none", "[anthropic]") {
  CHECK(seen_of("content_block_delta", R"({"type":"content_block_delta","delta":{}})").content);
  CHECK(seen_of("", R"({"type":"content_block_delta","delta":{}})").content);
  for (const char* block : {R"({"type":"tool_use","id":"t"})", R"({"type":"thinking","thinking":"a"})",
                            R"({"type":"text","text":"a"})", R"({"type":"redacted_thinking","data":"x"})"}) {
    INFO(block);
    CHECK(seen_of("content_block_start", std::string(R"({"content_block":)") + block + "}").content);
  }
  for (const char* block : {R"({"type":"text","text":""})", R"({"type":"thinking","thinking":"","signature":""})"}) {
    INFO(block);
    CHECK_FALSE(seen_of("content_block_start", std::string(R"({"content_block":)") + block + "}").content);
  }
  CHECK_FALSE(seen_of("message_start", R"({"type":"message_start","message":{"content":[]}})").content);
  CHECK_FALSE(seen_of("ping", R"({"type":"ping"})").content);
  CHECK_FALSE(seen_of("message_delta", R"({"type":"message_delta","delta":{"stop_reason":"end_turn"}})").may_end);
  CHECK(seen_of("message_stop", R"({"type":"message_stop"})").may_end);
}

TEST_CASE("observing: a whole answer has content, or none, or more than is kept", "[anthropic]") {
  auto content_of = [](std::string_view content) {
    dialects::Observation seen;
    const std::string_view values[] = {"", "\"end_turn\"", "", content};
    REQUIRE(anthropic_row.whole_keys.size() == 4);
    REQUIRE(anthropic_row.whole_keys[3] == "content");
    anthropic_row.observe_whole(std::span<const std::string_view>(values, std::size(values)), seen);
    CHECK_FALSE(seen.error);
    return seen.content;
  };
  CHECK(content_of(R"([{"type":"text","text":""},{"type":"tool_use"}])"));
  CHECK(content_of(dialects::too_long));
  CHECK_FALSE(content_of(R"([{"type":"text","text":""}])"));
  CHECK_FALSE(content_of("[]"));
  CHECK_FALSE(content_of(""));
  CHECK_FALSE(content_of("null"));
}

TEST_CASE("errors: a full context is said in Anthropic's words, whoever found it full", "[anthropic]") {
  const auto said = [](FaultKind kind, std::string_view detail) {
    std::string out;
    anthropic_row.write_error(out, {kind, std::string(detail)}, 400, "req_1");
    return out;
  };
  using enum FaultKind;
  CHECK(said(upstream_context_overflow, "maximum context length is 8") ==
        R"({"type":"error","error":{"type":"invalid_request_error","message":)"
        R"("prompt is too long: maximum context length is 8"},"request_id":"req_1"})");
  CHECK(said(upstream_context_overflow, "prompt is too long: 9 tokens > 8 maximum")
            .find(R"("message":"prompt is too long: 9 tokens > 8 maximum")") != std::string::npos);
  CHECK(said(upstream_rejected, "no").find("too long") == std::string::npos);
}

TEST_CASE("a thread is a history that is kept elsewhere, and what says so is known to the SDKs", "[anthropic]") {
  Arena arena;
  http::Endpoint messages;
  messages.shape = Dialect::anthropic;
  const auto kept = [&](std::string_view body) {
    return anthropic_row.read_facts(messages, body, arena).facts.kept_history;
  };
  CHECK(kept(R"({"model":"m","thread":{"type":"create"}})") == "thread");
  CHECK(kept(R"({"model":"m","thread":null,"previous_response_id":"r"})").empty());
  std::string out;
  anthropic_row.write_error(out, {FaultKind::previous_response_not_found, "no"}, 400, "req_1");
  CHECK(out == R"({"type":"error","error":{"type":"invalid_request_error","message":"no","details":)"
               R"({"error_code":"thread_unsupported_request","unsupported":["thread"]}},"request_id":"req_1"})");
}
