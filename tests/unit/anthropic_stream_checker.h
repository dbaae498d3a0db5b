// What a client of the Messages API makes of a stream or of a whole message, and every rule of
// translation.md section 11.2 that the stream breaks. For tests and fuzz targets; it shares nothing with
// the code that writes such streams but the readers of JSON and of frames.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/reader.h"
#include "json/walk.h"
#include "sse/frame_reader.h"

namespace signalbox::testing {

struct AnthropicBlock {
  std::string type;
  std::string text;       // of text and thinking; of redacted_thinking its data
  std::string signature;  // of thinking
  std::string id;         // of tool_use, and its name and input as JSON text
  std::string name;
  std::string input;

  bool operator==(const AnthropicBlock& other) const {
    return type == other.type && text == other.text && signature == other.signature && id == other.id &&
           name == other.name && input == other.input;
  }
};

struct AnthropicAnswer {
  std::string id;
  std::string model;
  std::vector<AnthropicBlock> blocks;
  std::string stop_reason;
  std::string stop_sequence;  // raw JSON
  std::string usage;          // raw JSON; of a stream the last
  std::string start_usage;    // of a stream the first
  std::string error_type;     // of the stream's error event
  bool ended = false;         // message_stop, or a whole message
  bool failed = false;        // an error event
  std::vector<std::string> problems;

  // A line each; empty where all is well.
  std::string all_problems() const {
    std::string text;
    for (const std::string& problem : problems) text += problem + "\n";
    return text;
  }

  bool same_content(const AnthropicAnswer& other) const {
    return id == other.id && model == other.model && blocks == other.blocks && stop_reason == other.stop_reason &&
           stop_sequence == other.stop_sequence && usage == other.usage;
  }
};

namespace checker {

inline std::string text_of(std::string_view object, std::string_view name) {
  std::string plain;
  json::unescape(json::string_inside(json::member(object, name)), plain);
  return plain;
}

inline bool is_id(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    const bool good =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!good) return false;
  }
  return true;
}

inline void check_usage(AnthropicAnswer& answer, std::string_view usage) {
  for (const char* key : {"input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"}) {
    const auto count = json::to_int64(json::member(usage, key));
    if (!count || *count < 0) answer.problems.push_back(std::string("usage without ") + key);
  }
}

// What both forms must keep once the answer is there.
inline void check_answer(AnthropicAnswer& answer) {
  const auto problem = [&](std::string what) { answer.problems.push_back(std::move(what)); };
  static constexpr std::string_view reasons[] = {
      "end_turn", "max_tokens", "stop_sequence", "tool_use", "refusal", "pause_turn", "model_context_window_exceeded"};
  bool known = false;
  for (const std::string_view reason : reasons) known = known || reason == answer.stop_reason;
  if (!known) problem("unknown stop_reason " + answer.stop_reason);
  if ((answer.stop_sequence == "null") == (answer.stop_reason == "stop_sequence")) {
    problem("stop_sequence does not fit " + answer.stop_reason);
  }
  check_usage(answer, answer.usage);
  bool any_call = false;
  const AnthropicBlock* search = nullptr;  // whose result is due
  for (const AnthropicBlock& block : answer.blocks) {
    if ((block.type == "web_search_tool_result") != (search != nullptr)) problem("a search without its result");
    if (search && block.id != search->id) problem("the result of another search");
    search = block.type == "server_tool_use" ? &block : nullptr;
    if (search) {
      if (block.id.substr(0, 9) != "srvtoolu_" || !is_id(block.id)) problem("a bad id " + block.id);
      if (json::member(block.input, "query").empty()) problem("a search for nothing: " + block.input);
      continue;
    }
    if (block.type != "tool_use") {
      if (block.text.empty() && block.type != "thinking") problem("an empty block of " + block.type);
      if (block.type == "thinking" && block.signature.empty()) problem("thinking without a signature");
      continue;
    }
    any_call = true;
    if (!is_id(block.id)) problem("a bad id " + block.id);
    if (block.name.empty()) problem("a call without a name");
    if (!json::is_whole_object(block.input)) problem("input is no object: " + block.input);
    for (const AnthropicBlock& other : answer.blocks) {
      if (&other != &block && other.id == block.id) problem("an id twice: " + block.id);
    }
  }
  if (search) problem("a search without its result");
  if (answer.stop_reason == "tool_use" && !any_call) problem("tool_use without a call");
  if (answer.stop_reason == "end_turn" && any_call) problem("end_turn with a call");
}

}  // namespace checker

