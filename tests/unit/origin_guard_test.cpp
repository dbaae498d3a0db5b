#include "http/origin_guard.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using signalbox::Header;
using signalbox::Server;
using namespace signalbox::http;

namespace {

Server server() {
  Server server;
  server.listen = {"127.0.0.1:8484", "box.lan:8484"};
  server.hosts = {"gateway.example"};
  server.origins = {"https://app.example"};
  return server;
}

Verdict ask(std::vector<Header> headers) { return check_origin(headers, server()); }

}  // namespace

TEST_CASE("origin guard: hosts that are ours") {
  for (const char* host : {"localhost", "LOCALHOST:8484", "localhost.", "a.localhost:1", "127.0.0.1:8484", "10.0.0.7",
                           "[::1]:8484", "[fe80::1]", "gateway.example", "Gateway.Example.:443", "box.lan"}) {
    INFO(host);
    CHECK(ask({{"Host", host}}) == Verdict::ok);
  }
  CHECK(ask({}) == Verdict::ok);
}

TEST_CASE("origin guard: hosts that are not") {
  for (const char* host : {"evil.example",
                           "localhost.evil.example",
                           "127.0.0.1.evil.example",
                           "notlocalhost",
                           "gateway.example.evil.example",
                           "x.gateway.example",
                           "",
                           ":8484",
                           "1.2.3",
                           "1.2.3.4.5",
                           "256.1.1.1",
                           "0177.0.0.1",
                           "1.2.3.x",
                           "0x7f.0.0.1",
                           "2130706433",
                           "[::1",
                           "[]",
                           "[ab]",
                           ".localhost",
                           "localhost..",
                           "a b",
                           "user@localhost"}) {
    INFO(host);
    CHECK(ask({{"Host", host}}) == Verdict::foreign_host);
  }
  CHECK(ask({{"host", "localhost"}, {"Host", "localhost"}}) == Verdict::foreign_host);
}

TEST_CASE("origin guard: origins") {
  CHECK(ask({{"origin", "https://app.example"}}) == Verdict::ok);
  CHECK(ask({{"Origin", "HTTPS://APP.example"}}) == Verdict::ok);
  for (const char* origin :
       {"https://evil.example", "http://app.example", "https://app.example:8443", "https://app.example.evil.example",
        "null", "", "http://localhost:8484", "http://127.0.0.1:8484"}) {
    INFO(origin);
    CHECK(ask({{"host", "localhost:8484"}, {"origin", origin}}) == Verdict::foreign_origin);
  }
  CHECK(ask({{"origin", "https://app.example"}, {"origin", "https://evil.example"}}) == Verdict::foreign_origin);
  Server careless = server();
  careless.origins = {"null", "", "*", "https://app.example/"};
  for (const char* origin : {"null", "", "https://x.example"}) {
    std::vector<Header> headers = {{"origin", origin}};
    CHECK(check_origin(headers, careless) == Verdict::foreign_origin);
  }
  std::vector<Header> headers = {{"origin", "https://app.example"}};
  CHECK(check_origin(headers, careless) == Verdict::ok);
}

TEST_CASE("origin guard: what the browser says of where a request comes from") {
  CHECK(ask({{"sec-fetch-site", "none"}}) == Verdict::ok);
  CHECK(ask({{"sec-fetch-site", "same-origin"}}) == Verdict::ok);
  for (const char* site : {"cross-site", "same-site", "Cross-Site", "something-new", ""}) {
    INFO(site);
    CHECK(ask({{"Sec-Fetch-Site", site}}) == Verdict::foreign_origin);
    CHECK(ask({{"Sec-Fetch-Site", site}, {"origin", "https://app.example"}}) == Verdict::ok);
    CHECK(ask({{"Sec-Fetch-Site", site}, {"origin", "https://evil.example"}}) == Verdict::foreign_origin);
  }
}
