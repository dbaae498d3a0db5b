// What makes two requests the same, for routes with `once`: the same client, to whom the same would be answered by the
// same way.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "routing/facts.h"
#include "signalbox/config.h"
#include "signalbox/header.h"

namespace signalbox::exchange {

struct SameRequest {
  std::string_view client_key;  // by its configured name; empty: none is needed
  bool mock_only = false;       // nobody can tell who asks
  const Config* config = nullptr;
  const Route* route = nullptr;  // of `config`
  // What decided on the route, and says more than it does.
  std::string_view model;          // where the lanes are asked for another one than the body names
  uint32_t provider = UINT32_MAX;  // the only one that is asked; see routing::Match
  routing::ThinkingSaid thinking;
  std::string_view selected;  // the provider that an administrator has selected
  std::string_view method, target;
  std::span<const Header> headers;
  std::string_view body;  // decoded
};

// Differs where anything does that may change what is sent or answered. A header that is not known to change nothing
// counts, also its place among the others.
Sha256 digest_of(const SameRequest& request);

// Whether requests that differ in this header alone are the same: it speaks of the connection, of the program that asks,
// of a trace, or numbers the request.
bool tells_nothing(std::string_view header_name);

}  // namespace signalbox::exchange
