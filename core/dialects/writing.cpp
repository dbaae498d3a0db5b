#include "dialects/writing.h"

#include <string>

#include "base/arena.h"
#include "json/walk.h"

namespace signalbox::dialects {

using canonical::OutputFormat;
using canonical::ToolChoice;

ToolChoice choice_taken(const Writing& to) {
  const ToolChoice& wanted = to.request.tool_choice;
  if (wanted.mode == ToolChoice::Mode::unset) return {};
  const bool is_default = wanted.mode == ToolChoice::Mode::automatic;
  const bool forces = !is_default && wanted.mode != ToolChoice::Mode::none;
  const ToolChoiceSupport support = to.flags().tool_choice;
  const bool taken = support == ToolChoiceSupport::full || (support == ToolChoiceSupport::auto_only && !forces);
  if (!taken && !is_default) to.lose("tool_choice");
  if (support == ToolChoiceSupport::none) return {};
  return taken ? wanted : ToolChoice{ToolChoice::Mode::automatic, {}};
}

StructuredOutput form_taken(const Writing& to) {
  const OutputFormat::Kind wanted = to.request.format.kind;
  if (wanted == OutputFormat::Kind::text) return StructuredOutput::none;
  const StructuredOutput taken = to.flags().structured_output;
  return wanted == OutputFormat::Kind::json_object && taken == StructuredOutput::json_schema
             ? StructuredOutput::json_object
             : taken;
}

void lose_form_beyond(const Writing& to, StructuredOutput form) {
  const OutputFormat::Kind wanted = to.request.format.kind;
  if (wanted == OutputFormat::Kind::text) return;
  const bool wants_object = wanted == OutputFormat::Kind::json_object;
  if (form == StructuredOutput::none || (form == StructuredOutput::json_object) != wants_object)
    to.lose("response_format");
}

Escaped json_instruction(const Writing& to, std::string_view schema) {
  std::string text = "Answer with one JSON object and nothing else.";
  if (!schema.empty()) {
    text += " It must match this JSON schema: ";
    text += schema;
  }
  std::string escaped;
  json::escape(text, escaped);
  return {to.context.arena.copy(escaped)};
}

bool is_empty_list(std::string_view list) {
  bool empty = true;
  json::each_element(list, [&](std::string_view) { empty = false; });
  return empty;
}

}  // namespace signalbox::dialects
