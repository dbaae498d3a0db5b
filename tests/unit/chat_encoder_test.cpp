// What Chat clients get: chunks and whole answers, made of deltas.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "answer_player.h"
#include "dialects/canonical/envelope.h"
#include "dialects/openai_chat/openai_chat.h"

using namespace signalbox;
using namespace signalbox::canonical;

namespace {

struct Made {
  std::string bytes;
  Losses losses;
};

Made made(const std::vector<Delta>& deltas, Form form, bool usage_in_stream = true,
          Dialect upstream = Dialect::anthropic) {
  Made result;
  const EncodeContext context{"claude-x",        "req_0123456789abcdef", "",           upstream, 7,
                              1'700'000'000'999, usage_in_stream,        result.losses};
  const auto encoder = dialects::openai_chat_row.make_encoder(context, form);
  for (size_t i = 0; i < deltas.size(); ++i) {
    encoder->encode(deltas[i], result.bytes);
    if (form == Form::whole && i + 1 < deltas.size()) CHECK(result.bytes.empty());
  }
  return result;
}

const std::string head =
    R"({"id":"msg_1","object":"chat.completion.chunk","created":1700000000,"model":"claude-x","choices":[)";

// The chunks of `deltas` between begin and end, less their common head; also checks what all streams share.
std::vector<std::string> chunks(std::vector<Delta> deltas, bool usage_in_stream = true) {
  deltas.insert(deltas.begin(), AnswerBegin{"msg_1"});
  std::vector<std::string> data = testing::data_of(made(deltas, Form::streamed, usage_in_stream).bytes);
  REQUIRE_FALSE(data.empty());
  CHECK(data.front() == head + R"({"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]})");
  data.erase(data.begin());
  for (std::string& chunk : data)
    if (chunk.compare(0, head.size(), head) == 0) chunk.erase(0, head.size());
  return data;
}

std::string whole(std::vector<Delta> deltas) {
  deltas.insert(deltas.begin(), AnswerBegin{"msg_1"});
  return made(deltas, Form::whole).bytes;
}

std::string delta(const std::string& inside, const std::string& finish = "null") {
  return R"({"index":0,"delta":)" + inside + R"(,"finish_reason":)" + finish + "}]}";
}

BlockBegin block(BlockKind kind) { return {kind, {}, {}}; }
BlockBegin call(std::string_view id, std::string_view name) { return {BlockKind::tool_call, id, name}; }
Fragment part(std::string_view text) { return {{text}}; }
Stopped stop(StopReason reason) { return {reason, {}}; }
UsageSeen counts(int64_t input, int64_t output, int64_t read = -1, int64_t written = -1, int64_t reasoning = -1) {
  return {{input, output, read, written, reasoning}};
}

}  // namespace

TEST_CASE("chat encoder: a stream of text, its finish, its usage and [DONE]") {
  CHECK(
      chunks({counts(3, 1), block(BlockKind::text), part("a\\\"\\u00e9"), part("b"), BlockEnd{},
              stop(StopReason::end_turn), counts(-1, 9, 4), AnswerEnd{}}) ==
      std::vector<std::string>{
          delta(R"({"content":"a\"\u00e9"})"), delta(R"({"content":"b"})"), delta("{}", R"("stop")"),
          R"(],"usage":{"prompt_tokens":7,"completion_tokens":9,"total_tokens":16,"prompt_tokens_details":{"cached_tokens":4}}})",
          "[DONE]"});
}

TEST_CASE("chat encoder: usage comes in a stream only if the client asked, and only if it is known") {
  const std::vector<Delta> deltas = {counts(3, 1), stop(StopReason::end_turn), AnswerEnd{}};
  CHECK(chunks(deltas).size() == 3);
  CHECK(chunks(deltas, false) == std::vector<std::string>{delta("{}", R"("stop")"), "[DONE]"});
  CHECK(chunks({stop(StopReason::end_turn), AnswerEnd{}}).size() == 2);
}

