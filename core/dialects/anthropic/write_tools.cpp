// Tools and the choice of them as Anthropic takes them (translation.md section 4).
#include <algorithm>
#include <vector>

#include "dialects/anthropic/writing.h"
#include "dialects/canonical/normal_form.h"
#include "dialects/canonical/schema.h"

namespace signalbox::dialects::anthropic {
namespace {

using canonical::ToolChoice;

void write_tool(Writing& to, const canonical::Tool& tool) {
  to.w.begin_object().key("name").string(to.context.names.sent(tool.name));
  if (!tool.description.empty()) to.w.key("description").string(tool.description);
  to.scratch.clear();
  if (canonical::append_object_schema(to.scratch, tool.schema) == canonical::SchemaChange::widened)
    to.lose("tools.input_schema");
  to.w.key("input_schema").raw(to.scratch);
  if (tool.strict.value_or(false)) to.w.key("strict").boolean(true);
  to.write_cache_control(tool.cache_control);
  to.w.end_object();
}

// Every model of today takes this version of the search without a beta header; what needs one is lost.
void write_server_tool(Writing& to, const canonical::ServerTool& tool) {
  to.w.begin_object().key("type").string("web_search_20250305").key("name").string("web_search");
  if (tool.uses_max >= 0) to.w.key("max_uses").number(tool.uses_max);
  if (!tool.allowed_domains.empty()) {
    to.w.key("allowed_domains").raw(tool.allowed_domains);
    if (!tool.blocked_domains.empty()) to.lose("tools.web_search.blocked_domains");  // one of the two is all it takes
  } else if (!tool.blocked_domains.empty()) {
    to.w.key("blocked_domains").raw(tool.blocked_domains);
  }
  if (!tool.user_location.empty()) to.w.key("user_location").raw(tool.user_location);
  to.w.end_object();
}

void write_tool_choice(Writing& to) {
  ToolChoice choice = to.request.tool_choice;
  const LaneFlags& flags = to.flags();
  const bool forced = choice.mode == ToolChoice::Mode::any || choice.mode == ToolChoice::Mode::named;
  if (forced && (to.thinking.thinks() || flags.tool_choice != ToolChoiceSupport::full)) {
    to.lose("tool_choice");
    choice.mode = ToolChoice::Mode::automatic;
  }
  bool one_call = to.request.parallel_tool_calls == false && choice.mode != ToolChoice::Mode::none;
  if (one_call && (!flags.parallel_tools || flags.tool_choice == ToolChoiceSupport::none)) {
    to.lose("parallel_tool_calls");
    one_call = false;
  }
  if (flags.tool_choice == ToolChoiceSupport::none) {
    if (choice.mode == ToolChoice::Mode::none) to.lose("tool_choice");
    return;
  }
  if (choice.mode == ToolChoice::Mode::unset && !one_call) return;
  to.w.key("tool_choice").begin_object();
  switch (choice.mode) {
    case ToolChoice::Mode::any: to.w.key("type").string("any"); break;
    case ToolChoice::Mode::named:
      to.w.key("type").string("tool").key("name").string(to.context.names.sent(choice.name));
      break;
    case ToolChoice::Mode::none: to.w.key("type").string("none"); break;
    default: to.w.key("type").string("auto");
  }
  if (one_call) to.w.key("disable_parallel_tool_use").boolean(true);
  to.w.end_object();
}

}  // namespace

void write_tools(Writing& to) {
  const canonical::Request& request = to.request;
  const bool functions = !request.tools.empty();
  bool search = false;
  const bool name_is_free = std::none_of(request.tools.begin(), request.tools.end(),
                                         [](const canonical::Tool& tool) { return tool.name == "web_search"; });
  for (const canonical::ServerTool& tool : request.server_tools) {
    const bool known = tool.kind == canonical::ServerTool::Kind::web_search && name_is_free;
    if (!known) to.lose(canonical::loss_of(tool.kind));
    search = search || known;
  }
  if (!functions && !search) return;
  const std::vector<bool> again = canonical::named_again(request.tools);
  to.w.key("tools").begin_array();
  for (size_t at = 0; at < request.tools.size(); ++at) {
    if (again[at]) {
      to.lose("tools.repeated");
    } else {
      write_tool(to, request.tools[at]);
    }
  }
  for (const canonical::ServerTool& tool : request.server_tools) {
    if (!search || tool.kind != canonical::ServerTool::Kind::web_search) continue;
    write_server_tool(to, tool);
    search = false;  // a second one would have the same name
  }
  to.w.end_array();
  write_tool_choice(to);
}

}  // namespace signalbox::dialects::anthropic
