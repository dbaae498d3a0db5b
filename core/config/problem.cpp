#include "config/problem.h"

#include <algorithm>

#include "base/text.h"

namespace signalbox::config {
namespace {

// The shortest name that may be recognised inside another: "key" in "api_key".
constexpr size_t contained_bytes_min = 3;

std::string folded(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (c != '_' && c != '-') out += base::lower(c);
  }
  return out;
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
  if (name.size() > base::nearest_word_bytes_max || candidates.size() > candidates_max) return {};
  const std::string wanted = folded(name);
  std::vector<std::string> known;
  known.reserve(candidates.size());
  for (std::string_view candidate : candidates) known.push_back(folded(candidate));
  const std::vector<std::string_view> words(known.begin(), known.end());
  if (const auto near = base::nearest(wanted, words)) {
    for (size_t i = 0; i < words.size(); ++i)
      if (words[i].data() == near->data()) return candidates[i];
  }
  // Of those that contain the name, or stand in it, the one with the fewest bytes more or less.
  std::string_view inside;
  size_t least_apart = std::string::npos;
  if (wanted.size() < contained_bytes_min) return inside;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i].size() < contained_bytes_min) continue;
    const bool contains = wanted.find(words[i]) != std::string::npos || words[i].find(wanted) != std::string::npos;
    const size_t apart = std::max(wanted.size(), words[i].size()) - std::min(wanted.size(), words[i].size());
    if (!contains || apart >= least_apart) continue;
    inside = candidates[i];
    least_apart = apart;
  }
  return inside;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string_view>& candidates) {
  const std::string_view near = nearest(name, candidates);
  return near.empty() ? std::string() : " (did you mean " + quoted(near) + "?)";
}

std::string any_of(const std::vector<std::string_view>& names) {
  constexpr size_t named_max = 8;
  std::string out;
  for (size_t i = 0; i < names.size() && i < named_max; ++i) {
    if (i != 0) out += i + 1 == names.size() ? " or " : ", ";
    out += quoted(names[i]);
  }
  if (names.size() > named_max) out += ", ...";
  return out;
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
