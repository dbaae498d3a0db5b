// What Anthropic's clients are told: translation.md sections 8, 10 and 11.2.
#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

#include "anthropic_stream_checker.h"
#include "dialects/anthropic/anthropic.h"
#include "dialects/canonical/envelope.h"
#include "dialects/canonical/parts.h"

using namespace signalbox;
using namespace signalbox::canonical;
using namespace signalbox::testing;

namespace {

struct Told {
  Told() {
    for (const Form form : {Form::streamed, Form::whole}) {
      encoders.push_back(dialects::anthropic_row.make_encoder(
          {"claude \"x\"", "req_77", "0a0b0c0d", Dialect::openai_chat, 123, 0, true, losses}, form));
    }
  }

  Told& say(const Delta& delta) {
    encoders[0]->encode(delta, stream);
    encoders[1]->encode(delta, whole);
    return *this;
  }
  Told& begin() { return say(AnswerBegin{"up"}); }
  Told& block(BlockKind kind, const std::vector<const char*>& pieces, const Provenance& from = {}) {
    say(BlockBegin{kind, {}, {}});
    for (const char* piece : pieces) say(Fragment{{piece}});
    return say(BlockEnd{from});
  }
  Told& call(const char* id, const char* name, const std::vector<const char*>& pieces) {
    say(BlockBegin{BlockKind::tool_call, id, name});
    for (const char* piece : pieces) say(Fragment{{piece}});
    return say(BlockEnd{});
  }
  Told& stop(StopReason reason, const char* sequence = "") { return say(Stopped{reason, {sequence}}); }

  // Both forms, checked and found to be the same.
  AnthropicAnswer end() {
    say(AnswerEnd{});
    const AnthropicAnswer answer = check_anthropic_stream(stream);
    const AnthropicAnswer message = read_anthropic_message(whole);
    for (const std::string& problem : answer.problems) FAIL_CHECK(problem << "\n" << stream);
    for (const std::string& problem : message.problems) FAIL_CHECK(problem << "\n" << whole);
    CHECK(message.same_content(answer));
    return answer;
  }

  Losses losses;
  std::vector<std::unique_ptr<Encoder>> encoders;
  std::string stream;
  std::string whole;
};

std::string envelope(Dialect vendor, const char* scope, const char* state) {
  std::string out;
  append_envelope(out, {vendor, scope, {state}});
  return out;
}

}  // namespace

