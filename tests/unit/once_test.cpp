// One upstream call for identical concurrent requests (routes[].once): who follows whom, what each gets and when, what it
// costs, and how it ends for each.
#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/sha256.h"
#include "config/host_fit.h"
#include "config/json_source.h"
#include "config/read.h"
#include "exchange/broadcast.h"
#include "exchange/same_request.h"
#include "signalbox/client_ledger.h"
#include "signalbox/exchange.h"
#include "signalbox/gateway.h"
#include "signalbox/metrics.h"

using namespace signalbox;
using exchange::Broadcast;
using exchange::Broadcasts;

namespace {

constexpr Capabilities with_turns{.gives_turns = true};

std::shared_ptr<Config> config_with_once() {
  auto config = std::make_shared<Config>();
  Provider provider;
  provider.name = "up";
  provider.base_url = "http://u";
  provider.credentials = {"main"};
  provider.timeouts.total_ms = 100'000;
  config->providers.push_back(provider);
  Route route;
  route.match = "*";
  route.targets = {{0, ""}};
  route.once = Once::on;
  config->routes.push_back(route);
  config->failover.gate_ms = 1'000;
  config->failover.keep_alive_ms = 2'000;
  config->failover.retry_wait_ms_max = 0;
  return config;
}

// One client and its host: what the host is asked, in words, and what the client gets.
struct Client {
  std::unique_ptr<Exchange> exchange;
  uint8_t number;
  Now now{1'000, 1'000'000};
  std::vector<std::string> log;
  std::string bytes;
  std::vector<std::string> headers;
  int status = 0;
  uint64_t turn = 0;
  bool reads = true;  // what it is sent
  bool awaits_taking = false;
  std::vector<GiveTurn> given;
  std::vector<Event> next;
  Report report;
  bool finished = false;
  int64_t wake_at_ms = never_ms;
  uint32_t attempt = 0;
  std::string window;

  Client(Gateway& gateway, int which) : exchange(std::make_unique<Exchange>(gateway)), number(uint8_t(which)) {}

  bool did(std::string_view what) const { return std::find(log.begin(), log.end(), what) != log.end(); }
  std::string header(std::string_view name) const {
    for (const std::string& each : headers)
      if (each.substr(0, name.size() + 2) == std::string(name) + ": ") return each.substr(name.size() + 2);
    return {};
  }

  void tell(const Event& event) {
    if (!exchange) return;
    const Step step = exchange->handle(event, now);
    wake_at_ms = step.wake_at_ms;
    size_t released = 0;
    for (const Effect& effect : step.effects) {
      if (auto* open = std::get_if<OpenUpstream>(&effect))
        log.push_back("open"), attempt = open->attempt, window.clear();
      else if (std::holds_alternative<CancelUpstream>(effect)) log.push_back("cancel");
      else if (auto* await = std::get_if<AwaitTurn>(&effect)) turn = await->turn;
      else if (auto* give = std::get_if<GiveTurn>(&effect)) given.push_back(*give);
      else if (std::holds_alternative<AwaitTaking>(effect)) {
        log.push_back("await taking");
        if (reads) next.push_back(ClientTaking{});
        else awaits_taking = true;
      } else if (auto* set = std::get_if<SetPace>(&effect))
        log.push_back(set->pace == Pace::free ? "free" : "of client");
      else if (auto* head = std::get_if<SendClientHead>(&effect)) {
        log.push_back("head");
        status = head->status;
        for (const Header& each : head->headers)
          headers.push_back(std::string(each.name) + ": " + std::string(each.value));
      } else if (auto* body = std::get_if<SendClientBody>(&effect)) bytes += body->bytes;
      else if (auto* release = std::get_if<ReleaseBody>(&effect)) {
        if (release->to == ReleaseTo::client) bytes += window.substr(released, release->bytes);
        released += release->bytes;
      } else if (std::holds_alternative<ReleaseRequest>(effect)) log.push_back("release");
      else if (auto* finish = std::get_if<Finish>(&effect)) {
        log.push_back(finish->ending == Ending::complete ? "complete" : "cut");
        report = *finish->report;
        finished = true;
      }
    }
    window.erase(0, released);
    while (!next.empty() && !finished) {
      const Event first = next.front();
      next.erase(next.begin());
      tell(first);
    }
    if (finished) exchange.reset();
  }
};

const std::string question = R"({"model":"m","stream":true,"max_tokens":5})";
const std::string whole_question = R"({"model":"m","max_tokens":5})";
const std::string begin =
    "event: message_start\ndata: "
    "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":"
    "\"assistant\",\"model\":\"m\",\"content\":[],\"stop_reason\":null,\"usage\":{\"input_tokens\":7,\"output_tokens\":"
    "1}}}\n\n"
    "event: content_block_start\ndata: "
    "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\","
    "\"text\":\"\"}}\n\n";
std::string delta(const std::string& text) {
  return "event: content_block_delta\ndata: "
         "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","
         "\"text\":\"" +
         text + "\"}}\n\n";
}
const std::string end =
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
    "event: message_delta\ndata: "
    "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}}\n\n"
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
const std::string whole_answer =
    R"({"id":"msg_1","type":"message","role":"assistant","model":"m","stop_reason":"end_turn","content":[{"type":"text","text":"Hello"}],"usage":{"input_tokens":7,"output_tokens":9}})";

// All clients of one gateway, with turns given as a host gives them: behind the batch.
struct Crowd {
  Gateway gateway;
  std::vector<std::unique_ptr<Client>> clients;
  int64_t passed_ms = 0;
  std::vector<Header> headers;
  std::string target = "/v1/messages";

