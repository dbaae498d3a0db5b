// Tools of a Responses body: functions, flat, and the search of the web, which is all that is written of what
// providers run themselves (translation.md sections 4 and 7, columns R).
#include "dialects/openai_responses/writing.h"
#include "json/walk.h"

namespace signalbox::dialects::openai_responses {
namespace {

using canonical::ServerTool;

// Whether it goes out. A search that must keep away from some domains does not, because it would go there.
bool is_taken(const ServerTool& tool) {
  return tool.kind == ServerTool::Kind::web_search && is_empty_list(tool.blocked_domains);
}

void lose(const Writing& to, const ServerTool& tool) {
  to.lose(tool.kind == ServerTool::Kind::web_search ? "tools.web_search.blocked_domains"
                                                    : canonical::loss_of(tool.kind));
}

void write_search(const Writing& to, const ServerTool& tool) {
  json::Writer& w = to.w;
  w.begin_object().key("type").string("web_search");
  if (!is_empty_list(tool.allowed_domains))
    w.key("filters").begin_object().key("allowed_domains").raw(tool.allowed_domains).end_object();
  if (!tool.user_location.empty()) w.key("user_location").raw(tool.user_location);
  w.end_object();
}

// The dialect has no such choice: where nothing else is there to be called, any call is that search.
void write_search_choice(const Writing& to) {
  const bool taken = to.flags().tool_choice == ToolChoiceSupport::full && to.request.tools.empty();
  if (!taken) to.lose("tool_choice");
  if (to.flags().tool_choice == ToolChoiceSupport::none) return;
  to.w.key("tool_choice").string(taken ? "required" : "auto");
}

}  // namespace

bool searches_web(const Writing& to) {
  for (const ServerTool& tool : to.request.server_tools)
    if (is_taken(tool)) return true;
  return false;
}

void write_tools(const Writing& to) {
  const bool search = searches_web(to);
  int64_t uses_max = -1;
  if (search || !to.request.tools.empty()) to.w.key("tools").begin_array();
  openai::write_functions(to);
  bool written = false;
  for (const ServerTool& tool : to.request.server_tools) {
    if (!is_taken(tool)) {
      lose(to, tool);
    } else if (!written) {
      write_search(to, tool);
      uses_max = tool.uses_max;
      written = true;
    }
  }
  if (!search && to.request.tools.empty()) return;
  to.w.end_array();
  search&& canonical::names_search(to.request) ? write_search_choice(to) : openai::write_choice(to);
  openai::write_parallel(to);
  // It counts calls of all tools that the provider runs, and of these there is one.
  if (uses_max > 0) to.w.key("max_tool_calls").number(uses_max);
}

}  // namespace signalbox::dialects::openai_responses
