// Bounds on requests at a time: places, who waits for one, and whose turn it is.
#include "routing/places.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "queue_client.h"
#include "routing/health.h"

using namespace signalbox;
using namespace signalbox::queue_test;
using routing::Bound;
using routing::Place;
using routing::Places;
using routing::Waiting;

namespace {

std::vector<uint64_t> told(Places& places) {
  std::vector<uint64_t> tickets;
  for (const Permits::Turn& turn : places.turns()) tickets.push_back(turn.ticket);
  places.clear_turns();
  return tickets;
}

}  // namespace

TEST_CASE("places: no more than the bound, and every one comes back", "[places]") {
  Places places({});
  const Bound two[] = {{"provider a", 2}};
  Place first, second, third;
  CHECK(places.take(two, first));
  CHECK(places.take(two, second));
  CHECK_FALSE(places.take(two, third));
  CHECK_FALSE(third.held());
  second = {};
  CHECK(places.take(two, third));
  Place moved = std::move(third);
  CHECK_FALSE(places.take(two, second));
  moved.give_back();
  moved.give_back();  // once is enough
  CHECK(places.take(two, second));
  CHECK_FALSE(places.take(two, third));
}

TEST_CASE("places: all bounds of a lane or none", "[places]") {
  Places places({});
  const Bound wide[] = {{"provider a", 5}};
  const Bound both[] = {{"provider a", 5}, {"credential a/1", 1}};
  Place one, two;
  CHECK(places.take(both, one));
  CHECK_FALSE(places.take(both, two));
  Place others[4];
  for (Place& other : others) CHECK(places.take(wide, other));  // what the second one could not have it did not keep
  CHECK_FALSE(places.take(wide, two));
}

TEST_CASE("places: a bound that was made smaller lets nobody in until it fits", "[places]") {
  Places places({});
  const Bound three[] = {{"model m", 3}}, one[] = {{"model m", 1}};
  Place held[3], next;
  for (Place& place : held) CHECK(places.take(three, place));
  held[0].give_back();
  CHECK_FALSE(places.take(one, next));
  held[1].give_back();
  held[2].give_back();
  CHECK(places.take(one, next));
}

TEST_CASE("permits: one lease at a time, which ends by itself", "[places]") {
  Permits permits;
  const uint32_t lane = permits.slot_of("lane");
  CHECK(permits.lease(lane, 100, 200));
  CHECK_FALSE(permits.lease(lane, 150, 250));
  CHECK(permits.lease(lane, 200, 300));
  permits.end_lease(lane, 200);  // whose time was over has nothing to end
  CHECK_FALSE(permits.lease(lane, 250, 350));
  permits.end_lease(lane, 300);
  CHECK(permits.lease(lane, 250, 350));
}

TEST_CASE("permits: names beyond the room are not bounded", "[places]") {
  Permits permits;
  for (size_t i = 0; i < Permits::names_max; ++i) CHECK(permits.slot_of("n" + std::to_string(i)) != Permits::no_slot);
  const uint32_t none = permits.slot_of("one more");
  CHECK(none == Permits::no_slot);
  CHECK(permits.take(none, 1));
  CHECK(permits.take(none, 1));
  permits.give_back(none);
  CHECK(permits.slot_of("n7") == permits.slot_of("n7"));
  for (size_t i = 0; i < Permits::queues_max; ++i) CHECK(permits.queue_of("q" + std::to_string(i)) != Permits::no_slot);
  CHECK_FALSE(permits.enter(permits.queue_of("one more"), 5));
}

