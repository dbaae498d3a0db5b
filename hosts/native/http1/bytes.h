// Which bytes may stand where in HTTP/1.x, and runs of them (RFC 9110 section 5).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/text.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace signalbox::native::http1 {

// What names and methods are made of (RFC 9110 section 5.6.2).
inline constexpr std::array<bool, 256> token_bytes = [] {
  std::array<bool, 256> t{};
  for (int c = '0'; c <= '9'; ++c) t[size_t(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) t[size_t(c)] = t[size_t(c + 32)] = true;
  for (char c : {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'}) t[uint8_t(c)] = true;
  return t;
}();

inline bool all_of(std::string_view bytes, const std::array<bool, 256>& allowed) {
  for (char c : bytes)
    if (!allowed[uint8_t(c)]) return false;
  return true;
}

inline bool is_token(std::string_view text) { return !text.empty() && all_of(text, token_bytes); }

// The first control byte at or after `from`, HTAB included; `to` when there is none.
inline size_t next_control(const char* bytes, size_t from, size_t to) {
#if defined(__SSE2__)
  const __m128i below = _mm_set1_epi8(0x1f), del = _mm_set1_epi8(0x7f);
  for (; from + 16 <= to; from += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + from));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, below), v);
    const int hits = _mm_movemask_epi8(_mm_or_si128(low, _mm_cmpeq_epi8(v, del)));
    if (hits) return from + size_t(__builtin_ctz(unsigned(hits)));
  }
#endif
  for (; from < to; ++from) {
    const uint8_t c = uint8_t(bytes[from]);
    if (c < 0x20 || c == 0x7f) break;
  }
  return from;
}

// The value of a field: anything without control bytes but HTAB.
inline bool is_field_value(std::string_view text) {
  for (size_t at = 0;; ++at) {
    at = next_control(text.data(), at, text.size());
    if (at == text.size()) return true;
    if (text[at] != '\t') return false;
  }
}

// Compares two names, without regard to ASCII case.
inline bool same_name(std::string_view a, std::string_view b) { return base::equals_ignoring_case(a, b); }

}  // namespace signalbox::native::http1
