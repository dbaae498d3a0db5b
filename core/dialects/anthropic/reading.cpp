#include "dialects/anthropic/reading.h"

#include <algorithm>

#include "base/text.h"
#include "json/walk.h"

namespace signalbox::dialects::anthropic {
namespace {

// "messages.3.content.0.text"
std::string path_of(const Place& place) {
  std::vector<const Place*> chain;
  for (const Place* p = &place; p; p = p->outer) chain.push_back(p);
  std::string path;
  for (auto p = chain.rbegin(); p != chain.rend(); ++p) {
    if (!path.empty()) path += '.';
    if ((*p)->member.empty()) {
      base::append_decimal(path, (*p)->index);
    } else {
      path += (*p)->member;
    }
  }
  return path;
}

}  // namespace

bool Reading::wrong(const Place& place, std::string_view wanted, std::string_view value) {
  if (failed()) return false;
  if (value.empty()) return missing(path_of(place));
  return dialects::Reading::wrong(path_of(place), wanted, value);
}

bool Reading::wrong_at(const Place& place, std::string_view wanted, size_t offset) {
  return !failed() && dialects::Reading::wrong(path_of(place), wanted, from(offset));
}

bool Reading::need_string(std::string_view value, const Place& place, json::Escaped& out) {
  if (value.empty() || value.front() != '"') return wrong(place, "a string", value);
  out = json::escaped(value);
  return true;
}

bool Reading::take_string(std::string_view value, const Place& place, json::Escaped& out) {
  return is_absent(value) || need_string(value, place, out);
}

canonical::Blocks take_blocks(std::vector<canonical::Block>& blocks, size_t begin, Arena& arena) {
  const std::span<canonical::Block> kept = arena.array<canonical::Block>(blocks.size() - begin);
  std::copy(blocks.begin() + std::ptrdiff_t(begin), blocks.end(), kept.begin());
  blocks.resize(begin);
  return {kept.data(), kept.size()};
}

void append_texts_of(std::string_view text, std::string& out) {
  // `data` is one of them only where the object says before that it is text.
  constexpr std::string_view telling[] = {"title",  "url",    "query",   "command",    "code",      "text",
                                          "stdout", "stderr", "content", "error_code", "tool_name", "file_id"};
  json::Reader reader(text);
  std::string_view key;
  bool text_source = false;
  for (json::Token token = reader.next(); token != json::Token::end && token != json::Token::error;
       token = reader.next()) {
    if (token == json::Token::key) key = reader.raw();
    if (token != json::Token::string) continue;
    const std::string_view inside = reader.raw();
    if (key == "type") text_source = inside == "text";
    const bool tells = std::find(std::begin(telling), std::end(telling), key) != std::end(telling);
    if (inside.empty() || !(tells || (text_source && key == "data"))) continue;
    if (!out.empty()) out += "\\n";
    out += inside;
  }
}

}  // namespace signalbox::dialects::anthropic
