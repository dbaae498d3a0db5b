// Deltas as GenerateContentResponses (translation.md sections 5, 7 and 9 to 11.3).
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "dialects/canonical/envelope.h"
#include "dialects/canonical/tool_ids.h"
#include "dialects/gemini/encoder.h"
#include "gemini_answer.h"

using namespace signalbox;
using namespace signalbox::canonical;
using signalbox::testing::gemini_answer_of_stream;
using signalbox::testing::gemini_answer_of_whole;
using signalbox::testing::GeminiAnswer;

namespace {

struct Told {
  Dialect upstream = Dialect::anthropic;
  const ToolIds* ids_before = nullptr;
};

struct Written {
  std::string bytes;
  std::string losses;
};

Written write(const std::vector<Delta>& deltas, Form form, const Told& told = {}) {
  Losses losses;
  const EncodeContext context{.model = "claude-x",
                              .request_id = "req_0123456789abcdef",
                              .scope = "0a1b2c3d",
                              .upstream = told.upstream,
                              .input_tokens_estimate = 7,
                              .losses = losses,
                              .ids_before = told.ids_before};
  Written written;
  const auto encoder = dialects::gemini::make_encoder(context, form);
  for (const Delta& delta : deltas) encoder->encode(delta, written.bytes);
  written.losses = losses.joined();
  return written;
}

// Both forms must say the same and break no rule.
GeminiAnswer read(const std::vector<Delta>& deltas, const Told& told = {}) {
  const GeminiAnswer answer = gemini_answer_of_stream(write(deltas, Form::streamed, told).bytes);
  const GeminiAnswer whole = gemini_answer_of_whole(write(deltas, Form::whole, told).bytes);
  CHECK(answer.wrong == "");
  CHECK(whole.wrong == "");
  CHECK(answer == whole);
  return answer;
}

const AnswerBegin begin{"msg_1"};
const Delta text_begin = BlockBegin{BlockKind::text, {}, {}};
const Delta thinking = BlockBegin{BlockKind::thinking, {}, {}};
const Delta redacted = BlockBegin{BlockKind::redacted_thinking, {}, {}};
const Delta bash = BlockBegin{BlockKind::tool_call, "toolu_1", "Bash"};
const Delta read_call = BlockBegin{BlockKind::tool_call, "toolu_2", "Read"};
const Delta block_end = BlockEnd{};
const Delta arguments = Fragment{{R"({\"command\":\"ls\"})"}};

Delta said(std::string_view text) { return Fragment{{text}}; }
Delta end_of(std::string_view state, Dialect vendor = Dialect::anthropic, std::string_view scope = {}) {
  return BlockEnd{{vendor, scope, {state}}};
}
Delta stopped(StopReason reason) { return Stopped{reason, {}}; }

std::vector<Delta> ended(std::vector<Delta> deltas, StopReason reason = StopReason::end_turn) {
  deltas.insert(deltas.begin(), begin);
  deltas.push_back(stopped(reason));
  deltas.push_back(AnswerEnd{});
  return deltas;
}

}  // namespace

TEST_CASE("gemini encoder: a streamed answer, as it stands on the wire") {
  CHECK(
      write(ended({text_begin, said("Hi"), said(" \\u20ac"), block_end}), Form::streamed).bytes ==
      "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hi\"}],\"role\":\"model\"},\"index\":0}],"
      "\"modelVersion\":\"claude-x\",\"responseId\":\"msg_1\"}\r\n\r\n"
      "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\" \\u20ac\"}],\"role\":\"model\"},\"index\":0}],"
      "\"modelVersion\":\"claude-x\",\"responseId\":\"msg_1\"}\r\n\r\n"
      "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}],\"role\":\"model\"},\"finishReason\":\"STOP\","
      "\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":7,\"candidatesTokenCount\":0,\"totalTokenCount\":7},"
      "\"modelVersion\":\"claude-x\",\"responseId\":\"msg_1\"}\r\n\r\n");
}

TEST_CASE("gemini encoder: a whole answer, as it stands on the wire") {
  CHECK(write(ended({text_begin, said("Hi"), said("!"), block_end}), Form::whole).bytes ==
        "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hi!\"}],\"role\":\"model\"},\"finishReason\":\"STOP\","
        "\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":7,\"candidatesTokenCount\":0,\"totalTokenCount\":7},"
        "\"modelVersion\":\"claude-x\",\"responseId\":\"msg_1\"}");
}

TEST_CASE("gemini encoder: every reason has a word that Gemini has") {
  const std::pair<StopReason, const char*> reasons[] = {
      {StopReason::end_turn, "STOP"},         {StopReason::stop_sequence, "STOP"},      {StopReason::tool_use, "STOP"},
      {StopReason::max_tokens, "MAX_TOKENS"}, {StopReason::context_full, "MAX_TOKENS"}, {StopReason::refusal, "SAFETY"},
      {StopReason::pause_turn, "STOP"}};
  for (const auto& [reason, word] : reasons) CHECK(read(ended({}, reason)).finish_reason == word);
  CHECK(write(ended({}, StopReason::pause_turn), Form::whole).losses == "stop_reason.pause_turn");
}