// Reads a whole message.
inline AnthropicAnswer read_anthropic_message(std::string_view body) {
  using namespace checker;
  AnthropicAnswer answer;
  if (!json::is_whole_object(body)) {
    answer.problems.push_back("no JSON object: " + std::string(body));
    return answer;
  }
  if (text_of(body, "type") != "message" || text_of(body, "role") != "assistant")
    answer.problems.emplace_back("no message");
  answer.id = text_of(body, "id");
  answer.model = text_of(body, "model");
  answer.stop_reason = text_of(body, "stop_reason");
  answer.stop_sequence = json::member(body, "stop_sequence");
  answer.usage = json::member(body, "usage");
  json::each_element(json::member(body, "content"), [&](std::string_view part) {
    AnthropicBlock block;
    block.type = text_of(part, "type");
    if (block.type == "text") block.text = text_of(part, "text");
    else if (block.type == "thinking")
      block.text = text_of(part, "thinking"), block.signature = text_of(part, "signature");
    else if (block.type == "redacted_thinking") block.text = text_of(part, "data");
    else if (block.type == "web_search_tool_result")
      block.id = text_of(part, "tool_use_id"), block.text = json::member(part, "content");
    else if (block.type == "tool_use" || block.type == "server_tool_use") {
      block.id = text_of(part, "id");
      block.name = text_of(part, "name");
      block.input = json::member(part, "input");
    } else answer.problems.push_back("unknown block " + block.type);
    answer.blocks.push_back(block);
  });
  answer.ended = true;
  check_answer(answer);
  return answer;
}

