#include "dialects/canonical/call_ids.h"

#include "base/text.h"

namespace signalbox::canonical {

std::string CallIds::next(std::string_view id) {
  std::string own;
  if (!id.empty()) append_tool_id(own, id, prefix_, bytes_max_);
  const bool before = before_ && before_->has(own);
  if (own.empty() || before || given_.contains(own)) {
    std::string ordinal;
    base::append_decimal(ordinal, int64_t(given_.size()));
    own.clear();
    append_derived_id(own, request_id_, ordinal, prefix_, bytes_max_);
  }
  given_.insert(own);
  return own;
}

void append_derived_id(std::string& out, std::string_view request_id, std::string_view what, std::string_view prefix,
                       size_t bytes_max) {
  std::string from(request_id);
  from += ':';  // no upstream's id has one, so that it is derived of all of this
  from += what;
  append_tool_id(out, from, prefix, bytes_max);
}

}  // namespace signalbox::canonical
