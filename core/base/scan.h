// Finds bytes in text many at a time: 16 with SSE2 or WebAssembly's SIMD, else 8 in a machine word. Reads nothing
// outside [p, end).
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
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
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

// The 16 bytes at some place. Each comparison gives a block in which the bytes it holds for are all ones; `bits` has
// one bit for each of these, the lowest for the first.
#if defined(__SSE2__)
#define SIGNALBOX_BLOCKS 1
using Block = __m128i;
inline Block load_block(const char* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
inline Block equal(Block block, char c) { return _mm_cmpeq_epi8(block, _mm_set1_epi8(c)); }
inline Block below_signed(Block block, char c) { return _mm_cmplt_epi8(block, _mm_set1_epi8(c)); }
inline Block either(Block a, Block b) { return _mm_or_si128(a, b); }
inline Block above_signed(Block block, char c) { return _mm_cmpgt_epi8(block, _mm_set1_epi8(c)); }
inline Block both(Block a, Block b) { return _mm_and_si128(a, b); }
inline Block without(Block a, Block b) { return _mm_andnot_si128(b, a); }
inline Block differ(Block a, Block b) { return _mm_xor_si128(a, b); }
inline unsigned bits(Block block) { return static_cast<unsigned>(_mm_movemask_epi8(block)); }
#elif defined(__wasm_simd128__)
#define SIGNALBOX_BLOCKS 1
using Block = v128_t;
inline Block load_block(const char* p) { return wasm_v128_load(p); }
inline Block equal(Block block, char c) { return wasm_i8x16_eq(block, wasm_i8x16_splat(c)); }
inline Block below_signed(Block block, char c) { return wasm_i8x16_lt(block, wasm_i8x16_splat(c)); }
inline Block either(Block a, Block b) { return wasm_v128_or(a, b); }
inline Block above_signed(Block block, char c) { return wasm_i8x16_gt(block, wasm_i8x16_splat(c)); }
inline Block both(Block a, Block b) { return wasm_v128_and(a, b); }
inline Block without(Block a, Block b) { return wasm_v128_andnot(a, b); }
inline Block differ(Block a, Block b) { return wasm_v128_xor(a, b); }
inline unsigned bits(Block block) { return static_cast<unsigned>(wasm_i8x16_bitmask(block)); }
#endif

// First place in [p, end) with byte `a` or `b`; `end` when there is none.
inline const char* find_either(const char* p, const char* end, char a, char b) {
#if defined(SIGNALBOX_BLOCKS)
  for (; end - p >= 16; p += 16) {
    const Block block = load_block(p);
    const unsigned hits = bits(either(equal(block, a), equal(block, b)));
    if (hits != 0) return p + std::countr_zero(hits);
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
