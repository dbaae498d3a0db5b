// What Responses clients get: events and whole answers, made of deltas.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "answer_player.h"
#include "base/arena.h"
#include "dialects/canonical/envelope.h"
#include "dialects/openai_responses/openai_responses.h"
#include "json/walk.h"
#include "responses_answer.h"

using namespace signalbox;
using namespace signalbox::canonical;
using namespace std::string_literals;

namespace {

struct Made {
  std::string streamed, whole;
  testing::ResponsesAnswer answer;
  Losses losses;
  size_t held_bytes = 0;
};

// Both forms of one answer; that they agree, and that the stream is sound, is checked of every one.
Made made(std::vector<Delta> deltas, Dialect upstream = Dialect::anthropic, const ToolOrigins* origins = nullptr,
          const ToolIds* ids_before = nullptr) {
  if (!std::holds_alternative<AnswerBegin>(deltas.front()) && !std::holds_alternative<AnswerFailed>(deltas.front()))
    deltas.insert(deltas.begin(), AnswerBegin{"msg_1"});
  Made result;
  for (const Form form : {Form::streamed, Form::whole}) {
    const EncodeContext context{.model = "gpt-x",
                                .request_id = "req_0123456789abcdef",
                                .scope = "0000000a",
                                .upstream = upstream,
                                .input_tokens_estimate = 7,
                                .unix_ms = 1'700'000'000'999,
                                .losses = result.losses,
                                .ids_before = ids_before,
                                .origins = origins};
    const auto encoder = dialects::openai_responses_row.make_encoder(context, form);
    std::string& out = form == Form::streamed ? result.streamed : result.whole;
    for (const Delta& delta : deltas) encoder->encode(delta, out);
    result.held_bytes = encoder->held_bytes();
  }
  result.answer = testing::responses_answer_of_stream(result.streamed);
  INFO(result.streamed);
  CHECK(result.answer.wrong == "");
  if (result.answer.status != "failed") CHECK(result.whole == result.answer.response);
  else CHECK(result.whole.empty());
  return result;
}

BlockBegin block(BlockKind kind) { return {kind, {}, {}}; }
BlockBegin call(std::string_view id, std::string_view name) { return {BlockKind::tool_call, id, name}; }
Fragment part(std::string_view text) { return {{text}}; }
BlockEnd state(std::string_view text, Dialect vendor) { return {{vendor, {}, {text}}}; }
Stopped stop(StopReason reason) { return {reason, {}}; }
UsageSeen counts(int64_t input, int64_t output, int64_t read = -1, int64_t written = -1, int64_t reasoning = -1) {
  return {{input, output, read, written, reasoning}};
}

std::string text(std::string_view object, std::string_view name) {
  return std::string(json::string_inside(json::member(object, name)));
}

Made ended_by(StopReason reason) {
  return made({block(BlockKind::text), part("a"), BlockEnd{}, stop(reason), AnswerEnd{}});
}

std::string incomplete_reason(const Made& made) {
  return text(json::member(made.answer.response, "incomplete_details"), "reason");
}

}  // namespace

TEST_CASE("responses encoder: text is a message, and usage has every figure that clients reckon with") {
  const Made one = made({counts(3, 1), block(BlockKind::text), part("a\\\"\\u00e9"), part("b"), BlockEnd{},
                         stop(StopReason::end_turn), counts(-1, 9, 4, 2, 5), AnswerEnd{}});
  REQUIRE(one.answer.items.size() == 1);
  CHECK(
      one.answer.items[0] ==
      R"({"id":"msg_0123456789abcdef_0","type":"message","status":"completed","content":[{"type":"output_text","annotations":[],"logprobs":[],"text":"a\"\u00e9b"}],"role":"assistant"})");
  CHECK(
      json::member(one.whole, "usage") ==
      R"({"input_tokens":9,"input_tokens_details":{"cached_tokens":4,"cache_write_tokens":2},"output_tokens":9,"output_tokens_details":{"reasoning_tokens":5},"total_tokens":18})");
  CHECK(text(one.whole, "id") == "resp_0123456789abcdef");
  CHECK(one.streamed.find("[DONE]") == std::string::npos);
  CHECK(one.held_bytes >= one.answer.items[0].size());
}

TEST_CASE("responses encoder: what the upstream did not count is estimated") {
  const Made one = ended_by(StopReason::end_turn);
  CHECK(text(json::member(one.whole, "usage"), "x").empty());
  CHECK(json::member(json::member(one.whole, "usage"), "input_tokens") == "7");
  CHECK(json::member(json::member(one.whole, "usage"), "output_tokens") == "1");
}

