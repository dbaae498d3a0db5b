#include "json/scan.h"

namespace signalbox::json {
namespace {

constexpr const char* string_open = "the text ends inside a string";

// Two-character escapes (RFC 8259 section 7). A table, because prompts are full of them and a chain of
// comparisons is mispredicted.
struct EscapeTable {
  bool simple[256] = {};
  constexpr EscapeTable() {
    for (const char c : {'"', '\\', '/', 'b', 'f', 'n', 'r', 't'}) simple[static_cast<unsigned char>(c)] = true;
  }
};
constexpr EscapeTable escapes;

// What lies between the runs of plain characters: on success `at` is where they go on, on the closing
// quote itself it stays.
inline Scanned pass_special(const char* p, const char* end) {
  const char c = *p;
  if (c == '\\') {
    if (end - p < 2) return {p, string_open};
    if (escapes.simple[static_cast<unsigned char>(p[1])]) return {p + 2, nullptr};
    if (p[1] != 'u') return {p, "an unknown escape in a string"};
    if (read_hex4(p + 2, end) < 0) return {p, "\\u without four hexadecimal digits"};
    return {p + 6, nullptr};
  }
  if (static_cast<unsigned char>(c) < 0x20) return {p, "a control character in a string"};
  // Non-ASCII text comes in runs: stay with it, the block scan would stop at every character.
  do {
    const base::Utf8Step step = base::utf8_step(p, end);
    if (!step.valid) return {p, "bytes that are no UTF-8 in a string"};
    p += step.bytes;
  } while (p != end && static_cast<unsigned char>(*p) >= 0x80);
  return {p, nullptr};
}

#if defined(SIGNALBOX_BLOCKS)
constexpr std::ptrdiff_t run_bytes = 64;

// The bytes at p that a run goes on over: plain ones, and n or " behind a backslash. The second half of \\ is
// neither, so the byte before one is never a second half itself.
inline base::Block passed_in(const char* p) {
  const base::Block block = base::load_block(p);
  const base::Block escaped = base::equal(base::load_block(p - 1), '\\');
  // Being a quote and being escaped: exactly one of both is wrong, but for an n, which may be either.
  const base::Block wrong = base::without(base::differ(base::equal(block, '"'), escaped), base::equal(block, 'n'));
  return base::without(base::above_signed(block, 0x1f), wrong);  // non-ASCII is negative
}

// Goes on over plain characters and the escapes that prompts are full of, \n and \", without a branch for each: these
// were mispredicted. Stops at anything else, and where fewer than run_bytes are left. p is behind a plain character.
inline const char* pass_run(const char* p, const char* end) {
  for (; end - p >= run_bytes; p += run_bytes) {
    const base::Block a = passed_in(p), b = passed_in(p + 16), c = passed_in(p + 32), d = passed_in(p + 48);
    if (base::bits(base::both(base::both(a, b), base::both(c, d))) == 0xffff) continue;
    const uint64_t passed = (base::bits(a) | uint64_t(base::bits(b)) << 16) |
                            (uint64_t(base::bits(c)) << 32 | uint64_t(base::bits(d)) << 48);
    p += std::countr_one(passed);
    break;
  }
  return p[-1] == '\\' ? p - 1 : p;
}
#endif

// The next special character in [p, end), but \n and \" where there are many; `end` when there is none.
inline const char* next_special(const char* p, const char* end) {
#if defined(SIGNALBOX_BLOCKS)
  if (end - p >= run_bytes) {
    const char* const stop = short_stop(p);
    p = stop == p + 16 ? pass_run(stop, end) : stop;
    if (end - p >= run_bytes) return p;
  }
#endif
  return find_special(p, end);
}

}  // namespace

Scanned scan_long_string(const char* p, const char* end) {
  for (;;) {
    p = next_special(p, end);
    if (p == end) return {p, string_open};
    if (*p == '"') return {p, nullptr};
    const Scanned passed = pass_special(p, end);
    if (passed.what != nullptr) return passed;
    p = passed.at;
  }
}

const char* skip_spaces(const char* p, const char* end) {
  while (p != end && is_space(*p)) ++p;
  return p;
}

Scanned scan_number(const char* p, const char* end) {
  const auto digits = [end](const char* at) {
    while (at != end && is_digit(*at)) ++at;
    return at;
  };
  if (*p == '-') ++p;
  if (p == end || !is_digit(*p)) return {p, "a number without digits"};
  if (*p == '0') {
    ++p;
    if (p != end && is_digit(*p)) return {p, "a number with a leading zero"};
  } else {
    p = digits(p);
  }
  if (p != end && *p == '.') {
    const char* const fraction = p + 1;
    p = digits(fraction);
    if (p == fraction) return {p, "a number without digits after its point"};
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p != end && (*p == '+' || *p == '-')) ++p;
    const char* const exponent = p;
    p = digits(exponent);
    if (p == exponent) return {p, "a number without digits in its exponent"};
  }
  return {p, nullptr};
}

}  // namespace signalbox::json
