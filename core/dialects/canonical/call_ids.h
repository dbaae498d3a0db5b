// The ids that the calls of an answer get for its client: the upstream's, in letters that all vendors take, or one of
// our own where there is none, or where another call of the conversation has it.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "dialects/canonical/parts.h"

namespace signalbox::canonical {

class CallIds {
 public:
  // `prefix`: what the dialect's ids begin with ("call_"); static. No id is longer than `bytes_max`. What the context
  // has views into outlives this.
  CallIds(const EncodeContext& context, std::string_view prefix, size_t bytes_max)
      : request_id_(context.request_id), before_(context.ids_before), prefix_(prefix), bytes_max_(bytes_max) {}

  // The id of the answer's next call, which the upstream calls `id`; empty where it does not say.
  std::string next(std::string_view id);

 private:
  const std::string_view request_id_;
  const ToolIds* const before_;
  const std::string_view prefix_;
  const size_t bytes_max_;
  std::set<std::string, std::less<>> given_;
};

// Appends an id for `what` of the answer ("search 0"), the same whenever the same request is answered.
void append_derived_id(std::string& out, std::string_view request_id, std::string_view what, std::string_view prefix,
                       size_t bytes_max);

}  // namespace signalbox::canonical