TEST_CASE("chat encoder: calls are counted among calls, not among blocks (index = ordinal of the call)") {
  CHECK(
      chunks({block(BlockKind::thinking), part("hm"), BlockEnd{}, block(BlockKind::text), part("a"), BlockEnd{},
              call("toolu_1", "Bash"), part("{\\\"x\\\":"), part("1}"), BlockEnd{}, call("toolu_2", "Now"), BlockEnd{},
              stop(StopReason::tool_use), AnswerEnd{}}) ==
      std::vector<std::string>{
          delta(R"({"reasoning_content":"hm"})"), delta(R"({"content":"a"})"),
          delta(
              R"({"tool_calls":[{"index":0,"id":"toolu_1","type":"function","function":{"name":"Bash","arguments":""}}]})"),
          delta(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}}]})"),
          delta(R"({"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]})"),
          delta(
              R"({"tool_calls":[{"index":1,"id":"toolu_2","type":"function","function":{"name":"Now","arguments":""}}]})"),
          delta(R"({"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]})"), delta("{}", R"("tool_calls")"),
          "[DONE]"});
}

TEST_CASE("chat encoder: a whole answer says the same") {
  CHECK(whole({counts(3, 1),
               block(BlockKind::thinking),
               part("h"),
               part("m"),
               BlockEnd{},
               block(BlockKind::text),
               part("a\\n"),
               BlockEnd{},
               call("toolu_1", "Bash"),
               part("{\\\"x\\\":"),
               part("1}"),
               BlockEnd{},
               call("toolu_2", "Now"),
               BlockEnd{},
               block(BlockKind::text),
               part("b"),
               BlockEnd{},
               stop(StopReason::tool_use),
               counts(-1, 9, 2, 1, 5),
               AnswerEnd{}}) ==
        R"({"id":"msg_1","object":"chat.completion","created":1700000000,"model":"claude-x","choices":[{"index":0,)"
        R"("message":{"role":"assistant","content":"a\nb","refusal":null,"reasoning_content":"hm","tool_calls":[)"
        R"({"id":"toolu_1","type":"function","function":{"name":"Bash","arguments":"{\"x\":1}"}},)"
        R"({"id":"toolu_2","type":"function","function":{"name":"Now","arguments":"{}"}}]},)"
        R"("logprobs":null,"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":6,"completion_tokens":9,)"
        R"("total_tokens":15,"prompt_tokens_details":{"cached_tokens":2,"cache_write_tokens":1},)"
        R"("completion_tokens_details":{"reasoning_tokens":5}}})");
}

TEST_CASE("chat encoder: content is null beside calls or a refusal, and an empty text for nothing") {
  CHECK(whole({call("t", "N"), BlockEnd{}, stop(StopReason::tool_use), AnswerEnd{}})
            .find(R"("content":null,"refusal":null)") != std::string::npos);
  CHECK(whole({block(BlockKind::refusal), part("no"), BlockEnd{}, stop(StopReason::refusal), AnswerEnd{}})
            .find(R"("content":null,"refusal":"no"},"logprobs":null,"finish_reason":"content_filter"}]})") !=
        std::string::npos);
  CHECK(whole({stop(StopReason::end_turn), AnswerEnd{}}).find(R"("content":"","refusal":null},)") != std::string::npos);
  CHECK(chunks({block(BlockKind::refusal), part("no"), BlockEnd{}, stop(StopReason::refusal), AnswerEnd{}}) ==
        std::vector<std::string>{delta(R"({"refusal":"no"})"), delta("{}", R"("content_filter")"), "[DONE]"});
}

TEST_CASE("chat encoder: every reason becomes one of OpenAI's (every_writer_emits_only_valid_native_finish_tokens)") {
  struct Case {
    StopReason reason;
    const char* word;
  };
  for (const Case& c : {Case{StopReason::end_turn, "stop"},
                        {StopReason::stop_sequence, "stop"},
                        {StopReason::pause_turn, "stop"},
                        {StopReason::tool_use, "tool_calls"},
                        {StopReason::max_tokens, "length"},
                        {StopReason::context_full, "length"},
                        {StopReason::refusal, "content_filter"}}) {
    INFO(c.word);
    const std::string word = "\"" + std::string(c.word) + "\"";
    CHECK(chunks({stop(c.reason), AnswerEnd{}}).front() == delta("{}", word));
    CHECK(whole({stop(c.reason), AnswerEnd{}}).find(R"("finish_reason":)" + word) != std::string::npos);
  }
  CHECK(made({AnswerBegin{}, stop(StopReason::pause_turn), AnswerEnd{}}, Form::streamed).losses.joined() ==
        "stop_reason.pause_turn");
}

