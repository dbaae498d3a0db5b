// Places and probes that an owner outside has: what it is asked, and what follows from its word.
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "routing/health.h"
#include "signalbox/exchange.h"
#include "signalbox/gateway.h"

using namespace signalbox;

namespace {

using Log = std::vector<std::string>;
constexpr Capabilities asking{.gives_turns = true, .asks_for_places = true};

// Providers a and b with as many requests at a time, in this order.
std::shared_ptr<Config> two_lanes(int64_t most_a, int64_t most_b, Queue queue = {}) {
  auto config = std::make_shared<Config>();
  Route route;
  route.match = "*";
  route.queue = queue;
  for (const char* name : {"a", "b"}) {
    Provider provider;
    provider.name = name;
    provider.base_url = std::string("http://") + name;
    provider.credentials = {"main"};
    provider.concurrent_max = *name == 'a' ? most_a : most_b;
    route.targets.push_back({uint32_t(config->providers.size()), "m"});
    config->providers.push_back(provider);
  }
  config->routes.push_back(route);
  config->failover.gate_ms = 1'000;
  return config;
}

struct Client {
  Exchange exchange;
  Now now{1'000, 1'000'000};
  Log log;
  int status = 0;
  std::string delta;
  int64_t wake_at_ms = never_ms;

  explicit Client(Gateway& gateway) : exchange(gateway) {}
  Log tell(const Event& event) {
    log.clear();
    const Step step = exchange.handle(event, now);
    wake_at_ms = step.wake_at_ms;
    for (const Effect& effect : step.effects) {
      if (auto* open = std::get_if<OpenUpstream>(&effect)) log.push_back("open " + std::string(open->url.substr(0, 8)));
      else if (std::holds_alternative<AwaitTurn>(effect)) log.push_back("await");
      else if (std::holds_alternative<Finish>(effect)) log.push_back("finish");
      else if (auto* share = std::get_if<ShareState>(&effect)) delta = share->delta;
      else if (auto* head = std::get_if<SendClientHead>(&effect)) status = head->status;
      else if (auto* ask = std::get_if<AskPlace>(&effect)) {
        if (ask->option_count == 0) log.push_back("give back");
        std::vector<std::string> options(ask->option_count);
        for (const PlaceBound& bound : ask->bounds)
          options.at(bound.option) += std::string(bound.name) + " " + std::to_string(bound.most) + ";";
        for (const std::string& option : options) log.push_back("ask " + option);
        if (ask->option_count && ask->waiting_max)
          log.push_back(std::string(ask->queue) + " " + std::to_string(ask->waiting_max) + " " +
                        std::to_string(ask->wait_ms));
      }
    }
    return log;
  }
  Log ask(std::string_view body = R"({"model":"m","stream":true})") {
    tell(ClientHead{"POST", "/v1/messages", {}, int64_t(body.size()), PeerScope::loopback, {}});
    return tell(ClientBody{body, true});
  }
};

}  // namespace

TEST_CASE("leases: every lane that could serve is asked for, and what is given is asked and goes back", "[places]") {
  Gateway gateway(two_lanes(2, 3, {4, 5'000}), asking, 1);
  Client client(gateway);
  CHECK(client.ask() == Log{"ask provider a 2;", "ask provider b 3;", "* 4 5000"});
  CHECK(client.tell(PlaceTold{1}) == Log{"open http://b"});
  CHECK(client.tell(PlaceTold{0}).empty());  // once is enough
  CHECK(client.tell(UpstreamFailed{1, FaultKind::upstream_connect, {}}) ==
        Log{"give back", "ask provider a 2;", "* 4 5000"});
  CHECK(client.tell(PlaceTold{0}) == Log{"open http://a"});
  CHECK(client.tell(ClientGone{}) == Log{"give back", "finish"});
}

TEST_CASE("leases: nobody is asked where nothing is bounded, and no further than a lane that is not", "[places]") {
  Gateway unbounded(two_lanes(0, 0), asking, 1), first(two_lanes(1, 0), asking, 1), second(two_lanes(0, 1), asking, 1);
  Client free(unbounded), bounded(first), behind(second);
  CHECK(free.ask() == Log{"open http://a"});
  CHECK(bounded.ask() == Log{"ask provider a 1;", "ask "});
  CHECK(bounded.tell(PlaceTold{1}) == Log{"open http://b"});
  CHECK(bounded.tell(ClientGone{}) == Log{"finish"});
  CHECK(behind.ask() == Log{"open http://a"});
}

TEST_CASE("leases: where there is no place, the client is told", "[places]") {
  Gateway gateway(two_lanes(1, 0), asking, 1);
  Client client(gateway), failed(gateway);
  client.ask();
  CHECK(client.tell(PlaceTold{PlaceTold::full}) == Log{"finish"});
  CHECK(client.status == 529);
  failed.ask();
  failed.tell(PlaceTold{1});
  CHECK(failed.tell(UpstreamFailed{1, FaultKind::upstream_connect, {}}) == Log{"ask provider a 1;"});
  CHECK(failed.tell(PlaceTold{7}) == Log{"finish"});  // no option of this question's
  CHECK(failed.status == 502);                        // what a lane has said is worth more
}

TEST_CASE("leases: without the owner a gateway goes by what it knows", "[places]") {
  Gateway gateway(two_lanes(1, 1, {4, 5'000}), asking, 1);
  Client first(gateway), second(gateway), third(gateway);
  for (Client* each : {&first, &second, &third}) each->ask();
  CHECK(first.tell(PlaceTold{PlaceTold::alone}) == Log{"open http://a"});
  CHECK(second.tell(PlaceTold{PlaceTold::alone}) == Log{"open http://b"});
  CHECK(third.tell(PlaceTold{PlaceTold::alone}) == Log{"await"});
  CHECK(third.tell(PlaceTold{0}).empty());
  CHECK(first.tell(ClientGone{}) == Log{"give back", "finish"});
  CHECK(third.tell(Woken{}) == Log{"open http://a"});
}

TEST_CASE("leases: what this gateway gave while it was alone is no reason to refuse", "[places]") {
  Gateway gateway(two_lanes(1, 1), asking, 1);
  Client first(gateway), second(gateway);
  for (Client* each : {&first, &second}) each->ask();
  CHECK(first.tell(PlaceTold{PlaceTold::alone}) == Log{"open http://a"});
  CHECK(second.tell(PlaceTold{0}) == Log{"give back", "open http://b"});
}

TEST_CASE("leases: a client that waits for the owner's word hears signs of life, and may leave", "[places]") {
  Gateway gateway(two_lanes(1, 1, {4, 5'000}), asking, 1);
  Client client(gateway);
  client.ask();
  client.now.monotonic_ms = client.wake_at_ms;
  CHECK(client.tell(Woken{}).empty());
  CHECK(client.status == 200);
  CHECK(client.tell(ClientGone{}) == Log{"finish"});
  CHECK(client.tell(PlaceTold{0}).empty());
}

TEST_CASE("leases: a half-open lane is asked for with its probe, and without it when there is no other", "[places]") {
  Gateway gateway(two_lanes(0, 1), asking, 1);
  gateway.health().cool("a/main/m", 999'000, 998'000, routing::Why::breaker);
  Client probe(gateway), other(gateway);
  CHECK(probe.ask() == Log{"ask probe a/main/m 1;", "ask provider b 1;", "ask "});
  CHECK(probe.tell(PlaceTold{0}) == Log{"open http://a"});
  CHECK(other.ask() == Log{"ask provider b 1;", "ask "});  // this gateway knows of its own
  CHECK(probe.tell(UpstreamFailed{1, FaultKind::upstream_reset, {}}) == Log{"give back", "ask provider b 1;"});
}

TEST_CASE("leases: one wait is as long as its route says, whoever is asked within it", "[places]") {
  Gateway gateway(two_lanes(1, 1, {4, 5'000}), asking, 1);
  Client first(gateway), second(gateway), waits(gateway);
  for (Client* each : {&first, &second}) {
    each->ask();
    each->tell(PlaceTold{PlaceTold::alone});
  }
  CHECK(waits.ask(R"({"model":"m"})").back() == "* 4 5000");
  waits.now.monotonic_ms += 3'000;
  SECTION("the owner is lost, and there is no place here either") {
    CHECK(waits.tell(PlaceTold{PlaceTold::alone}) == Log{"await"});
  }
  SECTION("the owner gives a place that this gateway has given already") {
    CHECK(waits.tell(PlaceTold{0}) == Log{"give back", "await"});
  }
  waits.now.monotonic_ms += 1'999;
  CHECK(waits.tell(Woken{}).empty());
  waits.now.monotonic_ms += 1;
  const Step step = waits.exchange.handle(Woken{}, waits.now);
  const auto* head = std::get_if<SendClientHead>(&step.effects.front());
  const auto* finish = std::get_if<Finish>(&step.effects.back());
  REQUIRE(head);
  REQUIRE(finish);
  CHECK(head->status == 529);
  CHECK(finish->report->queued_ms == 5'000);
}

TEST_CASE("leases: a place that comes too late goes back before anything else is done", "[places]") {
  auto config = two_lanes(1, 1, {4, 5'000});
  for (Provider& provider : config->providers) provider.timeouts.total_ms = 4'000;
  Gateway gateway(config, asking, 1);
  Client client(gateway);
  client.ask(R"({"model":"m"})");
  client.now.monotonic_ms += 4'500;
  const Log told = client.tell(PlaceTold{0});
  CHECK(told.front() == "give back");
  CHECK(told.back() == "finish");
}

TEST_CASE("leases: a request that is sent again without what was refused keeps its place", "[places]") {
  Gateway gateway(two_lanes(1, 1), asking, 1);
  Client client(gateway);
  client.ask(R"({"model":"m","max_tokens":5,"speed":"fast","messages":[]})");
  CHECK(client.tell(PlaceTold{0}) == Log{"open http://a"});
  const Header type{"content-type", "application/json"};
  client.tell(UpstreamHead{1, 400, {&type, 1}});
  const std::string_view body =
      R"({"type":"error","error":{"type":"invalid_request_error","message":"speed: Extra inputs are not permitted"}})";
  client.tell(UpstreamBody{1, body, body.size()});
  CHECK(client.tell(UpstreamEnd{1, body}) == Log{"open http://a"});
  CHECK(client.tell(ClientGone{}) == Log{"give back", "finish"});
}

TEST_CASE("leases: a place at a lane that is well is waited for before one at a lane that rests is asked for",
          "[places]") {
  for (const int64_t waiting_max : {4, 0}) {
    Gateway gateway(two_lanes(1, 1, {waiting_max, 5'000}), asking, 1);
    gateway.health().cool("b/main/m", 1'009'000, 1'000'000, routing::Why::hiccup);
    Client client(gateway);
    if (waiting_max == 0) {
      CHECK(client.ask() == Log{"ask provider a 1;", "ask provider b 1;"});
      continue;
    }
    CHECK(client.ask() == Log{"ask provider a 1;", "* 4 5000"});
    CHECK(client.tell(PlaceTold{PlaceTold::full}) == Log{"ask provider a 1;", "ask provider b 1;"});
    CHECK(client.tell(PlaceTold{1}) == Log{"open http://b"});
  }
}
