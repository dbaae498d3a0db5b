#include "http/header_list.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "http/forward.h"

using signalbox::Header;
using namespace signalbox::http;

TEST_CASE("headers: found whatever their case") {
  std::vector<Header> headers = {{"Accept", "a"}, {"X-Api-Key", "\t one "}, {"x-api-key", "two"}};
  REQUIRE(find(headers, "x-api-KEY") == &headers[1]);
  CHECK(find(headers, "x-api") == nullptr);
  CHECK(trim("\t one ") == "one");
  CHECK(trim(" \t ").empty());
}

TEST_CASE("headers: members of a list") {
  TokenList list(" a ,, b,\tc d,");
  std::vector<std::string> seen;
  std::string_view item;
  while (list.next(item)) seen.emplace_back(item);
  CHECK(seen == std::vector<std::string>{"a", "b", "c d"});
  CHECK(lists_token("gzip, Chunked", "chunked"));
  CHECK_FALSE(lists_token("gzip, chunkedx", "chunked"));
  CHECK_FALSE(lists_token("", "chunked"));
}

TEST_CASE("headers: hop-by-hop") {
  for (const char* name : {"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization",
                           "TE", "Trailer", "Transfer-Encoding", "Upgrade", "HTTP2-Settings"})
    CHECK(is_hop_by_hop(name));
  for (const char* name : {"", "Content-Length", "te2", "upgrades", "accept"}) CHECK_FALSE(is_hop_by_hop(name));
}

TEST_CASE("headers: what Connection names ends with the connection") {
  std::vector<Header> headers = {{"connection", "close, X-One"}, {"Connection", "x-two ,"}, {"x-one", "1"}};
  ConnectionOptions options(headers);
  CHECK(options.names("x-ONE"));
  CHECK(options.names("x-two"));
  CHECK_FALSE(options.names("x-three"));
  CHECK_FALSE(forwards_to_upstream(headers[2], options));
  CHECK_FALSE(forwards_to_client(headers[2], options));
  CHECK(forwards_to_upstream({"x-three", ""}, options));
}

TEST_CASE("headers: a Connection field that names too much names everything") {
  std::string names;
  for (size_t i = 0; i < ConnectionOptions::names_max; ++i) names += "x-" + std::to_string(i) + ",";
  std::vector<Header> headers = {{"connection", names}};
  CHECK_FALSE(ConnectionOptions(headers).names("accept"));
  names += "one-more";
  headers[0].value = names;
  CHECK(ConnectionOptions(headers).names("accept"));
}

TEST_CASE("forward: what of a client's headers ends here") {
  const ConnectionOptions none{std::span<const Header>()};
  for (const char* name : {"Host",
                           "Content-Length",
                           "Content-Encoding",
                           "Expect",
                           "Cookie",
                           "Cookie2",
                           "X-Stainless-Lang",
                           "x-stainless-retry-count",
                           "CF-Connecting-IP",
                           "cf-ray",
                           "X-Forwarded-For",
                           "x-forwarded-proto",
                           "Forwarded",
                           "Via",
                           "X-Real-IP",
                           "True-Client-IP",
                           "X-Signalbox-Key",
                           "x-signalbox-provider",
                           "Accept-Encoding",
                           "Origin",
                           "Referer",
                           "Sec-Fetch-Site",
                           "sec-ch-ua",
                           "X-Api-Key",
                           "Authorization",
                           "X-Goog-Api-Key",
                           "Proxy-Authorization",
                           "Connection",
                           "TE",
                           "Transfer-Encoding"}) {
    INFO(name);
    CHECK_FALSE(forwards_to_upstream({name, "v"}, none));
  }
}

TEST_CASE("forward: what of a client's headers goes on") {
  const ConnectionOptions none{std::span<const Header>()};
  for (const char* name : {"anthropic-version", "anthropic-beta", "X-Claude-Code-Session-Id", "User-Agent", "Accept",
                           "Content-Type", "x-app", "x-session-affinity", "cf", "secret", "x-stainless", "", "x",
                           "anthropic-dangerous-direct-browser-access", "openai-organization", "traceparent"}) {
    INFO(name);
    CHECK(forwards_to_upstream({name, "v"}, none));
  }
}

TEST_CASE("forward: what of an answer's headers ends here") {
  const ConnectionOptions none{std::span<const Header>()};
  for (const char* name : {"Content-Length",
                           "Set-Cookie",
                           "Set-Cookie2",
                           "Alt-Svc",
                           "Strict-Transport-Security",
                           "Access-Control-Allow-Origin",
                           "access-control-expose-headers",
                           "Request-Id",
                           "X-Request-Id",
                           "X-Signalbox-Route",
                           "Date",
                           "Server",
                           "NEL",
                           "Report-To",
                           "Reporting-Endpoints",
                           "Clear-Site-Data",
                           "Connection",
                           "Keep-Alive",
                           "Transfer-Encoding",
                           "Upgrade",
                           "Proxy-Authenticate"}) {
    INFO(name);
    CHECK_FALSE(forwards_to_client({name, "v"}, none));
  }
}

TEST_CASE("forward: what of an answer's headers goes on") {
  const ConnectionOptions none{std::span<const Header>()};
  for (const char* name :
       {"Content-Type", "Content-Encoding", "anthropic-ratelimit-requests-remaining", "anthropic-organization-id",
        "x-ratelimit-remaining-tokens", "Retry-After", "retry-after-ms", "x-should-retry", "openai-processing-ms",
        "cf-ray", "Cache-Control", "www-authenticate", ""}) {
    INFO(name);
    CHECK(forwards_to_client({name, "v"}, none));
  }
}

TEST_CASE("forward: where a client may show a provider's credential") {
  const ConnectionOptions none{std::span<const Header>()};
  for (const char* name : {"X-Api-Key", "Authorization", "X-Goog-Api-Key"}) {
    INFO(name);
    CHECK(is_client_credential(name));
    CHECK_FALSE(forwards_to_upstream({name, "v"}, none));
  }
  for (const char* name : {"Proxy-Authorization", "X-Signalbox-Key", "Cookie", "x-api-keys", "accept", ""}) {
    INFO(name);
    CHECK_FALSE(is_client_credential(name));
  }
}
