// Tools, the choice among them, and the form of the answer, which is a schema too (translation.md
// sections 4 and 6).
#include "base/arena.h"
#include "dialects/canonical/schema.h"
#include "dialects/openai_chat/writing.h"

namespace signalbox::dialects::openai_chat {
namespace {

using canonical::OutputFormat;
using canonical::Tool;
using canonical::ToolChoice;

void write_tool(const Writing& to, const Tool& tool, std::string& schema) {
  schema.clear();
  if (canonical::append_object_schema(schema, tool.schema) == canonical::SchemaChange::union_merged) {
    to.lose("tools.input_schema");
  }
  json::Writer& w = to.w;
  w.begin_object().key("type").string("function").key("function").begin_object();
  w.key("name").string(to.context.names.sent(tool.name));
  if (!tool.description.empty()) w.key("description").string(tool.description);
  w.key("parameters").raw(schema);
  if (tool.strict.value_or(false)) {
    // OpenAI refuses the whole request for a strict schema that is none.
    if (canonical::is_strict(schema)) {
      w.key("strict").boolean(true);
    } else {
      to.lose("tools.strict");
    }
  }
  w.end_object();
  if (to.flags().cache_control && !tool.cache_control.empty()) w.key("cache_control").raw(tool.cache_control);
  w.end_object();
}

void write_choice(const Writing& to) {
  const ToolChoice& choice = to.request.tool_choice;
  if (choice.mode == ToolChoice::Mode::unset) return;
  const bool is_default = choice.mode == ToolChoice::Mode::automatic;
  const bool forces = !is_default && choice.mode != ToolChoice::Mode::none;
  const ToolChoiceSupport support = to.flags().tool_choice;
  const bool taken = support == ToolChoiceSupport::full || (support == ToolChoiceSupport::auto_only && !forces);
  if (!taken && !is_default) to.lose("tool_choice");
  if (support == ToolChoiceSupport::none) return;
  json::Writer& w = to.w.key("tool_choice");
  if (!taken || is_default) {
    w.string("auto");
  } else if (choice.mode == ToolChoice::Mode::any) {
    w.string("required");
  } else if (choice.mode == ToolChoice::Mode::none) {
    w.string("none");
  } else {
    w.begin_object().key("type").string("function").key("function").begin_object();
    w.key("name").string(to.context.names.sent(choice.name)).end_object().end_object();
  }
}

// What of the wished form the lane can be told: never more than it takes.
StructuredOutput form_for(const Writing& to) {
  const OutputFormat::Kind wanted = to.request.format.kind;
  const StructuredOutput taken = to.flags().structured_output;
  if (wanted == OutputFormat::Kind::text) return StructuredOutput::none;
  return wanted == OutputFormat::Kind::json_object && taken == StructuredOutput::json_schema
             ? StructuredOutput::json_object
             : taken;
}

}  // namespace

void write_tools(const Writing& to) {
  if (to.request.tools.empty()) return;
  std::string schema;
  to.w.key("tools").begin_array();
  for (const Tool& tool : to.request.tools) write_tool(to, tool, schema);
  to.w.end_array();
  write_choice(to);
  // True is the default everywhere, and some reasoning models refuse the member.
  if (to.request.parallel_tool_calls.value_or(true)) return;
  if (to.flags().parallel_tools) {
    to.w.key("parallel_tool_calls").boolean(false);
  } else {
    to.lose("parallel_tool_calls");
  }
}

void write_format(const Writing& to) {
  const OutputFormat& format = to.request.format;
  if (format.kind == OutputFormat::Kind::text) return;
  const StructuredOutput form = form_for(to);
  if (form == StructuredOutput::none ||
      (form == StructuredOutput::json_object) != (format.kind == OutputFormat::Kind::json_object)) {
    to.lose("response_format");
  }
  if (form == StructuredOutput::none) return;
  json::Writer& w = to.w;
  w.key("response_format").begin_object();
  if (form == StructuredOutput::json_object) {
    w.key("type").string("json_object").end_object();
    return;
  }
  w.key("type").string("json_schema").key("json_schema").begin_object().key("name");
  format.name.empty() ? w.string("output") : w.string(format.name);
  if (!format.schema.empty()) w.key("schema").raw(format.schema);
  const bool strict = format.strict.value_or(true) && canonical::is_strict(format.schema);
  if (strict) w.key("strict").boolean(true);
  if (!strict && format.strict.value_or(false)) to.lose("response_format.strict");
  w.end_object().end_object();
}

Escaped format_instruction(const Writing& to) {
  const OutputFormat& format = to.request.format;
  const bool wants_schema = format.kind == OutputFormat::Kind::json_schema;
  const StructuredOutput form = form_for(to);
  if (format.kind == OutputFormat::Kind::text || form == StructuredOutput::json_schema) return {};
  if (form == StructuredOutput::json_object && !wants_schema) return {};
  // With json_object, too, something must be said: OpenAI refuses that form when no message has the word JSON.
  std::string text = "Answer with one JSON object and nothing else.";
  if (wants_schema && !format.schema.empty()) {
    text += " It must match this JSON schema: ";
    text += format.schema;
  }
  std::string escaped;
  json::escape(text, escaped);
  return {to.context.arena.copy(escaped)};
}

}  // namespace signalbox::dialects::openai_chat
