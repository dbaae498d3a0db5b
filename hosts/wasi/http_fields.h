// Header fields across the boundary.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "abi/handle.h"
#include "base/arena.h"
#include "signalbox/header.h"

namespace signalbox::wasi {

// wasmtime ends an instance that puts more than 128 KB of fields into a head, and some are added to what comes.
inline constexpr size_t fields_bytes_max = 100 << 10;

// The fields of `raw`, which is given back; views into `arena`.
std::vector<Header> read_fields(abi::RawHandle raw, Arena& arena);

// Adds a field. What the host keeps for itself (Host, Connection, ...) it refuses, and that is no fault.
void add_field(const abi::Fields& fields, std::string_view name, std::string_view value);

// How much a head has of fields, as it would stand on the wire.
size_t bytes_of(std::span<const Header> headers);

// Whether the field says how the message is framed, which is this host's business.
bool is_framing(std::string_view name);

}  // namespace signalbox::wasi
