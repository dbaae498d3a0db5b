// Header fields across the boundary.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "abi/handle.h"
#include "base/arena.h"
#include "signalbox/header.h"

namespace signalbox::wasi {

// The fields of `raw`, which is given back; views into `arena`.
std::vector<Header> read_fields(abi::RawHandle raw, Arena& arena);

// Adds a field. What the host keeps for itself (Host, Connection, ...) it refuses, and that is no fault.
void add_field(const abi::Fields& fields, std::string_view name, std::string_view value);

// Whether the field says how the message is framed, which is this host's business.
bool is_framing(std::string_view name);

}  // namespace signalbox::wasi
