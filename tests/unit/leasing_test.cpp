// Places and probes that an owner outside has: what it is asked, and what follows from its word.
#include <catch2/catch.hpp>
#include <string>

#include "queue_client.h"
#include "routing/health.h"

using namespace signalbox;
using namespace signalbox::queue_test;

namespace {

constexpr Capabilities asking{.gives_turns = true, .asks_for_places = true};

// Lanes a and b with as many requests at a time, in this order.
std::shared_ptr<Config> two_lanes(int64_t most_a, int64_t most_b, Queue queue = {}) {
  return config_of({{"a", most_a, "m"}, {"b", most_b, "m"}}, queue);
}

const std::string opened_a = opened_at("a"), opened_b = opened_at("b");

}  // namespace

TEST_CASE("leases: every lane that could serve is asked for, and what is given is asked and goes back", "[places]") {
  Gateway gateway(two_lanes(2, 3, {4, 5'000}), asking, 1);
  Client client(gateway);
  CHECK(client.ask() == Log{"ask provider a 2;", "ask provider b 3;", "* 4 5000"});
  CHECK(client.tell(PlaceTold{1}) == Log{opened_b});
  CHECK(client.tell(PlaceTold{0}).empty());  // once is enough
  CHECK(client.tell(UpstreamFailed{1, FaultKind::upstream_connect, {}}) ==
        Log{"give back", "ask provider a 2;", "* 4 5000"});
  CHECK(client.tell(PlaceTold{0}) == Log{opened_a});
  CHECK(client.tell(ClientGone{}) == Log{"cancel", "give back", "finish"});
}

TEST_CASE("leases: nobody is asked where nothing is bounded, and no further than a lane that is not", "[places]") {
  Gateway unbounded(two_lanes(0, 0), asking, 1), first(two_lanes(1, 0), asking, 1), second(two_lanes(0, 1), asking, 1);
  Client free(unbounded), bounded(first), behind(second);
  CHECK(free.ask() == Log{opened_a});
  CHECK(bounded.ask() == Log{"ask provider a 1;", "ask"});
  CHECK(bounded.tell(PlaceTold{1}) == Log{opened_b});
  CHECK(bounded.tell(ClientGone{}) == Log{"cancel", "finish"});
  CHECK(behind.ask() == Log{opened_a});
}

TEST_CASE("leases: where there is no place, the client is told", "[places]") {
  Gateway gateway(two_lanes(1, 0), asking, 1);
  Client client(gateway), failed(gateway);
  client.ask();
  CHECK(client.tell(PlaceTold{PlaceTold::full}) == Log{"head", "retry-after", "finish"});
  CHECK(client.status == 529);
  failed.ask();
  failed.tell(PlaceTold{1});
  CHECK(failed.tell(UpstreamFailed{1, FaultKind::upstream_connect, {}}) == Log{"ask provider a 1;"});
  CHECK(failed.tell(PlaceTold{7}) == Log{"head", "finish"});  // no option of this question's
  CHECK(failed.status == 502);                                // what a lane has said is worth more
}

TEST_CASE("leases: without the owner a gateway goes by what it knows", "[places]") {
  Gateway gateway(two_lanes(1, 1, {4, 5'000}), asking, 1);
  Client first(gateway), second(gateway), third(gateway);
  for (Client* each : {&first, &second, &third}) each->ask();
  CHECK(first.tell(PlaceTold{PlaceTold::alone}) == Log{opened_a});
  CHECK(second.tell(PlaceTold{PlaceTold::alone}) == Log{opened_b});
  CHECK(third.tell(PlaceTold{PlaceTold::alone}) == Log{"await"});
  CHECK(third.tell(PlaceTold{0}).empty());
  CHECK(first.tell(ClientGone{}) == Log{"cancel", "give back", "finish"});
  CHECK(third.tell(Woken{}) == Log{opened_a});
}

TEST_CASE("leases: what this gateway gave while it was alone is no reason to refuse", "[places]") {
  Gateway gateway(two_lanes(1, 1), asking, 1);
  Client first(gateway), second(gateway);
  for (Client* each : {&first, &second}) each->ask();
  CHECK(first.tell(PlaceTold{PlaceTold::alone}) == Log{opened_a});
  CHECK(second.tell(PlaceTold{0}) == Log{"give back", opened_b});
}

TEST_CASE("leases: a client that waits for the owner's word hears signs of life, and may leave", "[places]") {
  Gateway gateway(two_lanes(1, 1, {4, 5'000}), asking, 1);
  Client client(gateway);
  client.ask();
  client.now.monotonic_ms = client.wake_at_ms;
  CHECK(client.tell(Woken{}) == Log{"head"});
  CHECK(client.status == 200);
  CHECK(client.tell(ClientGone{}) == Log{"finish"});
  CHECK(client.tell(PlaceTold{0}).empty());
}

TEST_CASE("leases: a half-open lane is asked for with its probe, and without it when there is no other", "[places]") {
  Gateway gateway(two_lanes(0, 1), asking, 1);
  gateway.health().cool("a/main/m", 999'000, 998'000, routing::Why::breaker);
  Client probe(gateway), other(gateway);
  CHECK(probe.ask() == Log{"ask probe a/main/m 1;", "ask provider b 1;", "ask"});
  CHECK(probe.tell(PlaceTold{0}) == Log{opened_a});
  CHECK(other.ask() == Log{"ask provider b 1;", "ask"});  // this gateway knows of its own
  CHECK(probe.tell(UpstreamFailed{1, FaultKind::upstream_reset, {}}) == Log{"give back", "ask provider b 1;"});
}

TEST_CASE("leases: the probe that was given goes back though another here went without the owner", "[places]") {
  Gateway gateway(two_lanes(0, 1), asking, 1);
  gateway.health().cool("a/main/m", 999'000, 998'000, routing::Why::breaker);
  Client given(gateway), alone(gateway);
  given.ask();
  alone.ask();
  CHECK(alone.tell(PlaceTold{PlaceTold::alone}) == Log{opened_a});
  CHECK(given.tell(PlaceTold{0}) == Log{opened_a});
  CHECK(given.tell(UpstreamFailed{1, FaultKind::upstream_reset, {}}).front() == "give back");
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
  CHECK(client.tell(PlaceTold{0}) == Log{opened_a});
  const Header type{"content-type", "application/json"};
  client.tell(UpstreamHead{1, 400, {&type, 1}});
  const std::string_view body =
      R"({"type":"error","error":{"type":"invalid_request_error","message":"speed: Extra inputs are not permitted"}})";
  client.tell(UpstreamBody{1, body, body.size()});
  CHECK(client.tell(UpstreamEnd{1, body}) == Log{opened_a});
  CHECK(client.tell(ClientGone{}) == Log{"cancel", "give back", "finish"});
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
    CHECK(client.tell(PlaceTold{1}) == Log{opened_b});
  }
}

TEST_CASE("leases: what is sent again behind a refusal keeps the probe that another here has too", "[places]") {
  Gateway gateway(config_of({{"a", 2, "m"}, {"b", 2, "m"}}, {}), asking, 1);
  gateway.health().cool("a/main/m", 999'000, 998'000, routing::Why::breaker);
  Client given(gateway), alone(gateway);
  given.ask(R"({"model":"m","max_tokens":5,"speed":"fast","messages":[]})");
  alone.ask();
  CHECK(alone.tell(PlaceTold{PlaceTold::alone}) == Log{opened_at("a")});
  CHECK(given.tell(PlaceTold{0}) == Log{opened_at("a")});
  const Header type{"content-type", "application/json"};
  given.tell(UpstreamHead{1, 400, {&type, 1}});
  const std::string_view body =
      R"({"type":"error","error":{"type":"invalid_request_error","message":"speed: Extra inputs are not permitted"}})";
  given.tell(UpstreamBody{1, body, body.size()});
  CHECK(given.tell(UpstreamEnd{1, body}) == Log{opened_at("a")});
  CHECK(given.tell(ClientGone{}) == Log{"cancel", "give back", "finish"});
}

TEST_CASE("leases: what was given back is not given back with the next lane", "[places]") {
  Gateway gateway(config_of({{"a", 2, "m"}, {"b", 0, "m"}}, {}), asking, 1);
  gateway.health().cool("a/main/m", 999'000, 998'000, routing::Why::breaker);
  Client given(gateway), alone(gateway);
  given.ask();
  alone.ask();
  CHECK(alone.tell(PlaceTold{PlaceTold::alone}) == Log{opened_at("a")});
  CHECK(given.tell(PlaceTold{0}) == Log{opened_at("a")});
  CHECK(given.tell(UpstreamFailed{1, FaultKind::upstream_reset, {}}) == Log{"give back", opened_at("b")});
  CHECK(given.tell(ClientGone{}) == Log{"cancel", "finish"});
}
