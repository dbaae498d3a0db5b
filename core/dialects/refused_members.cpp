#include "dialects/refused_members.h"

#include <algorithm>
#include <string>

#include "base/text.h"
#include "json/reader.h"

namespace signalbox::dialects {
namespace {

// A sentence with the path of a member in it. What follows `after` is the upstream's advice.
struct Wording {
  std::string_view before, after;
  std::string_view end{};  // how the sentence ends, where a value stands in it
};

constexpr Wording wordings[] = {
    {"Unsupported parameter: '", "' is not supported with this model"},  // OpenAI
    {"Unsupported parameter: '", "'"},
    {"Unsupported parameter: ", ""},  // ChatGPT plans
    {"Unknown parameter: '", "'"},
    {"Unrecognized request argument supplied: ", ""},
    {"property '", "' is unsupported"},                                           // Groq
    {"Extra inputs are not permitted, field: '", "'"},                            // Fireworks
    {"Invalid JSON payload received. Unknown name \"", "\": Cannot find field"},  // Google
    {"", ": Extra inputs are not permitted"},
};

// Who takes the default alone takes a request without it.
constexpr Wording wordings_with_a_value[] = {
    {"Unsupported value: '", "' does not support ", " value is supported."},
    {"invalid ", ": only ", " is allowed for this model"},  // Moonshot
};

bool in_path(char c) {
  const char low = base::lower(c);
  return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == '[' ||
         c == ']';
}

// What is left of one line of a message.
class Line {
 public:
  explicit Line(std::string_view text) : left_(text) {}

  bool take(std::string_view words) {
    const bool there = left_.substr(0, words.size()) == words;
    if (there) left_.remove_prefix(words.size());
    return there;
  }

  std::string_view take_path() {
    size_t end = size_t(std::find_if_not(left_.begin(), left_.end(), in_path) - left_.begin());
    while (end > 0 && left_[end - 1] == '.') --end;  // the sentence's own
    const std::string_view path = left_.substr(0, end);
    left_.remove_prefix(end);
    return path;
  }

  // Whether it ends here, with a word of advice or without.
  bool ends() {
    if (take(", did you mean '") && (take_path().empty() || !take("'?"))) return false;
    take(")]");
    take(".");
    if (take(" Use '") && (take_path().empty() || !take("' instead."))) return false;
    return left_.empty();
  }

  bool empty() const { return left_.empty(); }

  bool ends_with(std::string_view words) const {
    return left_.size() >= words.size() && left_.substr(left_.size() - words.size()) == words;
  }

