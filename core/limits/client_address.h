// Where the client of a request sits, with as many proxies before it as the configuration trusts.
#pragma once

#include <span>

#include "base/address.h"
#include "signalbox/capabilities.h"
#include "signalbox/config.h"
#include "signalbox/header.h"

namespace signalbox::limits {

// Begins with what the host has been told: `peer`, or where it has none the platform's own header. Where that is a
// trusted proxy, its word counts: Clients::address_header. X-Forwarded-For is read from its end, where the nearest
// proxy has written, and only as far as those who wrote are trusted themselves; what stands before it a client may have
// made up. A word that is no address ends the walk at the one who said it.
// Not known where the host is told nothing.
Address client_address(std::span<const Header> headers, const Address& peer, const Capabilities& capabilities,
                       const Clients& clients);

bool any_contains(std::span<const Network> networks, const Address& address);

}  // namespace signalbox::limits
