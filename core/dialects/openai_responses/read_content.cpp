// Content of Responses items: a string, or parts, in messages and in what tools gave out.
#include "dialects/openai_responses/reading.h"
#include "json/walk.h"

namespace signalbox::dialects::openai_responses {
namespace {

using json::Token;

// The members of a part that mean something, raw.
struct RawPart {
  std::string_view begin;
  std::string_view type;
  std::string_view text;
  std::string_view refusal;
  std::string_view image_url;
  std::string_view detail;
  std::string_view file_data;
  std::string_view file_url;
  std::string_view file_id;
  std::string_view filename;
  std::string_view stdout_text;
  std::string_view stderr_text;
  std::string_view annotations;
};

std::string_view* slot_of(RawPart& raw, std::string_view key) {
  struct Slot {
    std::string_view name;
    std::string_view RawPart::* member;
  };
  static constexpr Slot slots[] = {
      {"type", &RawPart::type},           {"text", &RawPart::text},          {"refusal", &RawPart::refusal},
      {"image_url", &RawPart::image_url}, {"detail", &RawPart::detail},      {"file_data", &RawPart::file_data},
      {"file_url", &RawPart::file_url},   {"file_id", &RawPart::file_id},    {"filename", &RawPart::filename},
      {"stdout", &RawPart::stdout_text},  {"stderr", &RawPart::stderr_text}, {"annotations", &RawPart::annotations}};
  for (const Slot& slot : slots)
    if (slot.name == key) return &(raw.*slot.member);
  return nullptr;
}

bool add_text(std::string_view member, std::string_view text, const RawPart& raw, Reading& reading,
              std::vector<Block>& out) {
  if (!is_text(text)) return reading.wrong(member, "a string", raw.begin);
  out.push_back({canonical::Text{json::escaped(text)}, {}});
  return true;
}

bool add_image(const RawPart& raw, Reading& reading, std::vector<Block>& out) {
  Escaped address, id, detail;
  reading.take_text("content.image_url", raw.image_url, address);
  reading.take_text("content.file_id", raw.file_id, id);
  reading.take_text("content.detail", raw.detail, detail);
  if (address.empty() && id.empty())
    return reading.wrong("content.image_url", "a string, or there must be a \"file_id\"", raw.begin);
  if (json::equals(detail, "auto")) detail = {};  // what holds without it
  out.push_back(
      {address.empty() ? canonical::Image{canonical::Source::file, {}, id, detail} : openai::image_of(address, detail),
       {}});
  return true;
}

bool add_file(const RawPart& raw, Reading& reading, std::vector<Block>& out) {
  openai::FileMembers file;
  reading.take_text("content.file_data", raw.file_data, file.data);
  reading.take_text("content.file_url", raw.file_url, file.address);
  reading.take_text("content.file_id", raw.file_id, file.id);
  reading.take_text("content.filename", raw.filename, file.name);
  const auto document = openai::document_of(file);
  if (!document) return reading.wrong("content", "files with \"file_data\", \"file_url\" or \"file_id\"", raw.begin);
  if (!json::equals(json::escaped(raw.detail), "auto")) reading.lose("messages.document", "detail", raw.detail);
  out.push_back({*document, {}});
  return true;
}

bool add_part(const RawPart& raw, Reading& reading, std::vector<Block>& out) {
  const Escaped type = json::escaped(raw.type);
  const auto is = [type](std::string_view name) { return json::equals(type, name); };
  if (is("input_text") || is("output_text") || is("reasoning_text") || is("text")) {
    reading.lose("messages", "annotations", raw.annotations);
    return add_text("content.text", raw.text, raw, reading, out);
  }
  if (is("refusal")) return add_text("content.refusal", raw.refusal, raw, reading, out);
  if (is("input_image")) return add_image(raw, reading, out);
  if (is("input_file")) return add_file(raw, reading, out);
  if (is_text(raw.stdout_text) || is_text(raw.stderr_text)) {  // what a shell gave out has parts without a type
    for (const std::string_view text : {raw.stdout_text, raw.stderr_text})
      if (is_text(text) && !add_text("output", text, raw, reading, out)) return false;
    return true;
  }
  if (!is_text(raw.type)) return reading.wrong("content.type", "a string", raw.begin);
  reading.losses().add("messages", reading.plain(type));
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
    if (is_object(*value)) {  // a screenshot
      reading.losses().add("messages.output");
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
      const auto value = reader.skip_value();
      if (!value) return reading.bad_json(reader.error());
      if (std::string_view* const slot = slot_of(raw, key)) *slot = *value;
      else reading.lose("messages", key, *value);
    }
    if (token == Token::error) return reading.bad_json(reader.error());
    raw.begin = reading.from(begin);
    if (!add_part(raw, reading, out) || reading.failed()) return false;
  }
  if (token == Token::error) return reading.bad_json(reader.error());
  return token == Token::end_array || reading.wrong("content", "a list of parts", reading.from(reader.offset()));
}

}  // namespace signalbox::dialects::openai_responses
