// One HTTP header field, as a view.
#pragma once

#include <string_view>

namespace signalbox {

// Name and value point into bytes that somebody else owns; each use says until when. Names keep the
// spelling they came with and compare without regard to case (RFC 9110 section 5.1).
struct Header {
  std::string_view name;
  std::string_view value;
};

}  // namespace signalbox
