#include "dialects/anthropic/members.h"

#include <string>

#include "json/escaped.h"
#include "json/reader.h"

namespace signalbox::dialects::anthropic {
namespace {

using json::Token;

// Where the value of the member called `key` goes; null for one nobody reads.
std::string_view* slot_of(Members& members, std::string_view key) {
  switch (key.size()) {
    case 2: return key == "id" ? &members.id : nullptr;
    case 4:
      if (key == "type") return &members.type;
      if (key == "text") return &members.text;
      if (key == "name") return &members.name;
      return key == "data" ? &members.data : nullptr;
    case 5:
      if (key == "index") return &members.index;
      if (key == "usage") return &members.usage;
      if (key == "input") return &members.input;
      return key == "error" ? &members.error : nullptr;
    case 7:
      if (key == "message") return &members.message;
      return key == "content" ? &members.content : nullptr;
    case 8: return key == "thinking" ? &members.thinking : nullptr;
    case 9:
      if (key == "signature") return &members.signature;
      return key == "citations" ? &members.citations : nullptr;
    case 11: return key == "stop_reason" ? &members.stop_reason : nullptr;
    case 12:
      if (key == "stop_details") return &members.stop_details;
      return key == "partial_json" ? &members.partial_json : nullptr;
    case 13:
      if (key == "stop_sequence") return &members.stop_sequence;
      return key == "content_block" ? &members.content_block : nullptr;
    default: return nullptr;
  }
}

// Reads the members of the object that `reader` has just begun; what follows "delta" goes into `delta`,
// where that is asked for, in the same pass.
bool read_members(json::Reader& reader, Members& members, Members* delta) {
  std::string spelt;
  while (reader.next() == Token::key) {
    std::string_view key = reader.raw();
    if (reader.escaped()) {
      spelt.clear();
      json::unescape(key, spelt);
      key = spelt;
    }
    if (delta && key == "delta") {
      const Token token = reader.next();
      if (token == Token::begin_object) {
        if (!read_members(reader, *delta, nullptr)) return false;
        continue;
      }
      if (token == Token::null_) continue;
      return false;
    }
    std::string_view* slot = slot_of(members, key);
    const auto value = reader.skip_value();
    if (!value) return false;
    if (slot) *slot = *value;
  }
  return reader.current() == Token::end_object;
}

}  // namespace

bool read_members(std::string_view text, Members& members, Members* delta) {
  json::Reader reader(text);
  return reader.next() == Token::begin_object && read_members(reader, members, delta) && reader.next() == Token::end;
}

bool is_word(std::string_view value, std::string_view word) { return json::equals(json::string_inside(value), word); }

bool holds_something(std::string_view value) {
  if (value.empty() || value == "null") return false;
  json::Reader reader(value);
  reader.next();
  const Token token = reader.next();
  return token != Token::end_array && token != Token::end_object;
}

}  // namespace signalbox::dialects::anthropic