// Reads a whole stream. It must end with message_stop or an error event, and break no rule. Input that was
// cut off becomes {} where the stop_reason says that it was, as a whole message has it.
inline AnthropicAnswer check_anthropic_stream(std::string_view bytes) {
  using namespace checker;
  AnthropicAnswer answer;
  const auto problem = [&](std::string what) { answer.problems.push_back(std::move(what)); };
  bool started = false, open = false, signed_now = false, delta_seen = false;
  int events = 0;
  const auto take = [&](const sse::Frame& frame) {
    if (!frame.has_data) return;
    if (!json::is_whole_object(frame.data)) return problem("data is no JSON object: " + std::string(frame.data));
    const std::string type = text_of(frame.data, "type");
    ++events;
    if (type != frame.event) problem("event " + std::string(frame.event) + " has type " + type);
    if (answer.ended || answer.failed) return problem(type + " behind the end");
    if (type == "error") {
      answer.failed = true;
      answer.error_type = text_of(json::member(frame.data, "error"), "type");
      if (answer.error_type.empty() || text_of(json::member(frame.data, "error"), "message").empty()) {
        problem("an error that says nothing");
      }
      return;
    }
    if (type == "ping") {
      if (!started) problem("ping before message_start");
      return;
    }
    if (type == "message_start") {
      if (started) problem("message_start twice");
      started = true;
      const std::string_view message = json::member(frame.data, "message");
      answer.id = text_of(message, "id");
      answer.model = text_of(message, "model");
      answer.start_usage = json::member(message, "usage");
      if (answer.id.substr(0, 4) != "msg_" || !is_id(answer.id)) problem("a bad message id " + answer.id);
      if (json::member(message, "content") != "[]" || json::member(message, "stop_reason") != "null" ||
          json::member(message, "stop_sequence") != "null" || text_of(message, "role") != "assistant" ||
          text_of(message, "type") != "message") {
        problem("message_start is not as it should be");
      }
      check_usage(answer, answer.start_usage);
      if (json::to_int64(json::member(answer.start_usage, "input_tokens")).value_or(0) < 1)
        problem("no input estimate");
      return;
    }
    if (!started) return problem(type + " before message_start");
    if (events == 2) problem("no ping right behind message_start");
    if (type == "message_delta") {
      if (open) problem("message_delta inside a block");
      if (delta_seen) problem("message_delta twice");
      delta_seen = true;
      const std::string_view delta = json::member(frame.data, "delta");
      answer.stop_reason = text_of(delta, "stop_reason");
      answer.stop_sequence = json::member(delta, "stop_sequence");
      answer.usage = json::member(frame.data, "usage");
      return;
    }
    if (type == "message_stop") {
      if (!delta_seen) problem("message_stop without message_delta");
      answer.ended = true;
      return;
    }
    if (delta_seen) problem(type + " behind message_delta");
    const int64_t index = json::to_int64(json::member(frame.data, "index")).value_or(-1);
    if (type == "content_block_start") {
      if (open) problem("two open blocks");
      if (index != static_cast<int64_t>(answer.blocks.size()))
        problem("index " + std::to_string(index) + " is not dense");
      open = true;
      signed_now = false;
      const std::string_view begin = json::member(frame.data, "content_block");
      AnthropicBlock block;
      block.type = text_of(begin, "type");
      if (block.type == "text") {
        if (json::member(begin, "text") != "\"\"") problem("text does not begin empty");
      } else if (block.type == "thinking") {
        if (json::member(begin, "thinking") != "\"\"" || json::member(begin, "signature") != "\"\"") {
          problem("thinking does not begin empty");
        }
      } else if (block.type == "web_search_tool_result") {
        block.id = text_of(begin, "tool_use_id");
        block.text = json::member(begin, "content");
      } else if (block.type == "tool_use" || block.type == "server_tool_use") {
        if (json::member(begin, "input") != "{}") problem("input does not begin empty");
        block.id = text_of(begin, "id");
        block.name = text_of(begin, "name");
      } else if (block.type == "redacted_thinking") {
        block.text = text_of(begin, "data");
      } else {
        problem("unknown block " + block.type);
      }
      answer.blocks.push_back(block);
      return;
    }
    if (!open || index + 1 != static_cast<int64_t>(answer.blocks.size())) {
      return problem(type + " for block " + std::to_string(index) + ", which is not open");
    }
    AnthropicBlock& block = answer.blocks.back();
    if (type == "content_block_stop") {
      open = false;
      if (block.type == "thinking" && !signed_now) problem("thinking ends without signature_delta");
      return;
    }
    if (type != "content_block_delta") return problem("unknown event " + type);
    const std::string_view delta = json::member(frame.data, "delta");
    const std::string kind = text_of(delta, "type");
    const auto expect = [&](const char* wanted) {
      if (block.type != wanted) problem(kind + " in a block of " + block.type);
    };
    const size_t before = block.text.size() + block.input.size() + block.signature.size();
    if (signed_now) problem("a delta behind signature_delta");
    if (kind == "text_delta") {
      expect("text");
      block.text += text_of(delta, "text");
    } else if (kind == "thinking_delta") {
      expect("thinking");
      block.text += text_of(delta, "thinking");
    } else if (kind == "signature_delta") {
      expect("thinking");
      block.signature += text_of(delta, "signature");
      signed_now = true;
    } else if (kind == "input_json_delta") {
      if (block.type != "server_tool_use") expect("tool_use");
      block.input += text_of(delta, "partial_json");
    } else {
      problem("unknown delta " + kind);
    }
    if (block.text.size() + block.input.size() + block.signature.size() == before) problem("an empty " + kind);
  };
  sse::FrameReader reader(bytes.size() + 1);
  reader.feed(bytes);
  sse::Frame frame;
  while (reader.next(frame)) take(frame);
  if (reader.finish(frame)) problem("the last event has no blank line");
  if (!answer.ended && !answer.failed) problem("the stream has no end");
  if (!answer.ended) return answer;
  const bool broken_off = answer.stop_reason == "max_tokens" || answer.stop_reason == "refusal" ||
                          answer.stop_reason == "model_context_window_exceeded";
  for (AnthropicBlock& block : answer.blocks) {
    if (block.type != "tool_use") continue;
    if (block.input.empty() || (broken_off && !json::is_whole_object(block.input))) block.input = "{}";
    // Blanks around the object are no part of it.
    json::Reader around(block.input);
    if (const auto object = around.skip_value(); object && json::is_whole_object(block.input))
      block.input = std::string(*object);
  }
  check_answer(answer);
  return answer;
}

}  // namespace signalbox::testing
