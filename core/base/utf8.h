// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace signalbox::base {

// What stands at a place in text.
struct Utf8Step {
  size_t bytes = 0;  // at least 1; of a broken sequence, its longest part that could have begun one
  bool valid = false;
};

// Looks at the sequence that begins at `p`; p must be before end.
inline Utf8Step utf8_step(const char* p, const char* end) {
  const auto byte = [p](size_t i) { return static_cast<unsigned char>(p[i]); };
  const auto within = [](unsigned char c, unsigned low, unsigned high) { return c >= low && c <= high; };
  const size_t left = static_cast<size_t>(end - p);
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {1, true};
  if (lead < 0xc2 || lead > 0xf4) return {1, false};  // a continuation, an overlong lead, or beyond Unicode
  // Only the second byte's range depends on the lead (RFC 3629 section 4).
  const unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (left < 2 || !within(byte(1), low, high)) return {1, false};
  if (lead < 0xe0) return {2, true};
  if (left < 3 || !within(byte(2), 0x80, 0xbf)) return {2, false};
  if (lead < 0xf0) return {3, true};
  if (left < 4 || !within(byte(3), 0x80, 0xbf)) return {3, false};
  return {4, true};
}

// Whether all of `text` is UTF-8.
inline bool is_utf8(std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p != end) {
    const Utf8Step step = utf8_step(p, end);
    if (!step.valid) return false;
    p += step.bytes;
  }
  return true;
}

// U+FFFD, what stands for what cannot be said.
inline constexpr char utf8_replacement[] = "\xef\xbf\xbd";

// Appends `code_point` (at most U+10FFFF, no surrogate) to `out`.
inline void append_utf8(uint32_t code_point, std::string& out) {
  const auto put = [&out](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xc0 | code_point >> 6);
    put(0x80 | (code_point & 0x3f));
  } else if (code_point < 0x10000) {
    put(0xe0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3f));
    put(0x80 | (code_point & 0x3f));
  } else {
    put(0xf0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3f));
    put(0x80 | (code_point >> 6 & 0x3f));
    put(0x80 | (code_point & 0x3f));
  }
}

}  // namespace signalbox::base
