#include "dialects/canonical/tool_origins.h"

#include <algorithm>

namespace signalbox::canonical {

ToolOrigins::ToolOrigins(const Request& request) {
  constexpr size_t separator_bytes = 2;  // "__"
  for (const Tool& tool : request.tools) {
    if (tool.kind == ToolKind::function && tool.group.empty()) continue;
    std::string_view own = tool.name;
    if (!tool.group.empty()) own.remove_prefix(std::min(own.size(), tool.group.size() + separator_bytes));
    by_name_.insert_or_assign(std::string(tool.name), ToolOrigin{tool.kind, std::string(tool.group), std::string(own)});
  }
}

const ToolOrigin* ToolOrigins::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second;
}

}  // namespace signalbox::canonical
