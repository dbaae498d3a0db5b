// Addresses: joining what a user configured with what a dialect asks for, and taking them apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signalbox::http {

// The address of `path` ("/v1/messages") below `base_url`, whatever the user took for the base (the
// top failure of set-ups, translation.md section 1):
//   https://host                  -> https://host/v1/messages
//   https://host/v1/              -> https://host/v1/messages       never /v1/v1
//   https://host/v1/messages      -> https://host/v1/messages       never /v1/messages/v1/messages
//   https://host/anthropic        -> https://host/anthropic/v1/messages
//   https://host/api/v4           -> https://host/api/v4/messages   the base's version is the user's word
//   https://host/odd/messages     -> https://host/odd/messages      the full address of an endpoint
//   https://host/v1/publishers/google -> https://host/v1/publishers/google/models/m:generateContent   Vertex
// `path` may have a query, which comes first; then that of the base, then `query`, the client's own without '?'.
// A fragment is dropped.
std::string join_url(std::string_view base_url, std::string_view path, std::string_view query = {});

// Views into the address.
struct UrlParts {
  std::string_view scheme;  // as written, http or https in any case
  std::string_view host;    // without the brackets of an IPv6 literal
  uint16_t port = 0;        // the scheme's own when the address names none
  std::string_view path;    // with the query, without the fragment; "/" when empty
  bool tls = false;
};

// Takes an absolute http or https address apart. Nullopt for anything else: no host, a port that is
// none, a query without a path, blanks or control bytes, and names or passwords before the host, which would be a secret in
// a place that gets printed.
std::optional<UrlParts> split_url(std::string_view url);

// The host of a Host field's value, without the port; an IPv6 literal keeps its brackets. Empty when the
// value is not of the form host[:port].
std::string_view host_of(std::string_view host_field);

// Appends `text` as one segment of a path: what may not stand there as it is becomes %XX (RFC 3986 section
// 3.3).
void append_encoded(std::string& path, std::string_view text);

// A model's name without the "models/" that Gemini's own names begin with.
std::string_view without_models(std::string_view model);

// `text` with %XX decoded; a '%' that begins no escape stays as it is.
std::string decode_percent(std::string_view text);

}  // namespace signalbox::http
