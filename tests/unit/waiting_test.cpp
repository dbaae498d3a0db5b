// What is full, what rests, and what is waited for (docs/waiting.md).
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>

#include "queue_client.h"
#include "routing/health.h"

using namespace signalbox;
using namespace signalbox::queue_test;

namespace {

constexpr int64_t wait_ms_max = 5'000;

const std::string opened_free = opened_at("free");
constexpr Header asks_for_ten_seconds[] = {{"content-type", "application/json"}, {"retry-after", "10"}};
constexpr Header is_json[] = {{"content-type", "application/json"}};
constexpr std::string_view limited = R"({"type":"error","error":{"type":"rate_limit_error","message":"slow down"}})";

void answer(Client& client, int status, std::span<const Header> headers, std::string_view body) {
  const auto attempt = uint32_t(std::count_if(
      client.log.begin(), client.log.end(), [](const std::string& line) { return line.compare(0, 5, "open ") == 0; }));
  client.tell(UpstreamSent{attempt});
  client.tell(UpstreamHead{attempt, status, headers});
  client.tell(UpstreamEnd{attempt, body});
}

constexpr std::string_view empty_answer =
    R"({"id":"msg_1","type":"message","role":"assistant","content":[],"stop_reason":"end_turn","usage":{}})";

// A bounded lane and behind it one without a bound, which was told to rest for ten seconds.
struct FreeRests {
  Gateway gateway;

  explicit FreeRests(int64_t places_max)
      : gateway(config_of({{"up", 1}, {"free"}}, {places_max, wait_ms_max}), with_turns, 1) {
    Client busy(gateway), unlucky(gateway);
    busy.ask();
    REQUIRE(unlucky.ask() == Log{opened_free});
    answer(unlucky, 429, asks_for_ten_seconds, limited);
    unlucky.tell(ClientGone{});
    busy.tell(ClientGone{});
  }
};

// The lane without a bound first, and the only place at the bounded one behind it taken by `busy`.
struct FallbackFull {
  Gateway gateway;
  Client busy{gateway};

  static std::shared_ptr<Config> config(int64_t places_max, int64_t retry_wait_ms_max) {
    auto config = config_of({{"free"}, {"up", 1}}, {places_max, wait_ms_max});
    config->failover.retry_wait_ms_max = retry_wait_ms_max;
    return config;
  }

  explicit FallbackFull(int64_t places_max, int64_t retry_wait_ms_max = Failover{}.retry_wait_ms_max)
      : gateway(config(places_max, retry_wait_ms_max), with_turns, 1) {
    busy.ask();
    busy.tell(UpstreamFailed{1, FaultKind::upstream_reset, {}});
    REQUIRE(busy.log == Log{opened_free, opened});
    gateway.health().reset("", 1'000'000);
  }
};

}  // namespace

