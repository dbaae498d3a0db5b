#include "responses_answer.h"

#include <algorithm>
#include <set>

#include "json/escaped.h"
#include "json/reader.h"
#include "json/walk.h"
#include "sse/frame_reader.h"

namespace signalbox::testing {
namespace {

std::string text(std::string_view object, std::string_view name) {
  return std::string(json::string_inside(json::member(object, name)));
}

int64_t number(std::string_view object, std::string_view name) {
  return json::to_int64(json::member(object, name)).value_or(-1);
}

bool is_object(std::string_view value) { return !value.empty() && value.front() == '{'; }
bool is_string(std::string_view value) { return !value.empty() && value.front() == '"'; }

bool is_id(std::string_view id) {
  return !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
  });
}

// Reads events and notes the first thing that must not be.
struct Reading {
  ResponsesAnswer answer;
  std::string id;  // of the Response
  int64_t sequence = 0;
  bool ended = false;
  // The open item.
  std::string item, item_type, item_id;
  bool item_open = false;
  // Its parts: what pieces said of each, then what its end said.
  std::vector<std::string> parts;
  std::string part_type, pieces;
  bool part_open = false, text_done = false;
  std::set<std::string> ids, call_ids;

  void wrong(const std::string& what, std::string_view event) {
    if (answer.wrong.empty()) answer.wrong = what + ": " + std::string(event);
  }

  void check_response(std::string_view response, std::string_view event) {
    if (!json::is_whole_object(response)) return wrong("no Response", event);
    for (const char* name :
         {"id", "object", "created_at", "status", "error", "incomplete_details", "instructions", "metadata", "model",
          "output", "parallel_tool_calls", "temperature", "tool_choice", "tools", "top_p", "usage", "access_programs"})
      if (json::member(response, name).empty()) wrong(std::string("a Response without ") + name, event);
    if (text(response, "object") != "response") wrong("a wrong object", event);
    if (text(response, "model").empty() || number(response, "created_at") < 0) wrong("no head", event);
    if (text(response, "id").substr(0, 5) != "resp_" || !is_id(text(response, "id"))) wrong("a bad id", event);
    if (!id.empty() && text(response, "id") != id) wrong("another id", event);
    id = text(response, "id");
    const std::string status = text(response, "status");
    if (is_object(json::member(response, "error")) != (status == "failed")) wrong("error and status disagree", event);
    if (is_object(json::member(response, "incomplete_details")) != (status == "incomplete"))
      wrong("incomplete_details and status disagree", event);
    const std::string_view usage = json::member(response, "usage");
    if (is_object(usage) != (status == "completed" || status == "incomplete")) wrong("usage out of place", event);
    if (is_object(usage)) check_usage(usage, event);
  }

  void check_usage(std::string_view usage, std::string_view event) {
    const std::string_view input = json::member(usage, "input_tokens_details");
    const std::string_view output = json::member(usage, "output_tokens_details");
    const int64_t cached = number(input, "cached_tokens"), written = number(input, "cache_write_tokens");
    if (cached < 0 || written < 0 || number(output, "reasoning_tokens") < 0) wrong("usage without details", event);
    if (number(usage, "input_tokens") < cached + written || number(usage, "output_tokens") < 0 ||
        number(usage, "input_tokens") + number(usage, "output_tokens") != number(usage, "total_tokens"))
      wrong("figures that do not add up", event);
  }

  void check_item(std::string_view whole, std::string_view event) {
    const std::string type = text(whole, "type");
    if (!is_id(text(whole, "id"))) wrong("an item without an id", event);
    if (type == "message") {
      if (text(whole, "role") != "assistant" || text(whole, "status").empty()) wrong("a bad message", event);
    } else if (type == "function_call" || type == "custom_tool_call") {
      const bool custom = type == "custom_tool_call";
      const std::string call_id = text(whole, "call_id");
      if (text(whole, "name").empty() || !is_id(call_id) || call_id.size() > 64) wrong("a bad call", event);
      if (!is_string(json::member(whole, custom ? "input" : "arguments"))) wrong("a call without arguments", event);
    } else if (type == "reasoning") {
      if (json::member(whole, "summary").empty()) wrong("reasoning without summary", event);
    } else if (type == "web_search_call") {
      if (!is_object(json::member(whole, "action"))) wrong("a search without action", event);
    } else {
      wrong("an item of no known type", event);
    }
  }

