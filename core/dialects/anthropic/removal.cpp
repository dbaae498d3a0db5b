#include "dialects/anthropic/removal.h"

#include <algorithm>

#include "base/text.h"
#include "json/escaped.h"
#include "json/reader.h"

namespace signalbox::dialects::anthropic {
namespace {

// More parts than any path has that speaks of a body.
constexpr size_t path_parts_max = 32;

struct Member {
  std::string_view name;  // escaped
  std::string_view value;
  Listed place;
};

// What is left of a path at some value of the body.
struct Sought {
  std::string_view rest;
  std::string_view path;

  bool anywhere() const { return path.find('*') != path.npos; }
};

// A container to be looked through, and for what.
struct Visit {
  std::string_view value;
  std::vector<Sought> sought;
  bool top = false;  // the body itself
};

// The members of the object `object`, a view into `body`; none where it is not whole.
std::vector<Member> members(std::string_view body, std::string_view object) {
  std::vector<Member> list;
  const size_t base = size_t(object.data() - body.data());
  json::Reader reader(object);
  if (reader.next() != json::Token::begin_object) return list;
  while (reader.next() == json::Token::key) {
    const size_t begin = base + reader.offset();
    const std::string_view name = reader.raw();
    const auto value = reader.skip_value();
    if (!value) return {};
    list.push_back({name, *value, {begin, base + reader.end_offset()}});
  }
  return list;
}

bool is_container(std::string_view value) { return !value.empty() && (value.front() == '{' || value.front() == '['); }

template <size_t count>
bool is_one_of(std::string_view name, const std::string_view (&words)[count]) {
  return std::find(std::begin(words), std::end(words), name) != std::end(words);
}

// Without these there is no request, or another one.
bool is_needed(std::string_view name) {
  constexpr std::string_view needed[] = {"model", "messages", "max_tokens", "stream", "system", "tools"};
  return is_one_of(name, needed);
}

// Whether a member called `name` is what an object of the type `type` (escaped; may be empty) is there for.
bool is_substance(std::string_view name, std::string_view type) {
  constexpr std::string_view substance[] = {"type",        "role",         "content",    "text",     "source",
                                            "data",        "url",          "media_type", "input",    "tool_use_id",
                                            "description", "input_schema", "thinking",   "signature"};
  if (is_one_of(name, substance)) return true;
  // Calls and tools have them from Anthropic, texts and results from some clients.
  const bool decoration = type == "text" || type == "tool_result";
  return !decoration && (name == "id" || name == "name");
}

// Adds `sought` to what is looked for in `value`. `visits` from `first` on are of one container.
void look_into(std::string_view value, const Sought& sought, size_t first, std::vector<Visit>& visits) {
  const auto same = std::find_if(visits.begin() + std::ptrdiff_t(first), visits.end(),
                                 [&](const Visit& visit) { return visit.value.data() == value.data(); });
  if (same != visits.end()) same->sought.push_back(sought);
  else visits.push_back({value, {sought}, false});
}

void visit_array(const Visit& visit, std::vector<Visit>& visits) {
  json::Reader reader(visit.value);
  if (reader.next() != json::Token::begin_array) return;
  int64_t index = 0;
  for (; const auto value = reader.skip_value(); ++index) {
    if (!is_container(*value)) continue;
    Visit inner{*value, {}, false};
    for (const Sought& sought : visit.sought) {
      const size_t dot = sought.rest.find('.');
      if (dot == sought.rest.npos) continue;
      const std::string_view part = sought.rest.substr(0, dot);
      if (part == "*" || base::parse_decimal(part) == index)
        inner.sought.push_back({sought.rest.substr(dot + 1), sought.path});
    }
    if (!inner.sought.empty()) visits.push_back(std::move(inner));
  }
}

Found visit_object(std::string_view body, const Visit& visit, std::vector<Visit>& visits, std::vector<Edit>& edits) {
  std::vector<Member> list = members(body, visit.value);
  std::string_view type;
  for (const Member& member : list)
    if (json::equals(member.name, "type")) type = json::string_inside(member.value);

  Found found = Found::nowhere;
  const size_t first = visits.size();
  for (Sought sought : visit.sought) {
    for (size_t parts = 0; parts < path_parts_max; ++parts) {
      const size_t dot = sought.rest.find('.');
      bool named = false;
      for (Member& member : list) {
        if (!json::equals(member.name, sought.rest)) continue;
        named = true;
        if (visit.top ? is_needed(sought.rest) : is_substance(sought.rest, type)) continue;
        member.place.goes_as = sought.path;
        found = std::max(found, dot == sought.rest.npos ? Found::in_parts : Found::as_name);
      }
      if (named || dot == sought.rest.npos) break;
      const std::string_view part = sought.rest.substr(0, dot);
      sought.rest.remove_prefix(dot + 1);
      // Of duplicates the last counts, here as for the upstream.
      const auto holder = std::find_if(list.rbegin(), list.rend(), [&](const Member& member) {
        return is_container(member.value) && json::equals(member.name, part);
      });
      if (holder != list.rend()) {
        look_into(holder->value, sought, first, visits);
        break;
      }
      if (part == "*" || (sought.anywhere() && !type.empty() && !json::equals(type, part))) break;
    }
  }
  std::vector<Listed> places;
  for (const Member& member : list) {
    places.push_back(member.place);
    if (!member.place.goes()) continue;
    // What stands in a member that goes is gone with it.
    const auto inside = [&](const Visit& inner) { return inner.value.data() == member.value.data(); };
    visits.erase(std::remove_if(visits.begin() + std::ptrdiff_t(first), visits.end(), inside), visits.end());
  }
  append_removals(places, edits);
  return found;
}

}  // namespace

void append_removals(std::span<const Listed> list, std::vector<Edit>& edits) {
  bool any_stays = false;
  for (size_t i = 0; i < list.size();) {
    if (!list[i].goes()) {
      any_stays = true;
      ++i;
      continue;
    }
    const size_t first = i;
    while (i < list.size() && list[i].goes_as == list[first].goes_as) ++i;
    // The comma before it where something stays there, else the one behind.
    const size_t begin = any_stays ? list[first - 1].end : list[first].begin;
    const size_t end = any_stays || i == list.size() ? list[i - 1].end : list[i].begin;
    edits.push_back({list[first].goes_as, begin, end, {}});
  }
}

Found append_member_removals(std::string_view body, std::span<const std::string_view> paths, std::vector<Edit>& edits) {
  const size_t start = body.find_first_not_of(" \t\r\n");
  if (paths.empty() || start == body.npos) return Found::nowhere;
  Visit top{body.substr(start), {}, true};
  for (std::string_view path : paths) top.sought.push_back({path, path});
  Found found = Found::nowhere;
  std::vector<Visit> visits;
  visits.push_back(std::move(top));
  while (!visits.empty()) {
    const Visit visit = std::move(visits.back());
    visits.pop_back();
    if (visit.value.front() == '[') visit_array(visit, visits);
    else found = std::max(found, visit_object(body, visit, visits, edits));
  }
  return found;
}

}  // namespace signalbox::dialects::anthropic
