// Takes members out of a body by their paths, and leaves every other byte. For the removals of all dialects.
//
// A path is as upstreams write it, "tools.0.custom.strict" or "tools[0].function.strict"; '*' is every element of an
// array. Parts that a body does not have are the names that the upstream's own types have for a value, and are passed
// over; behind a '*' only where the value is of that type.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "dialects/dialect.h"
#include "dialects/listing.h"

namespace signalbox::dialects {

// What of a dialect's bodies stays, whoever names it: an upstream could otherwise have the client's words left out.
// Names in one spelling: clients of Gemini write "system_instruction" and "systemInstruction".
struct Kept {
  std::span<const std::string_view> needed;       // of the body itself: without these it is none, or another one
  std::span<const std::string_view> substance;    // of everything in it: what a value is there for
  std::span<const std::string_view> clients_own;  // inside of these any name may stand
  // Of values of these types or roles ids and names are decoration; those of all others are substance.
  std::span<const std::string_view> decorated{};
};

// How a path was found in a body.
enum class Found : uint8_t {
  nowhere,
  in_parts,  // member by member, as it reads
  as_name,   // in whole or in its last parts as one name that has dots in it
};

// How each of `paths` is found in `body`, into `found`, which has as many elements. Of what is found in several ways,
// as_name. Linear in the body, in one run for all paths.
void find_members(std::string_view body, std::span<const std::string_view> paths, const Kept& kept,
                  std::span<Found> found);

// `edits`, in whatever order, and those that take out the members that `paths` name, all their duplicates: in order,
// without overlaps, in `arena`.
//
// Linear in the body. Of bodies with more than 100,000 removals the rest stays, and the upstream says itself
// that it does not want it.
std::span<const Edit> with_member_removals(std::string_view body, std::vector<Edit>& edits,
                                           std::span<const std::string_view> paths, const Kept& kept, Arena& arena);

// The first part of `path`, which loses it.
std::string_view take_part(std::string_view& path);

}  // namespace signalbox::dialects
