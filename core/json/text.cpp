// What raw strings and numbers of a JSON text mean.
#include <limits>

#include "base/text.h"
#include "base/utf8.h"
#include "json/escaped.h"
#include "json/reader.h"
#include "json/scan.h"

namespace signalbox::json {
namespace {

// One escape: what it spells, and the place after it. A lone surrogate comes out as itself.
struct Escape {
  uint32_t code_point = 0;
  const char* after = nullptr;  // null: no escape that a reader lets through
};

constexpr bool is_high_surrogate(uint32_t c) { return c >= 0xd800 && c <= 0xdbff; }
constexpr bool is_low_surrogate(uint32_t c) { return c >= 0xdc00 && c <= 0xdfff; }
constexpr bool is_surrogate(uint32_t c) { return c >= 0xd800 && c <= 0xdfff; }

// Reads the escape at p, which is on its backslash.
Escape read_escape(const char* p, const char* end) {
  if (end - p < 2) return {};
  switch (p[1]) {
    case '"': return {'"', p + 2};
    case '\\': return {'\\', p + 2};
    case '/': return {'/', p + 2};
    case 'b': return {'\b', p + 2};
    case 'f': return {'\f', p + 2};
    case 'n': return {'\n', p + 2};
    case 'r': return {'\r', p + 2};
    case 't': return {'\t', p + 2};
    case 'u': break;
    default: return {};
  }
  const int32_t unit = read_hex4(p + 2, end);
  if (unit < 0) return {};
  const auto first = static_cast<uint32_t>(unit);
  p += 6;
  if (is_high_surrogate(first) && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
    const int32_t second = read_hex4(p + 2, end);
    if (second >= 0 && is_low_surrogate(static_cast<uint32_t>(second))) {
      return {0x10000 + ((first - 0xd800) << 10) + (static_cast<uint32_t>(second) - 0xdc00), p + 6};
    }
  }
  return {first, p};
}

const char* find_backslash(const char* p, const char* end) {
  const void* const hit = p == end ? nullptr : std::memchr(p, '\\', static_cast<size_t>(end - p));
  return hit == nullptr ? end : static_cast<const char*>(hit);
}

}  // namespace

bool spells(std::string_view raw, std::string_view plain) {
  const char* p = raw.data();
  const char* const end = p + raw.size();
  for (;;) {
    const char* const stop = find_backslash(p, end);
    const auto run = static_cast<size_t>(stop - p);
    if (plain.substr(0, run) != std::string_view(p, run)) return false;
    plain.remove_prefix(run);
    if (stop == end) return plain.empty();
    const Escape escape = read_escape(stop, end);
    if (escape.after == nullptr || is_surrogate(escape.code_point)) return false;
    if (plain.empty()) return false;
    std::string spelt;  // at most four bytes, so it stays inside the object
    base::append_utf8(escape.code_point, spelt);
    if (plain.substr(0, spelt.size()) != spelt) return false;
    plain.remove_prefix(spelt.size());
    p = escape.after;
  }
}

bool unescape(std::string_view raw, std::string& out) {
  const char* p = raw.data();
  const char* const end = p + raw.size();
  for (;;) {
    const char* const stop = find_backslash(p, end);
    out.append(p, static_cast<size_t>(stop - p));
    if (stop == end) return true;
    const Escape escape = read_escape(stop, end);
    if (escape.after == nullptr) return false;
    if (is_surrogate(escape.code_point)) {
      out += base::utf8_replacement;
    } else {
      base::append_utf8(escape.code_point, out);
    }
    p = escape.after;
  }
}

std::optional<int64_t> to_int64(std::string_view number_text) {
  if (!number_text.starts_with('-')) return base::parse_decimal(number_text);
  if (number_text == "-9223372036854775808") return std::numeric_limits<int64_t>::min();
  const std::optional<int64_t> below_zero = base::parse_decimal(number_text.substr(1));
  if (!below_zero) return std::nullopt;
  return -*below_zero;
}

bool is_blank(Escaped text) {
  const char* p = text.inside.data();
  const char* const end = p + text.inside.size();
  while (p != end) {
    uint32_t c = static_cast<unsigned char>(*p);
    if (*p != '\\') {
      ++p;
    } else {
      const Escape escape = read_escape(p, end);
      if (!escape.after) return false;
      c = escape.code_point;
      p = escape.after;
    }
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return false;
  }
  return true;
}

Unit first_unit(std::string_view inside) {
  if (inside.empty()) return {};
  if (inside.front() != '\\') return {static_cast<unsigned char>(inside.front()), 1};
  const Escape escape = read_escape(inside.data(), inside.data() + inside.size());
  if (!escape.after) return {};
  return {escape.code_point, static_cast<size_t>(escape.after - inside.data())};
}

bool ends_inside_pair(Escaped text) {
  constexpr size_t escape_bytes = 6;
  const std::string_view inside = text.inside;
  if (inside.size() < escape_bytes) return false;
  const size_t at = inside.size() - escape_bytes;
  if (inside[at] != '\\' || inside[at + 1] != 'u') return false;
  const int32_t unit = read_hex4(inside.data() + at + 2, inside.data() + inside.size());
  if (unit < 0 || !is_high_surrogate(static_cast<uint32_t>(unit))) return false;
  // The backslash begins an escape only where those before it make pairs.
  size_t before = at;
  while (before > 0 && inside[before - 1] == '\\') --before;
  return (at - before) % 2 == 0;
}

}  // namespace signalbox::json
