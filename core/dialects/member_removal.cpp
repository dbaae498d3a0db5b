#include "dialects/member_removal.h"

#include <algorithm>

#include "base/arena.h"
#include "base/sort.h"
#include "base/text.h"
#include "json/escaped.h"
#include "json/reader.h"

namespace signalbox::dialects {
namespace {

// messages.0.content.0.tool_result.content.0.text.cache_control.ephemeral.ttl has eleven. Longer ones name
// nothing.
constexpr size_t path_parts_max = 12;
// Names that stand in a path and not in the body: a value has one type.
constexpr size_t passed_over_max = 2;
// No body of a client comes near; who plants paths and sends a body that is all of them makes more.
constexpr size_t edits_max = 100'000;

// What is left of a path at some value of the body.
struct Sought {
  std::string_view rest;
  size_t path;  // its place in the list
};

// One reading of what is left of a path at an object: its first parts are names of types.
struct Way {
  size_t sought = 0;        // its place in the stack
  std::string_view whole;   // a member of this name is what is sought
  std::string_view part;    // or stands inside a member of this name; empty where there is no more than `whole`
  std::string_view rest;    // what is left of the path there
  std::string_view holder;  // that member's value, where it is a container; of duplicates the last
  bool named = false;       // there is a member called `whole`
  bool removes = false;
};

// What an object says that it is, escaped; empty where it does not.
struct Tag {
  std::string_view type, role;
};

bool is_container(std::string_view value) { return !value.empty() && (value.front() == '{' || value.front() == '['); }

// Whether the two are one name, be it written with underscores or with capitals.
bool is_same_name(std::string_view a, std::string_view b) {
  size_t at = 0;
  for (const char c : a) {
    if (c == '_') continue;
    while (at < b.size() && b[at] == '_') ++at;
    if (at == b.size() || base::lower(b[at++]) != base::lower(c)) return false;
  }
  return b.find_first_not_of('_', at) == b.npos;
}

bool is_one_of(std::string_view name, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return is_same_name(name, word); });
}

size_t parts_of(std::string_view path) {
  size_t count = 0;
  while (!path.empty()) take_part(path), ++count;
  return count;
}

// Goes as deep as the longest path has parts.
class Remover {
 public:
  // Only looks where `edits` is null; does not tell what it has found where `found` is empty.
  Remover(std::string_view body, std::span<const std::string_view> paths, const Kept& kept, std::vector<Edit>* edits,
          std::span<Found> found)
      : body_(body), paths_(paths), kept_(kept), edits_(edits), begun_at_(edits ? edits->size() : 0), found_(found) {}

  void run() {
    for (size_t i = 0; i < paths_.size(); ++i)
      if (parts_of(paths_[i]) <= path_parts_max) sought_.push_back({paths_[i], i});
    const std::string_view value = body_.substr(std::min(body_.find_first_not_of(" \t\r\n"), body_.size()));
    if (!sought_.empty() && is_container(value)) visit(value, 0, Place::body);
  }

 private:
  enum class Place : uint8_t { body, inside };

  // Looks in `value` for what is in sought_ from `first` on.
  void visit(std::string_view value, size_t first, Place place) {
    if (value.front() == '[') visit_array(value, first);
    else visit_object(value, first, place);
  }

  void visit_array(std::string_view value, size_t first) {
    const size_t end = sought_.size();
    json::Reader reader(value);
    if (reader.next() != json::Token::begin_array) return;
    for (int64_t index = 0; const auto element = reader.skip_value(); ++index) {
      if (!is_container(*element)) continue;
      for (size_t i = first; i < end; ++i) {
        Sought sought = sought_[i];
        const std::string_view part = take_part(sought.rest);
        if (!sought.rest.empty() && (part == "*" || base::parse_decimal(part) == index)) sought_.push_back(sought);
      }
      if (sought_.size() > end) visit(*element, end, Place::inside);
      sought_.resize(end);
    }
  }

  void visit_object(std::string_view value, size_t first, Place place) {
    const size_t ways_begin = ways_.size();
    add_ways(first);
    const size_t ways_end = ways_.size();
    const Tag tag = look(value, ways_begin);
    bool any_goes = false;
    for (size_t i = ways_begin; i < ways_end;) i = choose(i, tag, place, any_goes);
    if (any_goes && edits_) remove(value, ways_begin, ways_end);
    for (size_t i = ways_begin; i < ways_end; ++i) descend(i, ways_end);
    ways_.resize(ways_begin);
  }

  void add_ways(size_t first) {
    for (size_t i = first; i < sought_.size(); ++i) {
      std::string_view rest = sought_[i].rest;
      for (size_t passed = 0; passed <= passed_over_max; ++passed) {
        const std::string_view whole = rest, part = take_part(rest);
        ways_.push_back({i, whole, rest.empty() ? std::string_view() : part, rest, {}});
        if (rest.empty()) break;
      }
    }
  }

  // Notes which ways from `begin` on there are in the object.
  Tag look(std::string_view object, size_t begin) {
    Tag tag;
    json::Reader reader(object);
    reader.next();
    while (reader.next() == json::Token::key) {
      const std::string_view name = reader.raw();
      const bool escaped = reader.escaped();
      const auto same = [&](std::string_view plain) { return escaped ? json::equals(name, plain) : name == plain; };
      const auto value = reader.skip_value();
      if (!value) break;
      if (same("type")) tag.type = json::string_inside(*value);
      else if (same("role")) tag.role = json::string_inside(*value);
      for (size_t i = begin; i < ways_.size(); ++i) {
        Way& way = ways_[i];
        if (same(way.whole)) way.named = true;
        // Google names in one spelling what clients write in two.
        if (!way.part.empty() && is_container(*value) && (same(way.part) || is_same_name(name, way.part)))
          way.holder = *value;
      }
    }
    return tag;
  }

