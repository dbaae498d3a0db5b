// One upstream call for identical concurrent requests (routes[].once): who shares with whom, what each gets, and what it
// costs. Who leads, and what becomes of it: once_leading_test.cpp; who reads slowly, and bounds: once_bounds_test.cpp.
#include <array>
#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "base/sha256.h"
#include "config/host_fit.h"
#include "config/json_source.h"
#include "config/read.h"
#include "exchange/same_request.h"
#include "once_crowd.h"
#include "signalbox/client_ledger.h"
#include "signalbox/metrics.h"

using namespace signalbox;
using namespace signalbox::once_test;

TEST_CASE("once: nobody shares unasked, nor where the host has no turns to give", "[once]") {
  auto config = config_with_once();
  config->routes[0].once = Once::off;
  Pair unasked(config);
  CHECK(unasked.leader.did("open"));
  CHECK(unasked.follower.did("open"));

  Gateway alone(config_with_once(), {}, 1);
  Client one(alone, 1), two(alone, 2);
  for (Client* client : {&one, &two}) {
    client->tell(ClientHead{"POST", "/v1/messages", {}, int64_t(question.size()), PeerScope::loopback, {}});
    client->tell(ClientBody{question, true});
    CHECK(client->did("open"));
    CHECK(client->turn == 0);
  }
}

TEST_CASE_METHOD(Pair, "once: who asks the same gets the same from its beginning, and costs no call", "[once]") {
  CHECK(leader.did("open"));
  CHECK_FALSE(follower.did("open"));
  head(leader);
  CHECK(follower.log.empty());
  body(leader, begin);
  body(leader, delta("Hel"));
  CHECK(follower.bytes == begin + delta("Hel"));
  CHECK(follower.did("release"));
  Client& late = ask();
  CHECK(late.bytes == begin + delta("Hel"));
  body(leader, delta("lo"));
  finish(leader, end);
  for (Client* client : {&leader, &follower, &late}) {
    CHECK(client->status == 200);
    CHECK(client->bytes == begin + delta("Hel") + delta("lo") + end);
    CHECK(client->log.back() == "complete");
    CHECK(client->header("content-type") == "text/event-stream");
    CHECK(client->header("request-id") == client->report.request_id);
    CHECK(client->report.provider == "up");
    CHECK_FALSE(client->report.fault);
  }
  CHECK(leader.report.usage.output_tokens == 9);
  CHECK(leader.report.followed.empty());
  CHECK(follower.report.followed == leader.report.request_id);
  CHECK(follower.header("x-signalbox-followed") == leader.report.request_id);
  CHECK(follower.report.usage.output_tokens == -1);
  CHECK(follower.report.attempt_count == 0);
  // Nothing is kept once it is over: the next one asks anew.
  CHECK(broadcasts().kept_bytes() == 0);
  CHECK(ask().did("open"));
}

TEST_CASE_METHOD(WholePair, "once: a whole answer, with its length", "[once]") {
  head(leader, 200, "application/json");
  finish(leader, whole_answer);
  CHECK(leader.bytes == whole_answer);
  CHECK(follower.bytes == whole_answer);
  CHECK(follower.log.back() == "complete");
  CHECK_FALSE(follower.did("open"));
}

TEST_CASE_METHOD(Crowd, "once: what is not the same is not shared", "[once]") {
  ask();
  CHECK(ask(question + " ").did("open"));
  headers = {{"anthropic-beta", "context-1m"}};
  CHECK(ask().did("open"));
  CHECK_FALSE(ask().did("open"));
  headers = {{"x-stainless-retry-count", "1"}, {"User-Agent", "a"}, {"traceparent", "00-1"}};
  CHECK_FALSE(ask().did("open"));
  headers = {{"Accept-Language", "de"}};
  CHECK(ask().did("open"));
  headers.clear();
  target = "/v1/messages?beta=true";
  CHECK(ask().did("open"));
  target = "/v1/messages";
  gateway.adopt(config_with_once());
  CHECK(ask().did("open"));
}

