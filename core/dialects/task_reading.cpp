#include "dialects/task_reading.h"

#include "base/text.h"

namespace signalbox::dialects {

bool is_string(std::string_view value, std::string_view plain) {
  return !value.empty() && value.front() == '"' && json::equals(json::escaped(value), plain);
}

bool begins_string(std::string_view value, std::string_view plain) {
  std::string_view inside = json::string_inside(value);
  for (char c : plain) {
    const json::Unit unit = json::first_unit(inside);
    if (unit.bytes == 0 || unit.value != static_cast<unsigned char>(c)) return false;
    inside.remove_prefix(unit.bytes);
  }
  return true;
}

size_t RootMembers::which(std::string_view key) {
  size_t i = 0;
  while (i < members_.size() && !((members_[i].facts & wanted_) && json::equals(key, members_[i].name))) ++i;
  if (i == members_.size()) return i;
  if (seen_ >> i & 1 && !fault) {
    fault.kind = FaultKind::duplicate_fact;
    fault.detail = "\"";
    fault.detail += members_[i].name;
    fault.detail += "\" stands a second time at byte ";
    base::append_decimal(fault.detail, int64_t(key.data() - body_.data()) - 1);
    fault.detail += "; routing depends on it.";
  }
  seen_ |= 1u << i;
  return i;
}

std::string_view plain_string(std::string_view value, Arena& arena) {
  constexpr size_t longest = 4096;  // nobody names a session at such length
  const std::string_view inside = json::string_inside(value).substr(0, longest);
  if (inside.find('\\') == inside.npos) return arena.copy(inside);
  std::string plain;
  json::unescape(inside, plain);
  return arena.copy(plain);
}

}  // namespace signalbox::dialects