  explicit Crowd(std::shared_ptr<const Config> config) : gateway(std::move(config), with_turns, 1) {}

  Client& add() {
    clients.push_back(std::make_unique<Client>(gateway, int(clients.size()) + 1));
    clients.back()->now.monotonic_ms += passed_ms;
    clients.back()->now.unix_ms += passed_ms;
    return *clients.back();
  }
  Client& ask(const std::string& body = question) {
    Client& client = add();
    ClientHead head{"POST", target, headers, int64_t(body.size()), PeerScope::loopback, {}};
    head.random.fill(client.number);
    bodies.push_back(std::make_unique<std::string>(body));
    tell(client, head);
    tell(client, ClientBody{*bodies.back(), true});
    return client;
  }
  void tell(Client& client, const Event& event) {
    client.tell(event);
    give_turns();
  }
  void give_turns() {
    for (bool any = true; any;) {
      any = false;
      for (size_t i = 0; i < clients.size(); ++i) {
        while (!clients[i]->given.empty()) {
          const GiveTurn give = clients[i]->given.front();
          clients[i]->given.erase(clients[i]->given.begin());
          any = true;
          for (size_t j = 0; j < clients.size(); ++j)
            if (clients[j]->turn == give.turn && clients[j]->exchange) clients[j]->tell(Woken{});
        }
      }
    }
  }
  // Lets time pass, and wakes whoever wanted to be.
  void pass(int64_t ms) {
    const int64_t until = passed_ms + ms;
    while (passed_ms < until) {
      passed_ms = std::min(until, passed_ms + 100);
      for (auto& client : clients) {
        client->now = {1'000 + passed_ms, 1'000'000 + passed_ms};
        if (client->exchange && client->wake_at_ms <= client->now.monotonic_ms) tell(*client, Woken{});
      }
    }
  }
  void head(Client& leader, int status = 200, std::string_view type = "text/event-stream") {
    const Header fields[] = {{"content-type", type}};
    tell(leader, UpstreamSent{leader.attempt});
    tell(leader, UpstreamHead{leader.attempt, status, fields});
  }
  void body(Client& leader, const std::string& bytes) {
    leader.window += bytes;
    tell(leader, UpstreamBody{leader.attempt, leader.window, bytes.size()});
  }
  void finish(Client& leader, const std::string& bytes = {}) {
    leader.window += bytes;
    tell(leader, UpstreamEnd{leader.attempt, leader.window});
  }
  void take(Client& client) {
    client.reads = true;
    if (std::exchange(client.awaits_taking, false)) tell(client, ClientTaking{});
  }
  Broadcasts& broadcasts() { return gateway.broadcasts(); }

 private:
  std::vector<std::unique_ptr<std::string>> bodies;
};

}  // namespace

TEST_CASE("once: nobody shares unasked, nor where the host has no turns to give", "[once]") {
  auto config = config_with_once();
  config->routes[0].once = Once::off;
  Crowd crowd(config);
  CHECK(crowd.ask().did("open"));
  CHECK(crowd.ask().did("open"));

  Gateway alone(config_with_once(), {}, 1);
  Client one(alone, 1), two(alone, 2);
  for (Client* client : {&one, &two}) {
    client->tell(ClientHead{"POST", "/v1/messages", {}, int64_t(question.size()), PeerScope::loopback, {}});
    client->tell(ClientBody{question, true});
    CHECK(client->did("open"));
    CHECK(client->turn == 0);
  }
}

TEST_CASE("once: who asks the same gets the same from its beginning, and costs no call", "[once]") {
  Crowd crowd(config_with_once());
  Client& leader = crowd.ask();
  Client& early = crowd.ask();
  CHECK(leader.did("open"));
  CHECK_FALSE(early.did("open"));
  crowd.head(leader);
  CHECK(early.log.empty());
  crowd.body(leader, begin);
  crowd.body(leader, delta("Hel"));
  CHECK(early.bytes == begin + delta("Hel"));
  CHECK(early.did("release"));
  Client& late = crowd.ask();
  CHECK(late.bytes == begin + delta("Hel"));
  crowd.body(leader, delta("lo"));
  crowd.finish(leader, end);
  for (Client* client : {&leader, &early, &late}) {
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
  CHECK(early.report.followed == leader.report.request_id);
  CHECK(early.header("x-signalbox-followed") == leader.report.request_id);
  CHECK(early.report.usage.output_tokens == -1);
  CHECK(early.report.attempt_count == 0);
  // Nothing is kept once it is over: the next one asks anew.
  CHECK(crowd.broadcasts().kept_bytes() == 0);
  CHECK(crowd.ask().did("open"));
}

TEST_CASE("once: a whole answer, with its length", "[once]") {
  Crowd crowd(config_with_once());
  Client& leader = crowd.ask(whole_question);
  Client& follower = crowd.ask(whole_question);
  crowd.head(leader, 200, "application/json");
  crowd.finish(leader, whole_answer);
  CHECK(leader.bytes == whole_answer);
  CHECK(follower.bytes == whole_answer);
  CHECK(follower.log.back() == "complete");
  CHECK_FALSE(follower.did("open"));
}

TEST_CASE("once: what is not the same is not shared", "[once]") {
  auto config = config_with_once();
  Crowd crowd(config);
  const Header stainless[] = {{"x-stainless-retry-count", "1"}, {"User-Agent", "a"}, {"traceparent", "00-1"}};
  const Header beta[] = {{"anthropic-beta", "context-1m"}};
  crowd.ask();
  CHECK(crowd.ask(question + " ").did("open"));
  crowd.headers.assign(std::begin(beta), std::end(beta));
  CHECK(crowd.ask().did("open"));
  CHECK_FALSE(crowd.ask().did("open"));
  crowd.headers.assign(std::begin(stainless), std::end(stainless));
  CHECK_FALSE(crowd.ask().did("open"));
  const Header language[] = {{"Accept-Language", "de"}};
  crowd.headers.assign(std::begin(language), std::end(language));
  CHECK(crowd.ask().did("open"));
  crowd.headers.clear();
  crowd.target = "/v1/messages?beta=true";
  CHECK(crowd.ask().did("open"));
  crowd.target = "/v1/messages";
  crowd.gateway.adopt(config_with_once());
  CHECK(crowd.ask().did("open"));

  exchange::SameRequest one{"alice",        false, config.get(), config->routes.data(), "", "POST",
                            "/v1/messages", {},    "body"};
  exchange::SameRequest other = one;
  CHECK(exchange::digest_of(one) == exchange::digest_of(other));
  other.client_key = "bob";
  CHECK(exchange::digest_of(one) != exchange::digest_of(other));
  other.client_key = "";
  CHECK(exchange::digest_of(one) != exchange::digest_of(other));
}

TEST_CASE("once: an upstream's failure is told to each in his own words, and it is not asked again for each",
          "[once]") {
  Crowd crowd(config_with_once());
  Client& leader = crowd.ask();
  Client& follower = crowd.ask();
  crowd.tell(leader, UpstreamFailed{leader.attempt, FaultKind::upstream_connect});
  for (Client* client : {&leader, &follower}) {
    CHECK(client->status == 502);
    CHECK(client->bytes.find(client->report.request_id) != std::string::npos);
    CHECK(client->report.fault.kind == FaultKind::upstream_connect);
    CHECK(client->log.back() == "complete");
  }
  CHECK_FALSE(follower.did("open"));
}

TEST_CASE("once: an error that goes on as it came goes on to all", "[once]") {
  Crowd crowd(config_with_once());
  Client& leader = crowd.ask();
  Client& follower = crowd.ask();
  const std::string error = R"({"type":"error","error":{"type":"invalid_request_error","message":"no"}})";
  crowd.head(leader, 400, "application/json");
  crowd.finish(leader, error);
  for (Client* client : {&leader, &follower}) {
    CHECK(client->status == 400);
    CHECK(client->bytes == error);
    CHECK(client->report.fault.kind == FaultKind::upstream_rejected);
  }
}

TEST_CASE("once: a stream that breaks off ends for each with an error of his own", "[once]") {
  Crowd crowd(config_with_once());
  Client& leader = crowd.ask();
  Client& follower = crowd.ask();
  crowd.head(leader);
  crowd.body(leader, begin + delta("Hel"));
  crowd.tell(leader, UpstreamFailed{leader.attempt, FaultKind::upstream_reset});
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
  Crowd crowd(config);
  Client& leader = crowd.ask(whole_question);
  Client& follower = crowd.ask(whole_question);
  crowd.head(leader, 200, "application/json");
  crowd.body(leader, "{\"text\":\"" + std::string(4'000, 'x'));
  CHECK(follower.bytes == leader.bytes);
  CHECK(follower.bytes.size() > 4'000);
  crowd.tell(leader, UpstreamFailed{leader.attempt, FaultKind::upstream_reset});
  CHECK(leader.log.back() == "cut");
  CHECK(follower.log.back() == "cut");
  CHECK(follower.report.fault.kind == FaultKind::upstream_reset);
}

TEST_CASE("once: the leader's client leaves, and the call goes on for who follows", "[once]") {
  Crowd crowd(config_with_once());
  SECTION("before anything was answered") {
    Client& leader = crowd.ask();
    Client& follower = crowd.ask();
    crowd.tell(leader, ClientGone{});
    CHECK_FALSE(leader.finished);
    crowd.tell(leader, ClientGone{});  // some hosts say it twice
    crowd.head(leader);
    crowd.body(leader, begin + delta("Hello"));
    crowd.finish(leader, end);
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
    Client& leader = crowd.ask();
    Client& follower = crowd.ask();
    crowd.head(leader);
    crowd.body(leader, begin + delta("Hel"));
    const std::string got = leader.bytes;
    crowd.tell(leader, ClientGone{});
    crowd.body(leader, delta("lo"));
    crowd.finish(leader, end);
    CHECK(leader.bytes == got);
    CHECK(follower.bytes == begin + delta("Hel") + delta("lo") + end);
  }
  SECTION("and another one joins it still") {
    Client& leader = crowd.ask();
    crowd.ask();
    crowd.tell(leader, ClientGone{});
    Client& third = crowd.ask();
    CHECK_FALSE(third.did("open"));
    crowd.head(leader);
    crowd.finish(leader, begin + delta("Hello") + end);
    CHECK(third.bytes == begin + delta("Hello") + end);
  }
  SECTION("until the last of them has left too") {
    Client& leader = crowd.ask();
    Client& one = crowd.ask();
    Client& two = crowd.ask();
    crowd.head(leader);
    crowd.body(leader, begin + delta("Hel"));
    crowd.tell(leader, ClientGone{});
    crowd.tell(one, ClientGone{});
    CHECK_FALSE(leader.finished);
    crowd.tell(two, ClientGone{});
    CHECK(leader.finished);
    CHECK(leader.did("cancel"));
    CHECK(leader.report.fault.kind == FaultKind::client_gone);
    CHECK(crowd.broadcasts().kept_bytes() == 0);
  }
  SECTION("but ends the call where nobody follows") {
    Client& leader = crowd.ask();
    crowd.tell(leader, ClientGone{});
    CHECK(leader.finished);
    CHECK(leader.did("cancel"));
    CHECK(crowd.ask().did("open"));
  }
}

TEST_CASE("once: a follower leaves, and nobody else notices", "[once]") {
  Crowd crowd(config_with_once());
  Client& leader = crowd.ask();
  Client& one = crowd.ask();
  Client& two = crowd.ask();
  crowd.head(leader);
  crowd.body(leader, begin);
  crowd.tell(one, ClientGone{});
  CHECK(one.finished);
  CHECK(one.report.fault.kind == FaultKind::client_gone);
  crowd.finish(leader, delta("Hello") + end);
  CHECK(leader.bytes == begin + delta("Hello") + end);
  CHECK(two.bytes == leader.bytes);
}

TEST_CASE("once: a follower that does not read gets no more than a little, and slows nobody", "[once]") {
  Crowd crowd(config_with_once());
  Client& leader = crowd.ask();
  Client& slow = crowd.ask();
  slow.reads = false;
  crowd.head(leader);
  crowd.body(leader, begin);
  std::string all = begin;
  for (int i = 0; i < 300; ++i) {
    const std::string piece = delta(std::string(1'000, 'x'));
    crowd.body(leader, piece);
    all += piece;
  }
  CHECK(leader.bytes == all);
  CHECK(slow.bytes.size() == 64 << 10);
  crowd.finish(leader, end);
  all += end;
  CHECK(leader.finished);
  CHECK_FALSE(slow.finished);
  // It reads from what is kept, and is asked again and again whether it takes more.
  crowd.take(slow);
  CHECK(slow.finished);
  CHECK(slow.bytes == all);
  CHECK(slow.log.back() == "complete");
  CHECK(std::count(slow.log.begin(), slow.log.end(), "await taking") >= 4);
  CHECK(crowd.broadcasts().kept_bytes() == 0);
}

TEST_CASE("once: a leader's client that does not read slows nobody", "[once]") {
  Crowd crowd(config_with_once());
  Client& leader = crowd.ask();
  leader.reads = false;
  crowd.head(leader);
  crowd.body(leader, begin + delta("Hel"));
  CHECK_FALSE(leader.did("free"));
  Client& follower = crowd.ask();
  CHECK(leader.did("free"));  // it may have been standing still
  std::string all = begin + delta("Hel");
  for (int i = 0; i < 300; ++i) {
    const std::string piece = delta(std::string(1'000, 'x'));
    crowd.body(leader, piece);
    all += piece;
  }
  CHECK(follower.bytes == all);
  CHECK(leader.bytes.size() == (begin + delta("Hel")).size() + (64 << 10));
  SECTION("what is left at the end stays kept until it takes it") {
    crowd.finish(leader, end);
    CHECK(follower.bytes == all + end);
    CHECK(leader.bytes.size() == (begin + delta("Hel")).size() + (64 << 10));
    CHECK_FALSE(leader.finished);
    CHECK(crowd.broadcasts().kept_bytes() >= all.size() + end.size() - leader.bytes.size());
    crowd.pass(50'000);
    CHECK_FALSE(leader.finished);
    crowd.take(leader);
    CHECK(leader.finished);
    CHECK(leader.bytes == all + end);
    CHECK(leader.log.back() == "complete");
    CHECK_FALSE(leader.report.fault);
    CHECK(leader.report.usage.output_tokens == 9);
    CHECK(leader.report.followed.empty());
    CHECK(crowd.broadcasts().kept_bytes() == 0);
  }
  SECTION("and is let go when it leaves") {
    crowd.finish(leader, end);
    crowd.tell(leader, ClientGone{});
    CHECK(leader.finished);
    CHECK(leader.report.fault.kind == FaultKind::client_gone);
    CHECK(crowd.broadcasts().kept_bytes() == 0);
  }
  SECTION("or its time is over") {
    crowd.finish(leader, end);
    crowd.pass(101'000);
    CHECK(leader.finished);
    CHECK(leader.log.back() == "cut");
    CHECK(leader.report.fault.kind == FaultKind::upstream_total_timeout);
    CHECK(crowd.broadcasts().kept_bytes() == 0);
  }
  SECTION("its time may also be over before the answer's end, and then it is cut") {
    crowd.pass(101'000);
    CHECK(leader.finished);
    CHECK(leader.log.back() == "cut");
    CHECK(leader.bytes == all.substr(0, leader.bytes.size()));
    CHECK(follower.finished);
    CHECK(crowd.broadcasts().kept_bytes() == 0);
  }
  SECTION("an error at its end is told behind what came before") {
    crowd.tell(leader, UpstreamFailed{leader.attempt, FaultKind::upstream_reset});
    CHECK(follower.finished);
    CHECK_FALSE(leader.finished);
    crowd.take(leader);
    CHECK(leader.finished);
    CHECK(leader.log.back() == "complete");
    CHECK(leader.bytes.substr(0, all.size()) == all);
    CHECK(leader.bytes.substr(all.size(), 12) == "event: error");
    CHECK(leader.bytes.find(leader.report.request_id, all.size()) != std::string::npos);
    CHECK(leader.report.fault.kind == FaultKind::upstream_reset);
  }
  SECTION("and when those that followed have left, nothing goes out of the bound") {
    crowd.tell(follower, ClientGone{});
    CHECK(leader.log.back() == "of client");
    crowd.finish(leader, end);
    CHECK_FALSE(leader.finished);
    CHECK(leader.bytes.size() == (begin + delta("Hel")).size() + (64 << 10));
    CHECK(crowd.broadcasts().kept_bytes() >= all.size() + end.size() - leader.bytes.size());
  }
  SECTION("and what it has not read yet it gets when it reads") {
    crowd.take(leader);
    CHECK(leader.bytes == all);
    crowd.finish(leader, end);
    CHECK(leader.bytes == all + end);
  }
}

TEST_CASE("once: an answer beyond its bound takes in nobody, and who is further behind is told so", "[once]") {
  auto config = config_with_once();
  config->server.limits.once_answer_bytes_max = 256 << 10;
  Crowd crowd(config);
  Client& leader = crowd.ask();
  Client& slow = crowd.ask();
  Client& quick = crowd.ask();
  slow.reads = false;
  crowd.head(leader);
  crowd.body(leader, begin);
  std::string all = begin;
  for (int i = 0; i < 1'000; ++i) {
    const std::string piece = delta(std::string(1'000, 'x'));
    crowd.body(leader, piece);
    all += piece;
    REQUIRE(crowd.broadcasts().kept_bytes() <= (256 << 10) + (32 << 10));
  }
  CHECK(crowd.ask().did("open"));
  CHECK(slow.finished);
  CHECK(slow.report.fault.kind == FaultKind::overloaded);
  CHECK(slow.log.back() == "cut");  // it stood within an event
  CHECK(quick.bytes == all);
  crowd.finish(leader, end);
  CHECK(quick.bytes == all + end);
  CHECK(leader.bytes == all + end);
}

TEST_CASE("once: what a follower was sent last does not keep the rest", "[once]") {
  auto config = config_with_once();
  config->server.limits.once_answer_bytes_max = 256 << 10;
  Crowd crowd(config);
  Client& leader = crowd.ask();
  Client& slow = crowd.ask();
  slow.reads = false;
  crowd.head(leader);
  crowd.body(leader, begin + delta(std::string(1'000, 'x')));
  crowd.take(slow);
  slow.reads = false;
  for (int i = 0; i < 1'000; ++i) {
    crowd.body(leader, delta(std::string(1'000, 'x')));
    REQUIRE(crowd.broadcasts().kept_bytes() <= (256 << 10) + (32 << 10));
  }
  CHECK(slow.finished);
}

TEST_CASE("once: a leader's client that is further behind than the bound gets all the same", "[once]") {
  auto config = config_with_once();
  config->server.limits.once_answer_bytes_max = 256 << 10;
  Crowd crowd(config);
  Client& leader = crowd.ask();
  Client& quick = crowd.ask();
  leader.reads = false;
  crowd.head(leader);
  crowd.body(leader, begin);
  std::string all = begin;
  // What it cannot keep it does not ask for: the attempt is read at this client's pace.
  const auto paced = [&] {
    std::string pace;
    for (const std::string& each : leader.log)
      if (each == "free" || each == "of client") pace = each;
    return pace;
  };
  for (int i = 0; i < 1'000; ++i) {
    if (paced() == "of client") {
      CHECK(leader.bytes.size() < begin.size() + (66 << 10));
      leader.reads = true;
      crowd.take(leader);
      CHECK(paced() == "free");
      CHECK(leader.bytes == all);
      leader.reads = false;
    }
    const std::string piece = delta(std::string(1'000, 'x'));
    crowd.body(leader, piece);
    all += piece;
    REQUIRE(crowd.broadcasts().kept_bytes() <= (256 << 10) + (32 << 10));
    if (i == 400) break;
  }
  crowd.finish(leader, end);
  crowd.take(leader);
  CHECK(leader.did("of client"));
  CHECK(leader.bytes == all + end);
  CHECK(quick.bytes == all + end);
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
    CHECK(leader->bytes.size() == 64 << 10);
    CHECK(leader->bytes == all.substr(0, 64 << 10));
    CHECK(leader->report.fault.kind == FaultKind::overloaded);
  }
  CHECK(cut_off == 3);
  for (Client* follower : followers)
    if (followed) CHECK(follower->bytes == all + end);
  CHECK(crowd.broadcasts().kept_bytes() == 0);
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

TEST_CASE("once: what has failed the leader alone, each asks for himself, and again once for all", "[once]") {
  auto config = config_with_once();
  Crowd crowd(config);
  Client& leader = crowd.ask();
  crowd.pass(90'000);
  Client& one = crowd.ask();
  Client& two = crowd.ask();
  SECTION("its deadline") {
    crowd.pass(11'000);
    CHECK(leader.finished);
    CHECK(leader.report.fault.kind == FaultKind::upstream_total_timeout);
  }
  SECTION("its host's loss") {
    leader.exchange.reset();
    crowd.pass(7'000);
  }
  CHECK(one.did("open"));
  CHECK_FALSE(two.did("open"));
  CHECK(one.bytes.find("error") == std::string::npos);
  crowd.head(one);
  crowd.finish(one, begin + delta("Hello") + end);
  CHECK(one.bytes.find(begin + delta("Hello") + end) != std::string::npos);
  CHECK(two.bytes.find(begin + delta("Hello") + end) != std::string::npos);
  CHECK(two.report.followed == one.report.request_id);
  CHECK(one.report.followed.empty());
}

TEST_CASE("once: a leader that its host has lost within the answer", "[once]") {
  Crowd crowd(config_with_once());
  Client& leader = crowd.ask();
  Client& follower = crowd.ask();
  crowd.head(leader);
  crowd.body(leader, begin + delta("Hel"));
  SECTION("and destroyed") { leader.exchange.reset(); }
  SECTION("and forgotten") { leader.turn = 0, leader.wake_at_ms = never_ms; }
  crowd.pass(8'000);
  CHECK(follower.finished);
  CHECK(follower.bytes.find("event: error") != std::string::npos);
}

TEST_CASE("once: a leader that is quiet for long is not lost", "[once]") {
  Crowd crowd(config_with_once());
  Client& leader = crowd.ask();
  Client& follower = crowd.ask();
  crowd.head(leader);
  crowd.body(leader, begin + delta("Hel"));
  crowd.pass(60'000);
  crowd.finish(leader, end);
  CHECK(follower.log.back() == "complete");
  CHECK_FALSE(follower.did("open"));
  // Signs of life, where an event has ended.
  CHECK(follower.bytes.find("event: ping") != std::string::npos);
  CHECK(leader.bytes.find("event: ping") != std::string::npos);
}

TEST_CASE("once: the gate opens for all at once, and for who has waited longest", "[once]") {
  auto config = config_with_once();
  Crowd crowd(config);
  // Its body comes slowly.
  Client& slow_upload = crowd.add();
  ClientHead head{"POST", "/v1/messages", {}, int64_t(question.size()), PeerScope::loopback, {}};
  crowd.tell(slow_upload, head);
  crowd.pass(800);
  Client& leader = crowd.ask();
  crowd.tell(slow_upload, ClientBody{question, true});
  CHECK_FALSE(slow_upload.did("open"));
  crowd.pass(300);
  CHECK(slow_upload.did("head"));
  CHECK(leader.did("head"));
  // A failure is an event now, for both.
  crowd.tell(leader, UpstreamFailed{leader.attempt, FaultKind::upstream_connect});
  for (Client* client : {&leader, &slow_upload}) {
    CHECK(client->status == 200);
    CHECK(client->bytes.find("event: error") != std::string::npos);
    CHECK(client->bytes.find(client->report.request_id) != std::string::npos);
    CHECK(client->log.back() == "complete");
  }
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

TEST_CASE("once: a follower's own deadline is his own", "[once]") {
  auto config = config_with_once();
  Crowd crowd(config);
  Client& slow_upload = crowd.add();
  crowd.tell(slow_upload, ClientHead{"POST", "/v1/messages", {}, -1, PeerScope::loopback, {}});
  crowd.pass(50'000);
  Client& leader = crowd.ask();
  crowd.tell(slow_upload, ClientBody{question, true});
  crowd.pass(51'000);
  CHECK(slow_upload.finished);
  CHECK(slow_upload.report.fault.kind == FaultKind::upstream_total_timeout);
  CHECK_FALSE(leader.finished);
}

TEST_CASE("once: what nobody sees cannot be shared, and is not tried again", "[once]") {
  Crowd crowd(config_with_once());
  Client& leader = crowd.ask(whole_question);
  Client& one = crowd.ask(whole_question);
  Client& two = crowd.ask(whole_question);
  const Header coded[] = {{"content-type", "application/json"}, {"content-encoding", "gzip"}};
  crowd.tell(leader, UpstreamSent{leader.attempt});
  crowd.tell(leader, UpstreamHead{leader.attempt, 200, coded});
  CHECK(one.did("open"));
  CHECK(two.did("open"));
}

TEST_CASE("once: a crowd has a bound, and the next one leads another", "[once]") {
  Crowd crowd(config_with_once());
  Client& leader = crowd.ask();
  for (size_t i = 0; i < Broadcast::followers_max; ++i) REQUIRE_FALSE(crowd.ask().did("open"));
  Client& second = crowd.ask();
  CHECK(second.did("open"));
  Client& last = crowd.ask();
  CHECK_FALSE(last.did("open"));
  crowd.head(second);
  crowd.finish(second, begin + delta("Hello") + end);
  CHECK(last.report.followed == second.report.request_id);
  crowd.head(leader);
  crowd.finish(leader, begin + delta("Hello") + end);
  for (const auto& client : crowd.clients) CHECK(client->bytes == begin + delta("Hello") + end);
}

TEST_CASE("once: who follows pays for no tokens", "[once]") {
  auto config = config_with_once();
  ClientKey key;
  key.name = "alice";
  config->server.client_keys.push_back(key);
  config->server.clients.each_key.window_tokens_max = 1'000;
  config->server.clients.by_key = true;
  config->server.client_keys[0].digest = base::sha256("k");
  Crowd crowd(config);
  const Header shows[] = {{"x-api-key", "k"}};
  crowd.headers.assign(std::begin(shows), std::end(shows));
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

namespace {

// A client's bytes without the signs of life between events.
std::string without_pings(std::string bytes) {
  for (const std::string sign : {"event: ping\ndata: {\"type\": \"ping\"}\n\n", ": keepalive\n\n"})
    for (size_t at = bytes.find(sign); at != bytes.npos; at = bytes.find(sign, at)) bytes.erase(at, sign.size());
  return bytes;
}

// Clients that ask the same, come and go and read when they like, with upstreams that answer by pieces, fail and break off.
struct Weather {
  uint64_t state;
  std::shared_ptr<Config> config = config_with_once();
  std::unique_ptr<Crowd> crowd;
  struct Call {
    uint32_t attempt = 0;
    bool headed = false, over = false;
    std::string script;
    size_t sent = 0;
  };
  std::vector<Call> calls;           // by client, its last
  std::vector<std::string> scripts;  // of all calls that there ever were
  std::vector<bool> lost, left;

  explicit Weather(uint64_t seed) : state(seed * 2654435761u + 1) {
    config->server.limits.once_answer_bytes_max = 64 << 10;
    config->server.limits.once_bytes_max = 160 << 10;
    crowd = std::make_unique<Crowd>(config);
  }
  size_t below(size_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return size_t(state >> 33) % bound;
  }
  // New attempts get a script of their own, by which an answer of two would show.
  void look() {
    calls.resize(crowd->clients.size());
    lost.resize(crowd->clients.size());
    left.resize(crowd->clients.size());
    for (size_t i = 0; i < calls.size(); ++i) {
      const Client& client = *crowd->clients[i];
      if (client.attempt == calls[i].attempt) continue;
      calls[i] = {client.attempt, false, false, begin, 0};
      const size_t pieces = 1 + below(below(4) == 0 ? 200 : 10);
      for (size_t piece = 0; piece < pieces; ++piece)
        calls[i].script += delta("call " + std::to_string(scripts.size()) + std::string(below(2'000), 'x'));
      calls[i].script += end;
      scripts.push_back(calls[i].script);
    }
  }
  void check() {
    REQUIRE(crowd->broadcasts().kept_bytes() <= (160 << 10) + (96 << 10));
    for (size_t i = 0; i < crowd->clients.size(); ++i) {
      const Client& client = *crowd->clients[i];
      if (client.bytes.empty() || client.status != 200) continue;
      std::string got = without_pings(client.bytes);
      bool is_error = false;
      if (const size_t error = got.find("event: error\n"); error != got.npos) got.erase(error), is_error = true;
      const bool one_calls = std::any_of(scripts.begin(), scripts.end(),
                                         [&](const std::string& each) { return each.substr(0, got.size()) == got; });
      REQUIRE(one_calls);
      if (!client.finished || is_error || left[i] || client.log.back() == "cut") continue;
      REQUIRE(std::find(scripts.begin(), scripts.end(), got) != scripts.end());
    }
  }
  void advance(size_t i) {
    Client& client = *crowd->clients[i];
    Call& call = calls[i];
    if (!client.exchange || client.attempt == 0 || call.over || client.finished) return;
    if (!call.headed) {
      if (below(12) == 0) {
        call.over = true;
        return crowd->tell(client, UpstreamFailed{call.attempt, FaultKind::upstream_connect});
      }
      call.headed = true;
      return crowd->head(client);
    }
    if (below(60) == 0) {
      call.over = true;
      return crowd->tell(client, UpstreamFailed{call.attempt, FaultKind::upstream_reset});
    }
    const std::string piece = call.script.substr(call.sent, 1 + below(9'000));
    call.sent += piece.size();
    if (call.sent < call.script.size()) return crowd->body(client, piece);
    call.over = true;
    crowd->finish(client, piece);
  }
  void step() {
    const size_t count = crowd->clients.size();
    const size_t what = below(100);
    if (count == 0 || (what < 12 && count < 40)) {
      crowd->ask(below(6) == 0 ? question + " " : question).reads = below(3) != 0;
    } else {
      const size_t i = below(count);
      Client& client = *crowd->clients[i];
      if (what < 75) {
        advance(i);
      } else if (what < 80) {
        if (client.exchange) left[i] = true, crowd->tell(client, ClientGone{});
      } else if (what < 88) {
        crowd->take(client);
      } else if (what < 93) {
        client.reads = false;
      } else if (what < 94) {
        if (client.exchange && below(4) == 0) lost[i] = true, client.exchange.reset();
      } else {
        crowd->pass(int64_t(below(3'000)));
      }
    }
    look();
    check();
  }
  void end_all() {
    for (int round = 0; round < 400; ++round) {
      bool any = false;
      for (size_t i = 0; i < crowd->clients.size(); ++i) {
        crowd->take(*crowd->clients[i]);
        look();
        advance(i);
        any = any || crowd->clients[i]->exchange != nullptr;
      }
      look();
      check();
      if (!any) break;
      if (round % 10 == 9) crowd->pass(3'000);
    }
    for (size_t i = 0; i < crowd->clients.size(); ++i) REQUIRE((crowd->clients[i]->finished || lost[i]));
    REQUIRE(crowd->broadcasts().kept_bytes() == 0);
    REQUIRE(crowd->broadcasts().joinable_count() == 0);
  }
};

}  // namespace

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

TEST_CASE("once: explain says so", "[once]") {
  Crowd crowd(config_with_once());
  crowd.target = "/signalbox/explain?path=/v1/messages";
  const Header host[] = {{"host", "localhost"}};
  crowd.headers.assign(std::begin(host), std::end(host));
  Client& client = crowd.ask();
  CHECK(client.bytes.find(R"("once":"on")") != std::string::npos);
}

TEST_CASE("once: whatever comes in whatever order, each gets one answer, whole or honestly ended", "[once]") {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    INFO("seed " << seed);
    Weather weather(seed);
    weather.look();
    for (int i = 0; i < 250; ++i) weather.step();
    weather.end_all();
  }
}

TEST_CASE("once: a leader that was read at its client's pace again is read freely when that client leaves", "[once]") {
  auto config = config_with_once();
  config->server.limits.once_answer_bytes_max = 256 << 10;
  Crowd crowd(config);
  Client& leader = crowd.ask();
  Client& quick = crowd.ask();
  leader.reads = false;
  crowd.head(leader);
  crowd.body(leader, begin);
  for (int i = 0; i < 1'000 && !leader.did("of client"); ++i) crowd.body(leader, delta(std::string(1'000, 'x')));
  REQUIRE(leader.did("of client"));
  crowd.body(leader, delta("y"));
  crowd.tell(leader, ClientGone{});
  CHECK_FALSE(quick.finished);
  CHECK(leader.log.back() == "free");
}

TEST_CASE("once: behind the head of a whole answer that was cut no other one follows", "[once]") {
  auto config = config_with_once();
  config->routes[0].commit = Commit::head;
  Crowd crowd(config);
  Client& leader = crowd.ask(whole_question);
  Client& follower = crowd.ask(whole_question);
  const Header fields[] = {{"content-type", "application/json"}, {"content-length", "100"}};
  const bool has_length = GENERATE(true, false);
  crowd.tell(leader, UpstreamSent{leader.attempt});
  crowd.tell(leader, UpstreamHead{leader.attempt, 200, std::span(fields).first(has_length ? 2 : 1)});
  REQUIRE(follower.did("head"));
  crowd.tell(leader, UpstreamFailed{leader.attempt, FaultKind::upstream_reset});
  CHECK(leader.log.back() == "cut");
  CHECK_FALSE(follower.did("open"));
  CHECK(follower.log.back() == "cut");
}

TEST_CASE("once: followers who all wake from a standstill do not give up a leader that was not told yet", "[once]") {
  Crowd crowd(config_with_once());
  Client& leader = crowd.ask();
  Client& one = crowd.ask();
  Client& two = crowd.ask();
  crowd.head(leader);
  crowd.body(leader, begin + delta("1"));
  crowd.pass(500);
  // The process stands still; then timers come in whatever order.
  for (Client* each : {&leader, &one, &two}) each->now.monotonic_ms += 6'000, each->now.unix_ms += 6'000;
  one.tell(Woken{});
  two.tell(Woken{});
  crowd.give_turns();
  crowd.body(leader, delta("2"));
  crowd.finish(leader, end);
  CHECK(leader.bytes.find(delta("2") + end) != std::string::npos);
  CHECK(one.bytes.find(delta("2") + end) != std::string::npos);
  CHECK(two.log.back() == "complete");
}

TEST_CASE("once: a leader that was taken for lost serves its own client to the end", "[once]") {
  Crowd crowd(config_with_once());
  Client& leader = crowd.ask();
  Client& follower = crowd.ask();
  crowd.head(leader);
  crowd.body(leader, begin + delta("1"));
  // Its host does not get to it, and the follower looks again and again.
  for (int i = 0; i < 4; ++i) {
    follower.now.monotonic_ms += 3'000;
    follower.tell(Woken{});
  }
  crowd.body(leader, delta("2"));
  crowd.finish(leader, end);
  CHECK(leader.bytes == begin + delta("1") + delta("2") + end);
  CHECK(leader.log.back() == "complete");
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