TEST_CASE("once: two ways to one route that ask for different models are not the same", "[once]") {
  auto config = config_with_once();
  config->routes[0].match = "c-*";
  Rule robots;
  robots.when.headers = {{"user-agent", "robot*"}};
  robots.route = 0;
  config->rules.push_back(robots);
  config->facts_wanted = bit_of(Fact::tags);
  Crowd crowd(config);
  // The rule takes the body's model, the tag names another; what tells them apart is no part of what is the same.
  const std::string asked = R"({"model":"c-main","stream":true,"max_tokens":5,)"
                            R"("system":"<CCR-SUBAGENT-MODEL>c-other</CCR-SUBAGENT-MODEL>x","messages":[]})";
  crowd.headers = {{"user-agent", "person"}};
  Client& person = crowd.ask(asked);
  crowd.headers = {{"user-agent", "robot 1"}};
  Client& robot = crowd.ask(asked);
  CHECK(person.did("open"));
  CHECK(robot.did("open"));
  for (Client* each : {&person, &robot}) crowd.head(*each);
  for (Client* each : {&person, &robot}) crowd.body(*each, begin + delta("x"));
  CHECK(person.header("x-signalbox-model") == "c-other");
  CHECK(robot.header("x-signalbox-model") == "c-main");
}

TEST_CASE("once: two client keys are never the same, nor one and none", "[once]") {
  const auto config = config_with_once();
  exchange::SameRequest one;
  one.client_key = "alice";
  one.config = config.get();
  one.route = config->routes.data();
  one.method = "POST";
  one.target = "/v1/messages";
  one.body = "body";
  exchange::SameRequest other = one;
  CHECK(exchange::digest_of(one) == exchange::digest_of(other));
  other.client_key = "bob";
  CHECK(exchange::digest_of(one) != exchange::digest_of(other));
  other.client_key = "";
  CHECK(exchange::digest_of(one) != exchange::digest_of(other));
}

TEST_CASE_METHOD(WholePair, "once: what nobody sees cannot be shared, and is not tried again", "[once]") {
  Client& third = ask(whole_question);
  const Header coded[] = {{"content-type", "application/json"}, {"content-encoding", "gzip"}};
  tell(leader, UpstreamSent{leader.attempt});
  tell(leader, UpstreamHead{leader.attempt, 200, coded});
  CHECK(follower.did("open"));
  CHECK(third.did("open"));
}

TEST_CASE_METHOD(Pair,
                 "once: an upstream's failure is told to each in his own words, and it is not asked again for each",
                 "[once]") {
  tell(leader, UpstreamFailed{leader.attempt, FaultKind::upstream_connect});
  for (Client* client : {&leader, &follower}) {
    CHECK(client->status == 502);
    CHECK(client->bytes.find(client->report.request_id) != std::string::npos);
    CHECK(client->report.fault.kind == FaultKind::upstream_connect);
    CHECK(client->log.back() == "complete");
  }
  CHECK_FALSE(follower.did("open"));
}

TEST_CASE_METHOD(Pair, "once: an error that goes on as it came goes on to all", "[once]") {
  const std::string error = R"({"type":"error","error":{"type":"invalid_request_error","message":"no"}})";
  head(leader, 400, "application/json");
  finish(leader, error);
  for (Client* client : {&leader, &follower}) {
    CHECK(client->status == 400);
    CHECK(client->bytes == error);
    CHECK(client->report.fault.kind == FaultKind::upstream_rejected);
  }
}

TEST_CASE_METHOD(Pair, "once: a stream that breaks off ends for each with an error of his own", "[once]") {
  head(leader);
  body(leader, begin + delta("Hel"));
  tell(leader, UpstreamFailed{leader.attempt, FaultKind::upstream_reset});
  for (Client* client : {&leader, &follower}) {
    CHECK(client->bytes.substr(0, (begin + delta("Hel")).size()) == begin + delta("Hel"));
    CHECK(client->bytes.find("event: error") != std::string::npos);
    CHECK(client->bytes.find(client->report.request_id) != std::string::npos);
    CHECK(client->report.fault.kind == FaultKind::upstream_reset);
    CHECK(client->log.back() == "complete");
  }
}

