// Texts of several fields, as they cross linear memory: each field is closed by a NUL.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "signalbox/header.h"

namespace signalbox::bindings {

// Takes the fields of a text one after the other. A view of the text; past its end fields are empty.
class Fields {
 public:
  explicit Fields(std::string_view text) : rest_(text) {}

  bool more() const { return !rest_.empty(); }

  std::string_view next() {
    const size_t end = std::min(rest_.find('\0'), rest_.size());
    const std::string_view field = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return field;
  }

  // All that is left, as names with their values.
  void next_headers(std::vector<Header>& headers) {
    headers.clear();
    while (more()) {
      const std::string_view name = next();
      headers.push_back({name, next()});
    }
  }

 private:
  std::string_view rest_;
};

}  // namespace signalbox::bindings
