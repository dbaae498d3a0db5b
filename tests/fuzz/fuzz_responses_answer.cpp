// Answers of Responses upstreams in any order of events a server might send, on their way to clients of Responses and
// of Anthropic: deltas come in order, no stream breaks its dialect's rules, both forms say the same, no cut of the
// bytes changes anything, and a stream without its last event never ends well.
#include <cstdint>
#include <string>
#include <vector>

#include "answer_player.h"
#include "anthropic_stream_checker.h"
#include "bytes.h"
#include "dialects/anthropic/anthropic.h"
#include "dialects/openai_responses/openai_responses.h"
#include "require.h"
#include "responses_answer.h"

using namespace signalbox;
using namespace signalbox::testing;
using canonical::Form;

namespace {

const char* const texts[] = {"a", "b\\n", "\\ud83d", "\\ude00", " ", "", "\\\"", "\xc3\xa9"};
const char* const pieces[] = {"{", "}", "{\\\"x\\\":", "1", "\\\"", "[", "]", ",", "{}", "", "{\\\"x\\\":1}", "\\\\"};
const char* const ids[] = {"", "a", "b", "rs_1", "ws_1", "call_1"};
const char* const names[] = {"", "Bash", "Read", "x y"};
const char* const places[] = {"", "\"output_index\":0,", "\"output_index\":1,", "\"output_index\":2,",
                              "\"output_index\":-7,"};
const char* const parts[] = {"",
                             "\"content_index\":0,",
                             "\"content_index\":1,",
                             "\"summary_index\":0,",
                             "\"summary_index\":1,",
                             "\"content_index\":99,"};
const char* const text_events[] = {"output_text", "refusal", "reasoning_summary_text", "reasoning_text"};
const char* const call_events[] = {"function_call_arguments", "custom_tool_call_input"};

std::string an_item(Bytes& bytes) {
  const std::string id = "{\"id\":\"" + bytes.any(ids) + "\",\"type\":\"";
  switch (bytes.below(8)) {
    case 0:
    case 1:
      return id + "message\",\"content\":[{\"type\":\"output_text\",\"text\":\"" + bytes.any(texts) +
             "\"},{\"type\":\"refusal\",\"refusal\":\"" + bytes.any(texts) + "\"}]}";
    case 2:
      return id + "reasoning\",\"summary\":[{\"text\":\"" + bytes.any(texts) +
             "\"}],\n\"content\":[{\"type\":\"reasoning_text\",\"text\":\"" + bytes.any(texts) +
             "\"}],\"encrypted_content\":\"" + bytes.any(ids) + "\"}";
    case 3:
    case 4:
      return id + "function_call\",\"call_id\":\"" + bytes.any(ids) + "\",\"name\":\"" + bytes.any(names) +
             "\",\"arguments\":\"" + bytes.any(pieces) + "\"}";
    case 5:
      return id + "custom_tool_call\",\"call_id\":\"" + bytes.any(ids) + "\",\"name\":\"" + bytes.any(names) +
             "\",\"input\":\"" + bytes.any(texts) + "\"}";
    case 6:
      return id + "web_search_call\",\"action\":{\"query\":\"" + bytes.any(texts) +
             "\",\"sources\":[{\"url\":\"u\"},7]}}";
    default: return id + "image_generation_call\"}";
  }
}

std::string frame(const std::string& type, const std::string& members) {
  std::string data = "{" + members + "\"type\":\"" + type + "\"}";
  for (size_t at = data.find('\n'); at != data.npos; at = data.find('\n', at)) data.replace(at, 1, "\ndata: "), at += 7;
  return "event: " + type + "\ndata: " + data + "\n\n";
}

std::string an_output(Bytes& bytes) {
  std::string list;
  for (unsigned left = bytes.below(3); left > 0; --left) list += (list.empty() ? "" : ",") + an_item(bytes);
  return "\"output\":[" + list + "],";
}

bool is_last(unsigned event) { return event >= 13; }

std::string an_event(Bytes& bytes, unsigned event) {
  const std::string place = "\"item_id\":\"" + bytes.any(ids) + "\"," + bytes.any(places);
  switch (event) {
    case 0:
    case 1:
    case 2:
      return frame("response." + bytes.any(text_events) + ".delta",
                   place + bytes.any(parts) + "\"delta\":\"" + bytes.any(texts) + "\",");
    case 3: {
      const std::string text = bytes.any(texts);
      return frame("response." + bytes.any(text_events) + ".done",
                   place + bytes.any(parts) + "\"text\":\"" + text + "\",\"refusal\":\"" + text + "\",");
    }
    case 4:
    case 5:
    case 6:
      return frame("response." + bytes.any(call_events) + ".delta", place + "\"delta\":\"" + bytes.any(pieces) + "\",");
    case 7:
      return frame("response." + bytes.any(call_events) + ".done",
                   place + "\"arguments\":\"" + bytes.any(pieces) + "\",");
    case 8:
    case 9: return frame("response.output_item.added", bytes.any(places) + "\"item\":" + an_item(bytes) + ",");
    case 10:
    case 11: return frame("response.output_item.done", bytes.any(places) + "\"item\":" + an_item(bytes) + ",");
    case 12: return frame("response.created", "\"response\":{\"id\":\"resp_1\"},");
    case 13: return frame("response.completed", "\"response\":{" + an_output(bytes) + "\"status\":\"completed\"},");
    case 14:
      return frame("response.incomplete",
                   "\"response\":{" + an_output(bytes) +
                       "\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":\"max_output_tokens\"}},");
    default: return frame("error", "\"message\":\"m\",");
  }
}

void check_responses(const std::string& stream) {
  const Play streamed{dialects::openai_responses_row, &dialects::openai_responses_row};
  const Play whole{dialects::openai_responses_row, &dialects::openai_responses_row, Form::whole};
  const ResponsesAnswer answer = responses_answer_of_stream(streamed.stream(stream).bytes);
  require(answer.wrong.empty());
  const std::string body = whole.stream(stream).bytes;
  require(body == (answer.status == "failed" ? "" : answer.response));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2 || size > 1500) return 0;
  Bytes bytes(data + 1, size - 1);
  Play play{dialects::openai_responses_row, &dialects::anthropic_row};
  play.flags.repair_tool_json = (data[0] & 1) != 0;
  if ((data[0] & 2) != 0) play.arguments_bytes_max = 1000;
  std::string stream;
  bool ends = false;
  while (!bytes.empty()) {
    const unsigned event = bytes.below(16);
    ends = ends || is_last(event);
    stream += an_event(bytes, event);
  }
  const Played streamed = play.stream(stream);
  require(streamed.deltas.find("WRONG") == std::string::npos);
  require(ends || streamed.deltas.find("failed ") != std::string::npos);
  const AnthropicAnswer answer = check_anthropic_stream(streamed.bytes);
  require(answer.problems.empty());
  std::vector<size_t> cuts;
  for (size_t at = 1 + data[0]; at < stream.size(); at += 1 + data[0]) cuts.push_back(at);
  const Played cut = play.stream(stream, cuts);
  require(cut.deltas == streamed.deltas && cut.bytes == streamed.bytes);
  check_responses(stream);
  return 0;
}
