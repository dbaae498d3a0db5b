// FNV-1a, 64 bits: tells texts apart where nobody gains by making two of them meet. Guards nothing.
#pragma once

#include <cstdint>
#include <string_view>

namespace signalbox::base {

inline constexpr uint64_t fnv1a_begin = 0xcbf29ce484222325u;

// The hash of what `hash` is of, with `text` behind it.
constexpr uint64_t fnv1a(std::string_view text, uint64_t hash = fnv1a_begin) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

}  // namespace signalbox::base
