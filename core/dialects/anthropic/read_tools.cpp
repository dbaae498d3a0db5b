// Tools: functions as they are, and the typed tools that Anthropic documents. Those that the client
// executes become ordinary functions with the documented arguments, those that run on a provider's servers are
// carried as such (translation.md sections 4 and 7).
#include "base/text.h"
#include "dialects/anthropic/reading.h"
#include "json/walk.h"
#include "json/writer.h"

namespace signalbox::dialects::anthropic {
namespace {

using json::Escaped;

// The arguments of a typed tool, which its definition leaves out because Claude has learnt them.
struct KnownTool {
  std::string_view type;  // without its date
  std::string_view description;
  std::string_view schema;
};

constexpr KnownTool
    known_tools[] =
        {
            {"bash", "Runs a command in a bash session that stays open between calls.",
             R"({"type":"object","properties":{"command":{"type":"string","description":"The command to run. Required unless restart is true."},"restart":{"type":"boolean","description":"true starts the session anew."}}})"},
            {"text_editor", "Views, creates and edits text files.",
             R"({"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert","undo_edit"],"description":"What to do."},"path":{"type":"string","description":"The file, or for view also a directory."},"view_range":{"type":"array","items":{"type":"integer"},"description":"Of view: first and last line, counted from 1; -1 as the last means the end."},"file_text":{"type":"string","description":"Of create: the content."},"old_str":{"type":"string","description":"Of str_replace: the text to replace, which must stand in the file exactly once."},"new_str":{"type":"string","description":"Of str_replace: what replaces it. Of insert in older versions: the text."},"insert_line":{"type":"integer","description":"Of insert: the line after which to insert; 0 is the beginning."},"insert_text":{"type":"string","description":"Of insert: the text."}},"required":["command","path"]})"},
            {"memory", "Reads and writes files below /memories, which last longer than the conversation.",
             R"({"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert","delete","rename"],"description":"What to do."},"path":{"type":"string","description":"The file or directory; for all commands but rename."},"view_range":{"type":"array","items":{"type":"integer"},"description":"Of view: first and last line."},"file_text":{"type":"string","description":"Of create: the content."},"old_str":{"type":"string","description":"Of str_replace: the text to replace."},"new_str":{"type":"string","description":"Of str_replace: what replaces it."},"insert_line":{"type":"integer","description":"Of insert: the line after which to insert."},"insert_text":{"type":"string","description":"Of insert: the text."},"old_path":{"type":"string","description":"Of rename: the present path."},"new_path":{"type":"string","description":"Of rename: the new path."}},"required":["command"]})"},
            {"computer", "Uses the screen, mouse and keyboard of a computer.",
             R"({"type":"object","properties":{"action":{"type":"string","enum":["key","type","mouse_move","left_click","left_click_drag","right_click","middle_click","double_click","triple_click","screenshot","cursor_position","left_mouse_down","left_mouse_up","scroll","hold_key","wait","zoom"],"description":"What to do."},"coordinate":{"type":"array","items":{"type":"integer"},"description":"x and y in pixels from the upper left."},"start_coordinate":{"type":"array","items":{"type":"integer"},"description":"Of left_click_drag: where it begins."},"text":{"type":"string","description":"Of type, key and hold_key: the text or keys."},"scroll_direction":{"type":"string","enum":["up","down","left","right"]},"scroll_amount":{"type":"integer"},"duration":{"type":"number","description":"Of wait and hold_key: seconds."},"region":{"type":"array","items":{"type":"integer"},"description":"Of zoom: x and y of two corners."}},"required":["action"]})"},
};

enum Member : size_t {
  type,
  name,
  description,
  input_schema,
  strict,
  cache_control,
  input_examples,
  allowed_callers,
  display_width,
  display_height,
  max_uses,
  allowed_domains,
  blocked_domains,
  user_location,
  defer_loading,          // says when a tool is shown: all are shown at once
  eager_input_streaming,  // arguments are always passed on as they come
  member_count
};
constexpr std::array<std::string_view, member_count> member_names = {"type",
                                                                     "name",
                                                                     "description",
                                                                     "input_schema",
                                                                     "strict",
                                                                     "cache_control",
                                                                     "input_examples",
                                                                     "allowed_callers",
                                                                     "display_width_px",
                                                                     "display_height_px",
                                                                     "max_uses",
                                                                     "allowed_domains",
                                                                     "blocked_domains",
                                                                     "user_location",
                                                                     "defer_loading",
                                                                     "eager_input_streaming"};

// "web_search_20250305" without its date.
std::string_view without_date(std::string_view type_name) {
  constexpr size_t date_bytes = 9;
  if (type_name.size() <= date_bytes) return type_name;
  const std::string_view tail = type_name.substr(type_name.size() - date_bytes);
  if (tail.front() != '_' || tail.find_first_not_of("0123456789", 1) != tail.npos) return type_name;
  return type_name.substr(0, type_name.size() - date_bytes);
}

// One that only Anthropic's own definition can say has no other dialect's words, so what it adds goes.
void note_losses(const Values<member_count>& values, Reading& reading) {
  if (!is_absent(values[input_examples])) reading.losses().add("tools.input_examples");
  // ["direct"] is what holds without the member.
  std::string callers;
  json::each_element(values[allowed_callers], [&](std::string_view caller) { callers += json::string_inside(caller); });
  if (!callers.empty() && callers != "direct") reading.losses().add("tools.allowed_callers");
}

Escaped described(const KnownTool& known, const Values<member_count>& values, Arena& arena) {
  if (known.type != "computer" || is_absent(values[display_width]) || is_absent(values[display_height]))
    return {known.description};
  const auto width = json::to_int64(values[display_width]), height = json::to_int64(values[display_height]);
  if (!width || !height) return {known.description};
  return {arena.concat(
      {known.description, " The screen has ", values[display_width], " by ", values[display_height], " pixels."})};
}

// Whether `kind`, a type without its date, runs on the provider's servers and is known to more than one.
bool is_server_tool(std::string_view kind, canonical::ServerTool& tool) {
  if (kind == "web_search") tool.kind = canonical::ServerTool::Kind::web_search;
  else if (kind == "web_fetch") tool.kind = canonical::ServerTool::Kind::web_fetch;
  else if (kind == "code_execution") tool.kind = canonical::ServerTool::Kind::code_execution;
  else return false;
  return true;
}

bool read_server_tool(const Values<member_count>& values, const Place& place, Reading& reading,
                      canonical::ServerTool& tool) {
  const auto take = [&](Member member, char begin, std::string_view& out) {
    if (!is_absent(values[member]) && values[member].front() == begin) out = values[member];
  };
  take(allowed_domains, '[', tool.allowed_domains);
  take(blocked_domains, '[', tool.blocked_domains);
  take(user_location, '{', tool.user_location);
  if (is_absent(values[max_uses])) return true;
  const auto uses = json::to_int64(values[max_uses]);
  if (!uses || *uses < 0) return reading.wrong({&place, "max_uses"}, "a whole number, 0 or more", values[max_uses]);
  tool.uses_max = *uses;
  return true;
}

}  // namespace

bool read_tool(json::Reader& reader, const Place& place, Reading& reading, std::vector<canonical::Tool>& out,
               std::vector<canonical::ServerTool>& server_tools) {
  Values<member_count> values{};
  const auto lose = [&](std::string_view key, std::string_view value) { reading.lose("tools", key, value); };
  if (!read_members(reader, member_names, values, reading, lose)) return false;
  Escaped type_name, tool_name;
  if (!reading.take_string(values[type], {&place, "type"}, type_name)) return false;
  if (!type_name.empty() && !json::equals(type_name, "custom")) {
    const std::string_view kind = without_date(type_name.inside);
    // Every tool is sent, so nothing is left to be searched for.
    if (kind.substr(0, 11) == "tool_search") return true;
    if (values[strict] == "true") reading.losses().add("tools.strict");  // of a schema that is not the client's
    for (const KnownTool& known : known_tools) {
      if (kind != known.type) continue;
      if (!reading.need_string(values[name], {&place, "name"}, tool_name)) return false;
      out.push_back({.name = reading.plain(tool_name),
                     .description = described(known, values, reading.arena()),
                     .schema = known.schema,
                     .cache_control = cache_control_of(values[cache_control])});
      note_losses(values, reading);
      return true;
    }
    canonical::ServerTool server_tool;
    if (is_server_tool(kind, server_tool)) {
      server_tools.push_back(server_tool);
      note_losses(values, reading);
      return read_server_tool(values, place, reading, server_tools.back());
    }
    reading.losses().add("tools", kind);
    return true;
  }
  canonical::Tool tool;
  if (!reading.need_string(values[name], {&place, "name"}, tool_name)) return false;
  if (!reading.take_string(values[description], {&place, "description"}, tool.description)) return false;
  if (!is_absent(values[input_schema])) {
    if (values[input_schema].front() != '{')
      return reading.wrong({&place, "input_schema"}, "an object", values[input_schema]);
    tool.schema = values[input_schema];
  }
  tool.name = reading.plain(tool_name);
  if (values[strict] == "true" || values[strict] == "false") tool.strict = values[strict] == "true";
  tool.cache_control = cache_control_of(values[cache_control]);
  note_losses(values, reading);
  out.push_back(tool);
  return true;
}

}  // namespace signalbox::dialects::anthropic
