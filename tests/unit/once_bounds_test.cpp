// One upstream call for identical concurrent requests: who reads slowly or leaves slows nobody else, and what is kept for
// those behind has bounds.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "once_crowd.h"

using namespace signalbox;
using namespace signalbox::once_test;
using exchange::Broadcast;

namespace {

// What is given to a client that does not read, before it is asked whether it takes more.
constexpr size_t untaken_bytes_max = 64 << 10;

// A pair that shares answers of up to 256 KiB.
struct BoundedPair : Pair {
  static constexpr int64_t answer_bytes_max = 256 << 10;
  // Blocks of up to 16 KiB are kept whole, one that is being read and one that has just been begun.
  static constexpr size_t beyond_bytes_max = 32 << 10;

  BoundedPair() : Pair(bounded()) {}

  static std::shared_ptr<Config> bounded() {
    auto config = config_with_once();
    config->server.limits.once_answer_bytes_max = answer_bytes_max;
    return config;
  }

  // An answer of about 1 MB to `leader`, of which no more than the bound is ever kept; gives it.
  std::string large_answer() {
    std::string all;
    for (int i = 0; i < 1'000; ++i) {
      all += pieces(leader, 1);
      REQUIRE(broadcasts().kept_bytes() <= size_t(answer_bytes_max) + beyond_bytes_max);
    }
    return all;
  }
};

}  // namespace

TEST_CASE_METHOD(Pair, "once: a follower leaves, and nobody else notices", "[once]") {
  Client& staying = ask();
  head(leader);
  body(leader, begin);
  tell(follower, ClientGone{});
  CHECK(follower.finished);
  CHECK(follower.report.fault.kind == FaultKind::client_gone);
  finish(leader, delta("Hello") + end);
  CHECK(leader.bytes == begin + delta("Hello") + end);
  CHECK(staying.bytes == leader.bytes);
}

TEST_CASE_METHOD(Pair, "once: a follower that does not read gets no more than a little, and slows nobody", "[once]") {
  follower.reads = false;
  head(leader);
  body(leader, begin);
  std::string all = begin + pieces(leader, 300);
  CHECK(leader.bytes == all);
  CHECK(follower.bytes.size() == untaken_bytes_max);
  finish(leader, end);
  all += end;
  CHECK(leader.finished);
  CHECK_FALSE(follower.finished);
  // It reads from what is kept, and is asked again and again whether it takes more.
  take(follower);
  CHECK(follower.finished);
  CHECK(follower.bytes == all);
  CHECK(follower.log.back() == "complete");
  CHECK(std::count(follower.log.begin(), follower.log.end(), "await taking") >= 4);
  CHECK(broadcasts().kept_bytes() == 0);
}

TEST_CASE_METHOD(Crowd, "once: a leader's client that does not read slows nobody", "[once]") {
  Client& leader = ask();
  leader.reads = false;
  head(leader);
  body(leader, begin + delta("Hel"));
  CHECK_FALSE(leader.did("free"));
  Client& follower = ask();
  CHECK(leader.did("free"));  // it may have been standing still
  const std::string all = begin + delta("Hel") + pieces(leader, 300);
  CHECK(follower.bytes == all);
  CHECK(leader.bytes.size() == (begin + delta("Hel")).size() + untaken_bytes_max);
  SECTION("what is left is given to its host at the end, as of any other answer") {
    finish(leader, end);
    CHECK(leader.finished);
    CHECK(leader.bytes == all + end);
    CHECK(follower.bytes == all + end);
  }
  SECTION("and what it has not read yet it gets when it reads") {
    take(leader);
    CHECK(leader.bytes == all);
    finish(leader, end);
    CHECK(leader.bytes == all + end);
  }
}

TEST_CASE_METHOD(BoundedPair, "once: an answer beyond its bound takes in nobody, and who is further behind is told so",
                 "[once]") {
  Client& quick = ask();
  follower.reads = false;
  head(leader);
  body(leader, begin);
  const std::string all = begin + large_answer();
  CHECK(ask().did("open"));
  CHECK(follower.finished);
  CHECK(follower.report.fault.kind == FaultKind::overloaded);
  CHECK(follower.log.back() == "cut");  // it stood within an event
  CHECK(quick.bytes == all);
  finish(leader, end);
  CHECK(quick.bytes == all + end);
  CHECK(leader.bytes == all + end);
}

TEST_CASE_METHOD(BoundedPair, "once: what a follower was sent last does not keep the rest", "[once]") {
  follower.reads = false;
  head(leader);
  body(leader, begin + delta(std::string(1'000, 'x')));
  take(follower);
  follower.reads = false;
  large_answer();
  CHECK(follower.finished);
}

TEST_CASE_METHOD(BoundedPair, "once: a leader's client that is further behind than the bound gets all the same",
                 "[once]") {
  leader.reads = false;
  head(leader);
  body(leader, begin);
  const std::string all = begin + large_answer();
  finish(leader, end);
  CHECK(leader.did("of client"));
  CHECK(leader.bytes == all + end);
  CHECK(follower.bytes == all + end);
}

TEST_CASE_METHOD(BoundedPair,
                 "once: a leader that was read at its client's pace again is read freely when that client leaves",
                 "[once]") {
  leader.reads = false;
  head(leader);
  body(leader, begin);
  for (int i = 0; i < 1'000 && !leader.did("of client"); ++i) pieces(leader, 1);
  REQUIRE(leader.did("of client"));
  body(leader, delta("y"));
  tell(leader, ClientGone{});
  CHECK_FALSE(follower.finished);
  CHECK(leader.log.back() == "free");
}

TEST_CASE("once: all answers together have a bound, and what nobody shares goes first", "[once]") {
  auto config = config_with_once();
  config->server.limits.once_bytes_max = 256 << 10;
  Crowd crowd(config);
  Client& lonely = crowd.ask(question + " ");
  crowd.head(lonely);
  crowd.body(lonely, begin + delta(std::string(200'000, 'x')));
  Client& leader = crowd.ask();
  Client& follower = crowd.ask();
  crowd.head(leader);
  crowd.body(leader, begin + delta(std::string(200'000, 'y')));
  CHECK(crowd.broadcasts().kept_bytes() <= (256 << 10));
  CHECK(follower.bytes == leader.bytes);
  CHECK(crowd.ask(question + " ").did("open"));
  crowd.finish(lonely, end);
  CHECK(lonely.log.back() == "complete");
}

TEST_CASE_METHOD(Crowd, "once: a crowd has a bound, and the next one leads another", "[once]") {
  Client& leader = ask();
  for (size_t i = 0; i < Broadcast::followers_max; ++i) REQUIRE_FALSE(ask().did("open"));
  Client& second = ask();
  CHECK(second.did("open"));
  Client& last = ask();
  CHECK_FALSE(last.did("open"));
  head(second);
  finish(second, begin + delta("Hello") + end);
  CHECK(last.report.followed == second.report.request_id);
  head(leader);
  finish(leader, begin + delta("Hello") + end);
  for (const auto& client : clients) CHECK(client->bytes == begin + delta("Hello") + end);
}
