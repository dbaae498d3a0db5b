// Tools of a Chat body, the choice among them, and the form of the answer.
#include "dialects/openai_chat/reading.h"
#include "json/walk.h"

namespace signalbox::dialects::openai_chat {
namespace {

using canonical::OutputFormat;
using canonical::Tool;
using canonical::ToolChoice;

// What a tool whose input is free text becomes: a function with one argument.
constexpr std::string_view free_text_schema =
    R"({"type":"object","properties":{"input":{"type":"string"}},"required":["input"]})";

bool read_function(std::string_view function, std::string_view place, Reading& reading, Tool& tool) {
  Escaped name;
  json::each_member(function, [&](std::string_view key, std::string_view value) {
    if (key == "name") {
      reading.take_text("tools.name", value, name);
    } else if (key == "description") {
      reading.take_text("tools.description", value, tool.description);
    } else if (key == "parameters") {
      if (is_object(value)) tool.schema = value;
      else if (is_said(value)) reading.wrong("tools.parameters", "an object", value);
    } else if (key == "strict" && is_said(value)) {
      bool strict = false;
      reading.take_flag("tools.strict", value, strict);
      tool.strict = strict;
    } else {
      reading.lose("tools", key, value);
    }
  });
  if (name.empty()) return reading.wrong("tools", "a list of functions, each with a \"name\"", place);
  tool.name = reading.plain(name);
  return true;
}

void read_tool(std::string_view value, Reading& reading, std::vector<Tool>& out) {
  std::string_view type, function, custom, cache_control;
  json::each_member(value, [&](std::string_view key, std::string_view member) {
    if (key == "type") type = member;
    else if (key == "function") function = member;
    else if (key == "custom") custom = member;
    else if (key == "cache_control") cache_control = member;
  });
  Tool tool;
  if (is_object(cache_control)) tool.cache_control = cache_control;
  const Escaped kind = json::escaped(type);
  if (json::equals(kind, "custom")) {
    reading.losses().add("tools.custom");
    json::each_member(custom, [&](std::string_view key, std::string_view member) {
      if (key == "name") tool.name = reading.plain(json::escaped(member));
      else if (key == "description") tool.description = json::escaped(member);
    });
    tool.schema = free_text_schema;
    if (tool.name.empty()) {
      reading.wrong("tools.custom", "an object with a \"name\"", value);
      return;
    }
  } else if (kind.empty() || json::equals(kind, "function")) {
    if (!read_function(function, value, reading, tool)) return;
  } else {
    return reading.losses().add("tools", reading.plain(kind));  // a tool that OpenAI's servers run
  }
  out.push_back(tool);
}

}  // namespace

void read_tools(std::string_view value, ToolList list, Reading& reading, std::vector<Tool>& out) {
  if (!is_said(value)) return;
  if (!is_list(value)) {
    reading.wrong(list == ToolList::tools ? "tools" : "functions", "a list", value);
    return;
  }
  json::each_element(value, [&](std::string_view element) {
    if (reading.failed() || !reading.may_have(out.size() + 1, list == ToolList::tools ? "tools" : "functions")) return;
    if (list == ToolList::tools) return read_tool(element, reading, out);
    Tool tool;
    if (read_function(element, element, reading, tool)) out.push_back(tool);
  });
}

void read_choice(std::string_view value, Reading& reading, ToolChoice& out) {
  if (!is_said(value)) return;
  const Escaped word = json::escaped(value);
  if (json::equals(word, "auto")) {
    out.mode = ToolChoice::Mode::automatic;
  } else if (json::equals(word, "required") || json::equals(word, "any")) {
    out.mode = ToolChoice::Mode::any;
  } else if (json::equals(word, "none")) {
    out.mode = ToolChoice::Mode::none;
  } else if (is_object(value)) {
    std::string_view target = value;  // the older form has the name at its root
    for (const std::string_view kind : {"function", "custom"}) {
      const std::string_view inner = json::member(value, kind);
      if (is_object(inner)) target = inner;
    }
    const Escaped name = json::escaped(json::member(target, "name"));
    if (!name.empty()) {
      out.mode = ToolChoice::Mode::named;
      out.name = reading.plain(name);
    } else {
      reading.losses().add("tool_choice");  // allowed_tools, and what is still to come
    }
  } else {
    reading.wrong("tool_choice", "\"auto\", \"none\", \"required\" or an object with a name", value);
  }
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
  if (json::equals(type, "text")) return;
  if (json::equals(type, "json_object")) {
    out.kind = OutputFormat::Kind::json_object;
    return;
  }
  if (!json::equals(type, "json_schema") || !is_object(wrapped)) {
    reading.wrong("response_format", "an object of type text, json_object or json_schema", value);
    return;
  }
  out.kind = OutputFormat::Kind::json_schema;
  json::each_member(wrapped, [&](std::string_view key, std::string_view member) {
    if (key == "name") {
      reading.take_text("response_format.json_schema.name", member, out.name);
    } else if (key == "schema") {
      if (is_object(member)) out.schema = member;
    } else if (key == "strict" && is_said(member)) {
      bool strict = false;
      reading.take_flag("response_format.json_schema.strict", member, strict);
      out.strict = strict;
    } else {
      reading.lose("response_format", key, member);
    }
  });
}

}  // namespace signalbox::dialects::openai_chat