  // ---- items

  void add_item(std::string_view event) {
    if (item_open) wrong("an item inside another", event);
    item = json::member(event, "item");
    item_type = text(item, "type");
    item_id = text(item, "id");
    item_open = true;
    parts.clear();
    check_item(item, event);
    if (!ids.insert(item_id).second) wrong("an id that two items have", event);
    if (number(event, "output_index") != int64_t(answer.items.size())) wrong("a wrong output_index", event);
    const std::string call_id = text(item, "call_id");
    if (!call_id.empty() && !call_ids.insert(call_id).second) wrong("an id that two calls have", event);
    for (const char* name : {"content", "summary"})
      if (const std::string_view list = json::member(item, name); !list.empty() && list != "[]")
        wrong("an item that begins with content", event);
    if (!text(item, "arguments").empty() || !text(item, "input").empty()) wrong("a call that begins whole", event);
    if (item_type == "function_call" || item_type == "custom_tool_call") begin_part(item_type);
  }

  void begin_part(const std::string& type) {
    part_type = type;
    part_open = true;
    text_done = false;
    pieces.clear();
  }

  void check_place(std::string_view event, const char* index) {
    if (!item_open) return wrong("an event outside of items", event);
    if (text(event, "item_id") != item_id) wrong("another item's id", event);
    if (number(event, "output_index") != int64_t(answer.items.size())) wrong("a wrong output_index", event);
    if (*index != 0 && number(event, index) != int64_t(parts.size())) wrong("a wrong part index", event);
  }

  void add_part(std::string_view event, const char* index) {
    check_place(event, index);
    if (part_open) wrong("a part inside another", event);
    const std::string_view part = json::member(event, "part");
    begin_part(text(part, "type"));
    if (!text(part, "text").empty() || !text(part, "refusal").empty()) wrong("a part that begins with text", event);
    check_part(part, event);
  }

  void check_part(std::string_view part, std::string_view event) {
    if (text(part, "type") != part_type) wrong("a part of another type", event);
    if (part_type == "output_text" && json::member(part, "annotations") != "[]") wrong("no annotations", event);
    if ((item_type == "reasoning") != (part_type == "summary_text")) wrong("a part of another item's type", event);
  }

  // What the events of the open part are called.
  bool speaks_of(std::string_view type, std::string_view event_type) const {
    if (part_type == "output_text") return event_type == "output_text" && type == "message";
    if (part_type == "refusal") return event_type == "refusal" && type == "message";
    if (part_type == "summary_text") return event_type == "reasoning_summary_text";
    if (part_type == "function_call") return event_type == "function_call_arguments";
    return part_type == "custom_tool_call" && event_type == "custom_tool_call_input";
  }

  static const char* index_of(std::string_view event_type) {
    if (event_type == "output_text" || event_type == "refusal") return "content_index";
    return event_type == "reasoning_summary_text" ? "summary_index" : "";
  }

  void add_piece(std::string_view of, std::string_view event) {
    check_place(event, index_of(of));
    if (!part_open || text_done || !speaks_of(item_type, of)) wrong("a piece of no open part", event);
    if (text(event, "delta").empty()) wrong("an empty piece", event);
    if (of == "output_text" && json::member(event, "logprobs") != "[]") wrong("no logprobs", event);
    pieces += text(event, "delta");
  }

  void end_text(std::string_view of, std::string_view event) {
    check_place(event, index_of(of));
    if (!part_open || text_done || !speaks_of(item_type, of)) wrong("an end of no open part", event);
    const char* name = of == "refusal"                   ? "refusal"
                       : of == "function_call_arguments" ? "arguments"
                       : of == "custom_tool_call_input"  ? "input"
                                                         : "text";
    if (!is_string(json::member(event, name)) || text(event, name) != pieces) wrong("an end unlike its pieces", event);
    text_done = true;
    if (of == "function_call_arguments" || of == "custom_tool_call_input") {
      part_open = false;
      parts.push_back(pieces);
    }
  }

  void end_part(std::string_view event, const char* index) {
    check_place(event, index);
    const std::string_view part = json::member(event, "part");
    if (!part_open || !text_done) wrong("a part that was not open", event);
    check_part(part, event);
    if (text(part, part_type == "refusal" ? "refusal" : "text") != pieces) wrong("a part unlike its pieces", event);
    part_open = false;
    parts.push_back(pieces);
  }

