// The client's request: its head, and its body in one window.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "abi/handle.h"
#include "base/arena.h"
#include "signalbox/event.h"
#include "streams.h"

namespace signalbox::wasi {

class ClientRequest {
 public:
  // Takes the request over.
  explicit ClientRequest(abi::RawHandle request);

  // Views that live as long as this. The scope of the peer is unknown: a component does not see the socket.
  const ClientHead& head() const { return head_; }
  bool is_head_method() const { return head_.method == "HEAD"; }

  enum class Reading : uint8_t { nothing, more, whole, broken, no_memory };
  // Reads what has come. `bytes_max`: no more than this is read into the window, and one byte, so that the core
  // sees that it is too much.
  Reading read(size_t bytes_max);
  // Everything read so far; it stands still once it is whole.
  std::string_view window() const { return {data_.get(), size_}; }
  // Whether more of the body is to be read.
  bool open() const { return bool(stream_); }
  int error_code() const { return stream_.error_code(); }
  void wait_on(Wait& wait) const;
  // Lets the body go.
  void release();

 private:
  bool reserve(size_t bytes, size_t bytes_max);

  Arena arena_;
  std::vector<Header> headers_;
  ClientHead head_;
  abi::Handle<abi::drop_incoming_body> body_;
  InputStream stream_;
  std::unique_ptr<char[]> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace signalbox::wasi
