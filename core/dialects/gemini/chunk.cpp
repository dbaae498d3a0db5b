// One pass over the text. Whatever is not asked for is skipped, and checked on the way; what has not the type
// that it should have is not there.
#include "dialects/gemini/chunk.h"

#include <utility>

#include "json/reader.h"
#include "json/walk.h"
#include "json/walk_through.h"

namespace signalbox::dialects::gemini {
namespace {

using json::each_element_of;
using json::each_member_of;
using json::Reader;
using json::Token;

std::string_view container(std::string_view value, char bracket) {
  return value.front() == bracket ? value : std::string_view();
}

// Whether the value says anything: not null, false, "", [] or {}.
bool says_something(std::string_view value) { return value.size() > 2 && value != "null" && value != "false"; }

bool read_call(Reader& reader, Part& part) {
  Reader ahead = reader;
  part.is_call = ahead.next() == Token::begin_object;
  return each_member_of(reader, [&](std::string_view key) {
    const auto value = reader.skip_value();
    if (!value) return false;
    if (key == "id") part.call_id = json::escaped(*value);
    else if (key == "name") part.call_name = json::escaped(*value);
    else if (key == "args") part.args = *value == "null" ? std::string_view() : *value;
    else if (key == "partialArgs") part.in_pieces = part.in_pieces || says_something(*value);
    else if (key == "willContinue") part.in_pieces = part.in_pieces || *value == "true";
    return true;
  });
}

// Members of parts that tell how a medium is to be understood, and nothing else.
bool is_remark(std::string_view key) {
  return key == "partMetadata" || key == "videoMetadata" || key == "mediaResolution" || key == "mediaProcessing" ||
         key == "speechMetadata";
}

bool read_part(Reader& reader, Part& part) {
  return each_member_of(reader, [&](std::string_view key) {
    if (key == "functionCall") return read_call(reader, part);
    const auto value = reader.skip_value();
    if (!value) return false;
    if (key == "text") part.text = json::escaped(*value);
    else if (key == "thought") part.thought = *value == "true";
    else if (key == "thoughtSignature") part.signature = json::escaped(*value);
    else if (!is_remark(key) && says_something(*value)) part.unknown = key;
    return true;
  });
}

bool read_parts(Reader& reader, Chunk& chunk) {
  return each_element_of(reader, [&] {
    if (chunk.parts.size() == parts_max) {
      chunk.too_many_parts = true;
      return reader.skip_value().has_value();
    }
    chunk.parts.emplace_back();
    return read_part(reader, chunk.parts.back());
  });
}

bool read_content(Reader& reader, Chunk& chunk) {
  return each_member_of(reader, [&](std::string_view key) {
    return key == "parts" ? read_parts(reader, chunk) : reader.skip_value().has_value();
  });
}

bool read_candidate(Reader& reader, Chunk& chunk) {
  int64_t index = 0;
  Reader ahead = reader;
  const bool is_object = ahead.next() == Token::begin_object;
  const bool read = each_member_of(reader, [&](std::string_view key) {
    if (key == "content") return read_content(reader, chunk);
    const auto value = reader.skip_value();
    if (!value) return false;
    if (key == "index") index = json::to_int64(*value).value_or(0);
    else if (key == "finishReason") chunk.finish_reason = json::escaped(*value);
    else if (key == "groundingMetadata") chunk.grounding = container(*value, '{');
    else if ((key == "citationMetadata" || key == "urlContextMetadata" || key == "logprobsResult") &&
             says_something(*value))
      chunk.unknown = key;
    return true;
  });
  chunk.candidate = is_object && index == 0;
  if (index == 0) return read;
  chunk.others = true;
  chunk.parts.clear();
  chunk.too_many_parts = false;
  chunk.finish_reason = {};
  chunk.grounding = chunk.unknown = {};
  return read;
}

bool read_candidates(Reader& reader, Chunk& chunk) {
  return each_element_of(reader, [&] {
    if (!chunk.candidate) return read_candidate(reader, chunk);
    chunk.others = true;
    return reader.skip_value().has_value();
  });
}

bool read_members(Reader& reader, std::string_view text, Chunk& chunk) {
  const bool read = each_member_of(reader, [&](std::string_view key) {
    if (key == "candidates") return read_candidates(reader, chunk);
    const auto value = reader.skip_value();
    if (!value) return false;
    if (key == "responseId") chunk.id = json::escaped(*value);
    else if (key == "usageMetadata") chunk.usage = container(*value, '{');
    else if (key == "promptFeedback") chunk.block_reason = json::escaped(json::member(*value, "blockReason"));
    else if (key == "error" && says_something(*value)) chunk.error = text;
    return true;
  });
  return read && reader.next() == Token::end;
}

}  // namespace

void Chunk::clear() {
  std::vector<Part> memory = std::move(parts);
  memory.clear();
  *this = {};
  parts = std::move(memory);
}

ChunkRead read_chunk(std::string_view text, Chunk& chunk) {
  chunk.clear();
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos || text[begin] != '{') return ChunkRead::no_object;
  Reader reader(text);
  if (read_members(reader, text, chunk)) return ChunkRead::whole;
  // An escape that was cut is found to be wrong where it begins.
  constexpr size_t escape_bytes = 6;
  return text.size() - reader.error().offset < escape_bytes ? ChunkRead::cut : ChunkRead::no_object;
}

namespace {

// Remembers `text`, which says what stands in `chunk`, where that is one text of the answer and counts behind it.
void remember(std::string_view text, const Chunk& chunk, json::SameShape& shape) {
  shape.forget();
  if (!chunk.candidate || chunk.others || chunk.parts.size() != 1 || !chunk.finish_reason.empty()) return;
  if (!chunk.grounding.empty() || !chunk.unknown.empty() || !chunk.block_reason.empty() || !chunk.error.empty()) return;
  const Part& part = chunk.parts.front();
  if (part.text.empty() || part.thought || part.is_call || !part.signature.empty() || !part.unknown.empty()) return;
  std::string_view slots[json::SameShape::slots_max] = {part.text.inside};
  size_t count = 1;
  if (!chunk.usage.empty()) {
    if (chunk.usage.data() < part.text.inside.data()) return;
    Reader counts(chunk.usage);
    for (Token token = counts.next(); token != Token::end && token != Token::error; token = counts.next()) {
      if (token != Token::number) continue;
      if (count == json::SameShape::slots_max) return;
      slots[count++] = counts.raw();
    }
  }
  shape.remember(text, {slots, count}, chunk.usage);
}

}  // namespace

ChunkRead read_chunk(std::string_view text, json::SameShape& shape, Chunk& chunk) {
  if (shape.matches(text)) {
    chunk.clear();
    chunk.candidate = chunk.as_before = true;
    chunk.parts.emplace_back();
    chunk.parts.front().text = {shape.slot(0)};
    chunk.usage = shape.noted();
    return ChunkRead::whole;
  }
  const ChunkRead read = read_chunk(text, chunk);
  if (read == ChunkRead::whole) remember(text, chunk, shape);
  return read;
}

}  // namespace signalbox::dialects::gemini
