#include "dialects/canonical/tool_names.h"

#include <algorithm>

#include "base/sha256.h"

namespace signalbox::canonical {
namespace {

constexpr bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool is_taken_as_it_is(std::string_view name, size_t bytes_max) {
  return !name.empty() && name.size() <= bytes_max && std::all_of(name.begin(), name.end(), is_name_byte);
}

void append_hex(std::string& out, const Sha256& digest, size_t first_byte, size_t digit_count) {
  static constexpr char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < digit_count; ++i) {
    const uint8_t byte = digest[first_byte + i / 2];
    out += digits[i % 2 == 0 ? byte >> 4 : byte & 15];
  }
}

constexpr size_t name_digits = 8;
// 96 bits: ids of one conversation never meet by chance.
constexpr size_t id_digits = 24;

// Further derived names of `asked`, should one be taken: each reads other bytes of the digest.
std::string derived_name(std::string_view asked, const Sha256& digest, size_t attempt, size_t bytes_max) {
  std::string name;
  for (const char c : asked.substr(0, bytes_max - name_digits - 1)) name += is_name_byte(c) ? c : '_';
  if (name.empty()) name = "tool";
  name += '_';
  append_hex(name, digest, attempt, name_digits);
  return name;
}

}  // namespace

std::string_view ToolNames::sent(std::string_view asked, size_t bytes_max) {
  const auto known = sent_by_asked_.find(asked);
  if (known != sent_by_asked_.end()) return known->second;

  std::string name(asked);
  if (!is_taken_as_it_is(asked, bytes_max) || asked_by_sent_.find(asked) != asked_by_sent_.end()) {
    Sha256 digest = base::sha256(asked);
    constexpr size_t attempts = sizeof(Sha256) - name_digits / 2;
    for (size_t attempt = 0;; ++attempt) {
      if (attempt == attempts) {
        digest = base::sha256(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
        attempt = 0;
      }
      name = derived_name(asked, digest, attempt, bytes_max);
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
  append_hex(out, base::sha256(id), 0, std::min(id_digits, bytes_max - std::min(bytes_max, prefix.size())));
}

}  // namespace signalbox::canonical
