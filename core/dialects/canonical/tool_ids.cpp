#include "dialects/canonical/tool_ids.h"

#include <algorithm>

namespace signalbox::canonical {
namespace {

// FNV-1a. Who makes two ids meet has one of them replaced, which he could have had without.
uint64_t hash_of(std::string_view id) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

}  // namespace

ToolIds::ToolIds(const Request& request) {
  for (const Message& message : request.messages) {
    for (const Block& block : message.blocks) {
      const auto* call = block.as<ToolCall>();
      if (call && hashes_.size() < count_max) hashes_.push_back(hash_of(call->id));
    }
  }
  std::sort(hashes_.begin(), hashes_.end());
}

bool ToolIds::has(std::string_view id) const { return std::binary_search(hashes_.begin(), hashes_.end(), hash_of(id)); }

}  // namespace signalbox::canonical
