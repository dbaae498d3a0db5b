// Which ids the calls of a request's history have. Some models count their calls anew in each answer (call_0,
// call_1), and Anthropic refuses a history in which two calls have one id: so an answer's ids are told apart
// from those before it (translation.md section 4, "ids").
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "dialects/canonical/request.h"

namespace signalbox::canonical {

// Holds hashes, because the request may be gone before its answer ends. So an id may be said to be there that
// is not, once in some billions; never the other way round, up to `count_max` calls.
class ToolIds {
 public:
  // More than any context has room for; 512 KB.
  static constexpr size_t count_max = size_t(1) << 16;

  ToolIds() = default;
  explicit ToolIds(const Request& request);

  bool has(std::string_view id) const;

 private:
  std::vector<uint64_t> hashes_;  // sorted
};

}  // namespace signalbox::canonical
