// What the readers of a Messages body share: where they are, how they say what is wrong, and the blocks
// of messages. Inside of the folder; the door is request.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "dialects/canonical/request.h"
#include "dialects/reading.h"
#include "json/reader.h"

namespace signalbox::dialects::anthropic {

// A place in the body, as a chain on the stack; it becomes text only when something is wrong there.
struct Place {
  const Place* outer = nullptr;
  std::string_view member;
  int64_t index = -1;  // of an element, where `member` is empty
};

// The first fault counts, and ends the reading.
class Reading : public dialects::Reading {
 public:
  using dialects::Reading::Reading;

  // Note that the value at `place` must be `wanted` ("a string"). `value` is its text, a view into the body;
  // empty when it is missing. Always false, so that readers can return it.
  bool wrong(const Place& place, std::string_view wanted, std::string_view value);
  bool wrong_at(const Place& place, std::string_view wanted, size_t offset);

  // The string `value` into `out`; a missing one is wrong.
  bool need_string(std::string_view value, const Place& place, json::Escaped& out);
  // The same, but a missing one, or null, is empty.
  bool take_string(std::string_view value, const Place& place, json::Escaped& out);
};

inline bool is_absent(std::string_view value) { return !is_said(value); }

// The members of one object that somebody asks for, as raw values; of duplicates the last.
template <size_t count>
using Values = std::array<std::string_view, count>;

// Reads the object whose begin_object `reader` has just given, to its end. Names and values go by index; what nobody
// asks for goes to `on_other(name, value)`.
template <size_t count, class OnOther>
bool read_members(json::Reader& reader, const std::array<std::string_view, count>& names, Values<count>& values,
                  Reading& reading, OnOther&& on_other) {
  json::Token token;
  while ((token = reader.next()) == json::Token::key) {
    const std::string_view name = reader.raw();
    const bool escaped = reader.escaped();
    size_t i = 0;
    while (i < count && !(escaped ? json::equals(name, names[i]) : name == names[i])) ++i;
    const auto value = reader.skip_value();
    if (!value) return reading.bad_json(reader.error());
    if (i < count) values[i] = *value;
    else on_other(name, *value);
  }
  return token == json::Token::end_object || reading.bad_json(reader.error());
}

// The same for the object `text`, which has been read over before; what nobody asks for is lost below `path`.
template <size_t count>
Values<count> members_of(std::string_view text, const std::array<std::string_view, count>& names, Reading& reading,
                         std::string_view path) {
  Values<count> values{};
  json::Reader reader(text);
  const auto lose = [&](std::string_view name, std::string_view value) { reading.lose(path, name, value); };
  if (reader.next() == json::Token::begin_object) read_members(reader, names, values, reading, lose);
  return values;
}

// Appends the blocks of the array whose begin_array `reader` has just given, to its end. False when
// something was wrong.
bool read_blocks(json::Reader& reader, const Place& place, Reading& reading, std::vector<canonical::Block>& out);

// The blocks from `begin` on, moved into the arena.
canonical::Blocks take_blocks(std::vector<canonical::Block>& blocks, size_t begin, Arena& arena);

// `value` where it is a cache_control (an object), otherwise nothing.
inline std::string_view cache_control_of(std::string_view value) {
  return !value.empty() && value.front() == '{' ? value : std::string_view();
}

// Appends the tool whose begin_object `reader` has just given, as a function or as one that the provider runs, and
// reads it to its end; nothing is appended where it can be neither, and the loss is noted (translation.md sections 4
// and 7).
bool read_tool(json::Reader& reader, const Place& place, Reading& reading, std::vector<canonical::Tool>& out,
               std::vector<canonical::ServerTool>& server_tools);

// Appends what the texts inside the JSON value `text` say, a line each: titles, addresses, queries,
// output. Neither what only its provider can read nor binary data.
void append_texts_of(std::string_view text, std::string& out);

}  // namespace signalbox::dialects::anthropic
