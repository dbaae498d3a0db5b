// Answers of Chat upstreams on their way to Anthropic's clients. Bytes choose the order of events; two
// ways to read them:
//   even first byte   anything a server might send, in any order: deltas come in order, the client's
//                     stream breaks no rule, both forms say the same, and no cut of the bytes changes it
//   odd first byte    an answer that is whole, its calls cut, interleaved, unnamed, repeated: it becomes
//                     what the same answer becomes when it is sent in one piece, arguments byte by byte
#include <cstdint>
#include <string>
#include <vector>

#include "answer_player.h"
#include "anthropic_stream_checker.h"
#include "bytes.h"
#include "dialects/anthropic/anthropic.h"
#include "dialects/openai_chat/openai_chat.h"
#include "require.h"

using namespace signalbox;
using namespace signalbox::testing;
using canonical::Form;

namespace {

std::string quoted(const std::string& plain) {
  std::string text = "\"";
  for (const char c : plain) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + "\"";
}

std::string frame(const std::string& choice) { return "data: {\"choices\":[{" + choice + "}]}\n\n"; }

// ---- anything

const char* const texts[] = {"a",       "b\\n",    "<think>", "</thi", "nk>", "\\u003cthink>",
                             "\\ud83d", "\\ude00", " ",       "",      "<",   "\xc3\xa9"};
const char* const pieces[] = {"{", "}",    "{\\\"x\\\":",   "1", "\\\"",    "[",   "]", ",", "{}", " ",
                              "",  "\\\\", "{\\\"x\\\":1}", "'", "\\ud83d", "null"};
const char* const ids[] = {"", "", "a", "b", "functions.B:0", "c"};
const char* const names[] = {"", "", "Bash", "Read", "x y"};
const char* const words[] = {"stop", "tool_calls", "length", "content_filter", "error", "", "what", "end_turn"};

std::string any_call(Bytes& bytes) {
  std::string call = "{";
  const unsigned index = bytes.below(5);
  if (index < 4) call += "\"index\":" + std::to_string(index % 3) + ",";
  call += "\"id\":\"" + bytes.any(ids) + "\",\"function\":{\"name\":\"" + bytes.any(names) + "\",\"arguments\":\"" +
          bytes.any(pieces) + "\"}}";
  return call;
}

std::string any_event(Bytes& bytes) {
  switch (bytes.below(16)) {
    case 0:
    case 1: return frame("\"delta\":{\"content\":\"" + bytes.any(texts) + "\"}");
    case 2: return frame("\"delta\":{\"reasoning_content\":\"" + bytes.any(texts) + "\"}");
    case 3: return frame("\"delta\":{\"refusal\":\"" + bytes.any(texts) + "\",\"content\":null}");
    case 4:
    case 5:
    case 6:
    case 7: return frame("\"delta\":{\"tool_calls\":[" + any_call(bytes) + "]}");
    case 8:
      return frame("\"delta\":{\"tool_calls\":[" + any_call(bytes) + "," + any_call(bytes) + "],\"content\":\"t\"}");
    case 9: return frame("\"delta\":{},\"finish_reason\":\"" + bytes.any(words) + "\"");
    case 10: return frame("\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null");
    case 11:
      return "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":" + std::to_string(bytes.next()) +
             ",\"completion_tokens\":2}}\n\n";
    case 12: return bytes.below(4) == 0 ? "data: {\"error\":{\"message\":\"m\"}}\n\n" : ": comment\n\n";
    case 13: return frame("\"index\":1,\"delta\":{\"content\":\"other\"}");
    case 14:
      return frame("\"delta\":{\"function_call\":{\"name\":\"" + bytes.any(names) + "\",\"arguments\":\"" +
                   bytes.any(pieces) + "\"}}");
    default: return bytes.below(8) == 0 ? "data: [DONE]\n\n" : frame("\"message\":{\"content\":\"whole\"}");
  }
}

void check_client(const Play& play, const std::string& stream, const Played& streamed) {
  require(streamed.deltas.find("WRONG") == std::string::npos);
  const AnthropicAnswer answer = check_anthropic_stream(streamed.bytes);
  require(answer.problems.empty());
  Play other = play;
  other.form = Form::whole;
  const Played whole = other.stream(stream);
  require(whole.deltas == streamed.deltas);
  if (answer.failed) return require(whole.bytes.empty());
  const AnthropicAnswer message = read_anthropic_message(whole.bytes);
  require(message.problems.empty());
  require(message.same_content(answer));
}

void play_anything(Bytes& bytes) {
  Play play{dialects::openai_chat_row, &dialects::anthropic_row};
  const unsigned flags = bytes.next();
  play.flags.think_tags = (flags & 1) != 0;
  play.flags.repair_tool_json = (flags & 2) != 0;
  if ((flags & 4) != 0) play.arguments_bytes_max = 1000;
  std::string stream;
  while (!bytes.empty()) stream += any_event(bytes);
  const Played streamed = play.stream(stream);
  check_client(play, stream, streamed);
  std::vector<size_t> cuts;
  for (size_t at = 1 + flags; at < stream.size(); at += 1 + flags) cuts.push_back(at);
  const Played cut = play.stream(stream, cuts);
  require(cut.deltas == streamed.deltas && cut.bytes == streamed.bytes);
}

// ---- a whole answer, taken apart

struct Call {
  std::string id;
  std::string name;
  std::string arguments;
  bool name_late = false;
  bool repeats = false;  // every piece says all that came before
  size_t sent = 0;
  bool named = false;
};

// Not three objects of one first key inside each other: cut just there, they cannot be told from an
// upstream that repeats itself.
std::string some_arguments(Bytes& bytes) {
  static const char* const values[] = {"1",           "\"s\"",  "[1,{\"a\":2}]",    "{\"k\":{\"j\":null}}",
                                       "\"q\\\"}{\"", "1.50e3", "\"\xe2\x82\xac\"", "12345678901234567890"};
  std::string text = "{";
  const unsigned count = bytes.below(4);
  for (unsigned i = 0; i < count; ++i) {
    if (i > 0) text += bytes.below(2) == 0 ? "," : ", ";
    text += "\"" + std::string(1, char('k' + i)) + "\":" + bytes.any(values);
  }
  return text + "}";
}

size_t next_cut(const std::string& text, size_t at, size_t bytes) {
  size_t cut = at + bytes < text.size() ? at + bytes : text.size();
  while (cut < text.size() && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80) ++cut;
  return cut;
}

std::string function_of(const std::string& name, const std::string& arguments) {
  return "\"function\":{" + (name.empty() ? "" : "\"name\":" + quoted(name) + ",") +
         "\"arguments\":" + quoted(arguments) + "}";
}

void play_whole_answer(Bytes& bytes) {
  const std::string reasoning = bytes.below(2) == 0 ? "" : "because";
  const std::string text = bytes.below(2) == 0 ? "" : "it is so";
  std::vector<Call> calls(bytes.below(5));
  for (size_t i = 0; i < calls.size(); ++i) {
    const unsigned how = bytes.next();
    calls[i].id = (how & 1) != 0 ? "" : "call_" + std::to_string(i);
    calls[i].name = (how & 2) != 0 ? "Bash" : "Read";
    calls[i].name_late = (how & 4) != 0;
    calls[i].repeats = (how & 24) == 24;
    calls[i].arguments = some_arguments(bytes);
  }
  std::string stream, message;
  for (size_t at = 0; at < reasoning.size();) {
    const size_t cut = next_cut(reasoning, at, 1 + bytes.below(5));
    stream += frame("\"delta\":{\"reasoning_content\":" + quoted(reasoning.substr(at, cut - at)) + "}");
    at = cut;
  }
  if (!text.empty()) stream += frame("\"delta\":{\"content\":" + quoted(text) + "}");
  size_t begun = 0;
  for (size_t left = calls.size(); left > 0;) {
    // One that has begun, or the next one.
    const size_t reach = begun < calls.size() ? begun + 1 : begun;
    size_t i = bytes.below(static_cast<unsigned>(reach));
    for (size_t tries = 0; tries < reach && calls[i].sent == calls[i].arguments.size(); ++tries) i = (i + 1) % reach;
    Call& call = calls[i];
    std::string piece = "\"index\":" + std::to_string(i);
    if (call.sent == 0) {
      ++begun;
      if (!call.id.empty()) piece += ",\"id\":" + quoted(call.id);
    }
    const size_t cut = next_cut(call.arguments, call.sent, 1 + bytes.below(9));
    const bool last = cut == call.arguments.size();
    const bool says_name = !call.named && (!call.name_late || last);
    call.named = call.named || says_name;
    const size_t from = call.repeats ? 0 : call.sent;
    piece += "," + function_of(says_name ? call.name : "", call.arguments.substr(from, cut - from));
    call.sent = cut;
    if (last) --left;
    stream += frame("\"delta\":{\"tool_calls\":[{" + piece + "}]}");
  }
  stream += frame("\"delta\":{},\"finish_reason\":\"stop\"");
  if (bytes.below(2) == 0) stream += "data: [DONE]\n\n";

  message = "{\"choices\":[{\"message\":{\"content\":" + quoted(text) + ",\"reasoning_content\":" + quoted(reasoning) +
            ",\"tool_calls\":[";
  for (const Call& call : calls) {
    message += (&call == calls.data() ? "{\"id\":" : ",{\"id\":") + quoted(call.id) + "," +
               function_of(call.name, call.arguments) + "}";
  }
  message += "]},\"finish_reason\":\"stop\"}]}";

  const Play play{dialects::openai_chat_row, &dialects::anthropic_row};
  const Played streamed = play.stream(stream);
  require(streamed.deltas == play.whole(message).deltas);
  check_client(play, stream, streamed);
  const AnthropicAnswer answer = check_anthropic_stream(streamed.bytes);
  require(answer.ended);
  size_t seen = 0;
  for (const AnthropicBlock& block : answer.blocks) {
    if (block.type != "tool_use") continue;
    require(seen < calls.size());
    require(block.name == calls[seen].name && block.input == calls[seen].arguments);
    ++seen;
  }
  require(seen == calls.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > 2000) return 0;
  Bytes bytes(data + 1, size - 1);
  data[0] % 2 == 0 ? play_anything(bytes) : play_whole_answer(bytes);
  return 0;
}
