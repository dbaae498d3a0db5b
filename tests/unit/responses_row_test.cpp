// What is read of Responses that go by to clients of their own dialect, and what is said to these.
#include <catch2/catch.hpp>

#include <string>

#include "base/arena.h"
#include "dialects/openai_responses/openai_responses.h"
#include "edited.h"
#include "json/walk.h"

using namespace signalbox;
using namespace signalbox::testing;
using dialects::Ask;
using dialects::Observation;
using dialects::openai_responses_row;

namespace {

void see(Observation& seen, std::string_view event, const std::string& data) {
  openai_responses_row.observe_frame({event, data, 0, true}, seen);
}

Observation seen_of(std::string_view event, const std::string& data) {
  Observation seen;
  see(seen, event, data);
  return seen;
}

std::string response(const std::string& members) { return R"({"response":{"id":"r",)" + members + "}}"; }

const std::string usage = R"("usage":{"input_tokens":20,"input_tokens_details":{"cached_tokens":8},"output_tokens":7,)"
                          R"("output_tokens_details":{"reasoning_tokens":3}})";

std::string without_foreign(const std::string& body) { return left_by(openai_responses_row, body); }

std::string without_reasoning(const std::string& body) {
  return left_by(openai_responses_row, body, {.thinking = true});
}

routing::FactsResult facts_of(const std::string& body, Arena& arena) {
  http::Endpoint endpoint;
  endpoint.shape = Dialect::openai_responses;
  return openai_responses_row.read_facts(endpoint, body, arena);
}

}  // namespace

TEST_CASE("responses: where reasoning was refused all goes, and what it was tied to stands alone") {
  const auto body = [](const std::string& items) { return R"({"input":[)" + items + R"(],"x":1})"; };
  const std::string user = R"({"role":"user","content":"a"})";
  const std::string reasoning = R"({"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAAA"})";
  const std::string result = R"({"type":"function_call_output","id":"fco_1","call_id":"c","output":"x"})";
  CHECK(without_reasoning(body(user + "," + reasoning +
                               R"(,{"type":"function_call","id":"fc_1","call_id":"c","name":"f","arguments":"{}"},)" +
                               result + R"(,{"id":"rs_2","type":"item_reference"})")) ==
        body(user + R"(,{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},)" + result));
  const std::string search = R"({"type":"web_search_call","id":"ws_1","status":"completed"})";
  CHECK(without_reasoning(body(search)) == body(search));
  CHECK(without_foreign(body(user + "," + reasoning)) == body(user + "," + reasoning));

  const auto refused = [](int status, std::string_view message) {
    return thinking_refused(openai_responses_row, status, message);
  };
  CHECK(refused(400, "The encrypted content for item rs_1 could not be verified."));
  CHECK(refused(404, "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false."));
  CHECK(
      refused(400, "Item 'fc_1' of type 'function_call' was provided without its required 'reasoning' item: 'rs_1'."));
  CHECK_FALSE(refused(404, "The model 'x' was not found"));
  CHECK_FALSE(refused(400, "Unsupported value: 'reasoning.effort'"));
  CHECK_FALSE(refused(500, "The encrypted content could not be verified."));
}

TEST_CASE("responses: paths") {
  const auto path = [](Ask ask) {
    std::string out;
    openai_responses_row.write_path(out, "m", ask);
    return out;
  };
  CHECK(path(Ask::whole_answer) == "/v1/responses");
  CHECK(path(Ask::streamed_answer) == "/v1/responses");
  CHECK(path(Ask::token_count) == "/v1/responses/input_tokens");
  CHECK(path(Ask::compaction) == "/v1/responses/compact");
}

TEST_CASE("responses observing: what counts as content") {
  CHECK_FALSE(seen_of("response.created", response(R"("output":[])")).content);
  CHECK(seen_of("response.output_text.delta", R"({"delta":"a"})").content);
  CHECK(seen_of("", R"({"type":"response.reasoning_summary_text.delta","delta":"a"})").content);
  CHECK_FALSE(seen_of("response.output_item.added", R"({"item":{"type":"message","content":[]}})").content);
  CHECK_FALSE(seen_of("response.output_item.added", R"({"item":{"type":"reasoning","summary":[]}})").content);
  CHECK(seen_of("response.output_item.added", R"({"item":{"type":"function_call","name":"f"}})").content);
  CHECK(seen_of("response.output_item.done",
                R"({"item":{"type":"message","content":[{"type":"output_text","text":"a"}]}})")
            .content);
}

