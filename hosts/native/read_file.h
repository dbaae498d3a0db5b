// Reads a file, or standard input, whole and within a bound.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace signalbox::native {

// The bytes of the file at `path` ("-": standard input), or why there are none, in `problem`. Reading stops
// once there are more than `bytes_max`; the caller sees it by the size.
std::optional<std::string> read_file(const std::string& path, size_t bytes_max, std::string& problem);

}  // namespace signalbox::native
