// Writing HTTP/1.1 heads and chunk frames into a growing buffer. Nothing here judges: names and values
// come from the parser or from the core and are sound already.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace signalbox::native::http1 {

inline void append_number(std::string& out, int64_t n) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, n).ptr;
  out.append(digits, size_t(end - digits));
}

// `HTTP/1.1 200 OK` and its line end. An unknown status goes without a reason, which RFC 9112 allows.
void append_status_line(std::string& out, int status);

inline void append_header(std::string& out, std::string_view name, std::string_view value) {
  // One look at the room of `out`, for a head has many.
  const size_t before = out.size();
  out.resize(before + name.size() + value.size() + 4);
  char* p = std::copy(name.begin(), name.end(), out.data() + before);
  *p++ = ':';
  *p++ = ' ';
  p = std::copy(value.begin(), value.end(), p);
  *p++ = '\r';
  *p = '\n';
}

inline void append_header(std::string& out, std::string_view name, int64_t value) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  append_header(out, name, std::string_view(digits, size_t(end - digits)));
}

// The line before a chunk of `size` bytes, written to `line`; its length is answered. The chunk is
// followed by CRLF; a size of zero would end the body and is the caller's mistake.
inline constexpr size_t chunk_line_bytes_max = 18;
inline size_t write_chunk_line(char (&line)[chunk_line_bytes_max], uint64_t size) {
  char* end = std::to_chars(line, line + 16, size, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return size_t(end - line);
}

inline constexpr std::string_view last_chunk = "0\r\n\r\n";

// The date as HTTP writes it, `Sun, 06 Nov 1994 08:49:37 GMT`: 29 bytes at `out`.
inline constexpr size_t date_bytes = 29;
void write_date(char* out, int64_t unix_seconds);

}  // namespace signalbox::native::http1
