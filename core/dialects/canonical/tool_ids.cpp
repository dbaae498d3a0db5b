#include "dialects/canonical/tool_ids.h"

#include <algorithm>

#include "base/fnv.h"
#include "base/sort.h"

namespace signalbox::canonical {

// Who makes two ids meet has one of them replaced, which he could have had without.
ToolIds::ToolIds(const Request& request) {
  for (const Message& message : request.messages) {
    for (const Block& block : message.blocks) {
      const auto* call = block.as<ToolCall>();
      if (call && hashes_.size() < count_max) hashes_.push_back(base::fnv1a(call->id));
    }
  }
  base::sort(hashes_);
}

bool ToolIds::has(std::string_view id) const {
  return std::binary_search(hashes_.begin(), hashes_.end(), base::fnv1a(id));
}

}  // namespace signalbox::canonical
