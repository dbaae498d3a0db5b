#include "dialects/listing.h"

namespace signalbox::dialects {

void Listing::add(size_t begin, size_t end, std::string_view path) {
  if (path != path_ && !path_.empty()) end_run(any_stays_ ? last_end_ : begin);
  if (path.empty()) {
    any_stays_ = true;
  } else if (path_.empty()) {
    // The comma before it where something stays there, else the one behind.
    run_begin_ = any_stays_ ? last_end_ : begin;
    path_ = path;
  }
  last_end_ = end;
}

void Listing::close() {
  if (!path_.empty()) end_run(last_end_);
}

void Listing::end_run(size_t end) {
  edits_.push_back({path_, run_begin_, end, {}});
  path_ = {};
}

}  // namespace signalbox::dialects