TEST_CASE("gemini encoder: a call is one part with an id, written when it is whole") {
  std::string so_far;
  const auto deltas = ended({bash, said("{\\\"comm"), said("and\\\":\\\"ls\\\"}"), block_end}, StopReason::tool_use);
  const GeminiAnswer answer = read(deltas);
  REQUIRE(answer.parts.size() == 1);
  CHECK(answer.parts[0] == GeminiAnswer::Part{"call", R"({"command":"ls"})", "toolu_1", "Bash", ""});
  CHECK(write({begin, bash, said("{")}, Form::streamed).bytes.empty());
}

TEST_CASE("gemini encoder: arguments of many lines stay on the frame's line, and none are an object") {
  CHECK(read(ended({bash, said("{\\n \\\"a\\\":\\r\\n\\\"\\\\n\\\"}"), block_end})).parts[0].text ==
        "{  \"a\":  \"\\n\"}");
  CHECK(read(ended({bash, block_end})).parts[0].text == "{}");
}

TEST_CASE("gemini encoder: a call that was cut off is left out, for a client would run it") {
  const auto deltas = ended({bash, said("{\\\"command\\\":\\\"rm"), block_end}, StopReason::max_tokens);
  CHECK(read(deltas).parts.empty());
  CHECK(write(deltas, Form::streamed).losses == "tool_calls.arguments");
}

TEST_CASE("gemini encoder: ids are told apart from those of the answer and of the history") {
  const ToolCall before{"toolu_2", "Read", "{}"};
  const Block block{before, {}};
  const Message message{Role::assistant, {&block, 1}};
  Request request;
  request.messages = {&message, 1};
  const ToolIds ids(request);
  const Delta nameless = BlockBegin{BlockKind::tool_call, {}, "Bash"};
  const auto deltas = ended({bash, block_end, bash, block_end, read_call, block_end, nameless, block_end});
  const GeminiAnswer answer = read(deltas, {Dialect::anthropic, &ids});
  REQUIRE(answer.parts.size() == 4);
  CHECK(answer.parts[0].id == "toolu_1");
  for (size_t i = 1; i < 4; ++i) {
    CHECK(answer.parts[i].id.rfind("call_", 0) == 0);
    for (size_t j = 0; j < i; ++j) CHECK(answer.parts[i].id != answer.parts[j].id);
  }
}

TEST_CASE("gemini encoder: what was thought before a call is carried beside it, once") {
  const GeminiAnswer answer =
      read(ended({thinking, said("Be\\ncause."), end_of("EqQB"), redacted, end_of("opaque"), bash, arguments, block_end,
                  read_call, block_end, thinking, said("Two"), end_of("Sig"), read_call, block_end},
                 StopReason::tool_use));
  REQUIRE(answer.parts.size() == 5);
  CHECK(answer.parts[0] == GeminiAnswer::Part{"thought", "Be\\ncause.", "", "", ""});
  Arena arena;
  const auto first = open_carried({answer.parts[1].signature}, arena);
  REQUIRE(first.size() == 2);
  CHECK(first[0].text.inside == "Be\\ncause.");
  CHECK(first[0].from.state.inside == "EqQB");
  CHECK(first[0].from.vendor == Dialect::anthropic);
  CHECK(first[0].from.scope == "0a1b2c3d");
  CHECK_FALSE(first[0].redacted);
  CHECK(first[1].text.empty());
  CHECK(first[1].from.state.inside == "opaque");
  CHECK(first[1].redacted);
  CHECK(answer.parts[2].signature.empty());
  CHECK(answer.parts[3].kind == "thought");
  const auto second = open_carried({answer.parts[4].signature}, arena);
  REQUIRE(second.size() == 1);
  CHECK(second[0].from.state.inside == "Sig");
}

TEST_CASE("gemini encoder: a thought without state is carried beside a call, for lanes that want its text back") {
  const Told chat{Dialect::openai_chat};
  const GeminiAnswer answer = read(ended({thinking, said("Hm"), block_end, bash, block_end}), chat);
  Arena arena;
  const auto carried = open_carried({answer.parts[1].signature}, arena);
  REQUIRE(carried.size() == 1);
  CHECK(carried[0].text.inside == "Hm");
  CHECK(carried[0].from.vendor == Dialect::openai_chat);
  // Without a call nobody wants it.
  CHECK(read(ended({thinking, said("Hm"), block_end, text_begin, said("So."), block_end}), chat).parts.size() == 2);
}

