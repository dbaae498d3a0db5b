// Which configured key a client shows. Keys are compared as digests, so the time taken says nothing
// about how much of a guess was right, and all of them are compared, so it says nothing about which.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "signalbox/config.h"
#include "signalbox/header.h"

namespace signalbox::auth {

struct AuthResult {
  enum class Outcome : uint8_t {
    open,  // no keys are configured
    matched,
    missing,  // keys are configured and the client shows none
    wrong,    // it shows some and none of them is ours
  };

  Outcome outcome = Outcome::missing;
  std::string_view key_name;  // of the key that matched; a view into the configuration
  std::string_view header;    // the field that carried it, in lower case, or "?key"; static

  bool allowed() const { return outcome == Outcome::open || outcome == Outcome::matched; }
};

// Looks for one of `keys` in x-signalbox-key, x-api-key, Authorization: Bearer, x-goog-api-key and api-key, and in
// `query_key`, what a Gemini client has put into its query (http::key_in_query).
// Where x-signalbox-key is present it alone counts: the others then carry a provider's credential.
// Empty values show nothing. Serves client keys and admin keys alike; what `open` means for the
// latter the caller decides.
AuthResult authenticate(std::span<const Header> headers, const std::vector<ClientKey>& keys,
                        std::string_view query_key = {});

// Whether the field shows one of `keys`, in any of the places above. A client that sends its key twice
// (ANTHROPIC_API_KEY and ANTHROPIC_AUTH_TOKEN both set) must not have the second passed on to a provider.
bool shows_key(const Header& header, const std::vector<ClientKey>& keys);

}  // namespace signalbox::auth
