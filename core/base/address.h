// Texts of addresses: what stands in a configuration's lists and in the headers of proxies.
#pragma once

#include <optional>
#include <string_view>

#include "signalbox/address.h"

namespace signalbox::base {

// Reads an address as inet_pton does, without names, zones and the odd spellings of old (1.2.3, 0x7f.1, 010.0.0.1):
// what two programs may read differently is none. Nullopt, too, for ::, which is nobody's.
std::optional<Address> parse_address(std::string_view text);

// The same with what proxies put around it: blanks, quotes, brackets, and a port behind it.
std::optional<Address> parse_forwarded(std::string_view text);

// "10.0.0.0/8", "2001:db8::/32", or one address. Bits behind the length must be zero: whoever writes 10.0.0.7/8 may
// have meant another block.
std::optional<Network> parse_network(std::string_view text);

bool contains(const Network& network, const Address& address);

// The part of an address that one client is told by: all of IPv4, and the first 64 bits of IPv6, of which everybody has
// all that follow (RFC 6177).
Address client_part(Address address);

}  // namespace signalbox::base