TEST_CASE("places: turns come in the order of waiting, over all gateways", "[places]") {
  auto permits = std::make_shared<Permits>(2);
  Places here({permits, 0}), there({permits, 1});
  const Bound one[] = {{"provider a", 1}};
  Place place;
  CHECK(here.take(one, place));
  Waiting first, second, third, refused;
  CHECK(there.join("route", 3, first));
  CHECK(here.join("route", 3, second));
  CHECK(there.join("route", 3, third));
  CHECK_FALSE(here.join("route", 3, refused));
  CHECK(here.waiting("route") == 3);
  CHECK(first.is_first());
  CHECK_FALSE(second.is_first());
  place.give_back();
  REQUIRE(here.turns().size() == 1);
  CHECK(here.turns()[0].gateway == 1);
  CHECK(told(here) == std::vector<uint64_t>{first.ticket()});
  first.leave();  // whoever leaves passes it on
  CHECK(told(there) == std::vector<uint64_t>{second.ticket()});
  CHECK(second.is_first());
  third.leave();
  CHECK(told(there) == std::vector<uint64_t>{second.ticket()});
  second.leave();
  CHECK(told(here).empty());
  CHECK(here.waiting("route") == 0);
}

TEST_CASE("queue: without places a request is told at once to come back", "[places]") {
  Gateway gateway(config_with(1, 0), with_turns, 1);
  Client first(gateway), second(gateway);
  first.ask();
  second.ask();
  CHECK(first.log == Log{opened});
  CHECK(second.log == Log{"head", "retry-after", "finish"});
  CHECK(second.status == 529);
  CHECK(second.bytes.find("overloaded_error") != std::string::npos);
  CHECK(second.report.fault.kind == FaultKind::lanes_full);
  CHECK(second.report.queued_ms == -1);
}

TEST_CASE("queue: a host with one exchange waits for nobody", "[places]") {
  Gateway gateway(config_with(1, 5), {}, 1);
  Client first(gateway), second(gateway);
  first.ask();
  second.ask();
  CHECK(second.status == 529);
}

TEST_CASE("queue: first come, first served, and nobody steps in between", "[places]") {
  Gateway gateway(config_with(1, 2), with_turns, 1);
  Client first(gateway), second(gateway), third(gateway), fourth(gateway), late(gateway);
  first.ask();
  second.ask();
  third.ask();
  fourth.ask();
  CHECK(second.log == Log{"await"});
  CHECK(third.log == Log{"await"});
  CHECK(fourth.status == 529);  // the queue is full
  first.tell(ClientGone{});
  CHECK(first.log == Log{opened, "cancel", "finish"});
  REQUIRE(first.given.size() == 1);
  CHECK(first.given[0].turn == second.turn);
  third.wake_after(10);  // not his turn
  CHECK(third.log == Log{"await"});
  late.ask();  // and there is a place, which is not for who comes now
  CHECK(late.status == 529);
  second.wake_after(10);
  CHECK(second.log == Log{"await", opened});
  REQUIRE(second.given.size() == 1);
  CHECK(second.given[0].turn == third.turn);
  third.wake_after(1);  // there is none yet
  CHECK(third.log == Log{"await"});
  second.tell(UpstreamFailed{1, FaultKind::upstream_connect, {}});
  REQUIRE(second.given.size() == 2);
  third.wake_after(1);
  CHECK(third.log == Log{"await", opened});
  third.tell(ClientGone{});
  CHECK(third.report.queued_ms == 12);
  CHECK(third.given.empty());
}

TEST_CASE("queue: who leaves it, or is destroyed in it, holds nobody up", "[places]") {
  Gateway gateway(config_with(1, 5), with_turns, 1);
  Client first(gateway), third(gateway);
  auto second = std::make_unique<Client>(gateway);
  first.ask();
  second->ask();
  third.ask();
  SECTION("gone") {
    second->tell(ClientGone{});
    CHECK(second->log == Log{"await", "finish"});
    REQUIRE(second->given.size() == 1);
    CHECK(second->given[0].turn == third.turn);
  }
  SECTION("destroyed") { second.reset(); }
  first.tell(ClientGone{});
  CHECK(first.given.back().turn == third.turn);
  third.wake_after(1);
  CHECK(third.log == Log{"await", opened});
}

