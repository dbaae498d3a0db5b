// Walks over one container of a JSON text, its members or elements as raw text. For texts whose shape is
// known to be small or checked already; what is not the expected container has no members.
#pragma once

#include <string_view>

#include "json/reader.h"

namespace signalbox::json {

// Calls `on_member(key, value)` for each member of the object `text`: the key still escaped, without
// its quotes, the value raw. Stops where the text stops being JSON.
template <class OnMember>
void each_member(std::string_view text, OnMember&& on_member) {
  Reader reader(text);
  if (reader.next() != Token::begin_object) return;
  while (reader.next() == Token::key) {
    const std::string_view key = reader.raw();
    const auto value = reader.skip_value();
    if (!value) return;
    on_member(key, *value);
  }
}

// Calls `on_element(value)` for each element of the array `text`, raw.
template <class OnElement>
void each_element(std::string_view text, OnElement&& on_element) {
  Reader reader(text);
  if (reader.next() != Token::begin_array) return;
  while (const auto value = reader.skip_value()) on_element(*value);
}

// The value of the last member called `name` of the object `text`, raw; empty when there is none.
inline std::string_view member(std::string_view text, std::string_view name) {
  std::string_view found;
  each_member(text, [&](std::string_view key, std::string_view value) {
    if (equals(key, name)) found = value;
  });
  return found;
}

// Whether `text` is one whole JSON object and nothing else.
inline bool is_whole_object(std::string_view text) {
  Reader reader(text);
  return reader.skip_value() && reader.skipped_kind() == Token::begin_object && reader.next() == Token::end;
}

// The inside of the JSON string `value`, still escaped; empty when it is no string.
inline std::string_view string_inside(std::string_view value) {
  return value.size() >= 2 && value.front() == '"' ? value.substr(1, value.size() - 2) : std::string_view();
}

}  // namespace signalbox::json