TEST_CASE("responses observing: three ends, and only whole ones") {
  const Observation done = seen_of("response.completed", response(R"("status":"completed","error":null,)" + usage));
  CHECK(done.terminal);
  CHECK(done.may_end);
  CHECK_FALSE(done.error);
  CHECK(done.stop_reason == "completed");
  CHECK(done.usage.input_tokens == 12);
  CHECK(done.usage.cache_read_tokens == 8);
  CHECK(done.usage.output_tokens == 7);
  const Observation cut = seen_of(
      "response.incomplete", response(R"("status":"incomplete","incomplete_details":{"reason":"max_output_tokens"})"));
  CHECK(cut.terminal);
  CHECK(cut.stop_reason == "max_output_tokens");
  const Observation failed =
      seen_of("response.failed", response(R"("status":"failed","error":{"code":"server_error","message":"no"})"));
  CHECK(failed.error);
  CHECK_FALSE(failed.terminal);
  CHECK_FALSE(seen_of("response.completed", R"({"response":{"status":"completed")").terminal);
  CHECK_FALSE(seen_of("error", R"({"type":"error","mess)").error);
  CHECK(seen_of("error", R"({"type":"error","message":"no"})").error);
  CHECK(seen_of("", R"({"error":{"message":"no"}})").error);
}

// Clients go by the type: whoever ends at an event's name cuts the answer off.
TEST_CASE("responses observing: an event's type counts more than its name") {
  Observation seen;
  see(seen, "response.completed", R"({"type":"response.output_text.delta","delta":"a"})");
  CHECK(seen.content);
  CHECK_FALSE((seen.terminal || seen.may_end || seen.error));
  see(seen, "response.completed", R"({"type":"response.completed","response":{"status":"completed"}})");
  CHECK(seen.terminal);
}

TEST_CASE("responses observing: a whole answer") {
  const auto whole = [](std::string_view status, std::string_view error, std::string_view output) {
    Observation seen;
    const std::string_view values[] = {status, R"({"input_tokens":5,"output_tokens":2})", error, output, ""};
    REQUIRE(openai_responses_row.whole_keys.size() == std::size(values));
    openai_responses_row.observe_whole(std::span<const std::string_view>(values, std::size(values)), seen);
    return seen;
  };
  const Observation said =
      whole(R"("completed")", "null", R"([{"type":"message","content":[{"type":"output_text","text":"a"}]}])");
  CHECK(said.content);
  CHECK_FALSE(said.error);
  CHECK(said.stop_reason == "completed");
  CHECK(said.usage.input_tokens == 5);
  CHECK_FALSE(whole(R"("completed")", "null", R"([{"type":"message","content":[]}])").content);
  CHECK(whole(R"("completed")", "null", dialects::too_long).content);
  CHECK(whole(R"("failed")", R"({"code":"server_error"})", "[]").error);
  CHECK(whole(R"("queued")", "null", "[]").stop_reason == "queued");
}

TEST_CASE("responses: reasoning of other vendors goes whole, with its comma") {
  const std::string foreign =
      R"({"id":"x","type":"reasoning","summary":[],"encrypted_content":"sb1.anthropic.0a1b2c3d.eyJ9"})";
  const std::string own = R"({"type":"reasoning","encrypted_content":"gAAAA"})";
  const std::string text = R"({"type":"message","role":"user","content":"sb1.anthropic"})";
  const auto body = [](const std::string& items) { return R"({"model":"m", "input" : [ )" + items + R"( ],"x":1})"; };
  CHECK(without_foreign(body(foreign + " , " + text)) == body(text));
  CHECK(without_foreign(body(text + " , " + foreign)) == body(text));
  CHECK(without_foreign(body(text + ", " + foreign + "," + foreign + ", " + own)) == body(text + ", " + own));
  CHECK(without_foreign(body(foreign)) == body(""));
  CHECK(without_foreign(body(text + "," + own)) == body(text + "," + own));
  CHECK(without_foreign(R"({"input":"sb1.anthropic"})") == R"({"input":"sb1.anthropic"})");
}

TEST_CASE("responses: a history that is kept elsewhere is a fact") {
  Arena arena;
  CHECK(facts_of(R"({"model":"m","previous_response_id":"resp_1"})", arena).facts.kept_history ==
        "previous_response_id");
  CHECK(facts_of(R"({"conversation":{"id":"c"},"model":"m"})", arena).facts.kept_history == "conversation");
  CHECK(facts_of(R"({"model":"m","previous_response_id":null,"conversation":null})", arena).facts.kept_history.empty());
}

TEST_CASE("responses: what an error says, wherever it stands") {
  Arena arena;
  const std::string error = R"({"code":"rate_limit_exceeded","message":"Slow"})";
  for (const std::string& body :
       {R"({"error":)" + error + "}",
        R"({"type":"response.failed","response":{"object":"response","error":)" + error +
            R"(,"metadata":{"message":"x"}}})",
        R"({"object":"response","status":"failed","error":)" + error + R"(,"metadata":{"message":"x"}})",
        std::string(R"({"type":"error","code":"rate_limit_exceeded","message":"Slow"})")}) {
    INFO(body);
    const routing::UpstreamError read = openai_responses_row.read_error(body, arena);
    CHECK(read.message == "Slow");
    CHECK(read.code == "rate_limit_exceeded");
  }
}

TEST_CASE("responses: an error inside a stream is one for Codex and one for the SDK") {
  std::string out;
  openai_responses_row.write_error_frame(out, {FaultKind::upstream_rate_limited, "slow \"down\""}, "req_0a");
  CHECK(out ==
        "event: error\n"
        R"(data: {"type":"error","sequence_number":0,"code":"rate_limit_exceeded","message":"slow \"down\"",)"
        R"("param":null,"error":{"message":"slow \"down\"","type":"rate_limit_error","param":null,)"
        R"("code":"rate_limit_exceeded"}})"
        "\n\nevent: response.failed\n"
        R"(data: {"type":"response.failed","sequence_number":1,"response":{"id":"resp_0a","object":"response",)"
        R"("status":"failed","output":[],"error":{"code":"rate_limit_exceeded","message":"slow \"down\""}}})"
        "\n\n");
  out.clear();
  openai_responses_row.write_error(out, {FaultKind::previous_response_not_found, "\"conversation\" is none"}, 400,
                                   "req_0a");
  CHECK(json::member(json::member(out, "error"), "code") == R"("previous_response_not_found")");
  CHECK(json::member(json::member(out, "error"), "param") == R"("conversation")");
  // A member of the request is named in the same way; what an upstream says is nobody's path.
  for (const auto& [fault, param] :
       {std::pair{Fault{FaultKind::bad_request, "\"input.0\" is required."}, R"("input.0")"},
        std::pair{Fault{FaultKind::upstream_rejected, "\"input\" is bad"}, "null"},
        std::pair{Fault{FaultKind::bad_request, "It is empty."}, "null"}}) {
    out.clear();
    openai_responses_row.write_error(out, fault, 400, "req_0a");
    CHECK(json::member(json::member(out, "error"), "param") == param);
  }
  out.clear();
  openai_responses_row.write_token_count(out, 12);
  CHECK(out == R"({"object":"response.input_tokens","input_tokens":12})");
}

TEST_CASE("responses refusals: a state of another account goes, and nothing else") {
  const std::string body =
      R"({"input":[{"role":"user","content":"1"},{"type":"reasoning","encrypted_content":"gA"},{"role":"user","content":"2"},)"
      R"({"type":"reasoning","summary":[{"type":"summary_text","text":"s"}],"encrypted_content":null}]})";
  Arena arena;
  const auto refused = [&](int status, std::string_view code) {
    routing::UpstreamError error;
    error.status = status;
    error.code = code;
    return openai_responses_row.read_refusal(body, error, arena).thinking;
  };
  CHECK(refused(400, "invalid_encrypted_content"));
  CHECK_FALSE(refused(400, "invalid_prompt"));
  CHECK_FALSE(refused(500, "invalid_encrypted_content"));
  CHECK(without_reasoning(body) ==
        R"({"input":[{"role":"user","content":"1"},{"role":"user","content":"2"},)"
        R"({"type":"reasoning","summary":[{"type":"summary_text","text":"s"}],"encrypted_content":null}]})");
  CHECK(without_foreign(body) == body);
}
