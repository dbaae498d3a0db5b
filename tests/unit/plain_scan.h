// The inside of a JSON string read byte by byte: what reading it in blocks is held against.
#pragma once

#include <string_view>

#include "base/utf8.h"
#include "json/scan.h"

namespace signalbox {

// Where the closing quote stands, or where the string broke and why.
struct PlainScan {
  size_t at = 0;
  std::string_view what;
};

// Reads from just after the opening quote.
inline PlainScan scan_plainly(std::string_view text) {
  const char* const end = text.data() + text.size();
  size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') return {at, {}};
    if (c == '\\') {
      if (at + 1 == text.size()) break;
      if (text[at + 1] == 'u') {
        if (json::read_hex4(text.data() + at + 2, end) < 0) return {at, "\\u without four hexadecimal digits"};
        at += 6;
      } else if (std::string_view("\"\\/bfnrt").find(text[at + 1]) != std::string_view::npos) {
        at += 2;
      } else {
        return {at, "an unknown escape in a string"};
      }
      continue;
    }
    if (static_cast<unsigned char>(c) < 0x20) return {at, "a control character in a string"};
    const base::Utf8Step step = base::utf8_step(text.data() + at, end);
    if (!step.valid) return {at, "bytes that are no UTF-8 in a string"};
    at += step.bytes;
  }
  return {at, "the text ends inside a string"};
}

}  // namespace signalbox
