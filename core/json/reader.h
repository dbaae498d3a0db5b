// Reads one JSON text in a single forward pass, without a tree, a copy, an allocation or recursion.
//
// Strict where two readers could disagree about the text (RFC 8259, and RFC 3629 for its bytes):
//   refused   a BOM, NUL or another control character in a string, an unknown escape, a leading zero,
//             a trailing comma, overlong or surrogate UTF-8, anything but whitespace after the value,
//             nesting deeper than depth_max
//   carried   lone surrogate escapes (\ud800), 1e400, numbers of any length, duplicate keys: whoever
//             reads a fact decides about those
// Linear time on every input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace signalbox::json {

enum class Token : uint8_t {
  begin_object,
  end_object,
  begin_array,
  end_array,
  key,
  string,
  number,
  true_,
  false_,
  null_,
  end,
  error,
};

// Where and why a text was refused. `what` is static text.
struct Error {
  size_t offset = 0;
  std::string_view what;
};

// Containers within containers that a reader follows. Tool schemas, the deepest thing seen on the
// wire, stay below 40; upstreams refuse at 100 to 512.
inline constexpr size_t depth_default = 512;

// What the reader's own bit stack holds (128 bytes); a larger depth_max is taken as this.
inline constexpr size_t depth_ceiling = 1024;

// A cursor over one text. The text must outlive the reader and every view taken from it. A reader may
// be copied; the copy goes its own way from the same place.
class Reader {
 public:
  explicit Reader(std::string_view text, size_t depth_max = depth_default);

  // Goes to the next token. After the root value and whitespace it is Token::end for ever; after a
  // fault it is Token::error for ever.
  Token next();

  // Reads over the next whole value, as strictly as next() would, and returns its text (a string with
  // its quotes). It stands after a key, before an element of an array, or before the root value.
  // Nothing is returned on an error; at the end of an array, which is then consumed
  // (current() == Token::end_array); at the end of the text; and where a key is due (an error).
  std::optional<std::string_view> skip_value();

  // From now on skip_value() takes note of strings inside of what it reads over that begin with the four
  // characters of `beginning` as they stand; seen() says whether one has come by. Looking for them afterwards
  // would be a second pass over the text.
  void watch_for(std::string_view beginning) { std::memcpy(&watched_, beginning.data(), sizeof watched_); }
  bool seen() const { return seen_; }

  // First token of the value that skip_value() read last: begin_object, begin_array, string, ...
  Token skipped_kind() const { return skipped_kind_; }

  // What next() returned last. After skip_value() it is skipped_kind(), or the reason why there is none.
  Token current() const { return current_; }

  // The current token's text. Key and string: what is between the quotes, still escaped. Number and
  // literal: all of it. After skip_value(): what it returned. Otherwise empty.
  std::string_view raw() const { return raw_; }

  // Whether the current key or string holds a backslash; when not, raw() is the plain text. Looks raw() through.
  bool escaped() const { return raw_.find('\\') != raw_.npos; }

  // Where the current token begins, in bytes from the start of the text; a string's is its opening quote.
  size_t offset() const { return offset_; }

  // The text from the current token on, to name a place by.
  std::string_view rest() const { return {begin_ + offset_, static_cast<size_t>(end_ - begin_) - offset_}; }

  // One past the current token.
  size_t end_offset() const { return static_cast<size_t>(at_ - begin_); }

  // Containers open after the current token.
  size_t depth() const { return depth_; }

  // Empty `what` until current() is Token::error.
  Error error() const { return error_; }

 private:
  // What the grammar asks for next.
  enum class Due : uint8_t { value, value_or_end, colon, key_or_end, comma_or_end, end, nothing };

  Token fail(const char* where, std::string_view what);
  Token read_value(const char* p);
  Token read_key(const char* p);
  Token close(const char* p, Token token);
  Token open(const char* p, Token token);
  void value_done();
  bool begin_skip(const char*& p);
  const char* skip_containers(const char* p);
  bool is_object(size_t level) const { return (objects_[level / 64] >> (level % 64) & 1) != 0; }
  void set_level(size_t level, bool object);

  const char* begin_;
  const char* end_;
  const char* at_;  // one past the current token
  size_t offset_ = 0;
  size_t depth_ = 0;
  size_t depth_max_;
  std::string_view raw_;
  Error error_;
  Due due_ = Due::value;
  Token current_ = Token::end;
  Token skipped_kind_ = Token::error;
  bool seen_ = false;
  uint32_t watched_ = 0;                       // four NULs, which no string has
  uint64_t objects_[depth_ceiling / 64] = {};  // one bit a level: object or array
};

// equals() for what it cannot tell at a glance.
bool spells(std::string_view raw, std::string_view plain);

// Whether the JSON string `raw` (between its quotes, as Reader::raw() gives it) spells `plain` (UTF-8).
// A lone surrogate equals nothing. Never allocates.
inline bool equals(std::string_view raw, std::string_view plain) {
  // Most names are others, and an escape is never shorter than what it spells.
  if (raw.size() < plain.size() || raw.empty()) return raw.size() == plain.size();
  if (plain.empty() || (raw.front() != plain.front() && raw.front() != '\\')) return false;
  return spells(raw, plain);
}

// Appends what the JSON string `raw` spells to `out` as UTF-8, lone surrogates as U+FFFD. False, with
// `out` as far as it got, only for escapes that no Reader let through.
bool unescape(std::string_view raw, std::string& out);

// The value of a JSON number that is written as an integer (no point, no exponent) and fits.
std::optional<int64_t> to_int64(std::string_view number_text);

}  // namespace signalbox::json