 private:
  std::string_view left_;
};

// The path in `wording`, where `line` is that; else empty.
std::string_view path_in(Line line, const Wording& wording) {
  if (!line.take(wording.before)) return {};
  const std::string_view path = line.take_path();
  if (!line.take(wording.after)) return {};
  // What stands behind a name without quotes may be the rest of a client's.
  if (wording.after.empty()) return line.empty() ? path : std::string_view();
  return (wording.end.empty() ? line.ends() : line.ends_with(wording.end)) ? path : std::string_view();
}

// Groq: "'messages.2' : property 'x' is unsupported", alone or as one of several reasons.
std::string_view take_place(Line& line) {
  Line ahead = line;
  if (!ahead.take("'")) return {};
  const std::string_view place = ahead.take_path();
  if (!ahead.take("' : ")) return {};
  if (ahead.take("for 'role:")) {
    ahead.take(" ");
    ahead.take_path();
    if (!ahead.take("' the following must be satisfied[('") || ahead.take_path() != place || !ahead.take("' : "))
      return {};
  }
  line = ahead;
  return place;
}

// Google: "... Unknown name "x" at 'tools[0]': Cannot find field."
std::string_view path_at_place(Line line, Arena& arena) {
  if (!line.take("Invalid JSON payload received. Unknown name \"")) return {};
  const std::string_view name = line.take_path();
  if (!line.take("\" at '")) return {};
  const std::string_view place = line.take_path();
  return line.take("': Cannot find field") && line.ends() ? arena.concat({place, ".", name}) : std::string_view();
}

// vLLM, in Python's words: "[{'type': 'extra_forbidden', 'loc': ('body', 'x'), ...". What is behind is the value.
std::string_view path_of_loc(Line line, Arena& arena) {
  if (!line.take("[{'type': 'extra_forbidden', 'loc': ('body'")) return {};
  std::string path;
  while (line.take(", ")) {
    const bool quoted = line.take("'");
    const std::string_view part = line.take_path();
    if (part.empty() || (quoted && !line.take("'"))) return {};
    if (!path.empty()) path += '.';
    path += part;
  }
  return line.take("), 'msg': 'Extra inputs are not permitted'") ? arena.copy(path) : std::string_view();
}

std::string_view path_of(std::string_view text, Arena& arena) {
  Line line(text);
  if (const std::string_view path = path_at_place(line, arena); !path.empty()) return path;
  const std::string_view place = take_place(line);
  for (const Wording& wording : wordings)
    if (const std::string_view path = path_in(line, wording); !path.empty())
      return place.empty() ? path : arena.concat({place, ".", path});
  return {};
}

// The path in a sentence that quotes a value. That may be a client's and bring lines of its own, in which such sentences
// end and begin: so this one is a message of one line.
std::string_view path_beside_value(std::string_view message, Arena& arena) {
  if (message.find('\n') != message.npos) return {};
  const Line line(message);
  for (const Wording& wording : wordings_with_a_value)
    if (const std::string_view path = path_in(line, wording); !path.empty()) return path;
  return path_of_loc(line, arena);
}

constexpr std::string_view comma = ", ";

// OpenAI: "Unrecognized request arguments supplied: x, y". Calls `on_name` with each; false where `line` is not that.
template <class OnName>
bool each_argument(Line line, OnName&& on_name) {
  if (!line.take("Unrecognized request arguments supplied: ")) return false;
  do {
    const std::string_view name = line.take_path();
    if (name.empty()) return false;
    on_name(name);
  } while (line.take(comma));
  return line.empty();
}

// Whether `body` has a name that can stand for more than a name in a message: only one with an escape holds a quote or a
// line's end, and one that holds what is `between` names is several.
bool has_misleading_name(std::string_view body, std::string_view between) {
  json::Reader reader(body);
  for (json::Token token = reader.next(); token != json::Token::end && token != json::Token::error;
       token = reader.next())
    if (token == json::Token::key && (reader.escaped() || reader.raw().find(between) != std::string_view::npos))
      return true;
  return false;
}

// `path` with '*' for every index of it.
std::string_view everywhere(std::string_view path, Arena& arena) {
  std::string like;
  while (!path.empty()) {
    const std::string_view part = take_part(path);
    if (base::parse_decimal(part)) like += '*';
    else like += part;
    if (!path.empty()) like += '.';
  }
  return arena.copy(like);
}

// Calls `on_line` with each line of `text` until it returns false.
template <class OnLine>
void each_line(std::string_view text, OnLine&& on_line) {
  for (size_t end = 0; end != text.npos && !text.empty(); text.remove_prefix(end + 1)) {
    end = text.find('\n');
    if (!on_line(text.substr(0, end)) || end == text.npos) return;
  }
}

}  // namespace

Refusal of_this_request(std::string_view path, Arena& arena) {
  const std::span<std::string_view> members = arena.array<std::string_view>(1);
  members[0] = arena.copy(path);
  return {.members = members};
}

Refusal of_all_requests(std::string_view body, std::span<const std::string_view> paths, const Kept& kept,
                        Arena& arena) {
  const std::span<std::string_view> members = arena.array<std::string_view>(paths.size());
  const std::span<std::string_view> all = arena.array<std::string_view>(paths.size());
  const std::span<Found> found = arena.array<Found>(paths.size());
  std::transform(paths.begin(), paths.end(), members.begin(), [&](std::string_view path) { return arena.copy(path); });
  find_members(body, paths, kept, found);
  size_t filled = 0;
  for (size_t i = 0; i < paths.size(); ++i)
    if (found[i] == Found::in_parts) all[filled++] = everywhere(paths[i], arena);
  return {.members = members, .everywhere = all.first(filled)};
}

Refusal refused_members(std::string_view body, const routing::UpstreamError& error, const Kept& kept, Arena& arena) {
  if (error.status != 400 && error.status != 422) return {};
  std::string_view paths[refused_members_max], alike[refused_members_max];
  size_t count = 0;
  std::string_view between = "\n";
  const auto add = [&](std::string_view path) {
    const std::string_view like = everywhere(path, arena);
    if (count == refused_members_max || std::find(alike, alike + count, like) != alike + count) return;
    alike[count] = like;
    paths[count++] = path;
  };
  each_line(error.extra_inputs, [&](std::string_view path) {
    add(path);
    return true;
  });
  if (const std::string_view alone = path_beside_value(error.message, arena); count == 0 && !alone.empty()) {
    add(alone);
  } else if (count == 0) {
    each_line(error.message, [&](std::string_view line) {
      if (each_argument(Line(line), add)) {
        between = comma;
        return true;
      }
      const std::string_view path = path_of(line, arena);
      if (path.empty()) count = 0;
      else add(path);
      return !path.empty();
    });
  }
  if (count == 0 || has_misleading_name(body, between)) return {};
  return of_all_requests(body, {paths, count}, kept, arena);
}

}  // namespace signalbox::dialects
