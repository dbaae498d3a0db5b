// What both transports need to know of a request before it leaves: where its URL points, whether its
// head can be sent at all, and the upload as a cursor over its gather list.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "upstream.h"

namespace signalbox::native {

enum class Scheme : uint8_t { http, https };

// An absolute URL, taken apart. Views into the URL.
struct UrlParts {
  Scheme scheme = Scheme::http;
  std::string_view authority;  // host[:port] as written, without user information
  std::string_view user;       // before the '@', empty when there is none
  std::string_view target;     // path and query, without the fragment; may be empty or begin with '?'
};

// Answers false for what is no http or https URL with a host, or holds a byte that may not stand in one
// (RFC 9112 section 3.2: a space or a control byte in a target would be another request's beginning).
bool split_url(std::string_view url, UrlParts& out);

// Whether method, names and values can stand in a head without changing its meaning (RFC 9110
// sections 5.5, 5.6.2, 9.1): tokens, and no control byte but a tab.
bool can_be_sent(const AttemptRequest& request);

// Headers that frame a message or belong to one connection. The host alone writes these; given ones
// are passed over, so that no request ever leaves with two framings.
bool is_framing(std::string_view name);

// What is left of a gather list. Value of a vector and two numbers; the pieces belong to the caller.
class Upload {
 public:
  void assign(std::string_view head, std::span<const std::string_view> pieces);

  // The bytes of the pieces, without the head.
  size_t body_bytes() const { return body_bytes_; }
  bool done() const { return piece_ == pieces_.size(); }
  bool started() const { return piece_ > 0 || offset_ > 0; }
  void rewind();
  void clear();

  // Fills `out` with what comes next, at most `out_max` pieces; answers how many.
  size_t peek(std::string_view* out, size_t out_max) const;
  // Lets go of the first `bytes`.
  void advance(size_t bytes);

 private:
  std::vector<std::string_view> pieces_;  // none is empty
  size_t piece_ = 0;
  size_t offset_ = 0;
  size_t body_bytes_ = 0;
};

}  // namespace signalbox::native
