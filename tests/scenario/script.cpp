#include "script.h"

#include "json/reader.h"
#include "json/writer.h"

namespace signalbox::scenario {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decode_hex(std::string_view text) {
  if (text.size() % 2) return std::nullopt;
  std::string out;
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += char(high * 16 + low);
  }
  return out;
}

// Takes the next word or JSON value off `rest`. False with a reason when it is malformed.
bool take_part(std::string_view& rest, Statement& statement, std::string& why) {
  const char first = rest.front();
  if (first == '"' || first == '{' || first == '[') {
    json::Reader reader(rest);
    const auto value = reader.skip_value();
    if (!value) {
      why = "not a JSON value: " + std::string(reader.error().what);
      return false;
    }
    std::string bytes(*value);
    if (first == '"') {
      bytes.clear();
      json::unescape(value->substr(1, value->size() - 2), bytes);
    }
    statement.inline_bytes = std::move(bytes);
    rest.remove_prefix(size_t(value->data() - rest.data()) + value->size());
    return true;
  }
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(word.size());
  if (word.substr(0, 4) == "hex:") {
    statement.inline_bytes = decode_hex(word.substr(4));
    if (!statement.inline_bytes) why = "not hexadecimal";
    return why.empty();
  }
  statement.words.emplace_back(word);
  return true;
}

bool read_statement(std::string_view text, Statement& statement, std::string& why) {
  std::string_view rest = text;
  while (true) {
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    if (rest.empty()) break;
    if (!take_part(rest, statement, why)) return false;
  }
  if (statement.words.empty()) why = "nothing stands behind the mark";
  return why.empty();
}

}  // namespace

bool Statement::has(std::string_view flag) const {
  for (const std::string& w : words)
    if (w == flag) return true;
  return false;
}

std::string_view Statement::option(std::string_view name) const {
  for (size_t i = 0; i + 1 < words.size(); ++i)
    if (words[i] == name) return words[i + 1];
  return {};
}

std::string Statement::bytes() const {
  std::string one;
  if (inline_bytes) {
    one = *inline_bytes;
  } else {
    for (const std::string& text : block) one += text + "\n";
  }
  const int64_t times = parse_integer(option("times")).value_or(1);
  std::string all;
  all.reserve(one.size() * size_t(times));
  for (int64_t i = 0; i < times; ++i) all += one;
  return all;
}

std::vector<Field> Statement::fields() const {
  std::vector<Field> fields;
  for (const std::string& text : block) {
    Field field;
    if (!text.empty() && text.front() == '!') {
      field.absent = true;
      field.name = text.substr(1);
    } else {
      const size_t colon = text.find(':');
      field.name = text.substr(0, colon);
      if (colon != text.npos)
        field.value = text.substr(
            text.find_first_not_of(' ', colon + 1) == text.npos ? text.size() : text.find_first_not_of(' ', colon + 1));
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

Script read_script(std::string_view text) {
  Script script;
  size_t at = 0, number = 0;
  while (at < text.size()) {
    ++number;
    const size_t begin = at;
    size_t end = text.find('\n', at);
    if (end == text.npos) end = text.size();
    std::string_view line = text.substr(begin, end - begin);
    at = end + 1;
    if (line.empty() || line.front() == '#') continue;
    const char sigil = line.front();
    // One blank after the mark belongs to the mark; every further one to the text.
    if (line.size() > 1 && line[1] != ' ') {
      script.error = std::to_string(number) + ": a mark (> < . : | #) and one blank begin a line";
      return script;
    }
    line.remove_prefix(line.size() > 1 ? 2 : 1);
    const size_t text_end = at < text.size() ? at : text.size();
    Statement* last = script.statements.empty() ? nullptr : &script.statements.back();
    if (sigil == '|') {
      std::string& config = last ? last->config : script.config;
      config.append(line);
      config += '\n';
      if (last) last->text_end = text_end;
    } else if (sigil == ':' && last) {
      last->block.emplace_back(line);
      last->text_end = text_end;
    } else if (sigil == '>' || sigil == '<' || sigil == '.') {
      Statement statement;
      statement.line = number;
      statement.sigil = sigil;
      statement.text_begin = begin;
      statement.text_end = text_end;
      std::string why;
      if (!read_statement(line, statement, why)) {
        script.error = std::to_string(number) + ": " + why;
        return script;
      }
      script.statements.push_back(std::move(statement));
    } else {
      script.error = std::to_string(number) + ": a line begins with one of > < . : | #";
      return script;
    }
  }
  if (script.statements.empty()) script.error = "1: there is no statement";
  return script;
}

std::optional<int64_t> parse_integer(std::string_view text) { return json::to_int64(text); }

std::optional<int64_t> parse_duration(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  int64_t unit = 1;
  if (text.size() > 2 && text.substr(text.size() - 2) == "ms") {
    text.remove_suffix(2);
  } else if (text.size() > 1 && text.back() == 's') {
    text.remove_suffix(1);
    unit = 1000;
  } else {
    return std::nullopt;
  }
  const auto count = parse_integer(text);
  if (!count) return std::nullopt;
  return *count * unit;
}

std::string write_duration(int64_t ms) {
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + "s" : std::to_string(ms) + "ms";
}

std::string write_bytes(std::string_view bytes) {
  // JSON on one line reads best as it stands.
  if (!bytes.empty() && (bytes.front() == '{' || bytes.front() == '[') && bytes.find('\n') == bytes.npos) {
    json::Reader reader(bytes);
    const auto value = reader.skip_value();
    if (value && value->size() == bytes.size()) return std::string(bytes);
  }
  // What a JSON string cannot spell is told by a round trip.
  std::string text, back;
  json::escape(bytes, text);
  json::unescape(text, back);
  if (back == bytes) return "\"" + text + "\"";
  std::string hex = "hex:";
  for (const char c : bytes) {
    hex += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    hex += "0123456789abcdef"[c & 15];
  }
  return hex;
}

}  // namespace signalbox::scenario
