#include "http/forward.h"

#include "base/text.h"

namespace signalbox::http {
namespace {

using base::begins_ignoring_case;

// The length decides first: most fields of a request share it with at most three names.
bool ends_at_gateway_by_name(std::string_view name) {
  auto is = [name](std::string_view other) { return equals_ignoring_case(name, other); };
  switch (name.size()) {
    case 3: return is("via");  // the client's own way to us
    case 4: return is("host");
    case 6:
      // What a browser says about the page it came from is between it and us; OpenAI's and Anthropic's
      // servers take an Origin for a key in a web page and refuse.
      return is("origin") || is("cookie") || is("expect");
    case 7: return is("referer") || is("cookie2") || is("api-key");
    case 9:
      return is("forwarded") ||  // who the client is
             is("x-real-ip") || is("x-api-key");
    case 13: return is("authorization");
    case 14:
      return is("content-length") ||  // of the body as it came in
             is("true-client-ip") || is("x-goog-api-key");
    case 15: return is("accept-encoding");   // the core asks for identity unless the mode is pass
    case 16: return is("content-encoding");  // a body in a coding is decoded or refused before
    default: return false;
  }
}

bool ends_at_gateway_by_prefix(std::string_view name) {
  if (name.size() < 4) return false;
  switch (base::lower(name[0])) {
    case 'c': return begins_ignoring_case(name, "cf-");
    case 's': return begins_ignoring_case(name, "sec-");
    case 'x':
      // The client library's own statistics; they also fingerprint the machine.
      return begins_ignoring_case(name, "x-stainless-") || begins_ignoring_case(name, "x-forwarded-") ||
             begins_ignoring_case(name, "x-signalbox-");
    default: return false;
  }
}

bool ends_before_client_by_name(std::string_view name) {
  auto is = [name](std::string_view other) { return equals_ignoring_case(name, other); };
  switch (name.size()) {
    case 3: return is("nel");
    case 4: return is("date");
    case 6: return is("server");
    case 7: return is("alt-svc");  // names the upstream's address as a better one for ours
    case 9: return is("report-to");
    case 10: return is("set-cookie") || is("request-id");
    case 11: return is("set-cookie2");
    case 12: return is("x-request-id");
    case 14: return is("content-length");
    case 15: return is("clear-site-data");
    case 19: return is("reporting-endpoints");
    // Would bind the browser's idea of localhost, and every other server on it, to TLS.
    case 25: return is("strict-transport-security");
    default: return false;
  }
}

bool ends_before_client_by_prefix(std::string_view name) {
  if (name.size() < 12) return false;
  switch (base::lower(name[0])) {
    // An upstream that lets every web page read its answers must not open this gateway to them.
    case 'a': return begins_ignoring_case(name, "access-control-");
    case 'x': return begins_ignoring_case(name, "x-signalbox-");
    default: return false;
  }
}

}  // namespace

bool is_client_credential(std::string_view name) {
  switch (name.size()) {
    case 7: return equals_ignoring_case(name, "api-key");
    case 9: return equals_ignoring_case(name, "x-api-key");
    case 13: return equals_ignoring_case(name, "authorization");
    case 14: return equals_ignoring_case(name, "x-goog-api-key");
    default: return false;
  }
}

bool forwards_to_upstream(const Header& header, const ConnectionOptions& options) {
  return !ends_at_gateway_by_name(header.name) && !ends_at_gateway_by_prefix(header.name) &&
         !is_hop_by_hop(header.name) && !options.names(header.name);
}

bool forwards_to_client(const Header& header, const ConnectionOptions& options) {
  return !ends_before_client_by_name(header.name) && !ends_before_client_by_prefix(header.name) &&
         !is_hop_by_hop(header.name) && !options.names(header.name);
}

bool speaks_of_limits(std::string_view name) {
  for (std::string_view kept : {"retry-after", "retry-after-ms", "x-should-retry"})
    if (equals_ignoring_case(name, kept)) return true;
  return base::begins_ignoring_case(name, "anthropic-ratelimit-") || base::begins_ignoring_case(name, "x-ratelimit-");
}

}  // namespace signalbox::http
