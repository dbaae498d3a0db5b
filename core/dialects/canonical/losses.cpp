#include "dialects/canonical/losses.h"

#include <algorithm>

namespace signalbox::canonical {
namespace {

constexpr std::string_view and_more = "and_more";

// ';' parts the header's list; what is no printable ASCII has no place in a header at all.
bool stands_in_a_path(char c) { return c > 0x20 && c < 0x7f && c != ';' && c != ','; }

}  // namespace

void Losses::add(std::string_view path) {
  std::string name(prefix_);
  name += path.substr(0, path_bytes_max);
  for (char& c : name)
    if (!stands_in_a_path(c)) c = '_';
  if (std::find(paths_.begin(), paths_.end(), name) != paths_.end()) return;
  if (paths_.size() < named_max) return paths_.push_back(std::move(name));
  if (paths_.size() == named_max) paths_.emplace_back(and_more);
}

void Losses::add(std::string_view path, std::string_view name) {
  std::string whole(path.substr(0, path_bytes_max));
  whole += '.';
  whole += name.substr(0, path_bytes_max);
  add(whole);
}

std::string Losses::joined() const {
  std::string all;
  for (const std::string& path : paths_) {
    if (!all.empty()) all += ';';
    all += path;
  }
  return all;
}

}  // namespace signalbox::canonical
