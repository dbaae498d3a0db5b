// Tools and the choice of them as Anthropic takes them (translation.md section 4).
#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "dialects/anthropic/writing.h"
#include "dialects/canonical/schema.h"

namespace signalbox::dialects::anthropic {
namespace {

using canonical::ToolChoice;

void write_tool(Writing& to, const canonical::Tool& tool) {
  to.w.begin_object().key("name").string(to.context.names.sent(tool.name));
  if (!tool.description.empty()) to.w.key("description").string(tool.description);
  to.scratch.clear();
  if (canonical::append_object_schema(to.scratch, tool.schema) == canonical::SchemaChange::union_merged)
    to.lose("tools.input_schema");
  to.w.key("input_schema").raw(to.scratch);
  if (tool.strict.value_or(false)) to.w.key("strict").boolean(true);
  to.write_cache_control(tool.cache_control);
  to.w.end_object();
}

// Which tools have a name that one before them has.
std::vector<bool> named_again(std::span<const canonical::Tool> tools) {
  std::vector<size_t> by_name(tools.size());
  std::iota(by_name.begin(), by_name.end(), size_t(0));
  std::sort(by_name.begin(), by_name.end(),
            [&](size_t a, size_t b) { return tools[a].name != tools[b].name ? tools[a].name < tools[b].name : a < b; });
  std::vector<bool> again(tools.size());
  for (size_t i = 1; i < by_name.size(); ++i) again[by_name[i]] = tools[by_name[i]].name == tools[by_name[i - 1]].name;
  return again;
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
  if (to.request.tools.empty()) return;
  const std::vector<bool> again = named_again(to.request.tools);
  to.w.key("tools").begin_array();
  for (size_t at = 0; at < to.request.tools.size(); ++at) {
    if (again[at]) {
      to.lose("tools.repeated");
    } else {
      write_tool(to, to.request.tools[at]);
    }
  }
  to.w.end_array();
  write_tool_choice(to);
}

}  // namespace signalbox::dialects::anthropic
