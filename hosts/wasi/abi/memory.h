// Where the host puts what it hands over, and how results are read.
//
// A host function that returns a text or a list asks this module for memory (cabi_realloc). Every such call is
// made under a Reception, which says where that memory comes from, so that nothing of it is ever lost or copied:
// an arena for small things, or, for a body, the very place in the window where it belongs.
#pragma once

#include <cstring>
#include <span>
#include <string_view>

#include "base/arena.h"
#include "imports.h"

namespace signalbox::wasi::abi {

class Reception {
 public:
  // Until this is destroyed, what the host hands over lies in `arena`.
  explicit Reception(Arena& arena);
  // The same, but the first run of bytes that is no longer than `place` lies there.
  Reception(Arena& arena, std::span<char> place);
  ~Reception();
  Reception(const Reception&) = delete;
  Reception& operator=(const Reception&) = delete;
};

// What a host function writes its result into. Offsets follow from the types' sizes and alignments (canonical
// ABI); each reader names its type.
class ReturnArea {
 public:
  operator void*() { return bytes_; }

  uint8_t tag(size_t offset) const { return bytes_[offset]; }
  template <class Number>
  Number number(size_t offset) const {
    Number value;
    std::memcpy(&value, bytes_ + offset, sizeof value);
    return value;
  }
  RawHandle handle(size_t offset) const { return number<RawHandle>(offset); }
  std::string_view text(size_t offset) const {
    return {number<const char*>(offset), number<size_t>(offset + sizeof(char*))};
  }

 private:
  // The largest result is result<descriptor-stat, error-code> with 104 bytes.
  alignas(8) unsigned char bytes_[112] = {};
};

// Element `index` of a list whose elements are `Element`s, at the front of which `list` points.
template <class Element>
std::span<const Element> list_of(const ReturnArea& area, size_t offset) {
  const std::string_view raw = area.text(offset);
  return {reinterpret_cast<const Element*>(raw.data()), raw.size()};
}

// As lists hold them.
struct RawText {
  const char* data;
  size_t size;
  operator std::string_view() const { return {data, size}; }
};
struct RawPair {
  RawText first;
  RawText second;
};

}  // namespace signalbox::wasi::abi
