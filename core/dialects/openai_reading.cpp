#include "dialects/openai_reading.h"

#include <algorithm>

#include "base/sort.h"
#include "json/escaped.h"
#include "json/walk.h"

namespace signalbox::dialects::openai {

namespace {

using canonical::Document;
using canonical::Image;
using canonical::OutputFormat;
using canonical::Source;
using canonical::Tool;
using canonical::ToolChoice;

// A data: URI taken apart. Not one, or one that is not in base64: an address like any other.
struct DataUri {
  Source source = Source::url;
  Escaped media_type;
  Escaped data;
};

DataUri take_apart(Escaped address) {
  constexpr std::string_view scheme = "data:", coding = ";base64";
  // Media types are short. A longer head is none, and is not searched for its end.
  constexpr size_t head_bytes_max = 256;
  const std::string_view text = address.inside;
  if (text.substr(0, scheme.size()) != scheme) return {Source::url, {}, address};
  const std::string_view start = text.substr(0, head_bytes_max);
  const size_t comma = start.find(',');
  if (comma == start.npos) return {Source::url, {}, address};
  std::string_view head = text.substr(scheme.size(), comma - scheme.size());
  if (head.size() < coding.size() || head.substr(head.size() - coding.size()) != coding) {
    return {Source::url, {}, address};
  }
  head = head.substr(0, head.find(';'));
  return {Source::base64, {head}, {text.substr(comma + 1)}};
}

// What a tool whose input is free text becomes: a function with one argument.
constexpr std::string_view free_text_schema =
    R"({"type":"object","properties":{"input":{"type":"string"}},"required":["input"]})";

}  // namespace

Image image_of(Escaped address, Escaped detail) {
  const DataUri uri = take_apart(address);
  return {uri.source, uri.media_type, uri.data, detail};
}

std::optional<Document> document_of(const FileMembers& members) {
  Document document;
  // A name is wanted here; this one says nothing, and is what write_file_data gives a document that has none.
  if (!json::equals(members.name, "document.pdf")) document.title = members.name;
  if (!members.data.empty() || !members.address.empty()) {
    const DataUri uri = take_apart(members.data.empty() ? members.address : members.data);
    document.source = uri.source;
    document.media_type = uri.media_type;
    document.data = uri.data;
  } else if (!members.id.empty()) {
    document.source = Source::file;
    document.data = members.id;
  } else {
    return std::nullopt;
  }
  return document;
}

std::string_view read_arguments(std::string_view arguments, Reading& reading) {
  if (is_object(arguments)) return arguments;
  Escaped inside = json::escaped(arguments);
  if (is_text(arguments) || !is_said(arguments)) {
    if (json::is_blank(inside)) return "{}";
    for (int decoded = 0; decoded < 2; ++decoded) {
      const std::string_view text = reading.plain(inside);
      if (json::is_whole_object(text)) return text;
      json::Reader reader(text);
      const auto value = reader.skip_value();
      if (!value || !is_text(*value) || reader.next() != json::Token::end) break;
      inside = json::escaped(*value);
    }
  }
  reading.losses().add("messages.tool_calls.arguments");
  return reading.arena().concat({"{\"arguments\":", arguments, "}"});
}

std::string_view free_text_input(std::string_view text, Reading& reading) {
  return reading.arena().concat({"{\"input\":", is_text(text) ? text : "\"\"", "}"});
}

bool ToolMembers::take(std::string_view key, std::string_view value) {
  if (key == "name") name = value;
  else if (key == "description") description = value;
  else if (key == "parameters") parameters = value;
  else if (key == "strict") strict = value;
  else if (key == "format") format = value;
  else return false;
  return true;
}

bool read_function(const ToolMembers& members, std::string_view place, Reading& reading, Tool& tool) {
  Escaped name;
  reading.take_text("tools.name", members.name, name);
  reading.take_text("tools.description", members.description, tool.description);
  reading.take_flag("tools.strict", members.strict, tool.strict);
  reading.lose("tools", "format", members.format);
  if (is_object(members.parameters)) tool.schema = members.parameters;
  else if (is_said(members.parameters)) reading.wrong("tools.parameters", "an object", members.parameters);
  if (name.empty()) return reading.wrong("tools", "a list of functions, each with a \"name\"", place);
  tool.name = reading.plain(name);
  return true;
}

bool read_custom(const ToolMembers& members, std::string_view place, Reading& reading, Tool& tool) {
  Escaped name;
  reading.take_text("tools.name", members.name, name);
  reading.take_text("tools.description", members.description, tool.description);
  reading.lose("tools", "parameters", members.parameters);
  reading.lose("tools", "strict", members.strict);
  // Chat has the grammar in an object of its own.
  const std::string_view inner = json::member(members.format, "grammar");
  const std::string_view grammar = is_object(inner) ? inner : members.format;
  const Escaped syntax = json::escaped(json::member(grammar, "syntax"));
  const Escaped definition = json::escaped(json::member(grammar, "definition"));
  if (name.empty()) return reading.wrong("tools", "a list of tools, each with a \"name\"", place);
  tool.name = reading.plain(name);
  tool.kind = canonical::ToolKind::custom;
  tool.schema = free_text_schema;
  if (definition.empty()) return true;
  reading.losses().add("tools.custom.format");
  tool.description = {
      reading.arena().concat({tool.description.inside, tool.description.empty() ? "" : "\\n\\n",
                              "The input must match this ", syntax.inside, " grammar:\\n", definition.inside})};
  return true;
}

namespace {

// The name in a tool or in a choice of one: at its root, or in an object under the name of its type; the type
// where it has no name.
Escaped name_in(std::string_view tool) {
  for (const std::string_view kind : {"function", "custom"}) {
    const std::string_view inner = json::member(tool, kind);
    if (is_object(inner)) tool = inner;
  }
  const Escaped name = json::escaped(json::member(tool, "name"));
  return name.empty() ? json::escaped(json::member(tool, "type")) : name;
}

}  // namespace

void read_choice(std::string_view value, Reading& reading, Choice& out) {
  if (!is_said(value)) return;
  out = {};
  std::string_view mode = value;
  if (is_object(value) && json::equals(json::escaped(json::member(value, "type")), "allowed_tools")) {
    const std::string_view inner = json::member(value, "allowed_tools");
    const std::string_view allowed = is_object(inner) ? inner : value;
    mode = json::member(allowed, "mode");
    json::each_element(json::member(allowed, "tools"), [&](std::string_view tool) {
      if (reading.may_have(out.allowed.size() + 1, "allowed tools"))
        out.allowed.push_back(reading.plain(name_in(tool)));
    });
    base::sort(out.allowed);
  }
  const Escaped word = json::escaped(mode);
  if (json::equals(word, "auto")) {
    out.choice.mode = ToolChoice::Mode::automatic;
  } else if (json::equals(word, "required") || json::equals(word, "any")) {
    out.choice.mode = ToolChoice::Mode::any;
  } else if (json::equals(word, "none")) {
    out.choice.mode = ToolChoice::Mode::none;
  } else if (!is_said(mode)) {
    reading.losses().add("tool_choice");
  } else if (is_object(mode)) {
    out.choice = {ToolChoice::Mode::named, reading.plain(name_in(value))};
  } else {
    reading.wrong("tool_choice", "\"auto\", \"none\", \"required\" or an object with a name", value);
  }
}

ToolChoice settle(const Choice& choice, Reading& reading, std::vector<Tool>& functions,
                  std::vector<canonical::ServerTool>& servers) {
  const auto is_allowed = [&](std::string_view name) {
    return choice.allowed.empty() || std::binary_search(choice.allowed.begin(), choice.allowed.end(), name);
  };
  std::erase_if(functions, [&](const Tool& tool) { return !is_allowed(tool.name); });
  if (!is_allowed("web_search") && !is_allowed("web_search_preview")) servers.clear();
  ToolChoice settled = choice.choice;
  if (settled.mode != ToolChoice::Mode::named || (functions.empty() && servers.empty())) return settled;
  if (settled.name == "web_search_preview") settled.name = "web_search";
  bool found = settled.name == "web_search" && !servers.empty();
  for (const Tool& tool : functions) found = found || tool.name == settled.name;
  if (found) return settled;
  reading.losses().add("tool_choice");
  return {};
}

void read_form(std::string_view member, Escaped type, std::string_view schema, std::string_view place, Reading& reading,
               OutputFormat& out) {
  if (json::equals(type, "text")) return;
  if (json::equals(type, "json_object")) {
    out.kind = OutputFormat::Kind::json_object;
    return;
  }
  if (!json::equals(type, "json_schema") || !is_object(schema)) {
    reading.wrong(member, "an object of type text, json_object or json_schema", place);
    return;
  }
  out.kind = OutputFormat::Kind::json_schema;
  json::each_member(schema, [&](std::string_view key, std::string_view value) {
    if (key == "name") reading.take_text("response_format.name", value, out.name);
    else if (key == "schema") out.schema = is_object(value) ? value : out.schema;
    else if (key == "strict") reading.take_flag("response_format.strict", value, out.strict);
    else if (key != "type") reading.lose("response_format", key, value);
  });
}

void read_service_tier(std::string_view value, Reading& reading, Escaped& out) {
  Escaped tier;
  reading.take_text("service_tier", value, tier);
  if (json::equals(tier, "auto")) out = {"auto"};
  else if (json::equals(tier, "default")) out = {"standard_only"};
  else if (!tier.empty()) reading.losses().add("service_tier");
}

}  // namespace signalbox::dialects::openai