TEST_CASE("anthropic encoder: the stream of section 11.2, byte for byte") {
  Told told;
  told.begin().block(BlockKind::text, {"Hi\\n"}).call("toolu_1", "Bash", {"{\\\"x\\\":", "1}"});
  told.stop(StopReason::tool_use).say(UsageSeen{{200, 87, 1034, -1, 12}});
  told.end();
  CHECK(told.stream ==
        "event: message_start\ndata: "
        "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_77\",\"type\":\"message\",\"role\":\"assistant\","
        "\"model\":\"claude "
        "\\\"x\\\"\",\"content\":[],\"stop_reason\":null,"
        "\"stop_sequence\":null,\"usage\":{\"input_tokens\":123,\"cache_creation_input_tokens\":0,"
        "\"cache_read_input_tokens\":0,\"output_tokens\":1}}}\n\n"
        "event: ping\ndata: {\"type\":\"ping\"}\n\n"
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":"
        "{\"type\":\"text\",\"text\":\"\"}}\n\n"
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":"
        "{\"type\":\"text_delta\",\"text\":\"Hi\\n\"}}\n\n"
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":"
        "{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"Bash\",\"input\":{}}}\n\n"
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":"
        "{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"x\\\":\"}}\n\n"
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":"
        "{\"type\":\"input_json_delta\",\"partial_json\":\"1}\"}}\n\n"
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":1}\n\n"
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\","
        "\"stop_sequence\":null},\"usage\":{\"input_tokens\":200,\"cache_creation_input_tokens\":0,"
        "\"cache_read_input_tokens\":1034,\"output_tokens\":87,\"output_tokens_details\":{\"thinking_tokens\":12}}}\n\n"
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
  CHECK(told.whole.find(R"({"type":"tool_use","id":"toolu_1","name":"Bash","input":{"x":1}})") != told.whole.npos);
}

TEST_CASE("anthropic encoder: thinking is signed with an envelope when its state is foreign or none") {
  Told told;
  told.begin().block(BlockKind::thinking, {"hm"}).block(BlockKind::thinking, {"h", "m"});
  told.block(BlockKind::thinking, {"hm "}).block(BlockKind::thinking, {"r"}, {Dialect::openai_responses, "", {"rs"}});
  told.block(BlockKind::thinking, {"r"}, {Dialect::gemini, "12345678", {"rs"}});
  told.block(BlockKind::thinking, {"r"}, {Dialect::anthropic, "", {"EqQB/+="}}).stop(StopReason::end_turn);
  const AnthropicAnswer answer = told.end();
  REQUIRE(answer.blocks.size() == 6);
  Arena arena;
  const auto hash = open_envelope({answer.blocks[0].signature}, arena);
  REQUIRE(hash);
  CHECK(hash->vendor == Dialect::openai_chat);
  CHECK(hash->scope == "0a0b0c0d");
  CHECK(hash->state.size() == 16);
  // The hash is of the text, however it was cut.
  CHECK(answer.blocks[1].signature == answer.blocks[0].signature);
  CHECK(answer.blocks[2].signature != answer.blocks[0].signature);
  CHECK(answer.blocks[3].signature == envelope(Dialect::openai_responses, "0a0b0c0d", "rs"));
  CHECK(answer.blocks[4].signature == envelope(Dialect::gemini, "12345678", "rs"));
  CHECK(answer.blocks[5].signature == "EqQB/+=");
}

TEST_CASE("anthropic encoder: the hash of a thought does not depend on how it was escaped") {
  Told told;
  told.begin().block(BlockKind::thinking, {"\\u0061\\n"}).block(BlockKind::thinking, {"a\\u000a"});
  told.stop(StopReason::end_turn);
  const AnthropicAnswer answer = told.end();
  CHECK(answer.blocks[0].signature == answer.blocks[1].signature);
}

TEST_CASE("anthropic encoder: state without text is redacted_thinking, and nothing is nothing") {
  Told told;
  told.begin().block(BlockKind::thinking, {}, {Dialect::openai_responses, "", {"rs"}});
  told.block(BlockKind::redacted_thinking, {}, {Dialect::anthropic, "", {"EmwK"}});
  told.block(BlockKind::redacted_thinking, {}).block(BlockKind::thinking, {}).block(BlockKind::text, {});
  told.block(BlockKind::thinking, {}, {Dialect::anthropic, "", {"Eq"}}).block(BlockKind::text, {"x"});
  told.stop(StopReason::end_turn);
  const AnthropicAnswer answer = told.end();
  REQUIRE(answer.blocks.size() == 4);
  CHECK(answer.blocks[0].type == "redacted_thinking");
  CHECK(answer.blocks[0].text == envelope(Dialect::openai_responses, "0a0b0c0d", "rs"));
  CHECK(answer.blocks[1].type == "redacted_thinking");
  CHECK(answer.blocks[1].text == "EmwK");
  CHECK(answer.blocks[2].type == "thinking");  // Anthropic's own form of it
  CHECK(answer.blocks[2].signature == "Eq");
  CHECK(answer.blocks[3].text == "x");
}

TEST_CASE("anthropic encoder: a state behind a text stands before what follows, and is never an answer's end") {
  Told told;
  told.begin().block(BlockKind::text, {"a"}).block(BlockKind::redacted_thinking, {}, {Dialect::gemini, "", {"text:1"}});
  told.block(BlockKind::redacted_thinking, {}, {Dialect::gemini, "", {"call:2"}}).call("toolu_01", "A", {"{}"});
  told.block(BlockKind::text, {"b"}).block(BlockKind::redacted_thinking, {}, {Dialect::gemini, "", {"text:3"}});
  told.stop(StopReason::tool_use);
  const AnthropicAnswer answer = told.end();
  REQUIRE(answer.blocks.size() == 5);
  CHECK(answer.blocks[1].text == envelope(Dialect::gemini, "0a0b0c0d", "text:1"));
  CHECK(answer.blocks[2].text == envelope(Dialect::gemini, "0a0b0c0d", "call:2"));
  CHECK(answer.blocks[3].type == "tool_use");
  CHECK(answer.blocks[4].text == "b");
  CHECK(told.losses.joined() == "thinking.signature");
}

TEST_CASE("anthropic encoder: ids are kept, made valid, or derived, and never the same twice") {
  Told told;
  told.begin().call("toolu_01", "A", {}).call("functions.Bash:0", "A", {}).call("", "A", {}).call("", "A", {});
  told.call("toolu_01", "A", {}).call("functions.Bash:0", "A", {}).stop(StopReason::tool_use);
  const AnthropicAnswer answer = told.end();
  REQUIRE(answer.blocks.size() == 6);
  CHECK(answer.blocks[0].id == "toolu_01");
  for (const AnthropicBlock& block : answer.blocks) CHECK(block.id.substr(0, 6) == "toolu_");
  Told again;
  again.begin()
      .call("toolu_01", "A", {})
      .call("functions.Bash:0", "A", {})
      .call("", "A", {})
      .stop(StopReason::tool_use);
  const AnthropicAnswer same = again.end();
  for (size_t i = 0; i < 3; ++i) CHECK(same.blocks[i].id == answer.blocks[i].id);
  CHECK(same.id == answer.id);
}

TEST_CASE("anthropic encoder: a call without arguments has no input_json_delta") {
  Told told;
  told.begin().call("a", "Now", {}).stop(StopReason::tool_use);
  CHECK(told.end().blocks[0].input == "{}");
  CHECK(told.stream.find("input_json_delta") == told.stream.npos);
}

TEST_CASE("anthropic encoder: arguments that were cut off stay in the stream and are {} in the message") {
  Told told;
  told.begin().call("a", "Write", {"{\\\"x\\\":\\\"on"}).stop(StopReason::max_tokens);
  told.end();
  CHECK(told.stream.find(R"("partial_json":"{\"x\":\"on")") != told.stream.npos);
  CHECK(told.whole.find(R"("input":{}})") != told.whole.npos);
}

TEST_CASE("anthropic encoder: refusals are text") {
  Told told;
  told.begin().block(BlockKind::refusal, {"no"}).stop(StopReason::refusal);
  const AnthropicAnswer answer = told.end();
  CHECK(answer.blocks[0].type == "text");
  CHECK(answer.stop_reason == "refusal");
}

TEST_CASE(
    "anthropic encoder: every stop reason is one of Anthropic's (every_writer_emits_only_valid_native_finish_tokens)") {
  for (const StopReason reason : {StopReason::end_turn, StopReason::max_tokens, StopReason::refusal,
                                  StopReason::pause_turn, StopReason::context_full}) {
    Told told;
    told.begin().block(BlockKind::text, {"x"}).stop(reason);
    told.end();
  }
  Told told;
  told.begin().block(BlockKind::text, {"x"}).stop(StopReason::stop_sequence, "a\\n");
  CHECK(told.end().stop_sequence == "\"a\\n\"");
}

TEST_CASE("anthropic encoder: no content is content:[], never a fake text") {
  Told told;
  told.begin().stop(StopReason::end_turn);
  CHECK(told.end().blocks.empty());
  CHECK(told.whole.find("\"content\":[]") != told.whole.npos);
}

TEST_CASE("anthropic encoder: usage is always there, estimated where nobody counted") {
  Told told;
  told.begin().block(BlockKind::text, {"12345678"}).stop(StopReason::end_turn);
  CHECK(told.end().usage ==
        R"({"input_tokens":123,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":3})");
  Told counted;
  counted.begin().say(UsageSeen{{10, 1, 2, 3, -1}}).block(BlockKind::text, {"x"}).stop(StopReason::end_turn);
  counted.say(UsageSeen{{-1, 9, -1, 0, -1}});
  CHECK(counted.end().usage ==
        R"({"input_tokens":10,"cache_creation_input_tokens":0,"cache_read_input_tokens":2,"output_tokens":9})");
  Told thought;
  thought.begin().say(UsageSeen{{10, 9, 2, 3, 10}}).block(BlockKind::text, {"x"}).stop(StopReason::end_turn);
  CHECK(
      thought.end().usage ==
      R"({"input_tokens":10,"cache_creation_input_tokens":3,"cache_read_input_tokens":2,"output_tokens":9,"output_tokens_details":{"thinking_tokens":9}})");
}

TEST_CASE("anthropic encoder: no count is larger than what JavaScript can hold") {
  Told told;
  told.begin()
      .say(UsageSeen{{INT64_MAX, 9, INT64_MAX, 3, -1}})
      .block(BlockKind::text, {"x"})
      .stop(StopReason::end_turn);
  CHECK(
      told.end().usage ==
      R"({"input_tokens":9007199254740992,"cache_creation_input_tokens":3,"cache_read_input_tokens":9007199254740992,"output_tokens":9})");
}

TEST_CASE("anthropic encoder: a failure leaves the open block open, and nothing follows") {
  Told told;
  told.begin().say(BlockBegin{BlockKind::text, {}, {}}).say(Fragment{{"half"}});
  told.say(AnswerFailed{{FaultKind::upstream_overloaded, "full"}});
  const std::string stream = told.stream;
  told.say(BlockEnd{}).stop(StopReason::end_turn).say(AnswerEnd{}).say(AnswerFailed{{FaultKind::upstream_cut, {}}});
  CHECK(told.stream == stream);
  CHECK(told.whole.empty());
  const AnthropicAnswer answer = check_anthropic_stream(stream);
  CHECK(answer.problems.empty());
  CHECK(answer.failed);
  CHECK(answer.error_type == "overloaded_error");
  CHECK(stream.find("content_block_stop") == stream.npos);
  CHECK(stream.find("message_stop") == stream.npos);
}

TEST_CASE("anthropic encoder: a failure before anything is an error event alone") {
  Told told;
  told.say(AnswerFailed{{FaultKind::upstream_rate_limited, {}}});
  CHECK(told.stream.find("event: error\n") == 0);
  CHECK(check_anthropic_stream(told.stream).error_type == "rate_limit_error");
}

TEST_CASE("anthropic encoder: the checker of these tests finds what it looks for") {
  Told told;
  told.begin().block(BlockKind::thinking, {"t"}).block(BlockKind::text, {"x"}).call("a", "B", {"{}"});
  told.stop(StopReason::tool_use);
  told.end();
  const auto broken = [&](std::string from, const std::string& to) {
    std::string stream = told.stream;
    const size_t at = stream.find(from);
    REQUIRE(at != stream.npos);
    stream.replace(at, from.size(), to);
    return !check_anthropic_stream(stream).problems.empty();
  };
  CHECK(broken("event: ping\ndata: {\"type\":\"ping\"}\n\n", ""));
  CHECK(broken("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n", ""));
  CHECK(broken("\"index\":1,\"content_block\"", "\"index\":2,\"content_block\""));
  CHECK(broken("signature_delta", "text_delta"));
  CHECK(broken("text_delta", "thinking_delta"));
  CHECK(broken("\"stop_reason\":\"tool_use\"", "\"stop_reason\":\"stop\""));
  CHECK(broken("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", ""));
  CHECK(broken("\"partial_json\":\"{}\"", "\"partial_json\":\"{\""));
  CHECK(broken("\"input_tokens\":123", "\"input_tokens\":0"));
  CHECK(broken("\"id\":\"a\"", "\"id\":\"a:0\""));
}

TEST_CASE("anthropic encoder: every search is a call with its result (pairs_every_hosted_web_search_call)") {
  Told told;
  told.begin().block(BlockKind::text, {"a"});
  told.say(WebSearch{"ws_1",
                     {R"(what \"is\" new)"},
                     R"([{"url":"https://a.example/","title":"A","page_age":"2 days"},{"url":"https://b.example/"}])"});
  told.say(WebSearch{"", {}, "", true}).say(WebSearch{"srvtoolu_9", {"q"}, ""});
  const AnthropicAnswer answer = told.stop(StopReason::end_turn).end();
  REQUIRE(answer.blocks.size() == 7);
  CHECK(answer.blocks[1].type == "server_tool_use");
  CHECK(answer.blocks[1].name == "web_search");
  CHECK(answer.blocks[1].input == R"({"query":"what \"is\" new"})");
  CHECK(answer.blocks[2].text ==
        R"([{"type":"web_search_result","url":"https://a.example/","title":"A","encrypted_content":"",)"
        R"("page_age":"2 days"},{"type":"web_search_result","url":"https://b.example/","title":"https://b.example/",)"
        R"("encrypted_content":"","page_age":null}])");
  CHECK(answer.blocks[3].id != answer.blocks[1].id);
  CHECK(answer.blocks[4].text == R"({"type":"web_search_tool_result_error","error_code":"unavailable"})");
  CHECK(answer.blocks[5].id == "srvtoolu_9");
  CHECK(answer.blocks[6].text == "[]");
  CHECK(answer.usage.find(R"("server_tool_use":{"web_search_requests":3})") != std::string::npos);
}