TEST_CASE("gemini encoder: state without a call stands on an empty text at the end") {
  const GeminiAnswer answer = read(ended({thinking, said("Hm"), end_of("EqQB"), text_begin, said("So."), block_end}));
  REQUIRE(answer.parts.size() == 3);
  CHECK(answer.parts[2].kind == "text");
  CHECK(answer.parts[2].text.empty());
  Arena arena;
  CHECK(open_carried({answer.parts[2].signature}, arena).size() == 1);
}

TEST_CASE("gemini encoder: more than can be carried is lost, and said to be") {
  const std::string much(5 << 20, 'a');
  const auto deltas = ended({thinking, said(much), end_of("EqQB"), bash, block_end});
  CHECK(read(deltas).parts[1].signature.empty());
  CHECK(write(deltas, Form::streamed).losses == "thinking.signature");
}

TEST_CASE("gemini encoder: Gemini's own signatures go out as they are, each on a part of its kind") {
  const Dialect own = Dialect::gemini;
  const GeminiAnswer answer =
      read(ended({thinking, said("Hm"), end_of("thought:AAAA", own), text_begin, said("So."), block_end, redacted,
                  end_of("text:BBBB", own), redacted, end_of("call:CCCC", own), bash, block_end, read_call, block_end}),
           {own});
  REQUIRE(answer.parts.size() == 6);
  CHECK(answer.parts[1] == GeminiAnswer::Part{"thought", "", "", "", "AAAA"});
  CHECK(answer.parts[2].text == "So.");
  CHECK(answer.parts[3] == GeminiAnswer::Part{"text", "", "", "", "BBBB"});
  CHECK(answer.parts[4].signature == "CCCC");
  CHECK(answer.parts[5].signature.empty());
  // One that came by way of Chat is that lane's.
  const auto by_chat = read(ended({redacted, end_of("call:CCCC", own), bash, block_end}), {Dialect::openai_chat});
  Arena arena;
  const auto carried = open_carried({by_chat.parts[0].signature}, arena);
  REQUIRE(carried.size() == 1);
  CHECK(carried[0].from.scope == "0a1b2c3d");
  CHECK(carried[0].from.state.inside == "call:CCCC");
}

TEST_CASE("gemini encoder: searches are grounding of the last chunk") {
  const WebSearch first{
      "srv_1", {"rome"}, R"([{"url":"https://a.example","title":"A","page_age":"1 day"},{"title":"no"}])", false};
  const WebSearch second{"srv_2", {"so \\\"what\\\""}, {}, true};
  CHECK(read(ended({first, second, text_begin, said("Sunny."), block_end})).grounding ==
        R"({"webSearchQueries":["rome","so \"what\""],)"
        R"("groundingChunks":[{"web":{"uri":"https://a.example","title":"A"}}]})");
}

TEST_CASE("gemini encoder: usage counts cached tokens with the prompt and thoughts beside the candidates") {
  Usage usage;
  usage.input_tokens = 10;
  usage.cache_read_tokens = 5;
  usage.cache_creation_tokens = 2;
  usage.output_tokens = 9;
  usage.reasoning_tokens = 4;
  auto deltas = ended({});
  deltas.insert(deltas.begin() + 1, UsageSeen{usage});
  CHECK(read(deltas).usage == R"({"promptTokenCount":17,"cachedContentTokenCount":5,"candidatesTokenCount":5,)"
                              R"("thoughtsTokenCount":4,"totalTokenCount":26})");
}

TEST_CASE("gemini encoder: a refusal is a text, and a failure an error frame that nothing follows") {
  const Delta refusal = BlockBegin{BlockKind::refusal, {}, {}};
  CHECK(read(ended({refusal, said("No."), block_end}, StopReason::refusal)).parts[0].text == "No.");
  const std::vector<Delta> deltas = {begin, text_begin, said("Hi"), AnswerFailed{{FaultKind::upstream_cut, {}}}};
  const GeminiAnswer answer = gemini_answer_of_stream(write(deltas, Form::streamed).bytes);
  CHECK(answer.wrong == "");
  CHECK_FALSE(answer.error.empty());
  CHECK(write(deltas, Form::whole).bytes.empty());
}

TEST_CASE("gemini encoder: what is said at the end only is told to who bounds it") {
  Losses losses;
  const EncodeContext context{.model = "m", .request_id = "req_1", .scope = "0a1b2c3d", .losses = losses};
  const auto encoder = dialects::gemini::make_encoder(context, Form::streamed);
  std::string bytes;
  encoder->encode(AnswerBegin{"a"}, bytes);
  const size_t before = encoder->held_bytes();
  encoder->encode(WebSearch{{}, {"what"}, R"([{"url":"https://a.example/"}])", false}, bytes);
  CHECK(encoder->held_bytes() > before + 20);
  const size_t searched = encoder->held_bytes();
  encoder->encode(BlockBegin{BlockKind::tool_call, "c", "f"}, bytes);
  encoder->encode(Fragment{{R"({\"a\":1)"}}, bytes);
  CHECK(encoder->held_bytes() > searched);
}
