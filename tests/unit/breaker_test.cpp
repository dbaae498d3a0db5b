// The window that opens a breaker, the half-open lane, growing coolings, and switches: what health keeps beside registers
// that only cool.
#include "routing/breaker.h"

#include <catch2/catch.hpp>
#include <string>

#include "routing/cooldown.h"
#include "routing/health.h"

using namespace signalbox;
using namespace signalbox::routing;

namespace {

constexpr int64_t now = 1'700'000'000'000;
constexpr std::string_view lane = "p/key/m";
constexpr BreakerRule rule{8'000, 4, 50};

}  // namespace

TEST_CASE("breaker: a window trips at its share of enough requests, and not before", "[breaker]") {
  Health health(1);
  CHECK_FALSE(health.count(lane, Counted::failure, rule, now));
  CHECK_FALSE(health.count(lane, Counted::success, rule, now));
  CHECK_FALSE(health.count(lane, Counted::failure, rule, now));
  CHECK(health.count(lane, Counted::failure, rule, now));
  CHECK(health.counted(lane, rule.window_ms, now).requests == 0);
}

TEST_CASE("breaker: what went well keeps it shut, and what is long ago is forgotten", "[breaker]") {
  Health health(1);
  health.count(lane, Counted::failure, rule, now);
  for (int i = 0; i < 9; ++i) CHECK_FALSE(health.count(lane, Counted::success, rule, now + i));
  for (int i = 0; i < 3; ++i) CHECK_FALSE(health.count(lane, Counted::failure, rule, now + 20));
  CHECK(health.counted(lane, rule.window_ms, now + 20).requests == 13);
  CHECK(health.counted(lane, rule.window_ms, now + 30'000).requests == 0);
  CHECK_FALSE(health.count(lane, Counted::failure, rule, now + 30'000));
  // A clock that is set back or far forward counts anew.
  CHECK_FALSE(health.count(lane, Counted::failure, rule, now - 1'000'000));
  CHECK(health.counted(lane, rule.window_ms, now - 1'000'000).requests == 1);
}

TEST_CASE("breaker: a lane that fails and answers by turns trips it, for those who hear of it too", "[breaker]") {
  Health health(1), other(2);
  int64_t at = now;
  bool tripped = false;
  for (int i = 0; i < 4 && !tripped; ++i, at += 1'000) {
    tripped = health.count(lane, Counted::failure, rule, at);
    health.cool(lane, at + 100, at, Why::hiccup);
    other.count(lane, Counted::failure, rule, at);
    other.merge(health.take_delta());
    at += 200;
    const Standing standing = health.standing(lane, at);
    health.count(lane, Counted::success, rule, at);
    health.succeed(lane, standing.known, at);
    other.merge(health.take_delta());
  }
  CHECK(tripped);
  CHECK(other.counted(lane, rule.window_ms, at).failures >= 3);
  health.reset(lane, at);
  other.merge(health.take_delta());
  CHECK(other.counted(lane, rule.window_ms, at).failures == 0);
}

TEST_CASE("breaker: successes alone keep no window", "[breaker]") {
  Health health(1);
  for (int i = 0; i < 100; ++i) health.count(lane, Counted::success, rule, now);
  CHECK(health.empty());
  CHECK_FALSE(health.count(lane, Counted::failure, {8'000, 1, 0}, now));
}

TEST_CASE("breaker: a half-open lane takes one attempt, and its success is the end of it", "[breaker]") {
  Health health(1);
  health.cool(lane, now + 1'000, now, Why::breaker);
  CHECK(health.standing(lane, now).until_unix_ms == now + 1'000);
  Standing standing = health.standing(lane, now + 1'000);
  CHECK(standing.half_open);
  CHECK_FALSE(standing.probing);
  health.begin_probe(lane);
  CHECK(health.standing(lane, now + 1'001).probing);
  health.end_probe(lane);
  CHECK_FALSE(health.standing(lane, now + 1'002).probing);
  health.succeed(lane, standing.known, now + 1'003);
  CHECK_FALSE(health.standing(lane, now + 1'004).half_open);
  CHECK(health.next_step(lane, now + 1'005, now + 1'005) == 0);
}

TEST_CASE("health: coolings in a row grow, those side by side do not, and a success begins anew", "[breaker]") {
  Health health(1);
  CHECK(health.next_step(lane, now, now) == 0);
  health.cool(lane, now + 1'000, now, Why::hiccup, 0);
  CHECK(health.next_step(lane, now - 500, now + 1) == 0);  // began before that one was known
  CHECK(health.next_step(lane, now + 1'500, now + 1'600) == 1);
  health.cool(lane, now + 3'600, now + 1'600, Why::hiccup, 1);
  CHECK(health.next_step(lane, now + 4'000, now + 4'001) == 2);
  health.succeed(lane, health.standing(lane, now + 4'000).known, now + 4'002);
  CHECK(health.next_step(lane, now + 4'003, now + 4'004) == 0);
  CHECK(grown(5'000, 300'000, 0) == 5'000);
  CHECK(grown(5'000, 300'000, 2) == 20'000);
  CHECK(grown(5'000, 300'000, 255) == 300'000);
  CHECK(grown(600'000, 300'000, 3) == 600'000);
}

TEST_CASE("health: a success lifts what was known when it began, in every scope, and nothing newer", "[breaker]") {
  Health health(1);
  health.cool("p", now + 10'000, now, Why::unreachable);
  health.cool("p/key", now + 20'000, now, Why::refused);
  const Standing planned = health.standing(lane, now + 1);
  CHECK(planned.scope == Scope::credential);
  CHECK(planned.why == Why::refused);
  health.cool(lane, now + 5'000, now + 2);
  health.succeed(lane, planned.known, now + 3);
  CHECK(health.standing(lane, now + 4).until_unix_ms == now + 5'000);
  CHECK(health.standing("p/other/m", now + 4).until_unix_ms == 0);
}

TEST_CASE("health: who suffers is the lane, its credential or its provider", "[breaker]") {
  const auto ours = CredentialOwner::ours;
  CHECK(suffering_of(FaultKind::upstream_credential_refused, ours, Unreachable::told).scope == Scope::credential);
  CHECK(suffering_of(FaultKind::upstream_exhausted, ours, Unreachable::told).scope == Scope::credential);
  CHECK(suffering_of(FaultKind::upstream_rate_limited, ours, Unreachable::told).scope == Scope::lane);
  CHECK(suffering_of(FaultKind::upstream_error, ours, Unreachable::told).scope == Scope::lane);
  CHECK(suffering_of(FaultKind::upstream_connect, ours, Unreachable::told).scope == Scope::provider);
  CHECK(suffering_of(FaultKind::upstream_connect, ours, Unreachable::unknown).scope == Scope::lane);
  CHECK_FALSE(suffering_of(FaultKind::upstream_total_timeout, ours, Unreachable::told).counts);
  const auto none = suffering_of(FaultKind::upstream_credential_refused, CredentialOwner::nobody, Unreachable::told);
  CHECK(none.scope == Scope::lane);
  CHECK(none.why == Why::no_credential);
  CHECK(none.is_users);
  CHECK_FALSE(none.counts);
  CHECK_FALSE(none.grows);
  for (FaultKind kind : {FaultKind::upstream_in_doubt, FaultKind::upstream_model_in_doubt, FaultKind::upstream_unpaid,
                         FaultKind::upstream_forbidden}) {
    CHECK(suffering_of(kind, ours, Unreachable::told).scope == Scope::lane);
    CHECK_FALSE(suffering_of(kind, ours, Unreachable::told).counts);
    CHECK_FALSE(suffering_of(kind, ours, Unreachable::told).grows);
  }
}

TEST_CASE("health: names that clients invent neither fill the table nor evict a configured lane", "[breaker]") {
  Health health(1);
  health.cool(lane, now + 1'000, now);
  for (size_t i = 0; i < 3 * wild_lanes_max; ++i)
    health.cool("*p/key/made-up-" + std::to_string(i), now + 60'000 + int64_t(i), now);
  CHECK(health.lane_count() == wild_lanes_max + 1);
  CHECK(health.cooled(lane, now));
  CHECK(scoped("*p/key/m", Scope::credential) == "p/key");
  CHECK(scoped("*p/key/m", Scope::provider) == "p");
  Health sister(2);
  REQUIRE(sister.merge(health.snapshot()));
  CHECK(sister.snapshot() == health.snapshot());
}

TEST_CASE("health: switches travel, last word first, and are no coolings", "[breaker]") {
  Health health(1), sister(2);
  CHECK(health.enabled("p", true));
  CHECK_FALSE(health.enabled("p", false));
  health.turn("p", Switch::off, now);
  CHECK_FALSE(health.enabled("p", true));
  REQUIRE(sister.merge(health.take_delta()));
  CHECK_FALSE(sister.enabled("p", true));
  sister.turn("p", Switch::on, now + 1);
  REQUIRE(health.merge(sister.take_delta()));
  CHECK(health.enabled("p", false));
  health.turn("p/key", Switch::off, now + 2);
  health.reset("", now + 3);
  CHECK_FALSE(health.enabled("p/key", true));
  CHECK(health.standing(lane, now + 4).until_unix_ms == 0);
}

TEST_CASE("health: a reset is of a lane with what it suffers under, of a provider, or of all, here and elsewhere",
          "[breaker]") {
  Health health(1), sister(2);
  for (std::string_view each : {"p", "p/key", "p/key/m", "p/key/n", "q/key/m", "*q/key/m"})
    health.cool(each, now + 60'000, now);
  REQUIRE(sister.merge(health.take_delta()));
  health.reset("p/key/m", now + 1);
  CHECK_FALSE(health.cooled("p", now + 2));
  CHECK_FALSE(health.cooled("p/key/m", now + 2));
  CHECK(health.cooled("p/key/n", now + 2));
  health.reset("q", now + 3);
  CHECK_FALSE(health.cooled("q/key/m", now + 4));
  CHECK_FALSE(health.cooled("*q/key/m", now + 4));
  REQUIRE(sister.merge(health.take_delta()));
  CHECK(sister.snapshot() == health.snapshot());
}

TEST_CASE("health: a state of the version before is read", "[breaker]") {
  // One lane, "a/default/x", as version 1 wrote it.
  const unsigned char bytes[] = {0x01, 0x01, 0x00, 0x0b, 0x00, 0x61, 0x2f, 0x64, 0x65, 0x66, 0x61,
                                 0x75, 0x6c, 0x74, 0x2f, 0x78, 0x00, 0x00, 0x00, 0x00, 0x88, 0x7b,
                                 0xe5, 0xcf, 0x8b, 0x01, 0x00, 0x00, 0x00, 0x68, 0xe5, 0xcf, 0x8b,
                                 0x01, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x2c, 0x97, 0x57, 0x87};
  Health health(2);
  REQUIRE(health.merge({reinterpret_cast<const char*>(bytes), sizeof bytes}));
  CHECK(health.cooled("a/default/x", now + 1));
}
