#include "dialects/anthropic/removal.h"

#include "base/text.h"
#include "json/reader.h"

namespace signalbox::dialects::anthropic {
namespace {

// More parts than any path has that speaks of a body.
constexpr size_t path_parts_max = 32;

struct Named {
  Listed place;
  std::string_view value;
};

// The members of the object `object`, a view into `body`. Those called `name` are marked.
std::vector<Named> members(std::string_view body, std::string_view object, std::string_view name) {
  std::vector<Named> list;
  const size_t base = size_t(object.data() - body.data());
  json::Reader reader(object);
  if (reader.next() != json::Token::begin_object) return list;
  while (reader.next() == json::Token::key) {
    const size_t begin = base + reader.offset();
    const bool goes = json::equals(reader.raw(), name);
    const auto value = reader.skip_value();
    if (!value) return {};
    list.push_back({{begin, base + reader.end_offset(), goes}, *value});
  }
  return list;
}

std::string_view element(std::string_view array, int64_t index) {
  json::Reader reader(array);
  if (reader.next() != json::Token::begin_array) return {};
  for (; const auto value = reader.skip_value(); --index)
    if (index == 0) return *value;
  return {};
}

bool is_container(std::string_view value) { return !value.empty() && (value.front() == '{' || value.front() == '['); }

}  // namespace

void append_removals(std::span<const Listed> list, std::string_view path, std::vector<Edit>& edits) {
  for (size_t i = 0; i < list.size();) {
    if (!list[i].goes) {
      ++i;
      continue;
    }
    const size_t first = i;
    while (i < list.size() && list[i].goes) ++i;
    // The comma before it where something stays there, else the one behind.
    const size_t begin = first > 0 ? list[first - 1].end : list[first].begin;
    const size_t end = first > 0 || i == list.size() ? list[i - 1].end : list[i].begin;
    edits.push_back({path, begin, end, {}});
  }
}

void append_member_removals(std::string_view body, std::string_view path, std::vector<Edit>& edits) {
  const std::string_view whole = path;
  std::string_view value = body;
  for (size_t parts = 0; parts < path_parts_max; ++parts) {
    const size_t dot = path.find('.');
    const bool last = dot == path.npos;
    const std::string_view part = path.substr(0, dot);
    if (!last) path.remove_prefix(dot + 1);
    const size_t start = value.find_first_not_of(" \t\r\n");
    if (start == value.npos) return;
    value.remove_prefix(start);
    if (value.front() == '[') {
      const auto index = base::parse_decimal(part);
      if (last) return;
      if (index) value = element(value, *index);
      continue;
    }
    if (value.front() != '{') return;
    const std::vector<Named> found = members(body, value, part);
    std::string_view inside;
    std::vector<Listed> list;
    for (const Named& member : found) {
      list.push_back(member.place);
      if (member.place.goes) inside = member.value;
    }
    if (last) {
      if (!inside.empty()) append_removals(list, whole, edits);
      return;
    }
    if (is_container(inside)) value = inside;
  }
}

}  // namespace signalbox::dialects::anthropic