TEST_CASE("queue: a place at a lane that is well is waited for rather than had at one that rests", "[places]") {
  FreeRests lanes(5);
  Client first(lanes.gateway), second(lanes.gateway), third(lanes.gateway);
  first.ask();
  second.ask();
  third.ask();
  REQUIRE(first.log == Log{opened});
  CHECK(second.log == Log{"await"});
  CHECK(third.log == Log{"await"});
  SECTION("until it comes") {
    first.tell(ClientGone{});
    second.wake_after(5);
    CHECK(second.log == Log{"await", opened});
  }
  SECTION("and at the end of the wait the one that rests is asked, by whoever is told first that it is over") {
    third.wake_after(5'000);
    CHECK(third.log == Log{"await", opened_free, "head"});  // the gate's
    CHECK(third.report.tried.empty());
    second.wake_after(5'000);
    CHECK(second.log == Log{"await", opened_free, "head"});
  }
  SECTION("or that rests no more") {
    second.wake_after(1);
    CHECK(second.log == Log{"await"});
    second.now.unix_ms += 11'000;  // its ten seconds are over before the wait is
    second.tell(Woken{});
    CHECK(second.log == Log{"await", opened_free});
  }
}

TEST_CASE("queue: who may not wait asks the lane that rests", "[places]") {
  SECTION("the queue is full") {
    FreeRests lanes(1);
    Client first(lanes.gateway), second(lanes.gateway), third(lanes.gateway);
    first.ask();
    second.ask();
    third.ask();
    CHECK(second.log == Log{"await"});
    CHECK(third.log == Log{opened_free});
  }
  SECTION("there is none") {
    FreeRests lanes(0);
    Client first(lanes.gateway), second(lanes.gateway);
    first.ask();
    second.ask();
    CHECK(second.log == Log{opened_free});
  }
}

TEST_CASE("queue: where all lanes rest, nobody waits for one of them beside another that is free", "[places]") {
  FreeRests lanes(5);
  {
    Client unlucky(lanes.gateway);
    REQUIRE(unlucky.ask() == Log{opened});
    answer(unlucky, 429, asks_for_ten_seconds, limited);
  }
  Client first(lanes.gateway), second(lanes.gateway);
  first.ask();
  second.ask();
  CHECK(first.log == Log{opened});
  CHECK(second.log == Log{opened_free});
}

TEST_CASE("bounds: a fallback that is full and cannot be waited for is as if it were none", "[places]") {
  FallbackFull lanes(0);
  Client client(lanes.gateway);
  SECTION("the pause that the first lane asks for is made") {
    constexpr Header asks[] = {{"content-type", "application/json"}, {"retry-after", "1"}};
    client.ask();
    answer(client, 429, asks, limited);
    CHECK(client.log == Log{opened_free});
    client.wake_after(1'000);
    CHECK(client.log == Log{opened_free, opened_free, "head"});
  }
  SECTION("its error goes on as it came") {
    client.ask(R"({"model":"m"})");
    answer(client, 500, is_json, R"({"type":"error","error":{"type":"api_error","message":"as it came"}})");
    CHECK(client.status == 500);
    CHECK(client.bytes.empty());  // released from the host's own window
  }
  SECTION("an answer that says nothing is kept") {
    client.ask(R"({"model":"m"})");
    answer(client, 200, is_json, empty_answer);
    CHECK(client.status == 200);
    CHECK(client.log.back() == "finish");
  }
}

TEST_CASE("queue: an answer that says nothing is not given up for a wait", "[places]") {
  FallbackFull lanes(5);
  Client client(lanes.gateway);
  client.ask(R"({"model":"m"})");
  answer(client, 200, is_json, empty_answer);
  CHECK(client.log == Log{opened_free, "head", "finish"});
  CHECK(client.status == 200);
}

TEST_CASE("queue: a pause that was asked for is made behind a wait in vain, and once", "[places]") {
  FallbackFull lanes(5, 10'000);
  Client client(lanes.gateway);
  client.ask();
  answer(client, 429, asks_for_ten_seconds, limited);
  CHECK(client.log == Log{opened_free, "await"});
  client.wake_after(5'000);
  CHECK(client.log == Log{opened_free, "await", "head"});  // the gate's; it pauses
  client.wake_after(5'000);
  CHECK(client.log == Log{opened_free, "await", "head", opened_free});
}

TEST_CASE("pauses: what has passed of one with what else was tried is not waited for again", "[places]") {
  auto config = config_of({{"up"}, {"free"}}, {0, wait_ms_max});
  config->failover.retry_wait_ms_max = 2'000;
  Gateway gateway(config, with_turns, 1);
  Client client(gateway);
  const auto limited_for = [](const char* seconds) {
    return std::array<Header, 2>{{{"content-type", "application/json"}, {"retry-after", seconds}}};
  };
  client.ask();
  answer(client, 429, limited_for("2"), limited);
  answer(client, 429, limited_for("1"), limited);
  CHECK(client.log == Log{opened, opened_free});
  client.wake_after(1'000);
  CHECK(client.log == Log{opened, opened_free, opened_free, "head"});  // the gate's
  answer(client, 500, is_json, limited);
  CHECK_FALSE(client.log.back() == "finish");
  client.wake_after(1'000);
  CHECK(client.log.back() == opened);
}

TEST_CASE("queue: a lane that nobody pays for wakes nobody who looks at it", "[places]") {
  auto config = config_of({{"up", 1}, {"twin", 2}}, {5, 60'000});
  config->providers[1].credentials = {"one", "two"};
  config->failover.retry_budget_percent = 0;
  Gateway gateway(config, with_turns, 1);
  Client at_up(gateway), first(gateway), second(gateway), client(gateway);
  for (Client* each : {&at_up, &first, &second, &client}) each->ask();
  REQUIRE(client.log == Log{"await"});
  first.tell(ClientGone{});
  client.tell(Woken{});
  REQUIRE(client.log == Log{"await", opened_at("twin")});
  client.tell(UpstreamFailed{1, FaultKind::upstream_reset, {}});
  REQUIRE(client.log.back() == "await");
  // The other credential has room, and a further try at its provider no budget. Looking must not be told to who looks.
  const uint64_t own = client.turn;
  client.given.clear();
  client.wake_after(10);
  for (const GiveTurn& give : client.given) CHECK(give.turn != own);
  CHECK(client.wake_at_ms > client.now.monotonic_ms);
}

TEST_CASE("half-open: who finds a lane being found out about asks it when those behind it have failed", "[places]") {
  const auto config = config_of({{"up"}, {"free"}}, {0, wait_ms_max});
  auto permits = std::make_shared<Permits>(2);
  Gateway here(config, with_turns, 1, {permits, 0}), there(config, with_turns, 2, {permits, 1});
  for (Gateway* gateway : {&here, &there})
    gateway->health().cool("*up/main/m", 999'999, 999'990, routing::Why::breaker);
  Client first(here), second(there);
  first.ask();
  second.ask();
  CHECK(first.log == Log{opened});
  CHECK(second.log == Log{opened_free});
  second.tell(UpstreamFailed{1, FaultKind::upstream_reset, {}});
  CHECK(second.log == Log{opened_free, opened});
}
