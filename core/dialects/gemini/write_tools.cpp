// Tools, the choice among them, and the form of the answer, which is a schema too (translation.md sections 4, 6
// and 7).
//
// By default schemas go as they are: parametersJsonSchema and responseJsonSchema take JSON Schema, and Google's
// own clients send nothing else. `schema_dialect: openapi` is for servers that know the older members only.
#include "base/arena.h"
#include "dialects/canonical/normal_form.h"
#include "dialects/canonical/schema.h"
#include "dialects/gemini/schema_dialect.h"
#include "dialects/gemini/writing.h"
#include "json/walk.h"

namespace signalbox::dialects::gemini {
namespace {

using canonical::OutputFormat;
using canonical::ServerTool;
using canonical::ToolChoice;

bool is_openapi(const Writing& to) { return to.flags().schema_dialect == SchemaDialect::openapi; }

// `schema` as the lane takes it; empty where it asks for nothing.
void append_schema(const Writing& to, std::string& out, std::string_view schema) {
  if (!is_openapi(to)) {
    out += schema;
  } else if (append_openapi_schema(out, schema) == SchemaCut::some) {
    to.lose("tools.input_schema");
  }
}

void write_function(const Writing& to, const canonical::Tool& tool, std::string& whole, std::string& sent) {
  json::Writer& w = to.w;
  w.begin_object().key("name").string(to.sent_name(tool.name));
  if (!tool.description.empty()) w.key("description").string(tool.description);
  whole.clear();
  sent.clear();
  if (canonical::append_object_schema(whole, tool.schema) == canonical::SchemaChange::widened)
    to.lose("tools.input_schema");
  const std::string_view properties = json::member(whole, "properties");
  // An object without properties was long refused, and a function without arguments needs none.
  if (properties.find('"') != properties.npos || !is_openapi(to)) {
    append_schema(to, sent, whole);
    (is_openapi(to) ? w.key("parameters") : w.key("parametersJsonSchema")).raw(sent);
  }
  if (tool.strict.value_or(false)) to.lose("tools.strict");
  w.end_object();
}

void write_functions(const Writing& to) {
  const std::vector<bool> again = canonical::named_again(to.request.tools);
  std::string whole, sent;
  to.w.begin_object().key("functionDeclarations").begin_array();
  for (size_t at = 0; at < to.request.tools.size(); ++at) {
    if (again[at]) {
      to.lose("tools.repeated");
    } else {
      write_function(to, to.request.tools[at], whole, sent);
    }
  }
  to.w.end_array().end_object();
}

// Whether it goes out. A search that must keep to some domains, or away from others, does not: this one goes
// everywhere. Nor does any beside functions: models of generation 2 refuse the whole request for both, and functions
// are what agents cannot do without.
bool is_taken(const Writing& to, const ServerTool& tool) {
  return to.request.tools.empty() && is_empty_list(tool.allowed_domains) && is_empty_list(tool.blocked_domains);
}

void lose(const Writing& to, const ServerTool& tool) {
  if (!to.request.tools.empty()) return to.lose(canonical::loss_of(tool.kind));
  if (!is_empty_list(tool.allowed_domains)) to.lose("tools.web_search.allowed_domains");
  if (!is_empty_list(tool.blocked_domains)) to.lose("tools.web_search.blocked_domains");
}

void write_server_tool(const Writing& to, const ServerTool& tool) {
  json::Writer& w = to.w.begin_object();
  switch (tool.kind) {
    case ServerTool::Kind::web_search: w.key("googleSearch"); break;
    case ServerTool::Kind::web_fetch: w.key("urlContext"); break;
    case ServerTool::Kind::code_execution: w.key("codeExecution"); break;
  }
  w.begin_object().end_object().end_object();
  if (!tool.user_location.empty()) to.lose("tools.web_search.user_location");
  if (tool.uses_max >= 0) to.lose("tools.web_search.max_uses");
}

void write_choice(const Writing& to) {
  const ToolChoice choice = choice_taken(to);
  if (choice.mode == ToolChoice::Mode::unset) return;
  json::Writer& w = to.w.key("toolConfig").begin_object().key("functionCallingConfig").begin_object().key("mode");
  switch (choice.mode) {
    case ToolChoice::Mode::any: w.string("ANY"); break;
    case ToolChoice::Mode::none: w.string("NONE"); break;
    case ToolChoice::Mode::named:
      w.string("ANY").key("allowedFunctionNames").begin_array().string(to.sent_name(choice.name)).end_array();
      break;
    default: w.string("AUTO");
  }
  w.end_object().end_object();
}

// What of the wished form the lane can be told; some take none beside tools.
StructuredOutput form_for(const Writing& to) {
  const bool beside_tools = !to.request.tools.empty() || !to.request.server_tools.empty();
  return beside_tools && !to.flags().format_with_tools ? StructuredOutput::none : form_taken(to);
}

}  // namespace

void write_tools(const Writing& to) {
  const canonical::Request& r = to.request;
  if (r.tools.empty() && r.server_tools.empty()) return;
  size_t written = 0;
  for (const ServerTool& tool : r.server_tools) is_taken(to, tool) ? void(++written) : lose(to, tool);
  if (!r.tools.empty() || written > 0) to.w.key("tools").begin_array();
  if (!r.tools.empty()) write_functions(to);
  for (const ServerTool& tool : r.server_tools)
    if (is_taken(to, tool)) write_server_tool(to, tool);
  if (!r.tools.empty() || written > 0) to.w.end_array();
  if (r.tools.empty() || canonical::names_search(r)) {
    // Whether it searches is the model's own choice.
    if (r.tool_choice.mode == ToolChoice::Mode::any || r.tool_choice.mode == ToolChoice::Mode::named)
      to.lose("tool_choice");
    return;
  }
  write_choice(to);
  if (!r.parallel_tool_calls.value_or(true)) to.lose("parallel_tool_calls");
}

void write_format(const Writing& to) {
  const OutputFormat& format = to.request.format;
  const StructuredOutput form = form_for(to);
  lose_form_beyond(to, form);
  if (form == StructuredOutput::none) return;
  to.w.key("responseMimeType").string("application/json");
  if (form != StructuredOutput::json_schema || format.schema.empty()) return;
  if (!is_openapi(to)) {
    to.w.key("responseJsonSchema").raw(format.schema);
    return;
  }
  std::string sent;
  if (append_openapi_schema(sent, format.schema) == SchemaCut::some) to.lose("response_format.schema");
  to.w.key("responseSchema").raw(sent);
}

Escaped format_instruction(const Writing& to) {
  const OutputFormat& format = to.request.format;
  const bool wants_schema = format.kind == OutputFormat::Kind::json_schema && !format.schema.empty();
  const StructuredOutput form = form_for(to);
  if (format.kind == OutputFormat::Kind::text || form == StructuredOutput::json_schema) return {};
  if (form == StructuredOutput::json_object && !wants_schema) return {};
  return json_instruction(to, wants_schema ? format.schema : std::string_view());
}

}  // namespace signalbox::dialects::gemini