  void end_item(std::string_view event) {
    const std::string_view whole = json::member(event, "item");
    if (!item_open || part_open) wrong("an item that ends too soon", event);
    if (number(event, "output_index") != int64_t(answer.items.size())) wrong("a wrong output_index", event);
    check_item(whole, event);
    for (const char* name : {"id", "type", "call_id", "name", "namespace", "role"})
      if (text(whole, name) != text(item, name)) wrong("an item that has become another", event);
    std::vector<std::string> said;
    if (item_type == "function_call") said.push_back(text(whole, "arguments"));
    if (item_type == "custom_tool_call") said.push_back(text(whole, "input"));
    json::each_element(json::member(whole, item_type == "message" ? "content" : "summary"), [&](std::string_view part) {
      said.push_back(text(part, text(part, "type") == "refusal" ? "refusal" : "text"));
    });
    if (said != parts) wrong("an item unlike its parts", event);
    if (item_type == "message" && parts.size() != 1) wrong("a message without its part", event);
    item_open = false;
    answer.items.emplace_back(whole);
  }

  // ---- the Response

  void end(std::string_view type, std::string_view event) {
    const std::string_view response = json::member(event, "response");
    answer.response = response;
    answer.status = text(response, "status");
    if (answer.status != type) wrong("a status unlike its event", event);
    if (item_open && type != "failed") wrong("an item that never ends", event);
    check_response(response, event);
    std::string joined = "[";
    for (const std::string& each : answer.items) joined += (joined.size() > 1 ? "," : "") + each;
    if (json::member(response, "output") != joined + "]") wrong("an output unlike the items", event);
    ended = true;
  }

  void read(std::string_view type, std::string_view event) {
    if (ended) return wrong("something behind the end", event);
    if (!json::is_whole_object(event)) return wrong("no JSON object", event);
    if (text(event, "type") != type) wrong("a name unlike the type", event);
    if (number(event, "sequence_number") != sequence) wrong("a wrong sequence_number", event);
    const int64_t place = sequence++;
    constexpr std::string_view mark = "response.";
    if (type.substr(0, mark.size()) != mark) return wrong("an unknown event", event);
    type.remove_prefix(mark.size());
    if ((place == 0) != (type == "created") || (place == 1) != (type == "in_progress"))
      return wrong("a stream that does not begin with created and in_progress", event);
    if (place < 2) {
      check_response(json::member(event, "response"), event);
      if (text(json::member(event, "response"), "status") != "in_progress") wrong("a wrong status", event);
      if (json::member(json::member(event, "response"), "output") != "[]") wrong("output too soon", event);
      return;
    }
    if (type == "output_item.added") return add_item(event);
    if (type == "output_item.done") return end_item(event);
    if (type == "content_part.added") return add_part(event, "content_index");
    if (type == "content_part.done") return end_part(event, "content_index");
    if (type == "reasoning_summary_part.added") return add_part(event, "summary_index");
    if (type == "reasoning_summary_part.done") return end_part(event, "summary_index");
    if (type == "completed" || type == "incomplete" || type == "failed") return end(type, event);
    const size_t dot = type.rfind('.');
    const std::string_view of = type.substr(0, dot), what = dot == type.npos ? type : type.substr(dot + 1);
    if (of == "web_search_call") return check_place(event, "");
    if (what == "delta") return add_piece(of, event);
    if (what == "done") return end_text(of, event);
    wrong("an unknown event", event);
  }
};

}  // namespace

ResponsesAnswer responses_answer_of_stream(std::string_view bytes) {
  Reading reading;
  sse::FrameReader reader(16 << 20);
  reader.feed(bytes);
  sse::Frame frame;
  while (reader.next(frame)) reading.read(frame.event, frame.data);
  if (reader.finish(frame)) reading.wrong("half an event", frame.data);
  if (!reading.ended) reading.wrong("a stream without an end", "");
  return reading.answer;
}

ResponsesAnswer responses_answer_of_whole(std::string_view body) {
  Reading reading;
  reading.check_response(body, body);
  reading.answer.response = body;
  reading.answer.status = text(body, "status");
  json::each_element(json::member(body, "output"), [&](std::string_view item) {
    reading.check_item(item, item);
    if (!reading.ids.insert(text(item, "id")).second) reading.wrong("an id that two items have", item);
    reading.answer.items.emplace_back(item);
  });
  return reading.answer;
}

}  // namespace signalbox::testing
