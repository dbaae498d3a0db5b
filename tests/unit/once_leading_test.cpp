// One upstream call for identical concurrent requests: what becomes of it when whoever leads it leaves, is lost by its host,
// is quiet for long or comes to its own deadline, and when the answer begins for whom.
#include <catch2/catch.hpp>
#include <string>

#include "once_crowd.h"

using namespace signalbox;
using namespace signalbox::once_test;

namespace {

// A pair that has got the beginning of an answer.
struct BegunPair : Pair {
  BegunPair() {
    head(leader);
    body(leader, begin + delta("1"));
  }
};

}  // namespace

TEST_CASE_METHOD(Crowd, "once: the leader's client leaves, and the call goes on for who follows", "[once]") {
  Client& leader = ask();
  SECTION("before anything was answered") {
    Client& follower = ask();
    tell(leader, ClientGone{});
    CHECK_FALSE(leader.finished);
    tell(leader, ClientGone{});  // some hosts say it twice
    head(leader);
    body(leader, begin + delta("Hello"));
    finish(leader, end);
    CHECK(follower.bytes == begin + delta("Hello") + end);
    CHECK(follower.log.back() == "complete");
    CHECK_FALSE(leader.did("head"));
    CHECK(leader.bytes.empty());
    CHECK(leader.log.back() == "complete");
    CHECK(leader.report.fault.kind == FaultKind::client_gone);
    CHECK(leader.report.status == 0);
    CHECK(leader.report.usage.output_tokens == 9);
  }
  SECTION("within the answer, of which nothing more goes to it") {
    Client& follower = ask();
    head(leader);
    body(leader, begin + delta("Hel"));
    const std::string got = leader.bytes;
    tell(leader, ClientGone{});
    body(leader, delta("lo"));
    finish(leader, end);
    CHECK(leader.bytes == got);
    CHECK(follower.bytes == begin + delta("Hel") + delta("lo") + end);
  }
  SECTION("and another one joins it still") {
    ask();
    tell(leader, ClientGone{});
    Client& third = ask();
    CHECK_FALSE(third.did("open"));
    head(leader);
    finish(leader, begin + delta("Hello") + end);
    CHECK(third.bytes == begin + delta("Hello") + end);
  }
  SECTION("until the last of them has left too") {
    Client& one = ask();
    Client& two = ask();
    head(leader);
    body(leader, begin + delta("Hel"));
    tell(leader, ClientGone{});
    tell(one, ClientGone{});
    CHECK_FALSE(leader.finished);
    tell(two, ClientGone{});
    CHECK(leader.finished);
    CHECK(leader.did("cancel"));
    CHECK(leader.report.fault.kind == FaultKind::client_gone);
    CHECK(broadcasts().kept_bytes() == 0);
  }
  SECTION("but ends the call where nobody follows") {
    tell(leader, ClientGone{});
    CHECK(leader.finished);
    CHECK(leader.did("cancel"));
    CHECK(ask().did("open"));
  }
}

