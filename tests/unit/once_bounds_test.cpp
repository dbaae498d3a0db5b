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
  SECTION("what is left at the end stays kept until it takes it") {
    finish(leader, end);
    CHECK(follower.bytes == all + end);
    CHECK(leader.bytes.size() == (begin + delta("Hel")).size() + untaken_bytes_max);
    CHECK_FALSE(leader.finished);
    CHECK(broadcasts().kept_bytes() >= all.size() + end.size() - leader.bytes.size());
    pass(50'000);
    CHECK_FALSE(leader.finished);
    take(leader);
    CHECK(leader.finished);
    CHECK(leader.bytes == all + end);
    CHECK(leader.log.back() == "complete");
    CHECK_FALSE(leader.report.fault);
    CHECK(leader.report.usage.output_tokens == 9);
    CHECK(leader.report.followed.empty());
    CHECK(broadcasts().kept_bytes() == 0);
  }
  SECTION("and is let go when it leaves") {
    finish(leader, end);
    tell(leader, ClientGone{});
    CHECK(leader.finished);
    CHECK(leader.report.fault.kind == FaultKind::client_gone);
    CHECK(broadcasts().kept_bytes() == 0);
  }
  SECTION("or its time is over") {
    finish(leader, end);
    pass(101'000);
    CHECK(leader.finished);
    CHECK(leader.log.back() == "cut");
    CHECK(leader.report.fault.kind == FaultKind::upstream_total_timeout);
    CHECK(broadcasts().kept_bytes() == 0);
  }
  SECTION("its time may also be over before the answer's end, and then it is cut") {
    pass(101'000);
    CHECK(leader.finished);
    CHECK(leader.log.back() == "cut");
    CHECK(leader.bytes == all.substr(0, leader.bytes.size()));
    CHECK(follower.finished);
    CHECK(broadcasts().kept_bytes() == 0);
  }
  SECTION("an error at its end is told behind what came before") {
    tell(leader, UpstreamFailed{leader.attempt, FaultKind::upstream_reset});
    CHECK(follower.finished);
    CHECK_FALSE(leader.finished);
    take(leader);
    CHECK(leader.finished);
    CHECK(leader.log.back() == "complete");
    CHECK(leader.bytes.substr(0, all.size()) == all);
    CHECK(leader.bytes.substr(all.size(), 12) == "event: error");
    CHECK(leader.bytes.find(leader.report.request_id, all.size()) != std::string::npos);
    CHECK(leader.report.fault.kind == FaultKind::upstream_reset);
  }
  SECTION("and when those that followed have left, nothing goes out of the bound") {
    tell(follower, ClientGone{});
    CHECK(leader.log.back() == "of client");
    finish(leader, end);
    CHECK_FALSE(leader.finished);
    CHECK(leader.bytes.size() == (begin + delta("Hel")).size() + untaken_bytes_max);
    CHECK(broadcasts().kept_bytes() >= all.size() + end.size() - leader.bytes.size());
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

TEST_CASE_METHOD(BoundedPair, "once: a leader's client that is further behind than the bound is given up as others are",
                 "[once]") {
  leader.reads = false;
  head(leader);
  body(leader, begin);
  const std::string all = begin + large_answer();
  CHECK(follower.bytes == all);  // at its own pace
  CHECK_FALSE(leader.did("of client"));
  finish(leader, end);
  CHECK(follower.bytes == all + end);
  CHECK(leader.finished);
  CHECK(leader.log.back() == "cut");
  CHECK(leader.report.fault.kind == FaultKind::overloaded);
  CHECK(leader.bytes == all.substr(0, leader.bytes.size()));
  CHECK(broadcasts().kept_bytes() == 0);
}

TEST_CASE_METHOD(BoundedPair, "once: a leader's client that nobody follows any more says how fast", "[once]") {
  leader.reads = false;
  head(leader);
  body(leader, begin);
  std::string all = begin + pieces(leader, 100);
  CHECK_FALSE(leader.did("of client"));
  tell(follower, ClientGone{});
  CHECK(leader.log.back() == "of client");
  take(leader);
  CHECK(leader.bytes == all);
  finish(leader, end);
  CHECK(leader.bytes == all + end);
}

TEST_CASE_METHOD(BoundedPair, "once: a piece larger than the bound gives up nobody who has read all before it",
                 "[once]") {
  Client& slow = ask();
  slow.reads = false;
  head(leader);
  const std::string before = begin + pieces(leader, 100);
  body(leader, begin);
  const std::string large = delta(std::string(size_t(2 * answer_bytes_max), 'y'));
  const size_t read = follower.bytes.size();
  body(leader, large);
  CHECK(follower.bytes.substr(read) == large);
  CHECK(leader.bytes == follower.bytes);
  CHECK(slow.finished);
  CHECK(slow.report.fault.kind == FaultKind::overloaded);
  pieces(leader, 1);
  CHECK(broadcasts().kept_bytes() <= beyond_bytes_max);
  finish(leader, end);
  CHECK(follower.log.back() == "complete");
}

TEST_CASE("once: where all answers together need the room, a leader's client that does not read is cut off", "[once]") {
  auto config = config_with_once();
  config->server.limits.once_bytes_max = 256 << 10;
  Crowd crowd(config);
  const bool ended = GENERATE(false, true);
  const bool followed = GENERATE(false, true);
  std::vector<Client*> leaders, followers;
  std::string all = begin;
  for (int i = 0; i < 200; ++i) all += delta(std::string(1'000, 'x'));
  for (size_t i = 0; i < 4; ++i) {
    const std::string own = question + std::string(i, ' ');
    Client& leader = *leaders.emplace_back(&crowd.ask(own));
    Client& follower = *followers.emplace_back(&crowd.ask(own));
    leader.reads = false;
    crowd.head(leader);
    for (size_t at = 0; at < all.size(); at += 1'000) {
      crowd.body(leader, all.substr(at, 1'000));
      REQUIRE(crowd.broadcasts().kept_bytes() <= (256 << 10) + (16 << 10));
    }
    CHECK(follower.bytes == all);
    if (!followed) crowd.tell(follower, ClientGone{});
    if (ended) crowd.finish(leader, end);
  }
  // Three of them keep more than there is room for.
  size_t cut_off = 0;
  for (Client* leader : leaders) {
    if (!ended) crowd.finish(*leader, end);
    crowd.take(*leader);
    REQUIRE(leader->finished);
    if (leader->log.back() == "complete") {
      CHECK(leader->bytes == all + end);
      CHECK_FALSE(leader->report.fault);
      continue;
    }
    ++cut_off;
    CHECK(leader->bytes.size() == untaken_bytes_max);
    CHECK(leader->bytes == all.substr(0, untaken_bytes_max));
    CHECK(leader->report.fault.kind == FaultKind::overloaded);
  }
  CHECK(cut_off == 3);
  for (Client* follower : followers)
    if (followed) CHECK(follower->bytes == all + end);
  CHECK(crowd.broadcasts().kept_bytes() == 0);
}

TEST_CASE_METHOD(Pair, "once: a leader that is read at its client's pace again is read freely when another follows",
                 "[once]") {
  leader.reads = false;
  head(leader);
  body(leader, begin);
  pieces(leader, 10);
  tell(follower, ClientGone{});
  REQUIRE(leader.log.back() == "of client");
  Client& second = ask();
  CHECK(leader.log.back() == "free");
  tell(leader, ClientGone{});
  pieces(leader, 10);
  finish(leader, end);
  CHECK(second.log.back() == "complete");
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

TEST_CASE("once: a translated answer that the first client does not read is kept, and ends, like any other", "[once]") {
  auto config = config_with_once();
  config->providers[0].dialect = Dialect::openai_chat;
  config->providers[0].credentials = {"main"};
  Crowd crowd(config);
  const std::string asked = R"({"model":"m","stream":true,"max_tokens":5,"messages":[{"role":"user","content":"hi"}]})";
  Client& leader = crowd.ask(asked);
  Client& follower = crowd.ask(asked);
  leader.reads = false;
  const auto chunk = [](const std::string& text) {
    return R"(data: {"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":")" +
           text + "\"}}]}\n\n";
  };
  crowd.head(leader);
  for (int i = 0; i < 200; ++i) crowd.body(leader, chunk(std::string(1'000, 'x')));
  const size_t sent = leader.bytes.size();
  CHECK(follower.bytes.size() > 200'000);
  CHECK(sent < 70'000);
  SECTION("whole") {
    crowd.finish(leader, R"(data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"
                         "\n\ndata: [DONE]\n\n");
    CHECK(follower.bytes.find("message_stop") != std::string::npos);
    CHECK_FALSE(leader.finished);
    CHECK(leader.bytes.size() == sent);
    crowd.take(leader);
    CHECK(leader.finished);
    CHECK(leader.log.back() == "complete");
    CHECK(leader.bytes == follower.bytes);
  }
  SECTION("with an error at its end") {
    crowd.tell(leader, UpstreamFailed{leader.attempt, FaultKind::upstream_reset});
    CHECK_FALSE(leader.finished);
    crowd.take(leader);
    CHECK(leader.finished);
    CHECK(leader.log.back() == "complete");
    CHECK(leader.bytes == follower.bytes);
    CHECK(leader.bytes.find("event: error") != std::string::npos);
    CHECK(leader.report.fault.kind == FaultKind::upstream_reset);
  }
  SECTION("over its time") {
    crowd.pass(101'000);
    CHECK(leader.finished);
    CHECK(leader.log.back() == "cut");
    CHECK(leader.bytes.size() == sent);
    CHECK(follower.finished);
    CHECK(follower.bytes.find("event: error") != std::string::npos);
  }
  CHECK(crowd.broadcasts().kept_bytes() == 0);
}

TEST_CASE("once: a leader's client that was cut off gets no error event behind its gap", "[once]") {
  auto config = config_with_once();
  config->server.limits.once_answer_bytes_max = 128 << 10;
  Pair crowd(config);
  crowd.leader.reads = false;
  crowd.head(crowd.leader);
  crowd.body(crowd.leader, begin);
  crowd.pieces(crowd.leader, 300);
  const std::string got = crowd.leader.bytes;
  CHECK_FALSE(crowd.leader.finished);
  crowd.tell(crowd.leader, UpstreamFailed{crowd.leader.attempt, FaultKind::upstream_reset});
  CHECK(crowd.leader.finished);
  CHECK(crowd.leader.bytes.size() == got.size());
  CHECK(crowd.leader.bytes.substr(got.size()).empty());
  INFO("last of what it had: " << got.substr(got.size() - 40));
  CHECK(crowd.leader.bytes == got.substr(0, crowd.leader.bytes.size()));
  CHECK(crowd.leader.did("cut"));
}

TEST_CASE("once: nothing is sent while taking is awaited", "[once]") {
  Pair crowd;
  crowd.leader.reads = false;
  crowd.head(crowd.leader);
  const size_t credit = 64 << 10;
  crowd.body(crowd.leader, begin);
  for (size_t left = credit - begin.size(); left > 0;) {
    const size_t bytes = left > 4'000 ? 2'000 : left;
    crowd.body(crowd.leader, delta(std::string(bytes - delta("").size(), 'x')));
    left -= bytes;
  }
  CHECK(crowd.leader.bytes.size() == credit);
  CHECK(crowd.leader.awaits_taking);
  crowd.pass(10'000);
  CHECK(crowd.leader.bytes.size() == credit);
  CHECK(crowd.follower.bytes.size() > credit);
}
