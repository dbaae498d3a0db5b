#include "dialects/canonical/tool_names.h"

#include <algorithm>
#include <span>

#include "base/sha256.h"
#include "base/text.h"

namespace signalbox::canonical {
namespace {

constexpr bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool may_begin(std::string_view name, FirstByte first) {
  return first == FirstByte::any || name.empty() || !(name[0] == '-' || (name[0] >= '0' && name[0] <= '9'));
}

bool is_taken_as_it_is(std::string_view name, size_t bytes_max) {
  return !name.empty() && name.size() <= bytes_max && std::all_of(name.begin(), name.end(), is_name_byte);
}

constexpr size_t name_digits = 8;
// 96 bits: ids of one conversation never meet by chance.
constexpr size_t id_digits = 24;

// Further derived names of `asked`, should one be taken: each reads other bytes of the digest.
std::string derived_name(std::string_view asked, const Sha256& digest, size_t attempt, size_t bytes_max,
                         FirstByte first) {
  std::string name;
  if (!may_begin(asked, first)) name += '_';
  for (const char c : asked.substr(0, bytes_max - name_digits - 1 - name.size())) name += is_name_byte(c) ? c : '_';
  if (name.empty()) name = "tool";
  name += '_';
  base::append_hex(name, std::span(digest).subspan(attempt, name_digits / 2));
  return name;
}

}  // namespace

std::string_view ToolNames::sent(std::string_view asked, size_t bytes_max, FirstByte first) {
  const auto known = sent_by_asked_.find(asked);
  if (known != sent_by_asked_.end()) return known->second;

  std::string name(asked);
  if (!is_taken_as_it_is(asked, bytes_max) || !may_begin(asked, first) ||
      asked_by_sent_.find(asked) != asked_by_sent_.end()) {
    Sha256 digest = base::sha256(asked);
    constexpr size_t attempts = sizeof(Sha256) - name_digits / 2;
    for (size_t attempt = 0;; ++attempt) {
      if (attempt == attempts) {
        digest = base::sha256(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
        attempt = 0;
      }
      name = derived_name(asked, digest, attempt, bytes_max, first);
      if (asked_by_sent_.find(name) == asked_by_sent_.end()) break;
    }
  }
  const auto by_asked = sent_by_asked_.emplace(std::string(asked), std::string_view()).first;
  const auto by_sent = asked_by_sent_.emplace(std::move(name), by_asked->first).first;
  by_asked->second = by_sent->first;
  return by_asked->second;
}

std::string_view ToolNames::asked(std::string_view sent) const {
  const auto known = asked_by_sent_.find(sent);
  return known == asked_by_sent_.end() ? sent : known->second;
}

void ToolNames::clear() {
  sent_by_asked_.clear();
  asked_by_sent_.clear();
}

void append_tool_id(std::string& out, std::string_view id, std::string_view prefix, size_t bytes_max) {
  if (is_taken_as_it_is(id, bytes_max)) {
    out += id;
    return;
  }
  out += prefix;
  const Sha256 digest = base::sha256(id);
  const size_t room = bytes_max - std::min(bytes_max, prefix.size());
  base::append_hex(out, std::span(digest).first(std::min(id_digits, room) / 2));
}

}  // namespace signalbox::canonical
