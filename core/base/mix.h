// Hashes that decide where something goes: fast, the same on every host, and no guard against anybody.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace signalbox::base {

// mix() but for its last step, which leaves the upper 31 bits as they are.
constexpr uint64_t mix_upper(uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
  return (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
}
constexpr uint64_t mix_lower(uint64_t upper) { return upper ^ (upper >> 31); }

// Spreads `bits` over all 64 (splitmix64's finalizer).
constexpr uint64_t mix(uint64_t bits) { return mix_lower(mix_upper(bits)); }

// The hash of what `hash` is of, with `text` behind it; where one text ends and the next begins does count. Eight bytes
// a turn, because texts of a hundred kilobytes are hashed in place.
inline uint64_t mix_text(std::string_view text, uint64_t hash) {
  const char* p = text.data();
  size_t left = text.size();
  hash ^= uint64_t(left) * 0x9e3779b97f4a7c15u;
  for (; left >= 8; p += 8, left -= 8) {
    uint64_t word = 0;
    std::memcpy(&word, p, 8);  // every host is little-endian
    hash = (hash ^ word) * 0x9fb21c651e98df25u;
    hash ^= hash >> 29;
  }
  uint64_t tail = 0;
  for (size_t i = 0; i < left; ++i) tail |= uint64_t(static_cast<unsigned char>(p[i])) << (8 * i);
  return mix(hash ^ tail);
}

}  // namespace signalbox::base
