// A hash over a text that comes in pieces, escaped: the state of reasoning whose vendor gave none (translation.md
// section 5). It tells two thoughts apart and guards nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/fnv.h"
#include "json/escaped.h"

namespace signalbox::canonical {

// FNV-1a of what the pieces spell, so the same however the text is cut and escaped.
class TextHash {
 public:
  void add(json::Escaped piece);
  // Sixteen hex digits.
  void append_hex(std::string& out) const;

 private:
  uint64_t value_ = base::fnv1a_begin;
  std::string plain_;
};

}  // namespace signalbox::canonical