TEST_CASE("chat encoder: ids that nobody gave are derived, and ids that OpenAI would not take") {
  const std::vector<std::string> unnamed = testing::data_of(made({AnswerBegin{}, AnswerEnd{}}, Form::streamed).bytes);
  CHECK(unnamed.front().find(R"({"id":"chatcmpl-0123456789abcdef",)") == 0);
  const std::string long_id(129, 'x');
  CHECK(made({AnswerBegin{long_id}, AnswerEnd{}}, Form::whole).bytes.find(R"({"id":"chatcmpl-0123456789abcdef",)") ==
        0);

  auto id_of = [](const std::string& chunk) {
    const size_t at = chunk.find(R"("id":")") + 6;
    return chunk.substr(at, chunk.find('"', at) - at);
  };
  const std::string odd = "call 1";
  const std::string long_call(41, 'c');
  const auto data =
      chunks({call("", "N"), BlockEnd{}, call("", "N"), BlockEnd{}, call(odd, "N"), BlockEnd{}, call(long_call, "N"),
              BlockEnd{}, call(std::string_view(long_call).substr(1), "N"), BlockEnd{}});
  std::vector<std::string> ids;
  for (size_t i = 0; i < data.size(); i += 2) ids.push_back(id_of(data[i]));
  REQUIRE(ids.size() == 5);
  for (size_t i = 0; i < 4; ++i) {
    INFO(ids[i]);
    CHECK(ids[i].compare(0, 5, "call_") == 0);
    CHECK(ids[i].size() <= 40);
    for (size_t j = 0; j < i; ++j) CHECK(ids[i] != ids[j]);
  }
  CHECK(ids[4] == long_call.substr(1));
  const std::string body = whole({call("", "N"), BlockEnd{}, stop(StopReason::tool_use), AnswerEnd{}});
  CHECK(body.find("\"" + ids[0] + "\"") != std::string::npos);  // the same in both forms
}

TEST_CASE("chat encoder: a failed stream says so and has no [DONE]") {
  const std::string bytes = made({AnswerBegin{"a"}, block(BlockKind::text), part("a"),
                                  AnswerFailed{{FaultKind::upstream_cut, "It \"stopped\"."}}},
                                 Form::streamed)
                                .bytes;
  const std::vector<std::string> data = testing::data_of(bytes);
  REQUIRE(data.size() == 3);
  CHECK(data.back().find(R"({"error":{"message":"It \"stopped\".")") == 0);
  CHECK(bytes.find("[DONE]") == std::string::npos);
  CHECK(made({AnswerBegin{"a"}, AnswerFailed{{FaultKind::upstream_cut, {}}}}, Form::whole).bytes.empty());
}

TEST_CASE("chat encoder: reasoning that cannot be shown, and that no call carries, is named as lost") {
  const Delta state = BlockEnd{{Dialect::anthropic, {}, {"EqQB"}}};
  const Made result =
      made({AnswerBegin{"a"}, block(BlockKind::redacted_thinking), state, block(BlockKind::thinking), part("hm"), state,
            block(BlockKind::thinking), part("x"), BlockEnd{}, stop(StopReason::end_turn), AnswerEnd{}},
           Form::streamed);
  CHECK(result.losses.joined() == "thinking.signature");
  CHECK(testing::data_of(result.bytes).size() == 5);
  CHECK(result.bytes.find("EqQB") == std::string::npos);
}

TEST_CASE("chat encoder: what was thought before a call is carried beside it, once, where it has state") {
  const Delta state = BlockEnd{{Dialect::anthropic, "0a1b2c3d", {"EqQB"}}};
  const std::vector<Delta> deltas = {AnswerBegin{"a"},
                                     block(BlockKind::thinking),
                                     part("h\\nm"),
                                     state,
                                     call("a", "Bash"),
                                     BlockEnd{},
                                     call("b", "Bash"),
                                     BlockEnd{},
                                     block(BlockKind::thinking),
                                     part("no state"),
                                     BlockEnd{},
                                     call("c", "Bash"),
                                     BlockEnd{},
                                     stop(StopReason::tool_use),
                                     AnswerEnd{}};
  for (const Form form : {Form::streamed, Form::whole}) {
    const Made result = made(deltas, form);
    CHECK(result.losses.empty());
    constexpr std::string_view before =
        R"("id":"a","type":"function","extra_content":{"google":{"thought_signature":")";
    const size_t at = result.bytes.find(before);
    REQUIRE(at != std::string::npos);
    const size_t begin = at + before.size();
    const std::string envelope = result.bytes.substr(begin, result.bytes.find('"', begin) - begin);
    CHECK(result.bytes.find("extra_content", begin) == std::string::npos);
    Arena arena;
    const auto carried = open_carried({envelope}, arena);
    REQUIRE(carried.size() == 1);
    CHECK(carried[0].text.inside == "h\\nm");
    CHECK(carried[0].from.state.inside == "EqQB");
    CHECK(carried[0].from.scope == "0a1b2c3d");
  }
}

