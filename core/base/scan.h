// Finds bytes in text many at a time: 16 with SSE2, else 8 in a machine word. Reads nothing outside
// [p, end).
//
// In the word form each test marks the high bit of a byte it holds for. The subtraction may borrow and
// mark bytes above such a byte too, never below the first, so the lowest mark is always right.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace signalbox::base {

inline constexpr uint64_t word_ones = 0x0101010101010101u;
inline constexpr uint64_t word_highs = 0x8080808080808080u;

inline uint64_t load_word(const char* p) {
  uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

constexpr uint64_t word_of(char c) { return word_ones * static_cast<unsigned char>(c); }

// Marks bytes of `word` below `bound`, for bound <= 128. Bytes of 128 and more are not marked.
constexpr uint64_t mark_below(uint64_t word, unsigned bound) { return (word - word_ones * bound) & ~word & word_highs; }

constexpr uint64_t mark_equal(uint64_t word, char c) { return mark_below(word ^ word_of(c), 1); }

// Index of the first marked byte; marks must not be 0.
inline size_t first_mark(uint64_t marks) {
  if constexpr (std::endian::native == std::endian::little) {
    return static_cast<size_t>(std::countr_zero(marks)) / 8;
  } else {
    // Borrows run the other way here, so only "some byte is marked" can be trusted: report the first.
    return 0;
  }
}

// First place in [p, end) with byte `a` or `b`; `end` when there is none.
inline const char* find_either(const char* p, const char* end, char a, char b) {
#if defined(__SSE2__)
  const __m128i as = _mm_set1_epi8(a);
  const __m128i bs = _mm_set1_epi8(b);
  for (; end - p >= 16; p += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const int hits = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(block, as), _mm_cmpeq_epi8(block, bs)));
    if (hits != 0) return p + std::countr_zero(static_cast<unsigned>(hits));
  }
#else
  for (; end - p >= 8; p += 8) {
    const uint64_t word = load_word(p);
    const uint64_t marks = mark_equal(word, a) | mark_equal(word, b);
    if (marks != 0) {
      p += first_mark(marks);
      break;
    }
  }
#endif
  while (p != end && *p != a && *p != b) ++p;
  return p;
}

}  // namespace signalbox::base