TEST_CASE("queue: waiting ends in time, before and behind the gate", "[places]") {
  Gateway gateway(config_with(1, 5), with_turns, 1);
  Client first(gateway), patient(gateway), whole(gateway);
  first.ask();
  patient.ask();
  whole.ask(R"({"model":"m"})");
  CHECK(patient.wake_at_ms == 2'000);
  patient.wake_after(1'000);
  CHECK(patient.log == Log{"await", "head"});
  CHECK(patient.status == 200);
  CHECK(patient.bytes.find("event") == std::string::npos);  // nothing but a sign of life
  patient.wake_after(4'000);
  CHECK(patient.log == Log{"await", "head", "finish"});
  CHECK(patient.bytes.find("event: error") != std::string::npos);
  CHECK(patient.bytes.find("overloaded_error") != std::string::npos);
  CHECK(patient.report.queued_ms == 5'000);
  whole.wake_after(5'000);
  CHECK(whole.log == Log{"await", "head", "retry-after", "finish"});
  CHECK(whole.status == 529);
}

TEST_CASE("queue: a turn that was lost is missed for a second at most", "[places]") {
  Gateway gateway(config_with(1, 5), with_turns, 1);
  Client first(gateway), second(gateway);
  first.ask();
  second.ask(R"({"model":"m"})");
  first.tell(ClientGone{});
  CHECK(second.wake_at_ms == 2'000);
  second.wake_after(1'000);
  CHECK(second.log == Log{"await", opened});
}

TEST_CASE("queue: who waits for a half-open lane is held to its one probe", "[places]") {
  Gateway gateway(config_with(2, 5), with_turns, 1);
  const int64_t unix_ms = Now{1'000, 1'000'000}.unix_ms;
  const std::string lane = "*up/main/m";
  Client first(gateway), second(gateway), third(gateway), fourth(gateway);
  first.ask();
  second.ask();
  gateway.health().cool(lane, unix_ms - 1, unix_ms - 10, routing::Why::breaker);
  third.ask();
  fourth.ask();
  CHECK(fourth.log == Log{"await"});
  // Both places are free, and one of those who wait finds out.
  first.tell(ClientGone{});
  second.tell(ClientGone{});
  third.wake_after(1);
  fourth.wake_after(1);
  CHECK(third.log == Log{"await", opened});
  CHECK(fourth.log == Log{"await"});
  // It serves again, and then nobody waits for anything.
  gateway.health().reset("", unix_ms);
  fourth.wake_after(1);
  CHECK(fourth.log == Log{"await", opened});
}

TEST_CASE("bounds: a full lane is passed over and comes back when the others have failed", "[places]") {
  const std::string opened_other = opened_at("other");
  Gateway gateway(config_of({{"up", 1}, {"other"}}, {5, 5'000}), with_turns, 1);
  Client first(gateway), second(gateway);
  first.ask();
  second.ask();
  CHECK(second.log == Log{opened_other});
  second.tell(UpstreamFailed{1, FaultKind::upstream_connect, {}});
  CHECK(second.log == Log{opened_other, "await"});
  CHECK(second.report.tried.empty());
  first.tell(ClientGone{});
  second.wake_after(1);
  CHECK(second.log.back() == opened);
}

TEST_CASE("bounds: a reload keeps what is held", "[places]") {
  Gateway gateway(config_with(1, 0), with_turns, 1);
  Client first(gateway);
  first.ask();
  gateway.adopt(config_with(1, 0));
  Client second(gateway), third(gateway);
  second.ask();
  CHECK(second.status == 529);
  first.tell(ClientGone{});
  third.ask();
  CHECK(third.log == Log{opened});
}

TEST_CASE("bounds: an exchange that is destroyed while it is open gives its place back", "[places]") {
  Gateway gateway(config_with(1, 0), with_turns, 1);
  auto first = std::make_unique<Client>(gateway);
  first->ask();
  first.reset();
  Client second(gateway);
  second.ask();
  CHECK(second.log == Log{opened});
}

TEST_CASE("queue: a further try at a provider that has failed is not had by waiting", "[places]") {
  auto config = config_of({{"busy", 1}, {"up", 1}}, {5, 5'000});
  config->providers[1].credentials = {"main", "spare"};
  config->failover.retry_budget_percent = 0;
  Gateway gateway(config, with_turns, 1);
  Client first(gateway), second(gateway), third(gateway);
  first.ask();
  second.ask();
  third.ask();
  REQUIRE(first.log == Log{opened_at("busy")});
  REQUIRE(second.log == Log{opened});
  REQUIRE(third.log == Log{"await"});
  second.tell(UpstreamFailed{1, FaultKind::upstream_reset, {}});
  CHECK(second.log == Log{opened, "await"});
  third.tell(Woken{});
  CHECK(third.log == Log{"await", opened});
  third.tell(UpstreamFailed{1, FaultKind::upstream_reset, {}});
  second.tell(Woken{});
  CHECK(second.log == Log{opened, "await"});  // the other credential is free, and nobody has paid for it
}

TEST_CASE("queue: a lane whose time is over when its place comes is not asked", "[places]") {
  auto config = config_with(1, 5);
  SECTION("by the provider's time") { config->providers[0].timeouts.total_ms = 3'000; }
  SECTION("by the route's") { config->routes[0].timeouts.total_ms = 3'000; }
  Gateway gateway(config, with_turns, 1);
  Client first(gateway), second(gateway);
  first.ask();
  second.ask();
  first.tell(ClientGone{});
  second.wake_after(4'000);
  REQUIRE(!second.log.empty());
  CHECK(second.log.back() == "finish");
  CHECK(std::count(second.log.begin(), second.log.end(), opened) == 0);
}

TEST_CASE("places: of several queues, who came first is told first", "[places]") {
  Places places({});
  Waiting before;
  REQUIRE(places.join("one", 9, before));  // whose queue then stands first in the table
  before.leave();
  Waiting early, late;
  REQUIRE(places.join("two", 9, early));
  REQUIRE(places.join("one", 9, late));
  Place place;
  const Bound both_want[] = {{"provider a", 1}};
  REQUIRE(places.take(both_want, place));
  told(places);
  place.give_back();
  CHECK(told(places) == std::vector<uint64_t>{early.ticket(), late.ticket()});
}

TEST_CASE("queue: the time of a lane that has failed does not end the wait for another", "[places]") {
  auto config = config_of({{"hasty"}, {"up", 1}}, {5, 5'000});
  config->providers[0].timeouts.total_ms = 600;
  Gateway gateway(config, with_turns, 1);
  Client first(gateway), second(gateway);
  first.ask();
  first.tell(UpstreamFailed{1, FaultKind::upstream_reset, {}});
  REQUIRE(first.log.back() == opened);
  second.ask();
  while (second.log.back() != "await") {
    REQUIRE(second.log.back() == opened_at("hasty"));
    second.tell(UpstreamFailed{uint32_t(second.log.size()), FaultKind::upstream_reset, {}});
  }
  second.wake_after(700);
  CHECK(second.log.back() == "await");
  first.tell(ClientGone{});
  second.wake_after(100);
  CHECK(second.log.back() == opened);
}

TEST_CASE("queue: who waited for a lane that then cannot have the request waits on for the next", "[places]") {
  auto config = config_of({{"foreign", 1}, {"up", 1}}, {5, 5'000});
  config->providers[0].dialect = Dialect::openai_chat;
  config->routes[0].on_loss = OnLoss::reject;
  Gateway gateway(config, with_turns, 1);
  constexpr std::string_view plain =
      R"({"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]})";
  constexpr std::string_view lossy =
      R"({"model":"m","max_tokens":9,"stream":true,"top_k":5,"container":"c","messages":[{"role":"user","content":"hi"}]})";
  Client first(gateway), second(gateway), third(gateway);
  first.ask(plain);
  second.ask(plain);
  third.ask(lossy);
  REQUIRE(first.log.size() == 1);
  REQUIRE(second.log == Log{opened});
  REQUIRE(third.log == Log{"await"});
  first.tell(ClientGone{});
  third.tell(Woken{});
  CHECK(third.log == Log{"await", "await"});
  second.tell(ClientGone{});
  third.tell(Woken{});
  CHECK(third.log == Log{"await", "await", opened});
}
