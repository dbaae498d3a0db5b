// The fuzzer's bytes as the choices that a target makes of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace signalbox::testing {

// When there are none left, every choice is the first. The bytes outlive this.
class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}
  bool empty() const { return at_ == end_; }
  unsigned next() { return empty() ? 0 : *at_++; }
  unsigned below(unsigned bound) { return next() % bound; }
  template <size_t n>
  std::string any(const char* const (&words)[n]) {
    return words[below(n)];
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
};

}  // namespace signalbox::testing
