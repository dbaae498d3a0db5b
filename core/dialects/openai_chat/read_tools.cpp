// Tools of a Chat body, and the form of the answer.
#include "dialects/openai_chat/reading.h"
#include "json/walk.h"

namespace signalbox::dialects::openai_chat {
namespace {

using canonical::OutputFormat;
using canonical::Tool;

// What stands in a tool under the name of its type; `reader` stands before it.
bool read_members(json::Reader& reader, Reading& reading, openai::ToolMembers& out) {
  json::Reader ahead = reader;
  if (ahead.next() != json::Token::begin_object) return reader.skip_value() || reading.bad_json(reader.error());
  reader = ahead;
  return reading.each_member(reader, [&](std::string_view key, std::string_view value) {
    if (!out.take(key, value) && key != "type") reading.lose("tools", key, value);
  });
}

// The tool that `reader` is within.
bool read_tool(json::Reader& reader, std::string_view place, Reading& reading, std::vector<Tool>& out) {
  std::string_view type, cache_control;
  openai::ToolMembers function, custom;
  while (reader.next() == json::Token::key) {
    const std::string_view key = reader.raw();
    if (key == "function" || key == "custom") {
      if (!read_members(reader, reading, key == "function" ? function : custom)) return false;
      continue;
    }
    const auto value = reader.skip_value();
    if (!value) return reading.bad_json(reader.error());
    if (key == "type") type = *value;
    else if (key == "cache_control") cache_control = *value;
    else reading.lose("tools", key, *value);
  }
  if (reader.current() != json::Token::end_object) return reading.bad_json(reader.error());
  Tool tool;
  if (is_object(cache_control)) tool.cache_control = cache_control;
  const Escaped kind = json::escaped(type);
  if (json::equals(kind, "custom")) {
    if (!openai::read_custom(custom, place, reading, tool)) return false;
  } else if (kind.empty() || json::equals(kind, "function")) {
    if (!openai::read_function(function, place, reading, tool)) return false;
  } else {
    reading.losses().add("tools", reading.plain(kind));  // a tool that OpenAI's servers run
    return true;
  }
  out.push_back(tool);
  return true;
}

}  // namespace

bool read_tools(json::Reader& reader, Reading& reading, std::vector<Tool>& out) {
  return reading.each_object(reader, "tools", [&](std::string_view place) {
    return reading.may_have(out.size() + 1, "tools") && read_tool(reader, place, reading, out);
  });
}

bool read_functions(json::Reader& reader, Reading& reading, std::vector<Tool>& out) {
  return reading.each_object(reader, "functions", [&](std::string_view place) {
    if (!reading.may_have(out.size() + 1, "functions")) return false;
    openai::ToolMembers members;
    const bool whole = reading.each_member(reader, [&](std::string_view key, std::string_view value) {
      if (!members.take(key, value)) reading.lose("tools", key, value);
    });
    Tool tool;
    if (!whole || !openai::read_function(members, place, reading, tool)) return false;
    out.push_back(tool);
    return true;
  });
}

void read_format(std::string_view value, Reading& reading, OutputFormat& out) {
  if (!is_said(value)) return;
  Escaped type;
  std::string_view wrapped;
  json::each_member(value, [&](std::string_view key, std::string_view member) {
    if (key == "type") reading.take_text("response_format.type", member, type);
    else if (key == "json_schema") wrapped = member;
    else reading.lose("response_format", key, member);
  });
  openai::read_form("response_format", type, wrapped, value, reading, out);
}

}  // namespace signalbox::dialects::openai_chat
