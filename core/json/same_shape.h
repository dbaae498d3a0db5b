// Texts that are one another but for a few values: the frames of a stream say the same around each piece of text.
// What has been read once need not be read again where only those values differ.
//
//   {"id":"c1","choices":[{"delta":{"content":"Hel"},"index":0}]}     remembered, with one slot: Hel
//   {"id":"c1","choices":[{"delta":{"content":"lo"},"index":0}]}      matches: lo
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace signalbox::json {

class SameShape {
 public:
  static constexpr size_t slots_max = 8;
  // Longer texts are no frames that say little.
  static constexpr size_t text_bytes_max = 2048;

  // From now on texts are compared with `text`, which is valid JSON. `slots` are those of its values that may differ:
  // views into it, in order and apart from each other, each the inside of a string or an integer. What is too much is
  // not remembered, and then nothing matches. `noted`: a value of it, whole slots inside, that is asked for too.
  void remember(std::string_view text, std::span<const std::string_view> slots, std::string_view noted = {});
  void forget() { text_.clear(); }
  std::string_view remembered() const { return text_; }

  // Whether `text` is what was remembered but for its slots, and they are such values too, valid ones; then
  // slot(i) are its own, and noted() what stands in the place of that value; until the text goes.
  bool matches(std::string_view text);
  std::string_view slot(size_t i) const { return slots_[i].value; }
  std::string_view noted() const { return noted_; }

 private:
  size_t moved(size_t place) const;

  struct Slot {
    uint32_t begin = 0;  // in text_
    uint32_t end = 0;
    std::string_view value;
  };

  std::string text_;
  std::array<Slot, slots_max> slots_;
  size_t count_ = 0;
  size_t noted_begin_ = 0;  // in text_
  size_t noted_end_ = 0;
  std::string_view noted_;
};

}  // namespace signalbox::json
