// Content of Chat messages: a string, or parts; and the arguments of calls.
#include "dialects/openai_chat/reading.h"
#include "json/walk.h"

namespace signalbox::dialects::openai_chat {
namespace {

using canonical::Document;
using canonical::Image;
using canonical::Source;
using json::Token;

// A data: URI taken apart. Not one, or one that is not in base64: an address like any other.
struct DataUri {
  Source source = Source::url;
  Escaped media_type;
  Escaped data;
};

DataUri take_apart(Escaped address) {
  constexpr std::string_view scheme = "data:", coding = ";base64";
  // Media types are short. A longer head is none, and is not searched for its end.
  constexpr size_t head_bytes_max = 256;
  const std::string_view text = address.inside;
  if (text.substr(0, scheme.size()) != scheme) return {Source::url, {}, address};
  const std::string_view start = text.substr(0, head_bytes_max);
  const size_t comma = start.find(',');
  if (comma == start.npos) return {Source::url, {}, address};
  std::string_view head = text.substr(scheme.size(), comma - scheme.size());
  if (head.size() < coding.size() || head.substr(head.size() - coding.size()) != coding) {
    return {Source::url, {}, address};
  }
  head = head.substr(0, head.find(';'));
  return {Source::base64, {head}, {text.substr(comma + 1)}};
}

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

bool add_image(const RawPart& raw, Reading& reading, Block block, std::vector<Block>& out) {
  Escaped url = json::escaped(raw.image), detail;  // some clients give the address itself
  if (is_object(raw.image)) {
    json::each_member(raw.image, [&](std::string_view key, std::string_view value) {
      if (key == "url") reading.take_text("image_url.url", value, url);
      else if (key == "detail") reading.take_text("image_url.detail", value, detail);
    });
  }
  if (url.empty()) return reading.wrong("image_url", "an object with a \"url\"", raw.begin);
  const DataUri uri = take_apart(url);
  block.what = Image{uri.source, uri.media_type, uri.data, detail};
  out.push_back(block);
  return true;
}

bool add_file(const RawPart& raw, Reading& reading, Block block, std::vector<Block>& out) {
  Escaped data, name, id;
  json::each_member(raw.file, [&](std::string_view key, std::string_view value) {
    if (key == "file_data") reading.take_text("file.file_data", value, data);
    else if (key == "filename") reading.take_text("file.filename", value, name);
    else if (key == "file_id") reading.take_text("file.file_id", value, id);
  });
  Document document;
  document.title = name;
  if (!data.empty()) {
    const DataUri uri = take_apart(data);
    document.source = uri.source;
    document.media_type = uri.media_type;
    document.data = uri.data;
  } else if (!id.empty()) {
    document.source = Source::file;
    document.data = id;
  } else {
    return reading.wrong("file", "an object with \"file_data\" or \"file_id\"", raw.begin);
  }
  block.what = document;
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
      std::string_view ignored;
      std::string_view& slot = key == "type"            ? raw.type
                               : key == "text"          ? raw.text
                               : key == "image_url"     ? raw.image
                               : key == "file"          ? raw.file
                               : key == "refusal"       ? raw.refusal
                               : key == "cache_control" ? raw.cache_control
                                                        : ignored;
      const auto value = reader.skip_value();
      if (!value) return reading.bad_json(reader.error());
      slot = *value;
    }
    if (token == Token::error) return reading.bad_json(reader.error());
    raw.begin = reading.from(begin);
    if (!add_part(raw, reading, out) || reading.failed()) return false;
  }
  if (token == Token::error) return reading.bad_json(reader.error());
  return token == Token::end_array || reading.wrong("content", "a list of parts", reading.from(reader.offset()));
}

std::string_view read_arguments(std::string_view arguments, Reading& reading) {
  if (is_object(arguments)) return arguments;
  Escaped inside = json::escaped(arguments);
  if (is_text(arguments) || !is_said(arguments)) {
    if (json::is_blank(inside)) return "{}";
    for (int decoded = 0; decoded < 2; ++decoded) {
      const std::string_view text = reading.plain(inside);
      if (json::is_whole_object(text)) return text;
      json::Reader reader(text);
      const auto value = reader.skip_value();
      if (!value || !is_text(*value) || reader.next() != Token::end) break;
      inside = json::escaped(*value);
    }
  }
  reading.losses().add("messages.tool_calls.arguments");
  return reading.arena().concat({"{\"arguments\":", arguments, "}"});
}

}  // namespace signalbox::dialects::openai_chat
