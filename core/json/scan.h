// The lexical parts of JSON that reader, strings and writer share: runs of plain characters, strings,
// numbers, literals. Each looks at [p, end) only and says how far it got.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/scan.h"
#include "base/text.h"
#include "base/utf8.h"

namespace signalbox::json {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Whether a string cannot simply go on over `c`: a quote, a backslash, a control character, non-ASCII.
constexpr bool is_special(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\';
}

#if defined(SIGNALBOX_BLOCKS)
// One bit for each special character of the 16 at `p`. Compared as signed bytes, non-ASCII is negative,
// so one comparison finds it together with the controls.
inline unsigned special_bits(const char* p) {
  const base::Block block = base::load_block(p);
  const base::Block low = base::below_signed(block, 0x20);
  return base::bits(base::either(low, base::either(base::equal(block, '"'), base::equal(block, '\\'))));
}

// The first special character at or behind p, or what follows 16 that are none; [p, p + 17) must be text.
inline const char* short_stop(const char* p) { return p + std::countr_zero(special_bits(p) | 1u << 16); }
#endif

// Marks the special characters of eight.
inline uint64_t mark_special(uint64_t word) {
  return base::mark_below(word, 0x20) | (word & base::word_highs) | base::mark_equal(word, '"') |
         base::mark_equal(word, '\\');
}

// First special character in [p, end); `end` when there is none. Texts of a few bytes are many (names, numbers, ids),
// so they too are looked at a word at a time, the last word overlapping the one before.
inline const char* find_special(const char* p, const char* end) {
  const char* const begin = p;
#if defined(SIGNALBOX_BLOCKS)
  for (; end - p >= 16; p += 16) {
    const unsigned bits = special_bits(p);
    if (bits != 0) return p + std::countr_zero(bits);
  }
#endif
  uint64_t marks = 0;
  for (; marks == 0 && end - p >= 8; p += 8) marks = mark_special(base::load_word(p));
  if (marks != 0) {
    p = p - 8 + base::first_mark(marks);
  } else if (p != end && end - begin >= 8) {
    p = end - 8;
    marks = mark_special(base::load_word(p));
    if (marks == 0) return end;
    p += base::first_mark(marks);
  }
  while (p != end && !is_special(*p)) ++p;
  return p;
}

// Reads the four digits of a \u escape at p. -1 when they are none, or too few.
inline int32_t read_hex4(const char* p, const char* end) {
  if (end - p < 4) return -1;
  int32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = base::hex_value(p[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

// How far a lexical element reached, or where it broke and why (`what` is static text, else null).
struct Scanned {
  const char* at = nullptr;
  const char* what = nullptr;
};

// Reads a string from just after its opening quote to its closing one (`at` is on it).
inline Scanned scan_string(const char* p, const char* end);

// The same from anywhere inside, behind a whole character.
Scanned scan_long_string(const char* p, const char* end);

inline Scanned scan_string(const char* p, const char* end) {
#if defined(SIGNALBOX_BLOCKS)
  // Most strings are names and short words, which end here.
  if (end - p > 16) {
    p = short_stop(p);
    if (*p == '"') return {p, nullptr};
  }
#endif
  return scan_long_string(p, end);
}

// Reads a number; p is on its first character, a digit or a minus.
Scanned scan_number(const char* p, const char* end);

// JSON whitespace (RFC 8259 section 2).
inline bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// First character in [p, end) that is no JSON whitespace. Programs write none, so that is tried first.
const char* skip_spaces(const char* p, const char* end);
inline const char* skip_space(const char* p, const char* end) {
  return p == end || static_cast<unsigned char>(*p) > ' ' ? p : skip_spaces(p, end);
}

inline bool starts_with(const char* p, const char* end, std::string_view word) {
  return static_cast<size_t>(end - p) >= word.size() && std::memcmp(p, word.data(), word.size()) == 0;
}

}  // namespace signalbox::json
