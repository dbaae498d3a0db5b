// HTTP/1.x heads, requests and answers, read strictly (RFC 9110, RFC 9112).
//
// Rules
//   - One message has one meaning. Whatever two implementations could read differently is refused, not
//     repaired: bare CR or LF, line folding, space before a colon, doubled or odd lengths, a length
//     beside a transfer coding, more or fewer than one Host.
//   - Nothing is copied or allocated: names, values and target are views into the caller's buffer, the
//     list of headers is the caller's array.
//   - The answer depends on the bytes alone, never on how they were cut: a refusal is the same whether
//     the head came whole or byte by byte.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "http1/bytes.h"
#include "signalbox/header.h"

namespace signalbox::native::http1 {

// Real clients send 15 to 40 fields; the list is searched once per lookup.
inline constexpr size_t headers_max = 128;

// RFC 9112 section 3: what is longer than any method one knows may be answered 501.
inline constexpr size_t method_bytes_max = 32;

// Why a message is not taken. One row each in `row`.
enum class Refusal : uint8_t {
  none,
  bad_control,  // NUL, bare CR, bare LF or another control byte
  bad_request_line,
  bad_status_line,
  bad_version,  // neither HTTP/1.0 nor HTTP/1.1
  bad_target,
  target_host_differs,  // absolute form and Host disagree
  method_not_known,     // CONNECT, or a method longer than any
  bad_header,           // empty name, space before the colon, no colon
  folded_header,        // obs-fold, RFC 9112 section 5.2
  head_too_large,
  too_many_headers,
  host_missing,
  host_twice,
  bad_host,
  bad_length,  // anything but digits that fit
  length_twice,
  length_and_coding,  // RFC 9112 section 6.1
  coding_twice,
  coding_not_known,  // anything but exactly `chunked`
  coding_in_1_0,
  expectation_not_known,
  bad_chunk,
  chunk_overhead,  // extensions or trailers beyond their bounds
  count_,
};

struct RefusalRow {
  Refusal refusal;
  std::string_view name;
  int status;  // what a client is answered
  std::string_view message;
};

// The row of `refusal`; total.
const RefusalRow& row(Refusal refusal);

enum class Outcome : uint8_t { need_more, complete, refused };

// How a body ends (RFC 9112 section 6.3).
enum class Framing : uint8_t { none, length, chunked, until_close };

enum class Persistence : uint8_t { keep, close };

// What a head says, beside its list of headers. Views live as long as the bytes that were parsed.
struct Head {
  std::string_view method;    // requests
  std::string_view target;    // requests: origin form, or "*" for OPTIONS
  int status = 0;             // answers
  int minor = 1;              // HTTP/1.minor
  std::span<Header> headers;  // the first part of the caller's array
  size_t head_bytes = 0;      // all of it, with the empty line
  Framing framing = Framing::none;
  int64_t length = -1;  // Content-Length, where it stands
  Persistence persistence = Persistence::keep;
  bool expects_continue = false;
};

// Finds the end of a head and refuses control bytes on the way, each byte once however it is cut.
// Afterwards `parse_*` reads the whole. Value type of a few words; assign a new one to start over.
class HeadScan {
 public:
  // `bytes` is everything there is, from the head's first byte; what was shown before is not looked
  // at again, but may stand elsewhere in memory. Complete: `head_bytes` says how long the head is.
  Outcome feed(std::string_view bytes, size_t head_bytes_max);

  size_t head_bytes() const { return searched_; }
  Refusal refusal() const { return refusal_; }

 private:
  size_t searched_ = 0;  // no need to look before this
  size_t line_start_ = 0;
  uint32_t line_count_ = 0;
  Refusal refusal_ = Refusal::none;
};

// How many bytes of empty lines stand before a request and are passed over (RFC 9112 section 2.2), two
// lines at most. `passed_bytes` is what earlier calls for the same request have answered in all: the bound
// holds however the lines were cut. What remains may still begin with an unfinished CR.
size_t leading_empty_line_bytes(std::string_view bytes, size_t passed_bytes);

// Reads a request head that HeadScan found complete; `bytes` is exactly the head.
Refusal parse_request(std::string_view bytes, std::span<Header, headers_max> storage, Head& out);

// Whether an answer can have a body at all: to HEAD it has none.
enum class AnswerTo : uint8_t { head, other };

// Reads an answer head that HeadScan found complete; `bytes` is exactly the head. A 1xx answer is
// complete with its head: the caller goes on with the next one. 101 is refused, nobody asked for it.
Refusal parse_answer(std::string_view bytes, AnswerTo answer_to, std::span<Header, headers_max> storage, Head& out);

// Whether the comma-separated list `value` has `token`, without regard to case.
bool has_token(std::string_view value, std::string_view token);

}  // namespace signalbox::native::http1
