// Keeps web pages from spending the user's keys (product.md, "Safe as it comes, in detail").
//
// A browser on the user's machine can reach a gateway on loopback. Two ways lead there and both show
// in headers that a page cannot forge:
//   - the page fetches our address: the browser sends Origin, and Sec-Fetch-Site;
//   - DNS rebinding: the page's own name is made to point at 127.0.0.1, so to the browser we are the
//     page's own origin. It then sends the page's name as Host.
// An address literal as Host is safe from the second: there is no name whose meaning an attacker could
// change, and a page of the origin http://127.0.0.1:8484 can only have come from us. `localhost` and
// what ends in `.localhost` never leave the machine (RFC 6761 section 6.3), so nobody else answers for them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "signalbox/config.h"
#include "signalbox/header.h"

namespace signalbox::http {

enum class Verdict : uint8_t { ok, foreign_host, foreign_origin };

// Judges a request by its headers, for every path and method alike.
//   Host            localhost, *.localhost, an address literal, a name of server.hosts or server.listen;
//                   the port, the case and one trailing dot do not matter. No Host at all is fine (no
//                   browser can leave it out), two are not.
//   Origin          none, or one of server.origins. `null` is foreign: any page can make itself that.
//   Sec-Fetch-Site  all but none and same-origin is foreign unless the Origin is one of server.origins:
//                   `same-site` is every other port of this machine.
Verdict check_origin(std::span<const Header> headers, const Server& server);

// Whether `host`, as host_of gives it, is an IPv4 address in its usual form or a bracketed IPv6 one.
bool is_address_literal(std::string_view host);

}  // namespace signalbox::http
