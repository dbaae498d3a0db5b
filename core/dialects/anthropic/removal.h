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
  std::string_view goes_as{};  // the path of the edit that takes it out; empty: it stays

  bool goes() const { return !goes_as.empty(); }
};

// Appends the edits that take out those of `list` that go; `list` is all of one container, in order.
// Neighbours that go by the same path are one edit.
void append_removals(std::span<const Listed> list, std::vector<Edit>& edits);

// How a path was found in a body.
enum class Found : uint8_t {
  nowhere,
  in_parts,  // member by member, as it reads
  as_name,   // in whole or in its last parts as one name that has dots in it
};

// Appends the edits that take out the members that `paths` name ("context_management",
// "tools.0.custom.input_examples", "tools.*.custom.input_examples"): all their duplicates. '*' is every element
// of an array. Parts that the body does not have are the names that Anthropic's own types have for a value,
// and are passed over; behind a '*' only where the value is of that type. Of what has several ways to be
// found, as_name is returned.
//
// What a request cannot be without stays, whoever names it: an upstream could otherwise have the client's
// words left out ("messages", "messages.0.content", a tool's "name").
Found append_member_removals(std::string_view body, std::span<const std::string_view> paths, std::vector<Edit>& edits);

}  // namespace signalbox::dialects::anthropic
