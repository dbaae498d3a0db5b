// The two ends of a body, without waiting: reading into a window, and writing as much as is taken.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "abi/handle.h"

namespace signalbox::wasi {

// What a host says of HTTP that failed: a case of wasi:http's error-code, by its number.
inline constexpr int no_error_code = -1;

class InputStream {
 public:
  enum class State : uint8_t { open, ended, failed };

  InputStream() = default;
  explicit InputStream(abi::RawHandle raw) : stream_(raw), readable_(abi::input_stream_subscribe(raw)), open_(true) {}

  // Reads what is there into `place`, without waiting; gives how many bytes. 0 with State::open: nothing yet.
  size_t read(std::span<char> place);
  State state() const { return state_; }
  int error_code() const { return error_code_; }
  // Ready when a read would bring something.
  const abi::Pollable& readable() const { return readable_; }
  explicit operator bool() const { return open_; }
  void close();

 private:
  abi::Handle<abi::drop_input_stream> stream_;
  abi::Pollable readable_;
  bool open_ = false;
  State state_ = State::open;
  int error_code_ = no_error_code;
};

class OutputStream {
 public:
  OutputStream() = default;
  explicit OutputStream(abi::RawHandle raw) : stream_(raw), writable_(abi::output_stream_subscribe(raw)) {}

  // Hands over the beginning of `bytes`, as much as is taken at once; gives how many. 0: wait, or nobody
  // takes any more.
  size_t write(std::string_view bytes);
  // Whether anybody still takes what is written. Asks anew each time.
  bool taken();
  const abi::Pollable& writable() const { return writable_; }
  explicit operator bool() const { return bool(stream_); }
  void close();

 private:
  // How much may be written now; 0 also when it is broken.
  size_t permit();

  abi::Handle<abi::drop_output_stream> stream_;
  abi::Pollable writable_;
  bool broken_ = false;
};

// What an exchange waits for: any of several pollables, and a moment.
class Wait {
 public:
  void add(const abi::Pollable& pollable) { pollables_.push_back(pollable.raw()); }
  // The earliest of several counts. Monotonic milliseconds.
  void until(int64_t at_ms) { at_ms_ = at_ms < at_ms_ ? at_ms : at_ms_; }
  // Comes back when one of them is ready; at once when there is nothing to wait for.
  void wait();

 private:
  std::vector<abi::RawHandle> pollables_;
  int64_t at_ms_ = INT64_MAX;
};

}  // namespace signalbox::wasi
