#include "http1/chunked.h"

#include <cstring>

#include "base/text.h"

namespace signalbox::native::http1 {

namespace {

bool is_field_byte(char c) { return c == '\t' || (uint8_t(c) >= 0x20 && c != 0x7f); }

// Close enough to a token for bytes that are dropped; what matters is that no line begins with a fold
// and that no control byte hides.
bool is_name_byte(char c) { return uint8_t(c) > 0x20 && uint8_t(c) < 0x7f && c != ':'; }

// Fifteen digits are 2^60: no sum of sizes that we count can overflow.
constexpr uint8_t size_digits_max = 15;

}  // namespace

ChunkedDecoder::Result ChunkedDecoder::refuse(Refusal refusal, Result result) {
  refusal_ = refusal;
  result.outcome = Outcome::refused;
  return result;
}

ChunkedDecoder::Result ChunkedDecoder::feed(const char* coded, size_t size, char* content) {
  Result r;
  while (r.consumed < size) {
    const char c = coded[r.consumed];
    switch (state_) {
      case State::size: {
        const int digit = base::hex_value(c);
        if (digit >= 0) {
          if (++digit_count_ > size_digits_max) return refuse(Refusal::bad_chunk, r);
          left_ = left_ * 16 + unsigned(digit);
        } else if (digit_count_ == 0) {
          return refuse(Refusal::bad_chunk, r);
        } else if (c == '\r') {
          state_ = State::size_lf;
        } else if (c == ';' || c == ' ' || c == '\t') {
          // Blanks only before a semicolon (RFC 9112 section 7.1.1): `5 \r\n` is refused below.
          extension_bytes_ = c == ';' ? 1 : 0;
          state_ = State::extension;
        } else {
          return refuse(Refusal::bad_chunk, r);
        }
        ++r.consumed;
        break;
      }
      case State::extension:
        if (c == '\r') {
          if (extension_bytes_ == 0) return refuse(Refusal::bad_chunk, r);
          state_ = State::size_lf;
        } else if (!is_field_byte(c)) {
          return refuse(Refusal::bad_chunk, r);
        } else if (extension_bytes_ == 0 && c != ';' && c != ' ' && c != '\t') {
          return refuse(Refusal::bad_chunk, r);
        } else {
          if (extension_bytes_ > 0 || c == ';') ++extension_bytes_;
          if (extension_bytes_ > extension_bytes_max || --extension_budget_ < 0)
            return refuse(Refusal::chunk_overhead, r);
        }
        ++r.consumed;
        break;
      case State::size_lf:
        if (c != '\n') return refuse(Refusal::bad_chunk, r);
        state_ = left_ > 0 ? State::data : State::trailer_start;
        digit_count_ = 0;
        extension_bytes_ = 0;
        ++r.consumed;
        break;
      case State::data: {
        const size_t there = size - r.consumed;
        const size_t n = left_ < there ? size_t(left_) : there;
        if (content + r.produced != coded + r.consumed) std::memmove(content + r.produced, coded + r.consumed, n);
        r.consumed += n;
        r.produced += n;
        left_ -= n;
        extension_budget_ += int64_t(n);
        if (left_ == 0) state_ = State::data_cr;
        break;
      }
      case State::data_cr:
        if (c != '\r') return refuse(Refusal::bad_chunk, r);
        state_ = State::data_lf;
        ++r.consumed;
        break;
      case State::data_lf:
        if (c != '\n') return refuse(Refusal::bad_chunk, r);
        state_ = State::size;
        ++r.consumed;
        break;
      case State::trailer_start:
        if (c == '\r') state_ = State::last_lf;
        else if (is_name_byte(c)) state_ = State::trailer_name;
        else return refuse(Refusal::bad_chunk, r);
        if (++trailer_bytes_ > trailer_bytes_max) return refuse(Refusal::chunk_overhead, r);
        ++r.consumed;
        break;
      case State::trailer_name:
        if (c == ':') state_ = State::trailer_value;
        else if (!is_name_byte(c)) return refuse(Refusal::bad_chunk, r);
        if (++trailer_bytes_ > trailer_bytes_max) return refuse(Refusal::chunk_overhead, r);
        ++r.consumed;
        break;
      case State::trailer_value:
        if (c == '\r') state_ = State::trailer_lf;
        else if (!is_field_byte(c)) return refuse(Refusal::bad_chunk, r);
        if (++trailer_bytes_ > trailer_bytes_max) return refuse(Refusal::chunk_overhead, r);
        ++r.consumed;
        break;
      case State::trailer_lf:
        if (c != '\n') return refuse(Refusal::bad_chunk, r);
        state_ = State::trailer_start;
        ++r.consumed;
        break;
      case State::last_lf:
        if (c != '\n') return refuse(Refusal::bad_chunk, r);
        ++r.consumed;
        r.outcome = Outcome::complete;
        return r;
    }
  }
  return r;
}

}  // namespace signalbox::native::http1
