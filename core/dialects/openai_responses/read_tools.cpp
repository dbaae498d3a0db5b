// Tools of a Responses body (translation.md sections 4, 7 and 15).
//
//   function, custom      a tool
//   namespace             its tools, each called NAMESPACE__NAME
//   web_search, ..._preview   the search of the web
//   anything else         runs on OpenAI's servers, or is called and answered in items of its own, which only
//                         OpenAI's models make: it is lost
#include <algorithm>
#include <utility>

#include "dialects/openai_responses/reading.h"
#include "json/walk.h"

namespace signalbox::dialects::openai_responses {
namespace {

using canonical::ServerTool;
using canonical::Tool;

bool begins_with(std::string_view text, std::string_view beginning) {
  return text.substr(0, beginning.size()) == beginning;
}

// An object's or a list's text, empty where the value is none.
std::string_view container(std::string_view value) { return is_object(value) || is_list(value) ? value : ""; }

// All that a tool of any type may say of itself. `others` are the members that only searches have or nobody, in
// order, as keys and values by turns.
struct RawTool {
  std::string_view place;
  Escaped type;
  openai::ToolMembers members;
  std::vector<std::pair<std::string_view, std::string_view>> others;
};

void read_search(const RawTool& raw, Reading& reading, Tools& out) {
  ServerTool tool;
  for (const auto& [key, member] : raw.others) {
    if (key == "filters") {
      tool.allowed_domains = container(json::member(member, "allowed_domains"));
      tool.blocked_domains = container(json::member(member, "blocked_domains"));
    } else if (key == "user_location") {
      tool.user_location = container(member);
    } else if (key == "search_context_size") {
      if (!json::equals(json::escaped(member), "medium")) reading.lose("tools.web_search", key, member);
    } else if (key == "external_web_access") {
      if (member == "false") reading.losses().add("tools.web_search", key);
    } else {
      reading.lose("tools.web_search", key, member);
    }
  }
  out.servers.push_back(tool);
}

bool read_list(json::Reader& reader, std::string_view group, Reading& reading, Tools& out);

// What is said of the namespace is said of its first tool, since there is nothing else that would carry it.
bool read_namespace(const RawTool& raw, Reading& reading, Tools& out) {
  Escaped name, description;
  std::string_view tools;
  reading.take_text("tools.name", raw.members.name, name);
  reading.take_text("tools.description", raw.members.description, description);
  for (const auto& [key, member] : raw.others) {
    if (key == "tools") tools = member;
    else reading.lose("tools", key, member);
  }
  if (name.empty() || !is_list(tools))
    return reading.wrong("tools", "a list of tools, those of type namespace with a \"name\" and \"tools\"", raw.place);
  const size_t first = out.functions.size();
  json::Reader reader(tools);
  if (!read_list(reader, reading.plain(name), reading, out)) return false;
  if (description.empty() || out.functions.size() == first) return true;
  Escaped& said = out.functions[first].description;
  said = {reading.arena().concat({name.inside, ": ", description.inside, "\\n\\n", said.inside})};
  return true;
}

// `group`: the namespace that it stands in, which holds functions and custom tools alone.
bool read_tool(const RawTool& raw, std::string_view group, Reading& reading, Tools& out) {
  const std::string_view kind = reading.plain(raw.type);
  if (kind == "function" || kind == "custom") {
    for (const auto& [key, member] : raw.others) reading.lose("tools", key, member);
    Tool tool;
    const bool read = kind == "custom" ? openai::read_custom(raw.members, raw.place, reading, tool)
                                       : openai::read_function(raw.members, raw.place, reading, tool);
    if (!read) return false;
    tool.name = joined_name(group, tool.name, reading);
    tool.group = group;
    out.functions.push_back(tool);
  } else if (kind == "namespace" && group.empty()) {
    return read_namespace(raw, reading, out);
  } else if (begins_with(kind, "web_search")) {
    read_search(raw, reading, out);
  } else if (kind.empty()) {
    return reading.wrong("tools", "a list of tools, each with a \"type\"", raw.place);
  } else {
    const auto by_client = [](const auto& other) {
      return other.first == "execution" && json::equals(json::escaped(other.second), "client");
    };
    // Of tool_search nothing is missed: every tool is sent, so there is nothing to be searched for.
    if (kind != "tool_search" || std::any_of(raw.others.begin(), raw.others.end(), by_client))
      reading.losses().add("tools", kind);
  }
  return true;
}

bool read_list(json::Reader& reader, std::string_view group, Reading& reading, Tools& out) {
  RawTool raw;
  return reading.each_object(reader, "tools", [&](std::string_view place) {
    if (!reading.may_have(out.functions.size() + out.servers.size() + 1, "tools")) return false;
    raw.place = place;
    raw.type = {};
    raw.members = {};
    raw.others.clear();
    const bool whole = reading.each_member(reader, [&](std::string_view key, std::string_view value) {
      if (key == "type") raw.type = json::escaped(value);
      else if (!raw.members.take(key, value)) raw.others.emplace_back(key, value);
    });
    return whole && read_tool(raw, group, reading, out);
  });
}

}  // namespace

std::string_view joined_name(std::string_view group, std::string_view name, Reading& reading) {
  return group.empty() ? name : reading.arena().concat({group, "__", name});
}

bool read_tools(json::Reader& reader, Reading& reading, Tools& out) { return read_list(reader, {}, reading, out); }

}  // namespace signalbox::dialects::openai_responses
