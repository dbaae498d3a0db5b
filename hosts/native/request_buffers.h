// Memory for requests, one set per thread.
//
//   RequestBuffer  head, and body too where it fits; pooled, because pages that were just used are warm
//                  and giving 50 KB back to malloc per request costs 20 us in page faults
//   BodyBuffer     a body that does not fit, of the announced size, or growing when none was announced;
//                  growing moves pages, not bytes
//
// Both are mapped pages: what was never touched costs nothing, and what is given back is back at once.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "http1/parser.h"

namespace signalbox::native {

struct RequestBuffer {
  static constexpr size_t bytes_max = 64 << 10;
  std::array<Header, http1::headers_max> headers;
  char bytes[bytes_max];
};

class BodyBuffer {
 public:
  BodyBuffer() = default;
  ~BodyBuffer() { reset(); }
  BodyBuffer(BodyBuffer&& other) noexcept;
  BodyBuffer& operator=(BodyBuffer&& other) noexcept;

  explicit operator bool() const { return data_ != nullptr; }
  char* data() const { return data_; }
  size_t capacity() const { return capacity_; }

  // Makes room for `bytes` in all; what is in it stays, perhaps elsewhere. False when memory is short, or the bound of
  // decoded bodies is reached.
  bool reserve(size_t bytes);
  void reset();

 private:
  friend class RequestBuffers;
  std::shared_ptr<size_t> all_decoded_bytes_;  // this one's among them; null: it counts for nothing
  char* data_ = nullptr;
  size_t capacity_ = 0;
};

class RequestBuffers {
 public:
  // What may lie idle: enough for what is busy at once on one thread, 4.3 MB at most.
  static constexpr size_t free_max = 64;
  // Coding agents send 50 to 400 KB in every request; larger bodies are rare and go back at once.
  static constexpr size_t free_bodies_max = 4;
  static constexpr size_t free_body_bytes_max = 1 << 20;

  ~RequestBuffers();

  // Null when memory is short.
  RequestBuffer* take();
  void give_back(RequestBuffer* buffer);

  // Empty when memory is short.
  BodyBuffer take_body(size_t bytes);

  // For what comes out of a content coding, which may be thousands of times what was sent for it: all of these together
  // have no more than this, but for one alone, which has the bound of its request. Empty beyond it.
  static constexpr size_t decoded_bytes_max = size_t(512) << 20;
  BodyBuffer take_decoded_body(size_t bytes);
  void give_back(BodyBuffer body);

  // Text on its way to clients.
  std::unique_ptr<std::string> take_text();
  void give_back(std::unique_ptr<std::string> text);

  // Frees what has not been needed since the last call; called every few seconds.
  void trim();
  size_t free_count() const { return free_.size(); }

 private:
  std::shared_ptr<size_t> decoded_bytes_ = std::make_shared<size_t>(0);
  std::vector<RequestBuffer*> free_;
  std::vector<BodyBuffer> free_bodies_;
  std::vector<std::unique_ptr<std::string>> free_texts_;
  size_t unneeded_ = 0;  // the fewest that were free since the last trim
  size_t unneeded_bodies_ = 0;
  size_t unneeded_texts_ = 0;
};

}  // namespace signalbox::native