TEST_CASE("responses encoder: how an answer ended (stop-reason enum matrix)") {
  for (const StopReason reason : {StopReason::end_turn, StopReason::tool_use, StopReason::stop_sequence})
    CHECK(ended_by(reason).answer.status == "completed");
  for (const StopReason reason : {StopReason::max_tokens, StopReason::context_full}) {
    CHECK(ended_by(reason).answer.status == "incomplete");
    CHECK(incomplete_reason(ended_by(reason)) == "max_output_tokens");
  }
  CHECK(incomplete_reason(ended_by(StopReason::refusal)) == "content_filter");
  const Made refused =
      made({block(BlockKind::refusal), part("No."), BlockEnd{}, stop(StopReason::refusal), AnswerEnd{}});
  CHECK(refused.answer.status == "completed");
  CHECK(refused.whole.find(R"({"type":"refusal","refusal":"No."})") != std::string::npos);
  const Made paused = ended_by(StopReason::pause_turn);
  CHECK(paused.answer.status == "completed");
  CHECK(paused.losses.joined() == "stop_reason.pause_turn");
}

TEST_CASE("responses encoder: calls keep their ids where they can, and one without arguments has {}") {
  const Made one = made({call("call_1", "Bash"), part("{\\\"x\\\":"), part("1}"), BlockEnd{}, call("call_1", "Now"),
                         BlockEnd{}, call("", "Then"), BlockEnd{}, stop(StopReason::tool_use), AnswerEnd{}});
  REQUIRE(one.answer.items.size() == 3);
  CHECK(
      one.answer.items[0] ==
      R"({"id":"fc_0123456789abcdef_0","type":"function_call","status":"completed","call_id":"call_1","name":"Bash","arguments":"{\"x\":1}"})");
  CHECK(text(one.answer.items[1], "call_id") == "call_0123456789abcdef_1");
  CHECK(text(one.answer.items[1], "arguments") == "{}");
  CHECK(text(one.answer.items[2], "call_id") == "call_0123456789abcdef_2");
}

TEST_CASE("responses encoder: a call that was cut off says that it is incomplete, so that nobody runs it") {
  const Made cut = made({call("call_1", "whole"), part(R"({\"a\":1})"), BlockEnd{}, call("call_2", "cut"),
                         part(R"({\"a\":\"o)"), BlockEnd{}, stop(StopReason::max_tokens), AnswerEnd{}});
  std::string statuses;
  json::each_element(json::member(cut.whole, "output"),
                     [&](std::string_view item) { statuses += text(item, "name") + " " + text(item, "status") + ";"; });
  CHECK(statuses == "whole completed;cut incomplete;");
}

TEST_CASE("responses encoder: custom tools and tools of a namespace go back as they were declared") {
  const Tool tools[] = {{.name = "apply_patch", .kind = ToolKind::custom},
                        {.name = "mcp__docs__find", .group = "mcp__docs"}};
  Request request{};
  request.tools = tools;
  const ToolOrigins origins(request);
  const Made one = made({call("call_1", "apply_patch"), part("{\\\"input\\\":\\\"*** Begin"),
                         part("\\\\n\\\\\\\"+\\u00e4\\\"}"), BlockEnd{}, call("call_2", "mcp__docs__find"), BlockEnd{},
                         call("call_3", "apply_patch"), part("{\\\"patch\\\":1}"), BlockEnd{},
                         call("call_4", "apply_patch"), BlockEnd{}, stop(StopReason::tool_use), AnswerEnd{}},
                        Dialect::anthropic, &origins);
  REQUIRE(one.answer.items.size() == 4);
  CHECK(one.answer.items[0] ==
        "{\"id\":\"ctc_0123456789abcdef_0\",\"type\":\"custom_tool_call\",\"status\":\"completed\",\"call_id\":\"call_"
        "1\","
        "\"name\":\"apply_patch\",\"input\":\"*** Begin\\n\\\"+\xc3\xa4\"}");
  CHECK(text(one.answer.items[1], "name") == "find");
  CHECK(text(one.answer.items[1], "namespace") == "mcp__docs");
  CHECK(text(one.answer.items[2], "input") == "{\\\"patch\\\":1}");
  CHECK(json::member(one.answer.items[3], "input") == "\"\"");
  CHECK(one.streamed.find("event: response.custom_tool_call_input.delta\n") != std::string::npos);
}

