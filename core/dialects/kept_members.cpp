#include "dialects/kept_members.h"

#include "dialects/dialect.h"

namespace signalbox::dialects {

std::string object_of(std::span<const std::string_view> keys, std::span<const std::string_view> values) {
  std::string object = "{";
  for (size_t i = 0; i < keys.size(); ++i) {
    if (values[i].empty() || values[i] == too_long) continue;
    if (object.size() > 1) object += ',';
    object += '"';
    object += keys[i];
    object += "\":";
    object += values[i];
  }
  object += '}';
  return object;
}

}  // namespace signalbox::dialects
