// Answers of the Messages API through the hub: whatever the upstream sends, deltas come in the order that
// delta.h promises, a Chat client gets a stream that its SDK takes or an error and no [DONE], a Messages
// client what this decoder understands again, and nothing depends on how the bytes were cut.
//
// The first byte steers: raw bytes as a stream, raw bytes as a whole answer, or a program that says which
// events come in which order, mostly valid each by itself.
#include <cstdint>
#include <string>
#include <string_view>

#include "answer_player.h"
#include "chat_answer.h"
#include "dialects/anthropic/anthropic.h"
#include "dialects/openai_chat/openai_chat.h"
#include "require.h"

using namespace signalbox;
using canonical::Form;
using signalbox::testing::ChatAnswer;
using signalbox::testing::Play;
using signalbox::testing::Played;
using signalbox::testing::require;

namespace {

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

// One byte, one event. Indexes are small, so that they meet.
std::string program(std::string_view steps) {
  static constexpr std::string_view blocks[] = {
      R"({"type":"text","text":""})",
      R"({"type":"text","text":"t"})",
      R"({"type":"thinking","thinking":"","signature":""})",
      R"({"type":"redacted_thinking","data":"EmwK"})",
      R"({"type":"tool_use","id":"toolu_1","name":"Bash","input":{}})",
      R"({"type":"tool_use","id":"","name":"Read","input":{"p":"\"x"}})",
      R"({"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}})",
      R"({"type":"tool_use","input":7})"};
  static constexpr std::string_view pieces[] = {
      R"({"type":"text_delta","text":"a\ud83d"})",          R"({"type":"thinking_delta","thinking":"b"})",
      R"({"type":"signature_delta","signature":"EqQ"})",    R"({"type":"input_json_delta","partial_json":"{\"x\":"})",
      R"({"type":"input_json_delta","partial_json":"1}"})", R"({"type":"input_json_delta","partial_json":""})",
      R"({"type":"citations_delta","citation":{}})",        R"({"type":"text_delta","text":""})"};
  static constexpr std::string_view reasons[] = {"end_turn", "tool_use",   "max_tokens", "stop_sequence",
                                                 "refusal",  "pause_turn", "new",        ""};
  static constexpr std::string_view others[] = {
      R"({"type":"ping"})",
      R"({"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":3,"output_tokens":1}}})",
      R"({"type":"message_stop"})",
      R"({"type":"error","error":{"type":"overloaded_error","message":"busy"}})",
      R"({"type":"new_event"})",
      R"({"type":"message_start"})",
      R"({"type":"content_block_delta"})",
      R"({"type":"content_blo)"};
  std::string stream;
  for (const char step : steps) {
    const unsigned byte = static_cast<unsigned char>(step);
    const std::string index = std::to_string(byte >> 2 & 3);
    const size_t choice = byte >> 4 & 7;
    const bool named = byte < 0x80;
    std::string type, rest;
    switch (byte & 3) {
      case 0: type = "content_block_start", rest = R"(,"content_block":)" + std::string(blocks[choice]); break;
      case 1: type = "content_block_delta", rest = R"(,"delta":)" + std::string(pieces[choice]); break;
      case 2:
        if ((byte >> 2 & 3) == 3) {
          type = "message_delta";
          rest = R"(,"delta":{"stop_reason":")" + std::string(reasons[choice]) +
                 R"(","stop_sequence":"E"},"usage":{"output_tokens":9})";
        } else {
          type = "content_block_stop";
        }
        break;
      default: stream += "data: " + std::string(others[choice]) + "\n\n"; continue;
    }
    if (named) stream += "event: " + type + "\n";
    stream += R"(data: {"type":")" + type + R"(","index":)" + index + rest + "}\n\n";
  }
  return stream;
}

// What every way through must give of one answer; `again` plays it in another cut, or the same.
void check(const Played& chat, const Played& whole_chat, const Played& messages) {
  require(!has(chat.deltas, "WRONG"));
  const bool failed = has("\n" + chat.deltas, "\nfailed ");
  require(failed || has(chat.deltas, "\nend\n"));

  if (!has(chat.deltas, "begin ")) {  // it failed before anything was said: an error alone
    require(failed && has(chat.bytes, R"("error":{)"));
  } else {
    const ChatAnswer answer = testing::chat_answer_of_stream(chat.bytes);
    require(answer.wrong.empty() || has(answer.wrong, "an id that two calls have"));
    require(failed == !answer.error.empty());
    require(failed == whole_chat.bytes.empty());
    if (!failed) {
      const ChatAnswer same = testing::chat_answer_of_whole(whole_chat.bytes);
      require(same.wrong.empty() && same == answer);
    }
  }

  if (failed) {
    require(has(messages.bytes, "event: error\n") && !has(messages.bytes, "event: message_stop"));
    return;
  }
  const Played back = Play{dialects::anthropic_row}.stream(messages.bytes);
  require(!has(back.deltas, "WRONG") && has(back.deltas, "\nend\n"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2 || size > 4096) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  Play to_chat{dialects::anthropic_row, &dialects::openai_chat_row};
  to_chat.flags.repair_tool_json = (data[0] & 4) != 0;
  Play to_whole_chat = to_chat, to_messages = to_chat;
  to_whole_chat.form = Form::whole;
  to_messages.client = &dialects::anthropic_row;

  if (data[0] % 4 == 0) {
    const Played chat = to_chat.whole(rest);
    check(chat, to_whole_chat.whole(rest), to_messages.whole(rest));
    return 0;
  }
  const std::string stream = data[0] % 4 == 1 ? std::string(rest) : program(rest);
  const Played chat = to_chat.stream(stream);
  check(chat, to_whole_chat.stream(stream), to_messages.stream(stream));
  const Played halves = to_chat.stream(stream, {stream.size() * data[0] / 256});
  require(halves.deltas == chat.deltas && halves.bytes == chat.bytes);
  return 0;
}