TEST_CASE("once: a whole answer that breaks off is cut for each", "[once]") {
  auto config = config_with_once();
  config->failover.gate_bytes_max = 1'024;
  WholePair pair(config);
  pair.head(pair.leader, 200, "application/json");
  pair.body(pair.leader, "{\"text\":\"" + std::string(4'000, 'x'));
  CHECK(pair.follower.bytes == pair.leader.bytes);
  CHECK(pair.follower.bytes.size() > 4'000);
  pair.tell(pair.leader, UpstreamFailed{pair.leader.attempt, FaultKind::upstream_reset});
  CHECK(pair.leader.log.back() == "cut");
  CHECK(pair.follower.log.back() == "cut");
  CHECK(pair.follower.report.fault.kind == FaultKind::upstream_reset);
}

TEST_CASE("once: who follows a call that failed counts as its leader does", "[once]") {
  const auto board = make_metrics_board(1);
  Crowd crowd(config_with_once());
  crowd.gateway.share_metrics(board->of(0));
  Client& leader = crowd.ask();
  crowd.ask();
  crowd.head(leader, 500, "application/json");
  crowd.finish(leader, R"({"type":"error","error":{"type":"api_error","message":"no"}})");
  std::string text;
  board->of(0).write(text, crowd.gateway, {1'000, 1'000'000});
  INFO(text);
  CHECK(text.find(R"(outcome="failed"} 2)") != std::string::npos);
  CHECK(text.find(R"(outcome="broken"})") == std::string::npos);
}

TEST_CASE("once: who follows pays for no tokens", "[once]") {
  auto config = config_with_once();
  ClientKey key;
  key.name = "alice";
  key.digest = base::sha256("k");
  config->server.client_keys.push_back(key);
  config->server.clients.each_key.window_tokens_max = 1'000;
  config->server.clients.by_key = true;
  Crowd crowd(config);
  crowd.headers = {{"x-api-key", "k"}};
  Client& leader = crowd.ask();
  INFO(leader.bytes);
  REQUIRE_FALSE(leader.finished);
  for (int i = 0; i < 5; ++i) REQUIRE_FALSE(crowd.ask().finished);
  crowd.head(leader);
  crowd.finish(leader, begin + delta("Hello") + end);
  // 7 and 9 are gone, once.
  std::array<ClientLedger::Standing, 4> standings;
  const size_t count =
      crowd.gateway.ledger().look({"alice", {}}, config->server.clients.each_key, leader.now, standings);
  REQUIRE(count == 1);
  CHECK(standings[0].remaining == 984);
}

TEST_CASE("once: in a configuration, and where it has no effect") {
  const auto read_route = [](const std::string& more) {
    config::Source source = config::read_json_tree(
        R"({"providers":{"mock":{"builtin":"mock"}},"routes":[{"match":"*","targets":["mock/*"])" + more + "}]}");
    return config::read(source.tree);
  };
  CHECK(read_route("").config.routes.at(0).once == Once::off);
  const auto on = read_route(R"(,"once":"on")");
  CHECK(on.problems.empty());
  CHECK(on.config.routes.at(0).once == Once::on);
  CHECK(read_route(R"(,"once":true)").config.routes.at(0).once == Once::on);
  const auto unseen = read_route(R"(,"once":"on","accounting":"off")");
  REQUIRE(unseen.problems.size() == 1);
  CHECK(unseen.problems[0].path == "routes[0].once");
  CHECK(unseen.problems[0].message.find("accounting") != std::string::npos);
  CHECK(config::beyond(with_turns, on.config).warnings.empty());
  Capabilities alone;
  const auto fit = config::beyond(alone, on.config);
  REQUIRE(fit.warnings.size() == 1);
  CHECK(fit.warnings[0].path == "routes[].once");
}

TEST_CASE_METHOD(Crowd, "once: explain says so", "[once]") {
  target = "/signalbox/explain?path=/v1/messages";
  headers = {{"host", "localhost"}};
  CHECK(ask().bytes.find(R"("once":"on")") != std::string::npos);
}
