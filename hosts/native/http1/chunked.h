// The chunked transfer coding (RFC 9112 section 7.1), decoded as it comes and where it stands.
//
//   before   5\r\nhello\r\n6;x=1\r\n world\r\n0\r\n\r\n
//   after    hello world                                  content moves towards the front
//
// Extensions and trailers are checked, counted against bounds and dropped: nobody downstream of here
// reads them, and unbounded they cost work without content (CVE-2023-39326 is that attack).
#pragma once

#include <cstdint>

#include "http1/parser.h"

namespace signalbox::native::http1 {

// One chunk's extensions. Nobody sends any; signatures of some clouds take about 100 bytes.
inline constexpr uint32_t extension_bytes_max = 256;
// All extensions of one body, beyond what its content allows (one byte each).
inline constexpr int64_t extension_bytes_total_max = 16 << 10;
// All trailers of one body.
inline constexpr uint32_t trailer_bytes_max = 8 << 10;

class ChunkedDecoder {
 public:
  struct Result {
    Outcome outcome = Outcome::need_more;
    size_t consumed = 0;  // of the input; less than all only when complete or refused
    size_t produced = 0;  // bytes of content written to `content`
  };

  // Decodes `size` more bytes at `coded` and writes their content to `content`, which is `coded` itself,
  // a place before it in the same buffer, or another buffer of at least `size` bytes. After complete or
  // refused it must not be called again before a new decoder is assigned.
  Result feed(const char* coded, size_t size, char* content);

  Refusal refusal() const { return refusal_; }

 private:
  enum class State : uint8_t {
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer_name,
    trailer_value,
    trailer_lf,
    last_lf
  };
  Result refuse(Refusal refusal, Result result);

  State state_ = State::size;
  uint8_t digit_count_ = 0;
  Refusal refusal_ = Refusal::none;
  uint32_t extension_bytes_ = 0;
  uint32_t trailer_bytes_ = 0;
  uint64_t left_ = 0;
  int64_t extension_budget_ = extension_bytes_total_max;
};

}  // namespace signalbox::native::http1
