// The window of an answer: one contiguous run of bytes, read behind what is still held, so that the core sees a
// frame whole without a copy. It grows only while one frame is larger than it, and never beyond its bound.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace signalbox::wasi {

class AnswerWindow {
 public:
  explicit AnswerWindow(size_t bytes_max) : bytes_max_(bytes_max) {}

  std::string_view held() const { return {data_.get() + begin_, end_ - begin_}; }
  // Room behind what is held; empty when the bound is reached.
  std::span<char> room();
  // The first `bytes` of the room are part of the window now.
  void grew(size_t bytes) { end_ += bytes; }
  // Lets the oldest `bytes` go.
  void release(size_t bytes);

 private:
  size_t bytes_max_;
  std::unique_ptr<char[]> data_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace signalbox::wasi
