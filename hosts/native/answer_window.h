// The window of an answer: one contiguous run of bytes, received behind what is still held, so that
// the core sees a frame whole without a copy.
//
//   |  gone  |  held  |  fresh  |      room      |
//            ^begin   ^         ^end             ^capacity
//
// The buffer comes from a pool and goes back as soon as nothing is held and nobody is reading: a quiet
// stream holds none. It grows only while one frame is larger than it, and never beyond a bound.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace signalbox::native {

// Equal buffers, last in first out so that the same warm pages are used again. Giving a 50 KB buffer
// back to malloc on every request costs 20 us in page faults (docs/decisions/0002).
class BufferPool {
 public:
  static constexpr size_t buffer_bytes = 64 << 10;
  // Enough for what is busy at once; 2 MB idle at most, and not for long.
  static constexpr size_t free_max = 32;

  std::unique_ptr<char[]> take();
  void give_back(std::unique_ptr<char[]> buffer);
  // Frees what has not been needed since the last call; called every few seconds.
  void trim();
  size_t free_count() const { return free_.size(); }

 private:
  std::vector<std::unique_ptr<char[]>> free_;
  size_t unneeded_ = 0;  // the fewest that were free since the last trim
};

class AnswerWindow {
 public:
  // The pool must outlive it. `bytes_max`: how much may be held.
  AnswerWindow(BufferPool& pool, size_t bytes_max) : pool_(pool), bytes_max_(bytes_max) {}
  ~AnswerWindow() { clear(); }
  AnswerWindow(const AnswerWindow&) = delete;
  AnswerWindow& operator=(const AnswerWindow&) = delete;

  std::string_view held() const { return {data_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  // Whether memory is held for it.
  bool has_buffer() const { return data_ != nullptr; }

  // Makes room for at least `bytes` behind what is held, moving or growing as needed. False when the
  // bound is reached; nothing is changed then.
  bool reserve(size_t bytes);
  char* room() { return data_.get() + end_; }
  size_t room_bytes() const { return capacity_ - end_; }
  // The first `bytes` of the room are part of the window now.
  void grew(size_t bytes) { end_ += bytes; }
  // The last `bytes` of the window are room again.
  void shrink(size_t bytes) { end_ -= bytes; }

  // Another bound, for what is received from now on.
  void set_bytes_max(size_t bytes_max) { bytes_max_ = bytes_max; }

  // Lets the oldest `bytes` go; more than there are counts as all.
  void release(size_t bytes);
  // Gives the buffer back if nothing is held.
  void relax();
  void clear();

 private:
  BufferPool& pool_;
  size_t bytes_max_;
  std::unique_ptr<char[]> data_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace signalbox::native
