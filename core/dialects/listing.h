// Takes elements out of a JSON array or members out of an object, by byte ranges: each goes with exactly
// one comma, and every other byte stays.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "dialects/dialect.h"
#include "json/walk.h"

namespace signalbox::dialects {

// The elements or members of one container as they come, in order; those that go become edits. Neighbours
// that go by the same path are one edit.
class Listing {
 public:
  explicit Listing(std::vector<Edit>& edits) : edits_(edits) {}

  // The next one is bytes [begin, end), a member from its name to its value's end. It goes by `path`; where
  // that is empty it stays.
  void add(size_t begin, size_t end, std::string_view path);
  // There are no more.
  void close();

 private:
  void end_run(size_t end);

  std::vector<Edit>& edits_;
  std::string_view path_;  // of those that go just now; empty when none does
  size_t run_begin_ = 0;
  size_t last_end_ = 0;
  bool any_stays_ = false;  // before the run
};

// Takes members out of `object`, a view into `body`: each by what path_of(name, value) says, the name still escaped. What
// path_of appends to `edits` itself stands among them in no order.
template <class PathOf>
void cut_members(std::string_view body, std::string_view object, std::vector<Edit>& edits, PathOf&& path_of) {
  Listing members(edits);
  json::each_member(object, [&](std::string_view name, std::string_view value) {
    const size_t quote = size_t(name.data() - body.data()) - 1;
    members.add(quote, size_t(value.data() - body.data()) + value.size(), path_of(name, value));
  });
  members.close();
}

}  // namespace signalbox::dialects
