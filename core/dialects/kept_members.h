// A whole answer of which only a few members were kept.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace signalbox::dialects {

// The members `keys` with `values`, raw, as observe_whole gets them, as one object again, so that it is read as a
// frame's is. What is absent or was not kept is left out.
std::string object_of(std::span<const std::string_view> keys, std::span<const std::string_view> values);

}  // namespace signalbox::dialects