TEST_CASE_METHOD(Crowd, "once: what has failed the leader alone, each asks for himself, and again once for all",
                 "[once]") {
  Client& leader = ask();
  pass(90'000);
  Client& one = ask();
  Client& two = ask();
  SECTION("its deadline") {
    pass(11'000);
    CHECK(leader.finished);
    CHECK(leader.report.fault.kind == FaultKind::upstream_total_timeout);
  }
  SECTION("its host's loss") {
    leader.exchange.reset();
    pass(7'000);
  }
  CHECK(one.did("open"));
  CHECK_FALSE(two.did("open"));
  CHECK(one.bytes.find("error") == std::string::npos);
  head(one);
  finish(one, begin + delta("Hello") + end);
  CHECK(one.bytes.find(begin + delta("Hello") + end) != std::string::npos);
  CHECK(two.bytes.find(begin + delta("Hello") + end) != std::string::npos);
  CHECK(two.report.followed == one.report.request_id);
  CHECK(one.report.followed.empty());
}

TEST_CASE_METHOD(BegunPair, "once: a leader that its host has lost within the answer", "[once]") {
  SECTION("and destroyed") { leader.exchange.reset(); }
  SECTION("and forgotten") { leader.turn = 0, leader.wake_at_ms = never_ms; }
  pass(8'000);
  CHECK(follower.finished);
  CHECK(follower.bytes.find("event: error") != std::string::npos);
}

TEST_CASE_METHOD(BegunPair, "once: a leader that is quiet for long is not lost", "[once]") {
  pass(60'000);
  finish(leader, end);
  CHECK(follower.log.back() == "complete");
  CHECK_FALSE(follower.did("open"));
  // Signs of life, where an event has ended.
  CHECK(follower.bytes.find("event: ping") != std::string::npos);
  CHECK(leader.bytes.find("event: ping") != std::string::npos);
}

TEST_CASE_METHOD(Pair, "once: followers who all wake from a standstill do not give up a leader that was not told yet",
                 "[once]") {
  Client& third = ask();
  head(leader);
  body(leader, begin + delta("1"));
  pass(500);
  // The process stands still; then timers come in whatever order.
  for (Client* each : {&leader, &follower, &third}) each->now.monotonic_ms += 6'000, each->now.unix_ms += 6'000;
  follower.tell(Woken{});
  third.tell(Woken{});
  give_turns();
  body(leader, delta("2"));
  finish(leader, end);
  CHECK(leader.bytes.find(delta("2") + end) != std::string::npos);
  CHECK(follower.bytes.find(delta("2") + end) != std::string::npos);
  CHECK(third.log.back() == "complete");
}

TEST_CASE_METHOD(BegunPair, "once: a leader that was taken for lost serves its own client to the end", "[once]") {
  // Its host does not get to it, and the follower looks again and again.
  for (int i = 0; i < 4; ++i) {
    follower.now.monotonic_ms += 3'000;
    follower.tell(Woken{});
  }
  body(leader, delta("2"));
  finish(leader, end);
  CHECK(leader.bytes == begin + delta("1") + delta("2") + end);
  CHECK(leader.log.back() == "complete");
}

TEST_CASE("once: behind the head of a whole answer that was cut no other one follows", "[once]") {
  auto config = config_with_once();
  config->routes[0].commit = Commit::head;
  WholePair pair(config);
  Client& leader = pair.leader;
  const Header fields[] = {{"content-type", "application/json"}, {"content-length", "100"}};
  const bool has_length = GENERATE(true, false);
  pair.tell(leader, UpstreamSent{leader.attempt});
  pair.tell(leader, UpstreamHead{leader.attempt, 200, std::span(fields).first(has_length ? 2 : 1)});
  REQUIRE(pair.follower.did("head"));
  pair.tell(leader, UpstreamFailed{leader.attempt, FaultKind::upstream_reset});
  CHECK(leader.log.back() == "cut");
  CHECK_FALSE(pair.follower.did("open"));
  CHECK(pair.follower.log.back() == "cut");
}

TEST_CASE_METHOD(Crowd, "once: the gate opens for all at once, and for who has waited longest", "[once]") {
  // Its body comes slowly.
  Client& slow_upload = add();
  tell(slow_upload, ClientHead{"POST", target, {}, int64_t(question.size()), PeerScope::loopback, {}});
  pass(800);
  Client& leader = ask();
  tell(slow_upload, ClientBody{question, true});
  CHECK_FALSE(slow_upload.did("open"));
  pass(300);
  CHECK(slow_upload.did("head"));
  CHECK(leader.did("head"));
  // A failure is an event now, for both.
  tell(leader, UpstreamFailed{leader.attempt, FaultKind::upstream_connect});
  for (Client* client : {&leader, &slow_upload}) {
    CHECK(client->status == 200);
    CHECK(client->bytes.find("event: error") != std::string::npos);
    CHECK(client->bytes.find(client->report.request_id) != std::string::npos);
    CHECK(client->log.back() == "complete");
  }
}

TEST_CASE_METHOD(Crowd, "once: a follower's own deadline is his own", "[once]") {
  Client& slow_upload = add();
  tell(slow_upload, ClientHead{"POST", target, {}, -1, PeerScope::loopback, {}});
  pass(50'000);
  Client& leader = ask();
  tell(slow_upload, ClientBody{question, true});
  pass(51'000);
  CHECK(slow_upload.finished);
  CHECK(slow_upload.report.fault.kind == FaultKind::upstream_total_timeout);
  CHECK_FALSE(leader.finished);
}

TEST_CASE("once: a leader that waits for a place hears those that follow at once", "[once]") {
  auto config = config_with_once();
  config->providers[0].concurrent_max = 1;
  config->routes[0].queue = {4, 20'000};
  Crowd crowd(config);
  Client& first = crowd.ask(question + " ");
  REQUIRE(first.did("open"));
  // Its body comes slowly.
  Client& slow_upload = crowd.add();
  crowd.tell(slow_upload, ClientHead{"POST", "/v1/messages", {}, int64_t(question.size()), PeerScope::loopback, {}});
  crowd.pass(750);
  Client& leader = crowd.ask();
  REQUIRE_FALSE(leader.did("open"));
  crowd.tell(slow_upload, ClientBody{question, true});
  SECTION("who has waited longest gets his head in time") {
    crowd.pass(300);
    CHECK(leader.did("head"));
    CHECK(slow_upload.did("head"));
  }
  SECTION("and the call ends with the last that wants it") {
    crowd.tell(leader, ClientGone{});
    CHECK_FALSE(leader.finished);
    crowd.tell(slow_upload, ClientGone{});
    CHECK(leader.finished);
  }
  SECTION("also when it has its place") {
    crowd.head(first);
    crowd.finish(first, begin + delta("Hello") + end);
    REQUIRE(leader.did("open"));
    crowd.tell(leader, ClientGone{});
    CHECK_FALSE(leader.finished);
    crowd.tell(slow_upload, ClientGone{});
    CHECK(leader.finished);
  }
}

TEST_CASE("once: who hears of a head and of its loss in one step asks for himself, and has told his client nothing",
          "[once]") {
  auto config = config_with_once();
  config->routes[0].commit = Commit::head;
  Pair pair(config);
  const Header fields[] = {{"content-type", "text/event-stream"},
                           {"x-of-upstream", "a value that is longer than what stands in the string itself"}};
  pair.leader.tell(UpstreamSent{pair.leader.attempt});
  pair.leader.tell(UpstreamHead{pair.leader.attempt, 200, fields});
  REQUIRE(pair.leader.did("head"));
  pair.leader.exchange.reset();
  pair.give_turns();
  REQUIRE(pair.follower.did("open"));
  CHECK_FALSE(pair.follower.did("head"));
  pair.head(pair.follower);
  pair.finish(pair.follower, begin + delta("Hello") + end);
  CHECK(pair.follower.bytes == begin + delta("Hello") + end);
  CHECK(pair.follower.header("x-signalbox-followed").empty());
}

TEST_CASE("once: a leader lost between its answer's own end and its connection's adds no error", "[once]") {
  Pair crowd;
  crowd.head(crowd.leader);
  crowd.body(crowd.leader, begin + delta("Hello") + end);
  CHECK(crowd.follower.bytes == begin + delta("Hello") + end);
  crowd.leader.exchange.reset();
  crowd.pass(10'000);
  CHECK(crowd.follower.finished);
  CHECK(crowd.follower.bytes == begin + delta("Hello") + end);
  CHECK_FALSE(crowd.follower.report.fault);
}

TEST_CASE("once: a leader whose client has gone sends nothing", "[once]") {
  Pair crowd;
  crowd.tell(crowd.leader, ClientGone{});
  crowd.pass(120'000);
  CHECK(crowd.leader.finished);
  CHECK(crowd.leader.bytes.empty());
}

TEST_CASE("once: a gone leader's refusal sends no body without a head", "[once]") {
  Pair crowd;
  crowd.tell(crowd.leader, ClientGone{});
  crowd.tell(crowd.leader, UpstreamFailed{crowd.leader.attempt, FaultKind::upstream_connect});
  CHECK(crowd.leader.finished);
  CHECK(crowd.leader.status == 0);
  CHECK(crowd.leader.bytes.empty());
}

TEST_CASE("once: a follower's time is over between the answer's own end and its connection's", "[once]") {
  Crowd crowd;
  Client& follower = crowd.add();  // its head comes first, its body later
  ClientHead head{"POST", "/v1/messages", {}, int64_t(question.size()), PeerScope::loopback, {}};
  head.random.fill(99);
  crowd.tell(follower, head);
  crowd.pass(99'500);
  Client& leader = crowd.ask();
  crowd.tell(follower, ClientBody{question, true});
  crowd.head(leader);
  crowd.body(leader, begin + delta("a") + end);
  CHECK(follower.bytes == begin + delta("a") + end);
  crowd.pass(600);
  CHECK(follower.finished);
  CHECK(follower.bytes == begin + delta("a") + end);
}
