// What a configuration says of clients: read, refused with its place, and what a host cannot keep of it; and what a dry
// run shows.
#include <catch2/catch.hpp>
#include <string>

#include "config/host_fit.h"
#include "config/json_source.h"
#include "config/read.h"
#include "hosts/capabilities.h"
#include "own_endpoints.h"

using namespace signalbox;
using namespace signalbox::config;

namespace {

constexpr std::string_view key = "sha256:7e35aaaea6b83ab43c9271737060ce485dc285837d9b4b98b6458408886ac7b1";

std::string with_server(std::string_view server) {
  return "{\"server\":{" + std::string(server) + "},\"providers\":{\"m\":{\"builtin\":\"mock\"}}}";
}

std::string keyed(std::string_view limits, std::string_view clients) {
  return with_server("\"client_keys\":[{\"name\":\"anna\",\"key\":\"" + std::string(key) + "\"" + std::string(limits) +
                     "}],\"clients\":{" + std::string(clients) + "}");
}

bool holds(const std::vector<Problem>& problems, std::string_view part) {
  for (const Problem& each : problems)
    if (sentence(each).find(part) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("config: limits of clients arrive, and ask for nothing where there are none") {
  const auto plain = read_json(keyed("", ""));
  REQUIRE(plain.problems.empty());
  CHECK_FALSE(plain.config.server.clients.in_use());
  const auto of_all = read_json(keyed("", R"("each_key":{"requests_per_minute":5})"));
  CHECK(of_all.config.server.clients.by_key);
  CHECK_FALSE(of_all.config.server.clients.by_address);
  CHECK(of_all.config.server.clients.each_key.burst == 10);
  CHECK_FALSE(of_all.config.server.client_keys[0].own_limits);
  const auto own = read_json(keyed(R"(,"limits":{})", R"("deny":["10.0.0.0/8"])"));
  CHECK(own.config.server.client_keys[0].own_limits);
  CHECK_FALSE(own.config.server.clients.by_key);
  CHECK(own.config.server.clients.by_address);
  REQUIRE(own.config.server.clients.denied.size() == 1);
  CHECK(own.config.server.clients.denied[0].bits == 104);
}

TEST_CASE("config: a network that two programs read differently is a problem at its place") {
  const auto bad = read_json(with_server(R"("clients":{"allow":["10.0.0.7/8"],"deny":["localhost"],
    "trusted_proxies":["::1/129"],"each_address":{"window_ms":1,"bursts":2}})"));
  CHECK(bad.problems.size() == 5);
  CHECK(holds(bad.problems, "server.clients.allow[0]: must be an address or a network"));
  CHECK(holds(bad.problems, "unknown key"));
  CHECK_FALSE(read_json(with_server(R"("admin_keys":[{"name":"x","key":"sha256:00","limits":{}}])")).problems.empty());
}

TEST_CASE("config: what nobody is asked for is warned of") {
  CHECK(holds(read_json(with_server(R"("clients":{"each_key":{"concurrent_max":1}})")).warnings,
              "there are no client_keys"));
  CHECK(holds(read_json(with_server(R"("clients":{"trusted_proxies":["10.0.0.1"]})")).warnings, "nothing asks where"));
}

TEST_CASE("hosted configuration: what a host cannot keep of places it says") {
  const auto fit = [](std::string_view provider, std::string_view route, const Capabilities& can) {
    const auto read = read_json(R"({"providers":{"p":{"dialect":"anthropic","base_url":"https://p.example",)" +
                                std::string(provider) + R"(}},"routes":[{"match":"*","targets":["p/*"])" +
                                std::string(route) + "}]}");
    REQUIRE(read.problems.empty());
    return beyond(can, read.config).warnings;
  };
  constexpr std::string_view key = R"("key":"${K}")", queue = R"(,"queue":{"places_max":2})";
  constexpr std::string_view bounded[] = {R"("key":"${K}","concurrent_max":1)",
                                          R"("credentials":[{"name":"one","key":"${K}","concurrent_max":1}])"};
  for (std::string_view each : bounded) {
    CHECK(holds(fit(each, "", hosts::wasi),
                "concurrent_max: an instance of this host usually serves one request: this "
                "bound is never reached, and nobody waits"));
    CHECK(holds(fit(each, "", hosts::cloudflare_worker),
                "concurrent_max: each instance of this host counts by itself, unless one keeps the places of all "
                "(docs/waiting.md)"));
    CHECK_FALSE(holds(fit(each, queue, hosts::native), "concurrent_max"));
  }
  CHECK(holds(fit(bounded[0], queue, hosts::wasi), "routes[].queue: an instance of this host usually serves one"));
  CHECK(holds(fit(bounded[0], queue, hosts::cloudflare_worker),
              "routes[].queue: each instance of this host counts by itself"));
  for (const Capabilities* can : {&hosts::wasi, &hosts::cloudflare_worker})
    CHECK_FALSE(holds(fit(key, "", *can), "one request"));
}

TEST_CASE("hosted configuration: what a host cannot see or count of clients it says") {
  const auto fit = [](std::string_view clients, const Capabilities& can) {
    return beyond(can, read_json(keyed("", clients)).config);
  };
  constexpr std::string_view deny = R"("deny":["10.0.0.0/8"])", allow = R"("allow":["10.0.0.0/8"])",
                             address = R"("each_address":{"concurrent_max":1})",
                             each = R"("each_key":{"concurrent_max":1})";
  CHECK(holds(fit(deny, hosts::wasi).problems, "server.clients.deny: this host cannot see"));
  CHECK(holds(fit(allow, hosts::wasi).warnings, "nobody is let in"));
  CHECK(holds(fit(address, hosts::wasi).warnings, "no address has a limit"));
  CHECK(holds(fit(each, hosts::wasi).warnings, "a single request"));
  for (std::string_view some : {deny, allow}) {
    CHECK(fit(some, hosts::cloudflare_worker).problems.empty());
    CHECK(fit(some, hosts::cloudflare_worker).warnings.empty());
  }
  CHECK(holds(fit(address, hosts::cloudflare_worker).warnings, "counts by itself"));
  CHECK(holds(fit(each, hosts::cloudflare_worker).warnings, "counts by itself"));
  for (std::string_view some : {deny, allow, address, each}) {
    CHECK(fit(some, hosts::native).problems.empty());
    CHECK(fit(some, hosts::native).warnings.empty());
  }
}

TEST_CASE("explain: the limits of a key and of an address, with what is left") {
  auto read = read_json(keyed(R"(,"limits":{"concurrent_max":3,"requests_per_minute":60})",
                              R"("each_address":{"requests_per_minute":6,"burst":4},"deny":["203.0.113.0/24"])"));
  REQUIRE(read.problems.empty());
  Gateway gateway(std::make_shared<const Config>(read.config), Capabilities{}, 0);
  const auto explained = [&](std::string_view query) {
    return own_test::explained(gateway, query, R"({"model":"m","messages":[]})");
  };
  const std::string of_key = explained("&client=anna&address=203.0.113.9");
  CHECK(
      of_key.find(
          R"("limits":{"address":"refused","of_address":[{"limit":"requests_per_minute","of":4,"remaining":4,"reset_ms":0}],)"
          R"("of_key":[{"limit":"concurrent_max","of":3,"remaining":3,"reset_ms":0},{"limit":"requests_per_minute","of":10,"remaining":10,"reset_ms":0}]})") !=
      std::string::npos);
  CHECK(explained("&client_key=anna").find(R"("of_key":[{)") != std::string::npos);
  CHECK(explained("").find(R"("limits":{"address":"let in"})") != std::string::npos);
  CHECK(explained("&client=nobody").find("There is no client key") != std::string::npos);
  CHECK(explained("&client=anna&address=203.0.113").find("wants an IP address") != std::string::npos);
}