TEST_CASE("responses encoder: reasoning has its text in the summary and what its vendor wants back in an envelope") {
  const Made one =
      made({block(BlockKind::thinking), part("h"), part("m"), state("EqQ=", Dialect::anthropic),
            block(BlockKind::redacted_thinking), state("cipher", Dialect::anthropic), block(BlockKind::thinking),
            BlockEnd{}, block(BlockKind::thinking), part("x"), BlockEnd{}, stop(StopReason::end_turn), AnswerEnd{}});
  REQUIRE(one.answer.items.size() == 3);
  CHECK(json::member(one.answer.items[0], "summary") == R"([{"type":"summary_text","text":"hm"}])");
  CHECK(json::member(one.answer.items[1], "summary") == "[]");
  Arena arena;
  const std::string first = text(one.answer.items[0], "encrypted_content");
  const auto opened = open_envelope({first}, arena);
  REQUIRE(opened);
  CHECK(opened->state.inside == "EqQ=");
  CHECK(opened->scope == "0000000a");
  const std::string hash = text(one.answer.items[2], "encrypted_content");
  CHECK(is_envelope({hash}));
}

TEST_CASE("responses encoder: reasoning of a Responses upstream is the item that it was") {
  const std::string item =
      R"({\"id\":\"rs_1\",\"type\":\"reasoning\",\n \"summary\":[{\"type\":\"summary_text\",\"text\":\"a\"},{\"type\":\"summary_text\",\"text\":\"b\"}],\"encrypted_content\":\"gA\"})";
  const Made one =
      made({block(BlockKind::thinking), part("a\\n\\nb"), state(item, Dialect::openai_responses),
            block(BlockKind::redacted_thinking), state(item, Dialect::openai_responses), block(BlockKind::thinking),
            part("no state"), BlockEnd{}, stop(StopReason::end_turn), AnswerEnd{}},
           Dialect::openai_responses);
  REQUIRE(one.answer.items.size() == 3);
  CHECK(
      one.answer.items[0] ==
      R"({"id":"rs_1","type":"reasoning",  "summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"encrypted_content":"gA"})");
  // No two items have one id; the second's own is in the envelope.
  CHECK(text(one.answer.items[1], "id") == "rs_0123456789abcdef_1");
  CHECK(text(one.answer.items[1], "encrypted_content").substr(0, 21) == "sb1.openai_responses.");
}

TEST_CASE("responses encoder: a search is an item of its own") {
  const Made one =
      made({WebSearch{"srvtoolu_1", {"what"}, R"([{"url":"https://a/","title":"A"},{"title":"no url"}])", false},
            WebSearch{"ws_2", {"x"}, {}, true}, stop(StopReason::end_turn), AnswerEnd{}});
  REQUIRE(one.answer.items.size() == 2);
  CHECK(
      one.answer.items[0] ==
      R"({"id":"ws_0123456789abcdef_0","type":"web_search_call","status":"completed","action":{"type":"search","query":"what","sources":[{"type":"url","url":"https://a/"}]}})");
  CHECK(one.answer.items[1] ==
        R"({"id":"ws_2","type":"web_search_call","status":"failed","action":{"type":"search","query":"x"}})");
}

TEST_CASE("responses encoder: a failure says so with a code that Codex goes by, and keeps what had ended") {
  const std::pair<FaultKind, const char*> codes[] = {{FaultKind::upstream_rate_limited, "rate_limit_exceeded"},
                                                     {FaultKind::upstream_exhausted, "insufficient_quota"},
                                                     {FaultKind::upstream_context_overflow, "context_length_exceeded"},
                                                     {FaultKind::upstream_rejected, "invalid_prompt"},
                                                     {FaultKind::upstream_cut, "server_error"}};
  for (const auto& [kind, code] : codes) {
    const Made one = made({block(BlockKind::text), part("a"), BlockEnd{}, block(BlockKind::text), part("b"),
                           AnswerFailed{{kind, "Why \"so\"."}}});
    CHECK(one.answer.status == "failed");
    CHECK(one.answer.items.size() == 1);
    CHECK(text(json::member(one.answer.response, "error"), "code") == code);
    CHECK(text(json::member(one.answer.response, "error"), "message") == "Why \\\"so\\\".");
  }
  CHECK(made({AnswerFailed{{FaultKind::upstream_cut, {}}}}).answer.status == "failed");
}
