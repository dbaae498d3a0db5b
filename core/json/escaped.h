// The inside of a JSON string, still escaped: what stands between the quotes of a text that a Reader has
// let through. A type of its own, so that no escaped text is taken for a plain one.
//
// Strings cross from dialect to dialect in this form. Both sides are JSON, so nothing has to be decoded
// and encoded again, and nothing can change on the way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "json/reader.h"
#include "json/walk.h"

namespace signalbox::json {

struct Escaped {
  std::string_view inside;

  bool empty() const { return inside.empty(); }
  size_t size() const { return inside.size(); }

  friend bool operator==(Escaped a, Escaped b) { return a.inside == b.inside; }
};

// The string `value`, raw with its quotes; empty when it is no string.
inline Escaped escaped(std::string_view value) { return {string_inside(value)}; }

// Whether it spells `plain`.
inline bool equals(Escaped text, std::string_view plain) { return equals(text.inside, plain); }

// Appends what it spells, as UTF-8.
inline void unescape(Escaped text, std::string& out) { unescape(text.inside, out); }

// Whether it spells nothing but blanks, tabs and line ends.
bool is_blank(Escaped text);

// What `text` begins with: one byte, or all of an escape and the code point it spells. Bytes of 128 and
// more are given one by one, so only values below 128 mean a character for certain. `bytes` is 0 where
// nothing begins: at the end, and at what no Reader lets through.
struct Unit {
  uint32_t value = 0;
  size_t bytes = 0;
};
Unit first_unit(std::string_view inside);

// Whether `text` ends with the escape of a high surrogate, whose low one then is still to come.
bool ends_inside_pair(Escaped text);

}  // namespace signalbox::json
