// A generateContent body as a canonical request (translation.md section 15, "G -> A/C/R"). One pass; what is not
// JSON is bad_json, a needed member of a wrong type bad_request, with its place. The model and whether the answer
// is streamed stand in the path, so the caller knows them.
#include "dialects/canonical/normal_form.h"
#include "dialects/gemini/gemini.h"
#include "dialects/gemini/reading.h"
#include "json/walk.h"

namespace signalbox::dialects::gemini {
namespace {

using canonical::Request;
using json::Token;

void add_system_part(std::string_view part, Reading& reading, std::vector<Block>& out) {
  if (is_text(part)) {
    out.push_back({canonical::Text{json::escaped(part)}, {}});
    return;
  }
  const std::string_view text = json::member(part, "text");
  if (!is_text(text)) {
    reading.losses().add("system.block");
  } else if (text.size() > 2) {
    out.push_back({canonical::Text{json::escaped(text)}, {}});
  }
}

// "systemInstruction": a text, a part, a list of parts or an object with such a list.
void read_system(std::string_view value, Reading& reading, std::vector<Block>& out) {
  if (!is_said(value)) return;
  const auto add = [&](std::string_view part) {
    if (reading.may_have_block()) add_system_part(part, reading, out);
  };
  const std::string_view parts = is_object(value) ? json::member(value, "parts") : value;
  if (is_list(parts)) {
    json::each_element(parts, add);
  } else if (is_object(parts) || is_text(value)) {
    add(parts);
  } else if (is_object(value)) {
    if (!json::member(value, "text").empty()) add(value);
  } else {
    reading.wrong("systemInstruction", "an object with \"parts\"", value);
  }
}

class BodyReader {
 public:
  explicit BodyReader(Reading& reading) : reading_(reading) {}

  bool read(json::Reader& reader) {
    const Token token = reader.next();
    if (token == Token::error) return reading_.bad_json(reader.error());
    if (token != Token::begin_object) return reading_.wrong("the body", "an object", reading_.from(reader.offset()));
    if (!read_members(reader)) return false;
    if (reader.next() != Token::end) return reading_.bad_json(reader.error());
    if (!contents_seen_) return reading_.missing("contents");
    return true;
  }

  Request finish() {
    read_choice(raw_choice_, reading_, tools_, request_.tool_choice);
    request_.tools = reading_.keep(tools_);
    request_.server_tools = reading_.keep(server_tools_);
    request_.stop = reading_.keep(stop_);
    request_.system = reading_.keep_blocks(system_);
    request_.messages = canonical::in_normal_form(reading_.keep(messages_), reading_.arena(), reading_.losses());
    return request_;
  }

 private:
  bool read_members(json::Reader& reader) {
    Token token;
    while ((token = reader.next()) == Token::key) {
      const std::string_view key = reading_.plain({reader.raw()});
      if (names(key, "contents")) {
        contents_seen_ = true;
        messages_.clear();
        if (!read_contents(reader, reading_, messages_)) return false;
        continue;
      }
      if (names(key, "tools")) {
        tools_.clear();
        server_tools_.clear();
        if (!read_tools(reader, reading_, tools_, server_tools_)) return false;
        continue;
      }
      // What countTokens may be asked with; the same members again, and not a third time.
      if (names(key, "generateContentRequest") && reader.depth() == 1) {
        if (reader.next() != Token::begin_object) {
          if (reader.current() == Token::error) return reading_.bad_json(reader.error());
          return reading_.wrong(key, "an object", reading_.from(reader.offset()));
        }
        if (!read_members(reader)) return false;
        continue;
      }
      const auto value = reader.skip_value();
      if (!value) return reading_.bad_json(reader.error());
      take(key, *value);
      if (reading_.failed()) return false;
    }
    return token == Token::end_object || reading_.bad_json(reader.error());
  }

  void take(std::string_view key, std::string_view value) {
    if (names(key, "model")) return;  // routing's
    if (names(key, "toolConfig")) {
      raw_choice_ = value;
    } else if (names(key, "systemInstruction")) {
      system_.clear();
      read_system(value, reading_, system_);
    } else if (names(key, "generationConfig")) {
      read_generation(value, reading_, request_, stop_);
    } else if (names(key, "serviceTier")) {
      if (!is_word(value, "STANDARD") && !is_word(value, "UNSPECIFIED")) reading_.lose({}, key, value);
    } else {
      reading_.lose({}, key, value);
    }
  }

  Reading& reading_;
  Request request_;
  std::string_view raw_choice_;  // read when the tools are known
  std::vector<Block> system_;
  std::vector<canonical::Message> messages_;
  std::vector<canonical::Tool> tools_;
  std::vector<canonical::ServerTool> server_tools_;
  std::vector<Escaped> stop_;
  bool contents_seen_ = false;
};

}  // namespace

canonical::ReadResult read_request(std::string_view body, Arena& arena, canonical::Losses& losses) {
  return read_by<BodyReader>(body, arena, losses);
}

}  // namespace signalbox::dialects::gemini
