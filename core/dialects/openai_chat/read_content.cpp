// Content of Chat messages: a string, or parts.
#include "dialects/openai_chat/reading.h"
#include "json/walk.h"

namespace signalbox::dialects::openai_chat {
namespace {

using json::Token;

// The members of a part that mean something, raw.
struct RawPart {
  std::string_view begin;
  std::string_view type;
  std::string_view text;
  std::string_view refusal;
  std::string_view image;
  std::string_view file;
  std::string_view cache_control;
};

bool add_image(const RawPart& raw, Reading& reading, Block& block, std::vector<Block>& out) {
  Escaped url = json::escaped(raw.image), detail;  // some clients give the address itself
  if (is_object(raw.image)) {
    json::each_member(raw.image, [&](std::string_view key, std::string_view value) {
      if (key == "url") reading.take_text("image_url.url", value, url);
      else if (key == "detail") reading.take_text("image_url.detail", value, detail);
      else reading.lose("messages.image_url", key, value);
    });
  }
  if (url.empty()) return reading.wrong("image_url", "an object with a \"url\"", raw.begin);
  if (json::equals(detail, "auto")) detail = {};  // what holds without it
  block.what = openai::image_of(url, detail);
  out.push_back(block);
  return true;
}

bool add_file(const RawPart& raw, Reading& reading, Block& block, std::vector<Block>& out) {
  openai::FileMembers file;
  json::each_member(raw.file, [&](std::string_view key, std::string_view value) {
    if (key == "file_data") reading.take_text("file.file_data", value, file.data);
    else if (key == "filename") reading.take_text("file.filename", value, file.name);
    else if (key == "file_id") reading.take_text("file.file_id", value, file.id);
    else reading.lose("messages.file", key, value);
  });
  const auto document = openai::document_of(file);
  if (!document) return reading.wrong("file", "an object with \"file_data\" or \"file_id\"", raw.begin);
  block.what = *document;
  out.push_back(block);
  return true;
}

bool add_part(const RawPart& raw, Reading& reading, std::vector<Block>& out) {
  Block block;
  if (is_object(raw.cache_control)) block.cache_control = raw.cache_control;
  const Escaped type = json::escaped(raw.type);
  if (json::equals(type, "image_url")) return add_image(raw, reading, block, out);
  if (json::equals(type, "file")) return add_file(raw, reading, block, out);
  const bool refused = json::equals(type, "refusal");
  if (!refused && !json::equals(type, "text")) {
    if (!is_text(raw.type)) return reading.wrong("content.type", "a string", raw.begin);
    reading.losses().add("messages", reading.plain(type));
    return true;
  }
  const std::string_view text = refused ? raw.refusal : raw.text;
  if (!is_text(text)) return reading.wrong(refused ? "content.refusal" : "content.text", "a string", raw.begin);
  block.what = canonical::Text{json::escaped(text)};
  out.push_back(block);
  return true;
}

}  // namespace

bool read_content(json::Reader& reader, Reading& reading, std::vector<Block>& out) {
  // A string or null is one step; only a list is read as it comes.
  json::Reader ahead = reader;
  if (ahead.next() != Token::begin_array) {
    const auto value = reader.skip_value();
    if (!value) return reading.bad_json(reader.error());
    if (is_text(*value)) {
      out.push_back({canonical::Text{json::escaped(*value)}, {}});
      return true;
    }
    return !is_said(*value) || reading.wrong("content", "a string or a list of parts", *value);
  }
  reader = ahead;
  Token token;
  while ((token = reader.next()) == Token::begin_object) {
    if (!reading.may_have_block()) return false;
    RawPart raw;
    const size_t begin = reader.offset();
    while ((token = reader.next()) == Token::key) {
      const std::string_view key = reading.plain({reader.raw()});
      std::string_view other;
      std::string_view& slot = key == "type"            ? raw.type
                               : key == "text"          ? raw.text
                               : key == "image_url"     ? raw.image
                               : key == "file"          ? raw.file
                               : key == "refusal"       ? raw.refusal
                               : key == "cache_control" ? raw.cache_control
                                                        : other;
      const auto value = reader.skip_value();
      if (!value) return reading.bad_json(reader.error());
      slot = *value;
      reading.lose("messages", key, other);
    }
    if (token == Token::error) return reading.bad_json(reader.error());
    raw.begin = reading.from(begin);
    if (!add_part(raw, reading, out) || reading.failed()) return false;
  }
  if (token == Token::error) return reading.bad_json(reader.error());
  return token == Token::end_array || reading.wrong("content", "a list of parts", reading.from(reader.offset()));
}

}  // namespace signalbox::dialects::openai_chat
