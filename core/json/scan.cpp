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
    if (end - p < 2) return {p, string_open, true};
    if (escapes.simple[static_cast<unsigned char>(p[1])]) return {p + 2, nullptr, true};
    if (p[1] != 'u') return {p, "an unknown escape in a string", true};
    if (read_hex4(p + 2, end) < 0) return {p, "\\u without four hexadecimal digits", true};
    return {p + 6, nullptr, true};
  }
  if (static_cast<unsigned char>(c) < 0x20) return {p, "a control character in a string", false};
  // Non-ASCII text comes in runs: stay with it, the block scan would stop at every character.
  do {
    const base::Utf8Step step = base::utf8_step(p, end);
    if (!step.valid) return {p, "bytes that are no UTF-8 in a string", false};
    p += step.bytes;
  } while (p != end && static_cast<unsigned char>(*p) >= 0x80);
  return {p, nullptr, false};
}

}  // namespace

Scanned scan_string(const char* p, const char* end) {
  bool escaped = false;
  for (;;) {
    p = find_special(p, end);
    if (p == end) return {p, string_open, escaped};
    if (*p == '"') return {p, nullptr, escaped};
    const Scanned passed = pass_special(p, end);
    escaped |= passed.escaped;
    if (passed.what != nullptr) return {passed.at, passed.what, escaped};
    p = passed.at;
  }
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
