// How a client declared those of its tools that are not plain functions: an answer's calls go back in the form in
// which the tool came (translation.md section 15, "custom_tool_call", "namespace").
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "dialects/canonical/request.h"

namespace signalbox::canonical {

struct ToolOrigin {
  ToolKind kind = ToolKind::function;
  std::string group;  // the namespace; empty where there is none
  std::string name;   // in that namespace, so without its prefix
};

// Holds copies: the request may be gone before its answer ends. Plain functions take no room.
class ToolOrigins {
 public:
  ToolOrigins() = default;
  explicit ToolOrigins(const Request& request);

  // Of the tool that Tool::name calls `name`; null for a plain function, and for what the client never declared.
  const ToolOrigin* find(std::string_view name) const;

 private:
  std::map<std::string, ToolOrigin, std::less<>> by_name_;
};

}  // namespace signalbox::canonical
