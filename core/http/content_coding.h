// What a request says its body is coded in (RFC 9110 section 8.4).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "signalbox/capabilities.h"
#include "signalbox/header.h"

namespace signalbox::http {

struct ContentCoding {
  std::string_view name;         // the first one as written; empty when there is none but identity
  std::optional<Coding> coding;  // when it is one alone, and one that we know
  bool several = false;
};

// Of all Content-Encoding fields together. `x-gzip` is gzip (section 8.4.1.3), and `identity`, which is for
// Accept-Encoding only, is nothing. Codings one over the other are none that anybody sends, and each one more would
// multiply what a byte can cost. Views into `headers`.
ContentCoding content_coding(std::span<const Header> headers);

// Whether somebody who sent `asked` names `coding` in Accept-Encoding as one to answer in (section 12.5.3). What is not
// named is not taken: whoever says nothing may be unable to read any.
bool takes(std::span<const Header> asked, std::string_view coding);

// The value of Accept-Encoding by which a 415 says what is taken (section 15.5.16).
std::string accept_encoding(std::span<const Coding> taken);

}  // namespace signalbox::http
