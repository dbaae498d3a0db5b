// The state of lanes, looked at, reset and switched over the gateway's own endpoints.
#include <catch2/catch.hpp>
#include <string>

#include "own_endpoints.h"
#include "routing/health.h"
#include "routing/lane_stats.h"

using namespace signalbox;

namespace {

constexpr Now now = own_test::begin;

std::shared_ptr<Config> config() { return own_test::near_and_far(); }

struct Told {
  int status;
  std::string body;
};

Told ask(Gateway& gateway, std::string_view method, std::string_view target, PeerScope peer = PeerScope::loopback) {
  own_test::Asker asker(gateway);
  asker.ask(method, target, peer);
  CHECK(asker.finished);
  return {asker.status, asker.answer};
}

std::string lane_of(const Told& told, std::string_view name) {
  std::string found;
  json::each_element(json::member(told.body, "lanes"), [&](std::string_view each) {
    if (json::member(each, "lane") == "\"" + std::string(name) + "\"") found = each;
  });
  return found;
}

}  // namespace

TEST_CASE("administration: the state shows every lane, and those that clients have named", "[administration]") {
  Gateway gateway(config(), Capabilities{}, 1);
  gateway.health().cool("near/main", now.unix_ms + 60'000, now.unix_ms, routing::Why::refused);
  gateway.health().cool("*far/main/made-up", now.unix_ms + 5'000, now.unix_ms);
  const Told told = ask(gateway, "GET", "/signalbox/state");
  REQUIRE(told.status == 200);
  REQUIRE(json::is_whole_object(told.body));
  const std::string lane = lane_of(told, "near/main/m");
  CHECK(json::member(lane, "standing") == R"("cooling")");
  CHECK(json::member(lane, "why") == R"("refused")");
  CHECK(json::member(lane, "suffers") == R"("credential")");
  CHECK(json::member(lane, "for_ms") == "60000");
  CHECK(json::member(lane_of(told, "near/spare/m"), "standing") == R"("ready")");
  CHECK(json::member(lane_of(told, "far/main/*"), "standing") == R"("ready")");
  CHECK(json::member(lane_of(told, "far/main/made-up"), "standing") == R"("cooling")");
}

TEST_CASE("administration: a typing error changes nothing and is answered with what is near", "[administration]") {
  Gateway gateway(config(), Capabilities{}, 1);
  gateway.health().cool("near/main/m", now.unix_ms + 60'000, now.unix_ms);
  for (std::string_view target :
       {"/signalbox/reset?lan=near/main/m", "/signalbox/reset?provider=neer", "/signalbox/reset?lane=near/main/x",
        "/signalbox/reset?provider=", "/signalbox/disable", "/signalbox/disable?credential=main",
        "/signalbox/disable?provider=near&credential=mian", "/signalbox/reset?provider=near&lane=near/main/m"}) {
    INFO(target);
    CHECK(ask(gateway, "POST", target).status == 400);
  }
  CHECK(ask(gateway, "POST", "/signalbox/reset?lan=x").body.find("Did you mean \\\"lane\\\"?") != std::string::npos);
  CHECK(ask(gateway, "POST", "/signalbox/disable?provider=neer").body.find("near") != std::string::npos);
  CHECK(gateway.health().cooled("near/main/m", now.unix_ms));
  CHECK_FALSE(gateway.health().has_switches());
}

TEST_CASE("administration: a reset and a switch do what they say, and tell sisters", "[administration]") {
  Gateway gateway(config(), Capabilities{}, 1), sister(config(), Capabilities{}, 2);
  gateway.health().cool("near/main/m", now.unix_ms + 60'000, now.unix_ms);
  gateway.health().cool("*far/main/made-up", now.unix_ms + 60'000, now.unix_ms);
  CHECK(ask(gateway, "POST", "/signalbox/reset?lane=far/main/made-up").status == 200);
  CHECK_FALSE(gateway.health().cooled("*far/main/made-up", now.unix_ms));
  CHECK(gateway.health().cooled("near/main/m", now.unix_ms));
  CHECK(ask(gateway, "POST", "/signalbox/reset").status == 200);
  CHECK_FALSE(gateway.health().cooled("near/main/m", now.unix_ms));

  const Told told = ask(gateway, "POST", "/signalbox/disable?provider=near&credential=main");
  CHECK(json::member(lane_of(told, "near/main/m"), "enabled") == "false");
  CHECK(json::member(lane_of(told, "near/spare/m"), "enabled") == "true");
  REQUIRE(sister.merge(gateway.snapshot()));
  CHECK_FALSE(sister.health().enabled("near/main", true));
  CHECK(ask(gateway, "POST", "/signalbox/enable?provider=near&credential=main").status == 200);
  CHECK(gateway.health().enabled("near/main", false));
}

TEST_CASE("administration: of providers selected at the same time the last counts, wherever it is merged") {
  Gateway gateway(config(), Capabilities{}, 1), sister(config(), Capabilities{}, 2);
  CHECK(gateway.health().selected().empty());
  CHECK(json::member(ask(gateway, "POST", "/signalbox/select?provider=near").body, "selected") == R"("near")");
  sister.health().select("far", now.unix_ms + 1);
  const std::string of_gateway = gateway.snapshot(), of_sister = sister.snapshot();
  REQUIRE(gateway.merge(of_sister));
  REQUIRE(sister.merge(of_gateway));
  CHECK(gateway.health().selected() == "far");
  CHECK(gateway.snapshot() == sister.snapshot());
  // What replaces them replaces both.
  CHECK(ask(gateway, "POST", "/signalbox/select?provider=near").status == 200);
  CHECK(gateway.health().selected() == "near");
  REQUIRE(sister.merge(gateway.snapshot()));
  CHECK(sister.health().selected() == "near");
  CHECK(json::member(ask(sister, "DELETE", "/signalbox/select").body, "selected").empty());
  REQUIRE(gateway.merge(sister.snapshot()));
  CHECK(gateway.health().selected().empty());
  for (std::string_view target :
       {"/signalbox/select", "/signalbox/select?provider=x", "/signalbox/select?credential=main"})
    CHECK(ask(gateway, "POST", target).status == 400);
  CHECK(ask(gateway, "DELETE", "/signalbox/select?provider=near").status == 400);
  CHECK(ask(gateway, "POST", "/signalbox/select?provider=near", PeerScope::remote).status == 403);
}

TEST_CASE("administration: a reset forgets what is known of limits, here and where it is told", "[administration]") {
  Gateway gateway(config(), Capabilities{}, 1), sister(config(), Capabilities{}, 2);
  const Header used_up[] = {{"x-ratelimit-limit-requests", "10"}, {"x-ratelimit-remaining-requests", "1"}};
  const auto limit = [&](Gateway& of, std::string_view name) {
    auto stat = of.lane_stats().of(name);
    stat->headroom.see(used_up, now.unix_ms);
    return stat;
  };
  const auto known = [](const auto& stat) { return stat->headroom.known(now.unix_ms); };
  const auto near = limit(gateway, "near/main/m"), spare = limit(gateway, "near/spare/m");
  const auto wild = limit(gateway, "far/main/*"), theirs = limit(sister, "near/spare/m");
  gateway.lane_stats().of("near/main/m")->latency_ms = 7;

  CHECK(ask(gateway, "POST", "/signalbox/reset?lane=near/main/m").status == 200);
  CHECK_FALSE(known(near));
  CHECK(near->latency_ms == 7);
  CHECK(known(spare));
  CHECK(ask(gateway, "POST", "/signalbox/reset?lane=far/main/named-by-a-client").status == 200);
  CHECK_FALSE(known(wild));
  CHECK(ask(gateway, "POST", "/signalbox/reset?provider=near").status == 200);
  CHECK_FALSE(known(spare));
  CHECK(known(theirs));
  REQUIRE(sister.merge(gateway.snapshot()));
  CHECK_FALSE(known(theirs));
  // What is told twice resets once.
  theirs->headroom.see(used_up, now.unix_ms);
  REQUIRE(sister.merge(gateway.snapshot()));
  CHECK(known(theirs));
  CHECK(ask(gateway, "POST", "/signalbox/reset").status == 200);
  REQUIRE(sister.merge(gateway.snapshot()));
  CHECK_FALSE(known(theirs));
}

TEST_CASE("administration: nobody but an administrator", "[administration]") {
  Gateway gateway(config(), Capabilities{}, 1);
  for (std::string_view target : {"/signalbox/reset", "/signalbox/disable?provider=near"})
    CHECK(ask(gateway, "POST", target, PeerScope::remote).status == 403);
  CHECK(ask(gateway, "GET", "/signalbox/state", PeerScope::remote).status == 403);
}

TEST_CASE("administration: behind a proxy on this machine nobody is an administrator without a key") {
  auto behind_proxy = config();
  behind_proxy->server.clients.trusted_proxies = {"127.0.0.1"};
  Gateway alone(config(), {}, 1), proxied(behind_proxy, {}, 1);
  CHECK(ask(alone, "GET", "/signalbox/state").status == 200);
  CHECK(ask(proxied, "GET", "/signalbox/state").status == 403);
  CHECK(ask(proxied, "POST", "/signalbox/disable?provider=near").status == 403);
}
