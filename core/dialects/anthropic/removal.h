// Takes elements out of a JSON array or members out of an object, by byte ranges: each goes with exactly
// one comma, and every other byte stays. Inside of the folder.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "dialects/dialect.h"

namespace signalbox::dialects::anthropic {

// One element, or one member from its name to its value's end.
struct Listed {
  size_t begin = 0;
  size_t end = 0;
  bool goes = false;
};

// Appends the edits that take out those of `list` that go; `list` is all of one container, in order.
// Neighbours that go are one edit.
void append_removals(std::span<const Listed> list, std::string_view path, std::vector<Edit>& edits);

// Edits that take out the member that `path` names ("context_management", "tools.0.custom.input_examples"):
// all its duplicates; none where the body has no such member. Parts of the path that the body does not
// have are the names that Anthropic's own types have for a value, and are passed over.
void append_member_removals(std::string_view body, std::string_view path, std::vector<Edit>& edits);

}  // namespace signalbox::dialects::anthropic