TEST_CASE("chat encoder: Gemini's signature of an upstream that speaks Chat itself goes on as it came") {
  const std::vector<Delta> deltas = {AnswerBegin{"a"},
                                     block(BlockKind::redacted_thinking),
                                     BlockEnd{{Dialect::gemini, {}, {"call:Eq=="}}},
                                     call("a", "Bash"),
                                     BlockEnd{},
                                     stop(StopReason::tool_use),
                                     AnswerEnd{}};
  const std::string native = R"("extra_content":{"google":{"thought_signature":"Eq=="}})";
  for (const Form form : {Form::streamed, Form::whole}) {
    CHECK(made(deltas, form, true, Dialect::openai_chat).bytes.find(native) != std::string::npos);
    const std::string foreign = made(deltas, form, true, Dialect::gemini).bytes;
    CHECK(foreign.find(native) == std::string::npos);
    CHECK(foreign.find(R"("thought_signature":"sb1.gemini*.)") != std::string::npos);
  }
}

TEST_CASE("chat encoder: figures that cannot be are no figures, and sums fit") {
  const int64_t most = INT64_MAX;
  CHECK(whole({counts(most, most, most, most), stop(StopReason::end_turn), AnswerEnd{}})
            .find(R"("prompt_tokens":27021597764222976,)") != std::string::npos);
  CHECK(whole({counts(-1, -1), stop(StopReason::end_turn), AnswerEnd{}})
            .find(R"("prompt_tokens":0,"completion_tokens":0,"total_tokens":0)") != std::string::npos);
}

TEST_CASE("chat encoder: a call of a custom tool goes back with its free text") {
  Tool patch;
  patch.name = "patch";
  patch.kind = ToolKind::custom;
  Request request;
  request.tools = {&patch, 1};
  const ToolOrigins origins(request);
  const std::vector<Delta> deltas = {
      AnswerBegin{"msg_1"}, call("c1", "patch"), part(R"({\"inp)"), part(R"(ut\":\"a\\n\\\"b\\\"\"})"),
      BlockEnd{},           call("c2", "other"), BlockEnd{},        stop(StopReason::tool_use),
      AnswerEnd{}};
  const auto said = [&](Form form) {
    Losses losses;
    EncodeContext context{"claude-x", "req_0123456789abcdef", "",    Dialect::anthropic,
                          7,          1'700'000'000'999,      false, losses};
    context.origins = &origins;
    std::string out;
    const auto encoder = dialects::openai_chat_row.make_encoder(context, form);
    for (const Delta& each : deltas) encoder->encode(each, out);
    return out;
  };
  const std::string streamed = said(Form::streamed);
  CAPTURE(streamed);
  const auto has = [&](const std::string& text) { return streamed.find(text) != std::string::npos; };
  CHECK(has(R"({"index":0,"id":"c1","type":"custom","custom":{"name":"patch","input":""}})"));
  CHECK(has(R"({"index":0,"custom":{"input":"a\n\"b\""}})"));
  CHECK(has(R"({"index":1,"id":"c2","type":"function","function":{"name":"other","arguments":""}})"));
  CHECK(has(R"({"index":1,"function":{"arguments":"{}"}})"));
  CHECK(said(Form::whole)
            .find(R"("tool_calls":[{"id":"c1","type":"custom","custom":{"name":"patch","input":"a\n\"b\""}},)"
                  R"({"id":"c2","type":"function","function":{"name":"other","arguments":"{}"}}])") !=
        std::string::npos);
}
