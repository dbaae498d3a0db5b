// Which header fields travel through the gateway, and which end here (translation.md section 1).
//
// Rules: a field goes on unless there is a reason in forward.cpp why it must not. What speaks of one
// connection, of who the client is, or of the gateway itself ends here; so does every credential, in
// both directions. The exchange adds what it answers for itself: the lane's credential, request-id,
// x-signalbox-*, the lengths.
#pragma once

#include <string_view>

#include "http/header_list.h"
#include "signalbox/header.h"

namespace signalbox::http {

// Whether a client may show a provider's credential in the field: x-api-key, authorization,
// x-goog-api-key, api-key. A passthrough lane may carry these on and no others: a cookie, proxy-authorization and
// x-signalbox-key are never a provider's.
bool is_client_credential(std::string_view name);

// Whether a client's field goes on to an upstream. `options` are those of the client's own headers.
// The client's credentials never do: a passthrough lane adds the one it was meant to carry.
bool forwards_to_upstream(const Header& header, const ConnectionOptions& options);

// Whether an upstream's field goes on to the client. `options` are those of the answer's own headers.
// request-id and x-request-id do not: the exchange tells them as x-signalbox-upstream-request-id.
bool forwards_to_client(const Header& header, const ConnectionOptions& options);

// Whether a field of an error says when to come back, or what is left of a limit: what an answer of our
// own keeps of an upstream's.
bool speaks_of_limits(std::string_view name);

}  // namespace signalbox::http
