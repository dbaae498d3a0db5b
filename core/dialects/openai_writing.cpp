#include "dialects/openai_writing.h"

#include <span>

#include "base/arena.h"
#include "base/sha256.h"
#include "base/text.h"
#include "dialects/canonical/effort.h"
#include "dialects/canonical/normal_form.h"
#include "dialects/canonical/schema.h"

namespace signalbox::dialects::openai {
namespace {

using canonical::Effort;
using canonical::OutputFormat;
using canonical::Tool;
using canonical::ToolChoice;

// Reasoning models refuse these two, and 1, their default, is all that Anthropic allows beside thinking:
// leaving that out changes nothing.
void write_sampled(const Writing& to, std::string_view member, std::string_view number) {
  if (number.empty()) return;
  if (!to.flags().temperature_fixed && !asks_for_thinking(to)) {
    to.w.plain_key(member).raw(number);
  } else if (number != "1" && number != "1.0") {
    to.lose(member);
  }
}

void write_service_tier(const Writing& to) {
  const Escaped tier = to.request.service_tier;
  if (tier.empty()) return;
  if (json::equals(tier, "auto")) {
    to.w.key("service_tier").string("auto");
  } else if (json::equals(tier, "standard_only")) {
    to.w.key("service_tier").string("default");
  } else {
    to.lose("service_tier");
  }
}

// A hash, since what clients name sessions by holds ids of accounts and devices.
void write_cache_key(const Writing& to) {
  if (!to.flags().prompt_cache_key || to.request.session.empty()) return;
  const Sha256 digest = base::sha256(to.request.session);
  std::string key = "sb-";
  base::append_hex(key, std::span(digest).first(16));
  to.w.key("prompt_cache_key").string(key);
}

void write_function(const Writing& to, const Tool& tool, std::string& scratch) {
  scratch.clear();
  if (canonical::append_object_schema(scratch, tool.schema) == canonical::SchemaChange::widened) {
    to.lose("tools.input_schema");
  }
  const bool nested = to.layout == Layout::nested;
  json::Writer& w = to.w;
  w.begin_object().key("type").string("function");
  if (nested) w.key("function").begin_object();
  w.key("name").string(to.context.names.sent(tool.name));
  if (!tool.description.empty()) w.key("description").string(tool.description);
  w.key("parameters").raw(scratch);
  const bool wanted = tool.strict.value_or(false);
  // OpenAI refuses the whole request for a strict schema that is none.
  const bool strict = wanted && canonical::is_strict(scratch);
  if (wanted && !strict) to.lose("tools.strict");
  // Responses takes what is not said for a wish to be strict where the schema allows it.
  if (strict || !nested) w.key("strict").boolean(strict);
  if (nested) w.end_object();
  if (nested && to.flags().cache_control && !tool.cache_control.empty()) w.key("cache_control").raw(tool.cache_control);
  w.end_object();
}

}  // namespace

void write_functions(const Writing& to) {
  const std::vector<bool> again = canonical::named_again(to.request.tools);
  std::string scratch;
  for (size_t i = 0; i < again.size(); ++i) {
    if (again[i]) to.lose("tools.repeated");
    else write_function(to, to.request.tools[i], scratch);
  }
}

void write_choice(const Writing& to) {
  const ToolChoice choice = choice_taken(to);
  if (choice.mode == ToolChoice::Mode::unset) return;
  json::Writer& w = to.w.key("tool_choice");
  if (choice.mode == ToolChoice::Mode::automatic) {
    w.string("auto");
  } else if (choice.mode == ToolChoice::Mode::any) {
    w.string("required");
  } else if (choice.mode == ToolChoice::Mode::none) {
    w.string("none");
  } else {
    const bool nested = to.layout == Layout::nested;
    w.begin_object().key("type").string("function");
    if (nested) w.key("function").begin_object();
    w.key("name").string(to.context.names.sent(choice.name)).end_object();
    if (nested) w.end_object();
  }
}

void write_parallel(const Writing& to) {
  // True is the default everywhere, and some reasoning models refuse the member.
  if (to.request.parallel_tool_calls.value_or(true)) return;
  if (to.flags().parallel_tools) {
    to.w.key("parallel_tool_calls").boolean(false);
  } else {
    to.lose("parallel_tool_calls");
  }
}

void write_form(const Writing& to, StructuredOutput form) {
  const OutputFormat& format = to.request.format;
  json::Writer& w = to.w;
  w.begin_object();
  if (form == StructuredOutput::json_object) {
    w.key("type").string("json_object").end_object();
    return;
  }
  const bool nested = to.layout == Layout::nested;
  w.key("type").string("json_schema");
  if (nested) w.key("json_schema").begin_object();
  w.key("name");
  format.name.empty() ? w.string("output") : w.string(format.name);
  if (!format.schema.empty()) w.key("schema").raw(format.schema);
  const bool strict = format.strict.value_or(true) && canonical::is_strict(format.schema);
  if (strict) w.key("strict").boolean(true);
  if (!strict && format.strict.value_or(false)) to.lose("response_format.strict");
  if (nested) w.end_object();
  w.end_object();
}

Escaped format_instruction(const Writing& to) {
  const OutputFormat& format = to.request.format;
  const bool wants_schema = format.kind == OutputFormat::Kind::json_schema;
  const StructuredOutput form = form_taken(to);
  if (format.kind == OutputFormat::Kind::text || form == StructuredOutput::json_schema) return {};
  if (form == StructuredOutput::json_object && !wants_schema) return {};
  // With json_object, too, something must be said: OpenAI refuses that form when no message has the word JSON.
  return json_instruction(to, wants_schema ? format.schema : std::string_view());
}

bool asks_for_thinking(const Writing& to) {
  return to.flags().effort_style != EffortStyle::none && effort_of(to.request.reasoning) > Effort::none;
}

void write_sampling(const Writing& to) {
  write_sampled(to, "temperature", to.request.temperature);
  write_sampled(to, "top_p", to.request.top_p);
}

void write_service(const Writing& to) {
  write_service_tier(to);
  write_cache_key(to);
}

}  // namespace signalbox::dialects::openai
