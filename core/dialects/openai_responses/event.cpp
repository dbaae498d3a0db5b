#include "dialects/openai_responses/event.h"

#include <algorithm>

#include "json/reader.h"
#include "json/walk.h"

namespace signalbox::dialects::openai_responses {
namespace {

using json::Token;

std::string_view container(std::string_view value, char bracket) {
  return value.front() == bracket ? value : std::string_view();
}

std::string_view said(std::string_view value) { return value == "null" ? std::string_view() : value; }

int64_t index(std::string_view value) { return std::max<int64_t>(json::to_int64(value).value_or(-1), -1); }

void take(std::string_view key, std::string_view value, Event& event) {
  if (key == "type") event.type = json::string_inside(value);
  else if (key == "delta") event.delta = json::escaped(value);
  else if (key == "sequence_number") event.number = value;
  else if (key == "obfuscation") event.obfuscation = json::string_inside(value);
  else if (key == "item_id") event.item_id = json::escaped(value);
  else if (key == "output_index") event.output_index = index(value);
  else if (key == "content_index" || key == "summary_index") event.part_index = index(value);
  else if (key == "text" || key == "refusal" || key == "arguments" || key == "input")
    event.whole = json::escaped(value);
  else if (key == "item") event.item = container(value, '{');
  else if (key == "part") event.part = container(value, '{');
  else if (key == "response") event.response = container(value, '{');
  else if (key == "error") event.error = said(value);
}

}  // namespace

EventRead read_event(std::string_view text, Event& event) {
  event = {};
  json::Reader reader(text);
  if (reader.next() != Token::begin_object) return EventRead::no_object;
  while (reader.next() == Token::key) {
    const std::string_view key = reader.raw();
    const auto value = reader.skip_value();
    if (!value) break;
    take(key, *value, event);
  }
  if (reader.current() == Token::end_object && reader.next() == Token::end) return EventRead::whole;
  // An escape that was cut is found to be wrong where it begins.
  constexpr size_t escape_bytes = 6;
  return text.size() - reader.error().offset < escape_bytes ? EventRead::cut : EventRead::no_object;
}

EventRead EventReader::read(std::string_view text, Event& event) {
  if (shape_.matches(text)) {
    event = last_;
    event.delta = {shape_.slot(delta_slot_)};
    return EventRead::whole;
  }
  const EventRead read = read_event(text, event);
  shape_.forget();
  if (read != EventRead::whole || event.delta.empty() || event.type.empty()) return read;
  std::string_view slots[3];
  size_t count = 0;
  for (std::string_view value : {event.number, event.delta.inside, event.obfuscation}) {
    if (value.empty()) continue;
    size_t at = count++;
    for (; at > 0 && slots[at - 1].data() > value.data(); --at) slots[at] = slots[at - 1];
    slots[at] = value;
  }
  delta_slot_ = 0;
  while (slots[delta_slot_].data() != event.delta.inside.data()) ++delta_slot_;
  shape_.remember(text, {slots, count});
  read_event(shape_.remembered(), last_);
  return read;
}

ResponseObject read_response(std::string_view text) {
  ResponseObject response;
  json::each_member(text, [&](std::string_view key, std::string_view value) {
    if (key == "id") response.id = json::escaped(value);
    else if (key == "status") response.status = json::escaped(value);
    else if (key == "output") response.output = container(value, '[');
    else if (key == "usage") response.usage = container(value, '{');
    else if (key == "error") response.error = said(value);
    else if (key == "incomplete_details") response.incomplete_reason = json::escaped(json::member(value, "reason"));
  });
  return response;
}

}  // namespace signalbox::dialects::openai_responses