  // Of the ways of one path, which begin at `i`, the first that the object has is taken; returns where
  // the next path's begin.
  size_t choose(size_t i, const Tag& tag, Place place, bool& any_goes) {
    const size_t of = ways_[i].sought;
    const size_t path = sought_[of].path;
    const bool anywhere = paths_[path].find('*') != std::string_view::npos;
    bool over = false;
    for (; i < ways_.size() && ways_[i].sought == of; ++i) {
      Way& way = ways_[i];
      if (over) {
        way.holder = {};
      } else if (way.named) {
        over = true;
        way.holder = {};
        if (place == Place::body ? is_one_of(way.whole, kept_.needed) : is_substance(way.whole, tag)) continue;
        way.removes = any_goes = true;
        const Found how = way.part.empty() ? Found::in_parts : Found::as_name;
        if (!found_.empty()) found_[path] = std::max(found_[path], how);
      } else if (!way.holder.empty()) {
        over = true;
        if (is_one_of(way.part, kept_.clients_own)) way.holder = {};
      } else {
        over =
            way.part.empty() || way.part == "*" || (anywhere && !tag.type.empty() && !json::equals(tag.type, way.part));
      }
    }
    return i;
  }

  void remove(std::string_view object, size_t ways_begin, size_t ways_end) {
    const size_t base = size_t(object.data() - body_.data());
    Listing listing(*edits_);
    json::Reader reader(object);
    reader.next();
    while (reader.next() == json::Token::key) {
      const std::string_view name = reader.raw();
      const size_t begin = base + reader.offset();
      const auto value = reader.skip_value();
      if (!value) break;
      std::string_view goes_by;
      for (size_t i = ways_begin; i < ways_end && edits_->size() - begun_at_ + 1 < edits_max; ++i)
        if (ways_[i].removes && json::equals(name, ways_[i].whole)) goes_by = paths_[sought_[ways_[i].sought].path];
      listing.add(begin, base + reader.end_offset(), goes_by);
      if (goes_by.empty()) continue;
      // What stands in a member that goes is gone with it.
      for (size_t i = ways_begin; i < ways_end; ++i)
        if (ways_[i].holder.data() == value->data()) ways_[i].holder = {};
    }
    listing.close();
  }

  // Looks into the holder of way `i`, once for all ways that have the same.
  void descend(size_t i, size_t ways_end) {
    const std::string_view holder = ways_[i].holder;
    if (holder.empty()) return;
    const size_t first = sought_.size();
    for (; i < ways_end; ++i) {
      Way& way = ways_[i];
      if (way.holder.data() != holder.data()) continue;
      sought_.push_back({way.rest, sought_[way.sought].path});
      way.holder = {};
    }
    visit(holder, first, Place::inside);
    sought_.resize(first);
  }

  // Whether a member called `name` is what an object with `tag` is there for.
  bool is_substance(std::string_view name, const Tag& tag) const {
    if (is_one_of(name, kept_.substance)) return true;
    return (name == "id" || name == "name") && !is_one_of(tag.type.empty() ? tag.role : tag.type, kept_.decorated);
  }

  std::string_view body_;
  std::span<const std::string_view> paths_;
  const Kept& kept_;
  std::vector<Edit>* edits_;
  size_t begun_at_;
  std::span<Found> found_;
  std::vector<Sought> sought_;  // a stack: what is looked for where, the innermost last
  std::vector<Way> ways_;       // a stack as well
};

// Where the next member begins behind one that ends at `at`; of the last one its end.
size_t behind_comma(std::string_view body, size_t at) {
  const size_t comma = body.find_first_not_of(" \t\r\n", at);
  return comma == body.npos || body[comma] != ',' ? at : body.find_first_not_of(" \t\r\n", comma + 1);
}

// In order. Of two that overlap the one that holds the other stays; where both have the comma between two members, the
// second takes the one behind it.
std::vector<Edit> without_overlaps(std::string_view body, std::vector<Edit>& edits) {
  base::sort(edits,
             [](const Edit& a, const Edit& b) { return a.begin != b.begin ? a.begin < b.begin : a.end > b.end; });
  std::vector<Edit> all;
  for (Edit& edit : edits) {
    if (!all.empty() && edit.begin < all.back().end) {
      if (edit.end <= all.back().end) continue;
      edit.begin = all.back().end;
      edit.end = behind_comma(body, edit.end);
    }
    all.push_back(edit);
  }
  return all;
}

}  // namespace

std::string_view take_part(std::string_view& path) {
  constexpr std::string_view separators = ".[]";
  const std::string_view part = path.substr(0, path.find_first_of(separators));
  path.remove_prefix(std::min(path.find_first_not_of(separators, part.size()), path.size()));
  return part;
}

void find_members(std::string_view body, std::span<const std::string_view> paths, const Kept& kept,
                  std::span<Found> found) {
  std::fill(found.begin(), found.end(), Found::nowhere);
  Remover(body, paths, kept, nullptr, found).run();
}

std::span<const Edit> with_member_removals(std::string_view body, std::vector<Edit>& edits,
                                           std::span<const std::string_view> paths, const Kept& kept, Arena& arena) {
  if (!paths.empty()) Remover(body, paths, kept, &edits, {}).run();
  const std::vector<Edit> all = without_overlaps(body, edits);
  const std::span<Edit> result = arena.array<Edit>(all.size());
  std::copy(all.begin(), all.end(), result.begin());
  return result;
}

}  // namespace signalbox::dialects
