// What is said of a client's body that cannot be taken, wherever that is found.
#pragma once

#include <cstddef>
#include <string_view>

#include "json/reader.h"
#include "signalbox/fault.h"

namespace signalbox::dialects {

// What stands in the place of a member's name where the whole body is meant.
inline constexpr std::string_view the_body = "the body";

Fault no_json(const json::Error& error);
// The value at byte `offset`, of the member `member`, is not what is `wanted` ("a string").
Fault wrong_member(std::string_view member, std::string_view wanted, size_t offset);
Fault missing_member(std::string_view member);

}  // namespace signalbox::dialects
