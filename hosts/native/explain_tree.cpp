#include "explain_tree.h"

#include <utility>

namespace signalbox::native {
namespace {

// Below so many names a value is shown as JSON.
constexpr int rest_depth_max = 4;

template <class Fits>
Json taken(Json& object, const char* name, Fits fits) {
  if (!object.is_object()) return {};
  const auto found = object.find(name);
  if (found == object.end() || !fits(*found)) return {};
  Json value = std::move(*found);
  object.erase(found);
  return value;
}

void write_rest_below(PageWriter& page, const Json& rest, size_t indent, const std::string& path, int depth) {
  if (!rest.is_object() || depth == rest_depth_max) {
    page.line((path.empty() ? std::string() : path + ": ") + value_text(rest), indent, indent + 2);
    return;
  }
  for (const auto& [name, value] : rest.items())
    write_rest_below(page, value, indent, path.empty() ? shown(name) : path + "." + shown(name), depth + 1);
}

}  // namespace

Json take_object(Json& object, const char* name) {
  return taken(object, name, [](const Json& value) { return value.is_object(); });
}

Json take_array(Json& object, const char* name) {
  return taken(object, name, [](const Json& value) { return value.is_array(); });
}

std::string take_text(Json& object, const char* name) {
  const Json value = taken(object, name, [](const Json& each) { return each.is_string(); });
  return value.is_string() ? shown(value.get_ref<const std::string&>()) : std::string();
}

std::optional<int64_t> take_number(Json& object, const char* name) {
  const Json value = taken(object, name, [](const Json& each) { return each.is_number_integer(); });
  if (!value.is_number_integer()) return std::nullopt;
  return value.get<int64_t>();
}

std::optional<bool> take_bool(Json& object, const char* name) {
  const Json value = taken(object, name, [](const Json& each) { return each.is_boolean(); });
  if (!value.is_boolean()) return std::nullopt;
  return value.get<bool>();
}

std::string quoted_text(const std::string& text) { return "\"" + text + "\""; }

std::string value_text(const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  return shown(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void write_rest(PageWriter& page, const Json& rest, size_t indent, const std::string& path) {
  if (rest.is_null() || rest.empty()) return;
  write_rest_below(page, rest, indent, path, 0);
}

}  // namespace signalbox::native
