#include "limits/client_address.h"

#include "http/header_list.h"

namespace signalbox::limits {
namespace {

// More hops than this no honest request has.
constexpr int hops_max = 32;

std::string_view header_name(AddressHeader header) {
  switch (header) {
    case AddressHeader::x_forwarded_for: break;
    case AddressHeader::cf_connecting_ip: return "cf-connecting-ip";
    case AddressHeader::x_real_ip: return "x-real-ip";
  }
  return "x-forwarded-for";
}

// The address in the only field of this name. Where it stands twice a proxy has added to a client's.
Address only_field(std::span<const Header> headers, std::string_view name) {
  const Header* found = nullptr;
  for (const Header& each : headers) {
    if (!http::equals_ignoring_case(each.name, name)) continue;
    if (found) return {};
    found = &each;
  }
  return found ? base::parse_forwarded(found->value).value_or(Address{}) : Address{};
}

Address walk(std::span<const Header> headers, Address from, std::span<const Network> trusted) {
  int hops = 0;
  for (size_t i = headers.size(); i-- > 0;) {
    if (!http::equals_ignoring_case(headers[i].name, "x-forwarded-for")) continue;
    std::string_view rest = headers[i].value;
    while (true) {
      if (!any_contains(trusted, from) || hops++ == hops_max) return from;
      const size_t comma = rest.rfind(',');
      const auto said = base::parse_forwarded(comma == rest.npos ? rest : rest.substr(comma + 1));
      if (!said) return from;
      from = *said;
      if (comma == rest.npos) break;
      rest = rest.substr(0, comma);
    }
  }
  return from;
}

}  // namespace

bool any_contains(std::span<const Network> networks, const Address& address) {
  for (const Network& each : networks)
    if (base::contains(each, address)) return true;
  return false;
}

Address client_address(std::span<const Header> headers, const Address& peer, const Capabilities& capabilities,
                       const Clients& clients) {
  Address from = peer;
  if (!from.known() && !capabilities.address_header.empty()) from = only_field(headers, capabilities.address_header);
  if (!from.known() || !any_contains(clients.trusted, from)) return from;
  if (clients.address_header == AddressHeader::x_forwarded_for) return walk(headers, from, clients.trusted);
  const Address said = only_field(headers, header_name(clients.address_header));
  return said.known() ? said : from;
}

}  // namespace signalbox::limits
