// Tools of a generateContent body and the choice among them.
#include <algorithm>

#include "base/sort.h"
#include "base/text.h"
#include "dialects/gemini/reading.h"
#include "json/walk.h"

namespace signalbox::dialects::gemini {
namespace {

using canonical::ServerTool;
using canonical::Tool;
using canonical::ToolChoice;

// The function that `reader` is within.
bool read_function(json::Reader& reader, std::string_view place, Reading& reading, std::vector<Tool>& out) {
  if (!reading.may_have(out.size() + 1, "tools")) return false;
  Tool tool;
  std::string_view openapi;
  const bool whole = reading.each_member(reader, [&](std::string_view key, std::string_view member) {
    if (key == "name") {
      reading.take_plain("functionDeclarations.name", member, tool.name);
    } else if (key == "description") {
      reading.take_text("functionDeclarations.description", member, tool.description);
    } else if (names(key, "parametersJsonSchema") || key == "parameters") {
      if (!is_said(member)) return;
      if (!is_object(member)) reading.wrong(key, "an object", member);
      (key == "parameters" ? openapi : tool.schema) = member;
    } else {
      reading.lose("tools", key, member);
    }
  });
  if (!whole) return false;
  if (tool.name.empty())
    return reading.wrong("functionDeclarations", "a list of functions, each with a \"name\"", place);
  if (reading.failed()) return false;
  if (tool.schema.empty() && !openapi.empty()) tool.schema = json_schema_of(openapi, reading);
  out.push_back(tool);
  return true;
}

void read_server_tool(std::string_view key, std::string_view value, Reading& reading, std::vector<ServerTool>& out) {
  ServerTool tool;
  if (names(key, "googleSearch") || names(key, "googleSearchRetrieval")) {
    json::each_member(value, [&](std::string_view name, std::string_view each) {
      if (names(name, "excludeDomains") && is_list(each)) tool.blocked_domains = each;
      else reading.lose("tools.googleSearch", name, each);
    });
  } else if (names(key, "urlContext")) {
    tool.kind = ServerTool::Kind::web_fetch;
  } else if (names(key, "codeExecution")) {
    tool.kind = ServerTool::Kind::code_execution;
  } else {
    reading.losses().add("tools", reading.plain({key}));
    return;
  }
  if (reading.may_have(out.size() + 1, "tools")) out.push_back(tool);
}

// The tool that `reader` is within: functions, and what Google's servers run.
bool read_tool(json::Reader& reader, Reading& reading, std::vector<Tool>& tools,
               std::vector<ServerTool>& server_tools) {
  while (reader.next() == json::Token::key) {
    const std::string_view key = reader.raw();
    if (names(key, "functionDeclarations")) {
      const auto read = [&](std::string_view place) { return read_function(reader, place, reading, tools); };
      if (!reading.each_object(reader, "functionDeclarations", read)) return false;
      continue;
    }
    const auto value = reader.skip_value();
    if (!value) return reading.bad_json(reader.error());
    if (is_said(*value)) read_server_tool(key, *value, reading, server_tools);
    if (reading.failed()) return false;
  }
  return reader.current() == json::Token::end_object || reading.bad_json(reader.error());
}

}  // namespace

bool is_word(std::string_view value, std::string_view upper) {
  return base::equals_ignoring_case(json::string_inside(value), upper);
}

bool read_tools(json::Reader& reader, Reading& reading, std::vector<Tool>& tools,
                std::vector<ServerTool>& server_tools) {
  json::Reader ahead = reader;
  if (ahead.next() == json::Token::begin_object) {
    reader = ahead;
    return read_tool(reader, reading, tools, server_tools);
  }
  return reading.each_object(reader, "tools",
                             [&](std::string_view) { return read_tool(reader, reading, tools, server_tools); });
}

void read_choice(std::string_view value, Reading& reading, std::vector<Tool>& tools, ToolChoice& out) {
  std::string_view config, mode, list;
  json::each_member(value, [&](std::string_view key, std::string_view member) {
    if (names(key, "functionCallingConfig")) config = member;
    else reading.lose("toolConfig", key, member);
  });
  json::each_member(config, [&](std::string_view key, std::string_view member) {
    if (key == "mode") mode = member;
    else if (names(key, "allowedFunctionNames")) list = member;
    else reading.lose("toolConfig", key, member);
  });
  if (!is_said(mode) || is_word(mode, "MODE_UNSPECIFIED")) return;
  const bool any = is_word(mode, "ANY");
  if (any) {
    out.mode = ToolChoice::Mode::any;
  } else if (is_word(mode, "AUTO") || is_word(mode, "VALIDATED")) {
    out.mode = ToolChoice::Mode::automatic;
  } else if (is_word(mode, "NONE")) {
    out.mode = ToolChoice::Mode::none;
  } else {
    reading.wrong("mode", "\"AUTO\", \"ANY\", \"NONE\" or \"VALIDATED\"", mode);
    return;
  }
  if (!any && !is_word(mode, "VALIDATED")) return;
  std::vector<std::string_view> allowed;
  json::each_element(list, [&](std::string_view name) { allowed.push_back(reading.plain(json::escaped(name))); });
  if (allowed.empty()) return;
  base::sort(allowed);
  const auto is_allowed = [&](const Tool& tool) {
    return std::binary_search(allowed.begin(), allowed.end(), tool.name);
  };
  if (std::none_of(tools.begin(), tools.end(), is_allowed)) {  // nothing can be forced that is not there
    reading.losses().add("tool_choice");
    out.mode = ToolChoice::Mode::automatic;
  } else if (any && allowed.size() == 1) {
    out = {ToolChoice::Mode::named, allowed[0]};
  } else {
    // No other dialect has a choice among some of the tools: the others are not offered.
    tools.erase(std::remove_if(tools.begin(), tools.end(), [&](const Tool& tool) { return !is_allowed(tool); }),
                tools.end());
  }
}

}  // namespace signalbox::dialects::gemini
