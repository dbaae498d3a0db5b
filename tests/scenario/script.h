// A scenario's text, read into statements. The format is described in tests/scenarios/README.md and is
// kept so simple that a player in another language reads it with a few lines.
//
// Rules: one statement a line, its block in the `:` or `|` lines behind it; bytes are JSON; nothing in
// here knows what a statement means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::scenario {

// One line of `name: value`, or `!name` for what must be absent.
struct Field {
  std::string name;
  std::string value;
  bool absent = false;
};

struct Statement {
  size_t line = 0;  // counted from 1
  char sigil = 0;   // '>', '<' or '.'
  std::vector<std::string> words;
  std::optional<std::string> inline_bytes;  // from a JSON value or hex: on the line itself
  std::vector<std::string> block;           // the `:` lines, without "`: `"
  std::string config;                       // the `|` lines, joined by newlines
  size_t text_begin = 0, text_end = 0;      // the statement with its block, in the file

  std::string_view word(size_t i) const { return i < words.size() ? std::string_view(words[i]) : std::string_view(); }
  bool has(std::string_view flag) const;
  // The word behind `name`, as in "announce 100"; empty when there is none.
  std::string_view option(std::string_view name) const;
  // The bytes of this statement: those on the line, else the block, a newline behind each line.
  std::string bytes() const;
  bool has_bytes() const { return inline_bytes.has_value() || !block.empty(); }
  std::vector<Field> fields() const;
};

struct Script {
  std::string config;  // the `|` lines before the first statement
  std::vector<Statement> statements;
  std::string error;  // "12: what is wrong"; empty when the text is a scenario
};

// Reads a whole file. The text must outlive nothing: everything is copied.
Script read_script(std::string_view text);

// "1500ms", "+2s" in milliseconds.
std::optional<int64_t> parse_duration(std::string_view text);
std::string write_duration(int64_t ms);

std::optional<int64_t> parse_integer(std::string_view text);

// `bytes` as they are written in a scenario: JSON as it stands where it is one value on one line, else a
// JSON string, else hex:.
std::string write_bytes(std::string_view bytes);

}  // namespace signalbox::scenario
