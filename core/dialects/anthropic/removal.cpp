#include "dialects/anthropic/removal.h"

#include <algorithm>

#include "base/text.h"
#include "json/escaped.h"
#include "json/reader.h"

namespace signalbox::dialects::anthropic {
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
  std::string_view path;

  bool anywhere() const { return path.find('*') != path.npos; }
};

// One reading of what is left of a path at an object: its first parts are names of types.
struct Way {
  size_t sought = 0;        // its place in the stack
  std::string_view whole;   // a member of this name is what is sought
  std::string_view part;    // or stands inside a member of this name; empty where there is no more than `whole`
  std::string_view holder;  // that member's value, where it is a container; of duplicates the last
  bool named = false;       // there is a member called `whole`
  bool removes = false;
};

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

// Whether what is inside of a member called `name` is the client's own, where any name may stand.
bool is_clients_own(std::string_view name) {
  constexpr std::string_view own[] = {"input",  "input_schema", "input_examples", "schema",   "arguments",
                                      "source", "data",         "text",           "signature"};
  return is_one_of(name, own);
}

size_t parts_of(std::string_view path) { return 1 + size_t(std::count(path.begin(), path.end(), '.')); }

// Goes as deep as the longest path has parts.
class Remover {
 public:
  Remover(std::string_view body, std::vector<Edit>& edits) : body_(body), edits_(edits), begun_at_(edits.size()) {}

  Found run(std::string_view value, std::span<const std::string_view> paths) {
    for (std::string_view path : paths)
      if (parts_of(path) <= path_parts_max) sought_.push_back({path, path});
    if (!sought_.empty() && is_container(value)) visit(value, 0, Place::body);
    return found_;
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
        const Sought sought = sought_[i];
        const size_t dot = sought.rest.find('.');
        if (dot == sought.rest.npos) continue;
        const std::string_view part = sought.rest.substr(0, dot);
        if (part == "*" || base::parse_decimal(part) == index)
          sought_.push_back({sought.rest.substr(dot + 1), sought.path});
      }
      if (sought_.size() > end) visit(*element, end, Place::inside);
      sought_.resize(end);
    }
  }

  void visit_object(std::string_view value, size_t first, Place place) {
    const size_t ways_begin = ways_.size();
    add_ways(first);
    const size_t ways_end = ways_.size();
    const std::string_view type = look(value, ways_begin);
    bool any_goes = false;
    for (size_t i = ways_begin; i < ways_end;) i = choose(i, type, place, any_goes);
    if (any_goes) remove(value, ways_begin, ways_end);
    for (size_t i = ways_begin; i < ways_end; ++i) descend(i, ways_end);
    ways_.resize(ways_begin);
  }

  void add_ways(size_t first) {
    for (size_t i = first; i < sought_.size(); ++i) {
      std::string_view rest = sought_[i].rest;
      for (size_t passed = 0; passed <= passed_over_max; ++passed) {
        const size_t dot = rest.find('.');
        ways_.push_back({i, rest, dot == rest.npos ? std::string_view() : rest.substr(0, dot), {}});
        if (dot == rest.npos) break;
        rest.remove_prefix(dot + 1);
      }
    }
  }

  // Notes which ways from `begin` on there are in the object; returns its type, escaped, empty for none.
  std::string_view look(std::string_view object, size_t begin) {
    std::string_view type;
    json::Reader reader(object);
    reader.next();
    while (reader.next() == json::Token::key) {
      const std::string_view name = reader.raw();
      const bool escaped = reader.escaped();
      const auto same = [&](std::string_view plain) { return escaped ? json::equals(name, plain) : name == plain; };
      const auto value = reader.skip_value();
      if (!value) break;
      if (same("type")) type = json::string_inside(*value);
      for (size_t i = begin; i < ways_.size(); ++i) {
        Way& way = ways_[i];
        if (same(way.whole)) way.named = true;
        if (!way.part.empty() && is_container(*value) && same(way.part)) way.holder = *value;
      }
    }
    return type;
  }

  // Of the ways of one path, which begin at `i`, the first that the object has is taken; returns where
  // the next path's begin.
  size_t choose(size_t i, std::string_view type, Place place, bool& any_goes) {
    const size_t of = ways_[i].sought;
    const Sought& sought = sought_[of];
    bool over = false;
    for (; i < ways_.size() && ways_[i].sought == of; ++i) {
      Way& way = ways_[i];
      if (over) {
        way.holder = {};
      } else if (way.named) {
        over = true;
        way.holder = {};
        if (place == Place::body ? is_needed(way.whole) : is_substance(way.whole, type)) continue;
        way.removes = any_goes = true;
        found_ = std::max(found_, way.part.empty() ? Found::in_parts : Found::as_name);
      } else if (!way.holder.empty()) {
        over = true;
        if (is_clients_own(way.part)) way.holder = {};
      } else {
        over = way.part.empty() || way.part == "*" ||
               (sought.anywhere() && !type.empty() && !json::equals(type, way.part));
      }
    }
    return i;
  }

  void remove(std::string_view object, size_t ways_begin, size_t ways_end) {
    const size_t base = size_t(object.data() - body_.data());
    Listing listing(edits_);
    json::Reader reader(object);
    reader.next();
    while (reader.next() == json::Token::key) {
      const std::string_view name = reader.raw();
      const size_t begin = base + reader.offset();
      const auto value = reader.skip_value();
      if (!value) break;
      std::string_view goes_by;
      for (size_t i = ways_begin; i < ways_end && edits_.size() - begun_at_ + 1 < edits_max; ++i)
        if (ways_[i].removes && json::equals(name, ways_[i].whole)) goes_by = sought_[ways_[i].sought].path;
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
      sought_.push_back({way.whole.substr(way.part.size() + 1), sought_[way.sought].path});
      way.holder = {};
    }
    visit(holder, first, Place::inside);
    sought_.resize(first);
  }

  std::string_view body_;
  std::vector<Edit>& edits_;
  size_t begun_at_;
  std::vector<Sought> sought_;  // a stack: what is looked for where, the innermost last
  std::vector<Way> ways_;       // a stack as well
  Found found_ = Found::nowhere;
};

}  // namespace

void Listing::add(size_t begin, size_t end, std::string_view path) {
  if (path != path_ && !path_.empty()) end_run(any_stays_ ? last_end_ : begin);
  if (path.empty()) {
    any_stays_ = true;
  } else if (path_.empty()) {
    // The comma before it where something stays there, else the one behind.
    run_begin_ = any_stays_ ? last_end_ : begin;
    path_ = path;
  }
  last_end_ = end;
}

void Listing::close() {
  if (!path_.empty()) end_run(last_end_);
}

void Listing::end_run(size_t end) {
  edits_.push_back({path_, run_begin_, end, {}});
  path_ = {};
}

Found append_member_removals(std::string_view body, std::span<const std::string_view> paths, std::vector<Edit>& edits) {
  const size_t start = body.find_first_not_of(" \t\r\n");
  if (paths.empty() || start == body.npos) return Found::nowhere;
  return Remover(body, edits).run(body.substr(start), paths);
}

}  // namespace signalbox::dialects::anthropic
