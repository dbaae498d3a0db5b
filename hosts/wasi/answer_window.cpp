#include "answer_window.h"

#include <algorithm>
#include <cstring>

namespace signalbox::wasi {

namespace {

// Several frames, and what hosts hand over at once.
constexpr size_t first_bytes = 64 << 10;
// Less room than this is not worth a call.
constexpr size_t room_bytes_min = 4 << 10;

}  // namespace

std::span<char> AnswerWindow::room() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (capacity_ - end_ < room_bytes_min) {
    const size_t size = end_ - begin_;
    // Moving pays only when it frees a good part.
    if (data_ && begin_ >= capacity_ / 2) {
      std::memmove(data_.get(), data_.get() + begin_, size);
    } else {
      if (capacity_ >= bytes_max_) return {data_.get() + end_, capacity_ - end_};
      const size_t grown = std::min(std::max(2 * capacity_, first_bytes), bytes_max_);
      std::unique_ptr<char[]> larger(new char[grown]);
      if (size) std::memcpy(larger.get(), data_.get() + begin_, size);
      data_ = std::move(larger);
      capacity_ = grown;
    }
    begin_ = 0;
    end_ = size;
  }
  return {data_.get() + end_, capacity_ - end_};
}

void AnswerWindow::release(size_t bytes) { begin_ += std::min(bytes, end_ - begin_); }

}  // namespace signalbox::wasi
