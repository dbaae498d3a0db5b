// What stands in a request's first line and in header fields: addresses, endpoints, lists of tokens, who asks,
// how long to wait. Line by line: a base URL, a path with its query, a method, a target, then fields.
#include <cstdint>
#include <string>
#include <vector>

#include "auth/client_auth.h"
#include "base/sha256.h"
#include "http/endpoint.h"
#include "http/forward.h"
#include "http/origin_guard.h"
#include "http/url.h"
#include "require.h"
#include "routing/cooldown.h"

using namespace signalbox;
using namespace signalbox::http;
using testing::lies_in;
using testing::require;
using testing::take_until;

namespace {

void check_urls(std::string_view base, std::string_view query) {
  const auto parts = split_url(base);
  if (parts) {
    require(!parts->host.empty() && lies_in(parts->host, base), "a host");
    require(parts->port != 0 && parts->path.front() == '/', "a port and a path");
    for (const char byte : base.substr(0, base.find('#')))
      require(static_cast<unsigned char>(byte) > ' ' && byte != 0x7f, "no blank in an address", base);
  }
  for (const std::string_view path : {"/v1/messages", "/v1/chat/completions", "/v1/messages/count_tokens"}) {
    const std::string joined = join_url(base, path);
    require(join_url(joined, path) == joined, "what is joined already stays", joined);
    const std::string asked = join_url(base, path, query);
    require(query.empty() ||
                (asked.size() >= query.size() && asked.compare(asked.size() - query.size(), query.size(), query) == 0),
            "the client's query ends the address", asked);
    if (!parts) continue;
    const auto again = split_url(joined);
    require(again && again->host == parts->host && again->port == parts->port && again->tls == parts->tls,
            "joining leaves the server as it was", joined);
  }
  const std::string decoded = decode_percent(base);
  require(decoded.size() <= base.size(), "decoding adds nothing");
  require(base.find('%') != base.npos || decoded == base, "without escapes nothing changes");
  const std::string_view host = host_of(base);
  require(lies_in(host, base) && host_of(host) == host, "a host's host is itself", host);
}

void check_endpoint(std::string_view method, std::string_view target, std::span<const Header> headers) {
  const Endpoint endpoint = match_endpoint(method, target, headers);
  require(lies_in(endpoint.model_id, target) && lies_in(endpoint.query, target), "views into the target");
  require(!name_of(endpoint).empty(), "a name");
  if (target.substr(0, 4) != "/v1/") return;
  const std::string twice = "/v1" + std::string(target);
  const Endpoint same = match_endpoint(method, twice, headers);
  require(same.operation == endpoint.operation && same.shape == endpoint.shape && same.model_id == endpoint.model_id &&
              same.method_allowed == endpoint.method_allowed,
          "a repeated /v1 is read as one", target);
}

// Whether any of the fields called `name` has exactly this value.
size_t count(std::span<const Header> headers, std::string_view name) {
  size_t found = 0;
  for (const Header& header : headers) found += equals_ignoring_case(header.name, name);
  return found;
}

void check_guard(std::vector<Header> headers) {
  static const Server server = [] {
    Server made;
    made.listen = {"127.0.0.1:8484"};
    made.hosts = {"gateway.example"};
    made.origins = {"https://page.example"};
    return made;
  }();
  const Verdict verdict = check_origin(headers, server);
  if (verdict == Verdict::ok) {
    require(count(headers, "host") <= 1, "two hosts are foreign");
    if (const Header* host = find(headers, "host")) {
      std::string_view name = host_of(trim(host->value));
      if (!name.empty() && name.back() == '.') name.remove_suffix(1);
      const bool local = name.size() >= 9 && equals_ignoring_case(name.substr(name.size() - 9), "localhost");
      require(is_address_literal(name) || local || equals_ignoring_case(name, "gateway.example"), "a host of ours",
              name);
    }
    for (const Header& header : headers)
      require(!equals_ignoring_case(header.name, "origin") ||
                  equals_ignoring_case(trim(header.value), "https://page.example"),
              "an origin of ours", header.value);
  }
  headers.push_back({"Origin", "null"});
  require(check_origin(headers, server) != Verdict::ok, "null is everybody");
}

void check_fields(const std::vector<Header>& headers) {
  const ConnectionOptions options(headers);
  for (const Header& header : headers) {
    require(trim(trim(header.value)) == trim(header.value), "trimmed once is trimmed");
    if (is_hop_by_hop(header.name) || is_client_credential(header.name))
      require(!forwards_to_upstream(header, options), "ends here", header.name);
    if (!equals_ignoring_case(header.name, "connection")) continue;
    TokenList list(header.value);
    std::string_view item;
    while (list.next(item)) {
      require(lists_token(header.value, item), "a list has its members", item);
      if (equals_ignoring_case(item, "close") || equals_ignoring_case(item, "keep-alive")) continue;
      require(!forwards_to_upstream({item, ""}, options) && !forwards_to_client({item, ""}, options),
              "what Connection names ends here", item);
    }
  }
  const int64_t wait_ms = routing::retry_after_ms(headers, 1'700'000'000'000);
  require(wait_ms >= -1 && wait_ms <= routing::retry_after_ms_max, "a wait within a day");
  routing::wants_no_second_attempt(headers);

  static const std::vector<ClientKey> keys{{"anna", base::sha256("key-of-anna")}};
  const auth::AuthResult shown = auth::authenticate(headers, keys);
  if (!shown.allowed()) return;
  bool found = false;
  for (const Header& header : headers) found = found || header.value.find("key-of-anna") != header.value.npos;
  require(found && shown.key_name == "anna", "only who shows the key is let in");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view base = take_until(rest, '\n'), query = take_until(rest, '\n');
  const std::string_view method = take_until(rest, '\n'), target = take_until(rest, '\n');
  std::vector<Header> headers;
  while (!rest.empty() && headers.size() < 40) {
    std::string_view line = take_until(rest, '\n');
    const std::string_view name = take_until(line, ':');
    headers.push_back({name, line});
  }
  check_urls(base, query);
  check_endpoint(method, target, headers);
  check_fields(headers);
  check_guard(std::move(headers));
  return 0;
}
