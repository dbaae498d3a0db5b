#include "answer_window.h"

#include <algorithm>
#include <cstring>

namespace signalbox::native {

std::unique_ptr<char[]> BufferPool::take() {
  if (free_.empty()) {
    unneeded_ = 0;
    return std::unique_ptr<char[]>(new char[buffer_bytes]);
  }
  auto buffer = std::move(free_.back());
  free_.pop_back();
  unneeded_ = std::min(unneeded_, free_.size());
  return buffer;
}

void BufferPool::give_back(std::unique_ptr<char[]> buffer) {
  if (free_.size() < free_max) free_.push_back(std::move(buffer));
}

void BufferPool::trim() {
  // The oldest stand in front; those at the back are warm.
  free_.erase(free_.begin(), free_.begin() + std::ptrdiff_t(unneeded_));
  unneeded_ = free_.size();
}

bool AnswerWindow::reserve(size_t bytes) {
  if (!data_) {
    if (bytes > bytes_max_) return false;
    if (bytes <= BufferPool::buffer_bytes) {
      data_ = pool_.take();
      capacity_ = BufferPool::buffer_bytes;
      return true;
    }
  }
  if (begin_ == end_) begin_ = end_ = 0;
  if (capacity_ - end_ >= bytes) return true;
  size_t size = end_ - begin_;
  if (bytes > bytes_max_ || size > bytes_max_ - bytes) return false;
  // Moving pays only when it frees a good part; a frame that fills the buffer would be moved for every
  // few bytes that come.
  if (size + bytes <= capacity_ && begin_ >= capacity_ / 2) {
    std::memmove(data_.get(), data_.get() + begin_, size);
  } else {
    size_t grown = std::max({capacity_ * 2, size + bytes, BufferPool::buffer_bytes});
    grown = std::max(std::min(grown, bytes_max_), size + bytes);
    std::unique_ptr<char[]> larger(new char[grown]);
    if (size) std::memcpy(larger.get(), data_.get() + begin_, size);
    if (data_ && capacity_ == BufferPool::buffer_bytes) pool_.give_back(std::move(data_));
    data_ = std::move(larger);
    capacity_ = grown;
  }
  begin_ = 0;
  end_ = size;
  return true;
}

void AnswerWindow::release(size_t bytes) {
  begin_ += std::min(bytes, end_ - begin_);
  if (begin_ == end_) begin_ = end_ = 0;
}

void AnswerWindow::relax() {
  if (begin_ == end_) clear();
}

void AnswerWindow::clear() {
  if (data_ && capacity_ == BufferPool::buffer_bytes) pool_.give_back(std::move(data_));
  data_.reset();
  capacity_ = begin_ = end_ = 0;
}

}  // namespace signalbox::native
