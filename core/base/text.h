// Small operations on text: ASCII case, digits and decimal numbers, patterns with '*', and the nearest of
// several words. Bytes only: no locale, and no byte above 127 ever changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace signalbox::base {

// `byte` with A to Z in lower case.
constexpr char lower(char byte) { return byte >= 'A' && byte <= 'Z' ? char(byte + ('a' - 'A')) : byte; }

// Whether `text` begins with `prefix` but for the case of ASCII letters.
bool begins_ignoring_case(std::string_view text, std::string_view prefix);

// Whether the two are the same but for the case of ASCII letters. Most names that are compared differ in length.
inline bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && begins_ignoring_case(a, b);
}

// The value of a hexadecimal digit in either case; -1 when `byte` is none.
constexpr int hex_value(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  const char low = lower(byte);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

// Appends two hexadecimal digits for each of `bytes`, in lower case.
void append_hex(std::string& out, std::span<const uint8_t> bytes);

// Appends `number` in decimal.
void append_decimal(std::string& out, int64_t number);

// Milliseconds as whole seconds, as headers have them: rounded up, so that nobody comes too early.
constexpr int64_t seconds_up(int64_t ms) { return ms / 1000 + (ms % 1000 > 0); }

// Reads `text` as a decimal number without sign, blanks or anything else; nullopt when it is none or
// does not fit.
std::optional<int64_t> parse_decimal(std::string_view text);

// Whether `pattern` matches the whole of `text`; '*' stands for any run of bytes, the empty one
// included, everything else for itself. One pass over `text` without going back further than one piece
// between two stars, so the cost is at most the text's length times the longest piece's.
bool matches(std::string_view pattern, std::string_view text);

// The longest word that nearest() looks at; beyond it nobody has mistyped a name.
inline constexpr size_t nearest_word_bytes_max = 64;

// The candidate that `word` was probably meant to be: fewest letters missing, added, changed or swapped
// with their neighbour, without regard to ASCII case; the first of several equals. Nullopt when none is
// within a third of the word's length (at least one change). The view is the candidate's own.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace signalbox::base
