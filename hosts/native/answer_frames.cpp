#include "answer_frames.h"

#include <algorithm>
#include <initializer_list>
#include <span>

#include "json/walk.h"
#include "json/writer.h"

namespace signalbox::native {
namespace {

using Names = std::initializer_list<std::string_view>;

bool is_among(std::string_view name, Names names) { return std::find(names.begin(), names.end(), name) != names.end(); }

// `object` without the members called `names`, and `more` (members as JSON) behind the others.
std::string without(std::string_view object, Names names, std::string_view more = {}) {
  std::string out = "{";
  json::each_member(object, [&](std::string_view key, std::string_view value) {
    if (is_among(key, names)) return;
    out += out.size() > 1 ? ",\"" : "\"";
    out.append(key).append("\":").append(value);
  });
  if (!more.empty() && out.size() > 1) out += ',';
  return out.append(more) + "}";
}

// The members of `object` that are called `names`, as an object.
std::string only(std::string_view object, Names names) {
  std::string out = "{";
  json::each_member(object, [&](std::string_view key, std::string_view value) {
    if (!is_among(key, names)) return;
    out += out.size() > 1 ? ",\"" : "\"";
    out.append(key).append("\":").append(value);
  });
  return out + "}";
}

std::string quoted(std::string_view json) {
  std::string out;
  json::Writer(out).string(json);
  return out;
}

class Frames {
 public:
  void add(std::string_view event, std::string_view data) {
    if (!event.empty()) out_.append("event: ").append(event).append("\n");
    out_.append("data: ").append(data).append("\n\n");
  }
  // The same where the data begins with the event's name as its type; `members` are the others.
  void add_typed(std::string_view type, std::string_view members) {
    add(type, "{\"type\":\"" + std::string(type) + "\"" + (members.empty() ? "" : ",") + std::string(members) + "}");
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

std::string messages(std::string_view whole) {
  Frames frames;
  frames.add_typed("message_start",
                   "\"message\":" + without(whole, {"content", "stop_reason", "stop_sequence", "stop_details"},
                                            R"("content":[],"stop_reason":null,"stop_sequence":null)"));
  int64_t index = 0;
  json::each_element(json::member(whole, "content"), [&](std::string_view block) {
    const std::string place = "\"index\":" + std::to_string(index++);
    const std::string_view type = json::string_inside(json::member(block, "type"));
    const auto start = [&](const std::string& begun) {
      frames.add_typed("content_block_start", place + ",\"content_block\":" + begun);
    };
    const auto piece = [&](std::string_view kind, std::string_view name, std::string_view value) {
      if (value.empty()) return;
      frames.add_typed("content_block_delta", place + ",\"delta\":{\"type\":\"" + std::string(kind) + "\",\"" +
                                                  std::string(name) + "\":" + std::string(value) + "}");
    };
    if (type == "text") {
      start(without(block, {"text", "citations"}, R"("text":"")"));
      piece("text_delta", "text", json::member(block, "text"));
      json::each_element(json::member(block, "citations"),
                         [&](std::string_view citation) { piece("citations_delta", "citation", citation); });
    } else if (type == "thinking") {
      start(without(block, {"thinking", "signature"}, R"("thinking":"","signature":"")"));
      piece("thinking_delta", "thinking", json::member(block, "thinking"));
      piece("signature_delta", "signature", json::member(block, "signature"));
    } else if (type == "tool_use" || type == "server_tool_use") {
      start(without(block, {"input"}, R"("input":{})"));
      piece("input_json_delta", "partial_json", quoted(json::member(block, "input")));
    } else {
      start(std::string(block));
    }
    frames.add_typed("content_block_stop", place);
  });
  frames.add_typed("message_delta", "\"delta\":" + only(whole, {"stop_reason", "stop_sequence", "stop_details"}) +
                                        ",\"usage\":" + std::string(json::member(whole, "usage")));
  frames.add_typed("message_stop", {});
  return frames.take();
}

std::string chat(std::string_view whole) {
  Frames frames;
  std::string begun, ended;
  json::each_element(json::member(whole, "choices"), [&](std::string_view choice) {
    const std::string delta = "\"delta\":" + std::string(json::member(choice, "message"));
    begun += begun.empty() ? "" : ",";
    begun += without(choice, {"message", "finish_reason", "matched_stop"}, delta + ",\"finish_reason\":null");
    ended += ended.empty() ? "" : ",";
    ended += without(choice, {"message", "logprobs"}, "\"delta\":{}");
  });
  const auto chunk = [&](const std::string& choices) {
    return without(whole, {"choices", "usage"}, "\"choices\":[" + choices + "]");
  };
  frames.add({}, chunk(begun));
  frames.add({}, chunk(ended));
  frames.add({}, without(whole, {"choices"}, "\"choices\":[]"));
  frames.add({}, "[DONE]");
  return frames.take();
}

std::string responses(std::string_view whole) {
  Frames frames;
  frames.add_typed("response.created", "\"response\":" + without(whole, {"status", "output", "usage", "error"},
                                                                 R"("status":"in_progress","output":[])"));
  int64_t index = 0;
  json::each_element(json::member(whole, "output"), [&](std::string_view item) {
    const std::string place = "\"output_index\":" + std::to_string(index++);
    const std::string in_item = place + ",\"item_id\":" + std::string(json::member(item, "id"));
    const auto piece = [&](std::string_view type, std::string_view number, std::string_view text) {
      if (text.empty()) return;
      frames.add_typed(type, in_item + (number.empty() ? "" : ",\"" + std::string(number) + "\":0") +
                                 ",\"delta\":" + std::string(text));
    };
    frames.add_typed("response.output_item.added", place + ",\"item\":" + std::string(item));
    const std::string_view type = json::string_inside(json::member(item, "type"));
    json::each_element(json::member(item, type == "reasoning" ? "summary" : "content"), [&](std::string_view part) {
      if (type == "reasoning")
        return piece("response.reasoning_summary_text.delta", "summary_index", json::member(part, "text"));
      piece("response.output_text.delta", "content_index", json::member(part, "text"));
      piece("response.refusal.delta", "content_index", json::member(part, "refusal"));
      json::each_element(json::member(part, "annotations"), [&](std::string_view annotation) {
        frames.add_typed("response.output_text.annotation.added",
                         in_item + ",\"content_index\":0,\"annotation\":" + std::string(annotation));
      });
    });
    piece("response.function_call_arguments.delta", {}, json::member(item, "arguments"));
    piece("response.custom_tool_call_input.delta", {}, json::member(item, "input"));
    frames.add_typed("response.output_item.done", place + ",\"item\":" + std::string(item));
  });
  const std::string status(json::string_inside(json::member(whole, "status")));
  frames.add_typed("response." + status, "\"response\":" + std::string(whole));
  return frames.take();
}

std::string gemini(std::string_view whole) {
  Frames frames;
  std::string begun, ended;
  json::each_element(json::member(whole, "candidates"), [&](std::string_view candidate) {
    begun += begun.empty() ? "" : ",";
    begun += without(candidate, {"finishReason"});
    ended += ended.empty() ? "" : ",";
    ended += only(candidate, {"index", "finishReason"});
  });
  frames.add({}, without(whole, {"candidates", "usageMetadata"}, "\"candidates\":[" + begun + "]"));
  frames.add({}, without(whole, {"candidates"}, "\"candidates\":[" + ended + "]"));
  return frames.take();
}

}  // namespace

std::string as_frames(Dialect dialect, std::string_view whole) {
  const std::string_view error = json::member(whole, "error");
  if (!error.empty() && error != "null" && dialect != Dialect::openai_responses) {
    Frames frames;
    frames.add(dialect == Dialect::anthropic ? "error" : "", whole);
    return frames.take();
  }
  switch (dialect) {
    case Dialect::anthropic: return messages(whole);
    case Dialect::openai_chat: return chat(whole);
    case Dialect::openai_responses: return responses(whole);
    case Dialect::gemini: return gemini(whole);
  }
  return {};
}

}  // namespace signalbox::native
