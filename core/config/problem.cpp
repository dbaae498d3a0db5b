#include "config/problem.h"

#include <algorithm>

namespace signalbox::config {
namespace {

// Longer names are compared by nobody: distance is quadratic, and no key is that long.
constexpr size_t compared_bytes_max = 64;
// The shortest name that may be recognised inside another: "key" in "api_key".
constexpr size_t contained_bytes_min = 3;

std::string folded(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (c == '_' || c == '-') continue;
    out += (c >= 'A' && c <= 'Z') ? char(c - 'A' + 'a') : c;
  }
  return out;
}

// Edits (insert, remove, replace, swap of neighbours) that make `b` of `a`: two rows back suffice.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      size_t best = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + cost});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        best = std::min(best, before[j - 2] + 1);
      }
      current[j] = best;
    }
    before.swap(previous);
    previous.swap(current);
  }
  return previous[b.size()];
}

}  // namespace

void sort_by_place(std::vector<Problem>& problems) {
  std::stable_sort(problems.begin(), problems.end(),
                   [](const Problem& a, const Problem& b) { return a.place < b.place; });
}

std::string quoted(std::string_view text) {
  constexpr size_t bytes_max = 64;
  static constexpr char hex[] = "0123456789abcdef";
  std::string out = "\"";
  for (char c : text.substr(0, bytes_max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += hex[byte >> 4];
      out += hex[byte & 15];
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else {
      out += c;
    }
  }
  if (text.size() > bytes_max) out += "...";
  return out + "\"";
}

std::string_view nearest(std::string_view name, const std::vector<std::string_view>& candidates) {
  if (name.size() > compared_bytes_max || candidates.size() > candidates_max) return {};
  const std::string wanted = folded(name);
  std::string_view best, inside;
  size_t best_distance = SIZE_MAX;
  for (std::string_view candidate : candidates) {
    if (candidate.size() > compared_bytes_max) continue;
    const std::string known = folded(candidate);
    const size_t edits = distance(wanted, known);
    if (edits < best_distance && edits <= std::max<size_t>(1, std::max(wanted.size(), known.size()) / 3)) {
      best = candidate;
      best_distance = edits;
    }
    if (known.size() >= contained_bytes_min && wanted.size() >= contained_bytes_min &&
        (wanted.find(known) != std::string::npos || known.find(wanted) != std::string::npos) &&
        known.size() > inside.size()) {
      inside = candidate;
    }
  }
  return best.empty() ? inside : best;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string_view>& candidates) {
  const std::string_view near = nearest(name, candidates);
  return near.empty() ? std::string() : " (did you mean " + quoted(near) + "?)";
}

std::string sentence(const Problem& problem) {
  std::string out;
  if (problem.place.line != 0) {
    out += std::to_string(problem.place.line) + ":" + std::to_string(problem.place.column) + ": ";
  }
  if (!problem.path.empty()) out += problem.path + ": ";
  return out + problem.message;
}

}  // namespace signalbox::config
