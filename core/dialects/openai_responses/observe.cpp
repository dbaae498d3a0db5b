// A stream ends with one of three events, which hold the whole Response; nothing follows (translation.md section
// 11.3). What comes before the first piece of an item says only that there will be an answer.
#include "dialects/openai_responses/observe.h"

#include "dialects/kept_members.h"
#include "dialects/openai_responses/event.h"
#include "dialects/openai_responses/usage.h"
#include "json/reader.h"
#include "json/walk.h"

namespace signalbox::dialects::openai_responses {
namespace {

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Whether an item of the output says anything. Messages and reasoning begin empty; reasoning that nobody can read
// is no answer.
bool says_something(std::string_view item) {
  std::string_view type;
  bool words = false;
  json::each_member(item, [&](std::string_view key, std::string_view value) {
    if (key == "type") type = json::string_inside(value);
    if (key != "content" && key != "summary") return;
    json::each_element(value, [&](std::string_view part) {
      json::each_member(part, [&](std::string_view name, std::string_view text) {
        if (name == "text" || name == "refusal") words = words || !json::string_inside(text).empty();
      });
    });
  });
  return words || (!type.empty() && type != "message" && type != "reasoning");
}

bool ends_answer(std::string_view type) {
  return type == "response.completed" || type == "response.incomplete" || type == "response.failed";
}

void take_response(std::string_view text, Observation& seen) {
  const ResponseObject response = read_response(text);
  if (!response.usage.empty()) read_usage(response.usage, seen.usage);
  seen.set_stop_reason(response.incomplete_reason.empty() ? response.status : response.incomplete_reason);
  if (!response.error.empty() || response.status.inside == "failed") seen.error = true;
  json::each_element(response.output,
                     [&](std::string_view item) { seen.content = seen.content || says_something(item); });
}

}  // namespace

void observe_frame(const sse::Frame& frame, Observation& seen) {
  if (!frame.has_data) return;
  std::string_view type = frame.event;
  if (type.empty()) type = json::string_inside(json::member(frame.data, "type"));
  if (ends_with(type, ".delta")) {
    seen.content = true;
    return;
  }
  if (type == "response.output_item.added" || type == "response.output_item.done") {
    seen.content = seen.content || says_something(json::member(frame.data, "item"));
    return;
  }
  if (!ends_answer(type) && type != "error" && !type.empty()) return;
  // The event's name alone is no end: the frame may be what is left of one that was cut. And clients go by the type.
  Event event;
  if (read_event(frame.data, event) != EventRead::whole) return;
  if (type != "error" && !event.type.empty()) type = event.type;
  const bool over = ends_answer(type);
  seen.content = seen.content || ends_with(type, ".delta");
  if (over) take_response(event.response, seen);
  if (type == "error" || type == "response.failed" || (type.empty() && !event.error.empty())) seen.error = true;
  if (over && !seen.error) seen.terminal = seen.may_end = true;
}

void observe_whole(std::span<const std::string_view> values, Observation& seen) {
  if (values[3] == too_long) seen.content = true;
  if (values[2] == too_long) seen.error = true;
  take_response(object_of(whole_keys, values), seen);
}

}  // namespace signalbox::dialects::openai_responses
