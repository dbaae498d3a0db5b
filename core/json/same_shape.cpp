#include "json/same_shape.h"

#include <cstring>

#include "json/scan.h"

namespace signalbox::json {

void SameShape::remember(std::string_view text, std::span<const std::string_view> slots, std::string_view noted) {
  text_.clear();
  if (text.size() > text_bytes_max || slots.size() > slots_max) return;
  text_ = text;
  count_ = slots.size();
  noted_begin_ = noted.empty() ? 0 : static_cast<size_t>(noted.data() - text.data());
  noted_end_ = noted_begin_ + noted.size();
  for (size_t i = 0; i < count_; ++i) {
    const size_t begin = static_cast<size_t>(slots[i].data() - text.data());
    slots_[i] = {static_cast<uint32_t>(begin), static_cast<uint32_t>(begin + slots[i].size()), {}};
  }
}

bool SameShape::matches(std::string_view text) {
  if (text_.empty()) return false;
  const char* p = text.data();
  const char* const end = p + text.size();
  size_t literal = 0;
  for (size_t i = 0; i < count_; ++i) {
    Slot& slot = slots_[i];
    const size_t bytes = slot.begin - literal;
    if (static_cast<size_t>(end - p) <= bytes || std::memcmp(p, text_.data() + literal, bytes) != 0) return false;
    p += bytes;
    const char* const value = p;
    if (p[-1] == '"') {
      const Scanned string = scan_string(p, end);
      if (string.what != nullptr) return false;
      p = string.at;
    } else {
      const Scanned number = scan_number(p, end);
      if (number.what != nullptr) return false;
      p = number.at;
    }
    slot.value = {value, static_cast<size_t>(p - value)};
    literal = slot.end;
  }
  const size_t rest = text_.size() - literal;
  if (static_cast<size_t>(end - p) != rest || std::memcmp(p, text_.data() + literal, rest) != 0) return false;
  const size_t begin = moved(noted_begin_);
  noted_ = text.substr(begin, moved(noted_end_) - begin);
  return true;
}

// Where a place of the remembered text, outside of its slots, is in the one that matched.
size_t SameShape::moved(size_t place) const {
  size_t now = place;
  for (size_t i = 0; i < count_ && slots_[i].end <= place; ++i)
    now += slots_[i].value.size() - (slots_[i].end - slots_[i].begin);
  return now;
}

}  // namespace signalbox::json
