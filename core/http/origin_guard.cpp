#include "http/origin_guard.h"

#include "base/text.h"
#include "http/header_list.h"
#include "http/url.h"

namespace signalbox::http {
namespace {

// One trailing dot only says that the name is complete.
std::string_view without_dot(std::string_view host) {
  if (host.size() > 1 && host.back() == '.') host.remove_suffix(1);
  return host;
}

bool is_localhost(std::string_view host) {
  constexpr std::string_view name = "localhost";
  constexpr std::string_view below = ".localhost";
  return equals_ignoring_case(host, name) ||
         (host.size() > below.size() && equals_ignoring_case(host.substr(host.size() - below.size()), below));
}

bool names_host(const std::vector<std::string>& entries, std::string_view host) {
  for (const std::string& entry : entries)
    if (equals_ignoring_case(without_dot(host_of(entry)), host)) return true;
  return false;
}

bool is_our_host(std::string_view field, const Server& server) {
  std::string_view host = without_dot(host_of(field));
  if (host.empty()) return false;
  return is_address_literal(host) || is_localhost(host) || names_host(server.hosts, host) ||
         names_host(server.listen, host);
}

bool is_configured_origin(std::string_view origin, const Server& server) {
  for (std::string_view entry : server.origins) {
    // Written as an address it ends in a slash, as an Origin it does not (RFC 6454 section 6.1).
    if (!entry.empty() && entry.back() == '/') entry.remove_suffix(1);
    if (!entry.empty() && equals_ignoring_case(entry, origin) && !equals_ignoring_case(entry, "null")) return true;
  }
  return false;
}

bool is_ipv4(std::string_view host) {
  int parts = 0;
  while (true) {
    size_t dot = host.find('.');
    std::string_view part = host.substr(0, dot);
    if (part.empty() || part.size() > 3 || (part.size() > 1 && part[0] == '0')) return false;
    auto number = base::parse_decimal(part);
    if (!number || *number > 255) return false;
    ++parts;
    if (dot == std::string_view::npos) return parts == 4;
    if (parts == 4) return false;
    host.remove_prefix(dot + 1);
  }
}

}  // namespace

bool is_address_literal(std::string_view host) {
  // host_of lets nothing but an IPv6 address's bytes stand between brackets; whether they are in a good
  // order does not matter, since no name looks like this.
  if (host.size() > 2 && host.front() == '[') return host.back() == ']' && host.find(':') != std::string_view::npos;
  return is_ipv4(host);
}

Verdict check_origin(std::span<const Header> headers, const Server& server) {
  size_t hosts = 0;
  bool origin_seen = false;
  bool origin_known = true;
  bool fetched_from_elsewhere = false;
  for (const Header& header : headers) {
    switch (header.name.size()) {
      case 4:
        if (!equals_ignoring_case(header.name, "host")) break;
        if (++hosts > 1 || !is_our_host(trim(header.value), server)) return Verdict::foreign_host;
        break;
      case 6:
        if (!equals_ignoring_case(header.name, "origin")) break;
        origin_seen = true;
        origin_known = origin_known && is_configured_origin(trim(header.value), server);
        break;
      case 14:
        if (!equals_ignoring_case(header.name, "sec-fetch-site")) break;
        // Anything but the two harmless words: a browser of the future may have a new one.
        if (!equals_ignoring_case(trim(header.value), "none") &&
            !equals_ignoring_case(trim(header.value), "same-origin"))
          fetched_from_elsewhere = true;
        break;
      default: break;
    }
  }
  if (origin_seen && !origin_known) return Verdict::foreign_origin;
  if (fetched_from_elsewhere && !origin_seen) return Verdict::foreign_origin;
  return Verdict::ok;
}

}  // namespace signalbox::http
