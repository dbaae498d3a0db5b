#include "base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>

namespace signalbox::base {
namespace {

constexpr size_t decimal_bytes_max = 20;  // INT64_MIN with its sign

// How many letters must be missing, added, changed or swapped to make `a` of `b` (optimal string
// alignment); `bound + 1` when more than `bound`.
size_t distance(std::string_view a, std::string_view b, size_t bound) {
  size_t gap = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (gap > bound) return bound + 1;
  using Row = std::array<uint8_t, nearest_word_bytes_max + 1>;
  Row rows[3];
  Row* two_back = &rows[0];
  Row* back = &rows[1];
  Row* row = &rows[2];
  for (size_t j = 0; j <= b.size(); ++j) (*back)[j] = uint8_t(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    (*row)[0] = uint8_t(i);
    uint8_t best = uint8_t(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      char x = lower(a[i - 1]);
      char y = lower(b[j - 1]);
      int cost = std::min({(*back)[j] + 1, (*row)[j - 1] + 1, (*back)[j - 1] + (x == y ? 0 : 1)});
      if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2])) cost = std::min(cost, (*two_back)[j - 2] + 1);
      (*row)[j] = uint8_t(cost);
      best = std::min(best, (*row)[j]);
    }
    // A swap reaches back two rows, so only two rows beyond the bound are beyond it for good; the end
    // of the loop judges the rest.
    if (best > bound + 1) return bound + 1;
    Row* oldest = two_back;
    two_back = back;
    back = row;
    row = oldest;
  }
  return std::min<size_t>((*back)[b.size()], bound + 1);
}

}  // namespace

bool begins_ignoring_case(std::string_view text, std::string_view prefix) {
  if (text.size() < prefix.size()) return false;
  const char* p = text.data();
  const char* q = prefix.data();
  size_t left = prefix.size();
  while (left > 0) {
    // Others differ in their first byte, and those that are equal are mostly so in case as well.
    if (*p != *q && lower(*p) != lower(*q)) return false;
    if (left >= 8) {
      uint64_t one = 0, other = 0;
      std::memcpy(&one, p, 8);
      std::memcpy(&other, q, 8);
      if (one == other) {
        p += 8, q += 8, left -= 8;
        continue;
      }
    }
    ++p, ++q, --left;
  }
  return true;
}

void append_hex(std::string& out, std::span<const uint8_t> bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  const size_t begin = out.size();
  out.resize(begin + 2 * bytes.size());
  char* p = out.data() + begin;
  for (const uint8_t byte : bytes) {
    *p++ = digits[byte >> 4];
    *p++ = digits[byte & 15];
  }
}

void append_decimal(std::string& out, int64_t number) {
  std::array<char, decimal_bytes_max> buffer;
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  out.append(buffer.data(), size_t(end - buffer.data()));
}

// Not from_chars: it multiplies 128 bits, which two compilers of a wasm module disagree on
// (docs/decisions/0011-shorter-modules.md).
std::optional<int64_t> parse_decimal(std::string_view text) {
  constexpr int64_t number_max = std::numeric_limits<int64_t>::max();
  constexpr size_t safe_digits = std::numeric_limits<int64_t>::digits10;  // so many are below it whatever they are
  if (text.empty()) return std::nullopt;
  int64_t number = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    const int64_t digit = text[i] - '0';
    if (i >= safe_digits && (number > number_max / 10 || number * 10 > number_max - digit)) return std::nullopt;
    number = number * 10 + digit;
  }
  return number;
}

bool matches(std::string_view pattern, std::string_view text) {
  size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  // What stands before the first star is bound to the beginning, what stands after the last to the end.
  std::string_view head = pattern.substr(0, star);
  size_t last_star = pattern.rfind('*');
  std::string_view tail = pattern.substr(last_star + 1);
  if (text.size() < head.size() + tail.size()) return false;
  if (text.substr(0, head.size()) != head) return false;
  if (text.substr(text.size() - tail.size()) != tail) return false;
  text = text.substr(head.size(), text.size() - head.size() - tail.size());
  // Every piece between takes the first place it finds: a later one could only leave less to the rest.
  while (star < last_star) {
    size_t next_star = pattern.find('*', star + 1);
    std::string_view piece = pattern.substr(star + 1, next_star - star - 1);
    size_t found = text.find(piece);
    if (found == std::string_view::npos) return false;
    text.remove_prefix(found + piece.size());
    star = next_star;
  }
  return true;
}

std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates) {
  if (word.empty() || word.size() > nearest_word_bytes_max) return std::nullopt;
  std::optional<std::string_view> best;
  size_t bound = std::max<size_t>(1, word.size() / 3);
  for (std::string_view candidate : candidates) {
    if (candidate.size() > nearest_word_bytes_max) continue;
    size_t found = distance(word, candidate, bound);
    if (found > bound) continue;
    best = candidate;
    if (found == 0) break;
    bound = found - 1;  // only a nearer one replaces it
  }
  return best;
}

}  // namespace signalbox::base
