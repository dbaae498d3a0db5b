// Takes elements out of a JSON array or members out of an object, by byte ranges: each goes with exactly
// one comma, and every other byte stays. Inside of the folder.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "dialects/dialect.h"

namespace signalbox::dialects::anthropic {

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
// words left out ("messages", "messages.0.content", a tool's "name"). So does everything inside of a value
// that is the client's own data, such as arguments of calls and schemas.
//
// Linear in the body. Of bodies with more than 100,000 removals the rest stays, and the upstream says itself
// that it does not want it.
Found append_member_removals(std::string_view body, std::span<const std::string_view> paths, std::vector<Edit>& edits);

}  // namespace signalbox::dialects::anthropic
