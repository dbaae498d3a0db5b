// Probes: lanes that are cooling are asked a few words of ours, whose outcome is that of any attempt, and which count for
// nothing else.
#include "routing/probing.h"

#include <catch2/catch.hpp>
#include <string>

#include "own_endpoints.h"
#include "routing/affinity.h"
#include "routing/lane_stats.h"
#include "routing/places.h"
#include "signalbox/metrics.h"
#include "tokens/calibration.h"

using namespace signalbox;
using namespace signalbox::routing;
using own_test::begin;
using own_test::later;

namespace {

// A route to near's m, far's n and the client's own model at far, whose lanes are probed every ten seconds.
std::shared_ptr<Config> config() {
  auto config = own_test::near_and_far();
  config->routes[0].targets = {{0, "m"}, {1, "n"}, {1, ""}};
  config->probes.every_ms = 10'000;
  return config;
}

// Who asks for a probe, by himself the host, and what its upstream answers.
struct Asker : own_test::Asker {
  using own_test::Asker::Asker;

  void ask(std::string_view target, PeerScope peer = PeerScope::host, std::string_view sent = {}) {
    headers.insert(headers.end(), {{"x-secret-of-the-asker", "1"}, {"authorization", "Bearer mine"}});
    own_test::Asker::ask("POST", target, peer, sent);
  }
  void answers(int with, std::string_view text, std::span<const Header> more = {}) {
    std::vector<Header> head(more.begin(), more.end());
    head.push_back({"content-type", "application/json"});
    tell(UpstreamHead{1, with, head});
    if (!finished) tell(UpstreamBody{1, text, text.size()});
    if (!finished) tell(UpstreamEnd{1, text});
    CHECK(finished);
  }
};

constexpr std::string_view message =
    R"({"content":[{"type":"text","text":"pong"}],"stop_reason":"max_tokens","usage":{"input_tokens":9,"output_tokens":3}})";
constexpr std::string_view completion =
    R"({"id":"c","choices":[{"index":0,"finish_reason":"length","message":{"role":"assistant","content":""}}]})";
const std::string near = "near/main/m";

}  // namespace

TEST_CASE("probe: a cooling lane is asked in our own few words, and its answer ends its cooling", "[probing]") {
  Gateway gateway(config(), Capabilities{}, 1), sister(config(), Capabilities{}, 2);
  gateway.health().cool(near, begin.unix_ms + 60'000, begin.unix_ms, Why::hiccup);
  Asker asker(gateway);
  asker.ask("/signalbox/probe?lane=near/main/m");
  REQUIRE(asker.opened == 1);
  CHECK(asker.url == "https://near.example/v1/messages");
  CHECK(asker.credential == "main");
  CHECK(asker.body == R"({"model":"m","max_tokens":16,"messages":[{"role":"user","content":"ping"}]})");
  for (const std::string& name : asker.header_names) {
    CHECK(name != "x-secret-of-the-asker");
    CHECK(name != "authorization");
  }
  asker.answers(200, message);
  CHECK(asker.status == 200);
  CHECK(asker.told("asked") == "true");
  CHECK(asker.told("serves") == "true");
  CHECK(asker.told("standing") == R"("ready")");
  CHECK(gateway.health().standing(near, begin.unix_ms).until_unix_ms == 0);
  REQUIRE(sister.merge(gateway.snapshot()));
  CHECK_FALSE(sister.health().cooled(near, begin.unix_ms));
}

TEST_CASE("probe: another dialect gets its own words, and an answer that says nothing is one", "[probing]") {
  Gateway gateway(config(), Capabilities{}, 1);
  gateway.health().cool("far/spare/n", begin.unix_ms + 60'000, begin.unix_ms);
  Asker asker(gateway, later(10'000));
  asker.ask("/signalbox/probe?provider=far");
  REQUIRE(asker.opened == 1);
  CHECK(asker.url == "https://far.example/v1/chat/completions");
  CHECK(asker.credential == "spare");
  CHECK(json::member(asker.body, "model") == R"("n")");
  CHECK(json::member(asker.body, "max_tokens") == "16");
  asker.answers(200, completion);
  CHECK(asker.told("serves") == "true");
  CHECK_FALSE(gateway.health().cooled("far/spare/n", begin.unix_ms));
}

TEST_CASE("probe: a failure opens the breaker, longer each time", "[probing]") {
  Gateway gateway(config(), Capabilities{}, 1);
  gateway.health().cool(near, begin.unix_ms + 5'000, begin.unix_ms);
  int64_t rests_ms = 0;
  for (int64_t at = 0; at < 60'000; at += 20'000) {
    Asker asker(gateway, later(at));
    asker.ask("/signalbox/probe?lane=near/main/m");
    REQUIRE(asker.opened == 1);
    asker.now.unix_ms += 5;
    asker.now.monotonic_ms += 5;
    asker.answers(500, R"({"type":"error","error":{"type":"api_error","message":"no"}})");
    CHECK(asker.status == 200);
    CHECK(asker.told("serves") == "false");
    CHECK(asker.told("fault") == R"("upstream_error")");
    CHECK(asker.logged_status == 500);
    const int64_t rests = std::stoll(asker.told("rests_ms"));
    CHECK(rests > rests_ms);
    rests_ms = rests;
    CHECK(gateway.health().standing(near, asker.now.unix_ms).why == Why::breaker);
    CHECK(gateway.health().standing(near, asker.now.unix_ms).until_unix_ms == asker.now.unix_ms + rests);
  }
}

TEST_CASE("probe: who cannot be reached is spoken for by one lane", "[probing]") {
  Gateway gateway(config(), Capabilities{}, 1);
  gateway.health().cool("far", begin.unix_ms + 5'000, begin.unix_ms, Why::unreachable);
  const DueProbe due = gateway.next_probe(begin.unix_ms);
  CHECK(due.lane == "far/main/n");
  CHECK(due.at_unix_ms == begin.unix_ms + 4'000);
  Asker asker(gateway, later(4'000));
  asker.ask("/signalbox/probe");
  REQUIRE(asker.opened == 1);
  CHECK(gateway.next_probe(later(4'000).unix_ms).at_unix_ms == later(14'000).unix_ms);
  // The provider's others wait for the same, and nobody else asks.
  CHECK(gateway.health().cooled("far", later(20'000).unix_ms));
  Asker beside(gateway, later(4'001));
  beside.ask("/signalbox/probe?lane=far/spare/n");
  CHECK(beside.opened == 0);
  asker.tell(UpstreamFailed{1, FaultKind::upstream_connect, {}});
  CHECK(asker.told("fault") == R"("upstream_connect")");
  for (std::string_view lane : {"far/main/n", "far/spare/n"})
    CHECK(gateway.health().standing(lane, later(20'000).unix_ms).until_unix_ms > later(20'000).unix_ms);

  Asker again(gateway, later(20'000));
  again.ask("/signalbox/probe");
  REQUIRE(again.opened == 1);
  again.answers(200, completion);
  for (std::string_view lane : {"far/main/n", "far/spare/n"})
    CHECK(gateway.health().standing(lane, later(20'000).unix_ms).until_unix_ms == 0);
}

TEST_CASE("probe: one at a time over all gateways, and nobody else finds out meanwhile", "[probing]") {
  auto permits = std::make_shared<Permits>(2);
  Gateway gateway(config(), Capabilities{}, 1, {permits, 0}), sister(config(), Capabilities{}, 2, {permits, 1});
  gateway.health().cool(near, begin.unix_ms + 100, begin.unix_ms, Why::breaker);
  REQUIRE(sister.merge(gateway.snapshot()));
  Asker first(gateway), second(sister);
  first.ask("/signalbox/probe?lane=near/main/m");
  second.ask("/signalbox/probe?lane=near/main/m");
  CHECK(first.opened == 1);
  CHECK(second.opened == 0);
  CHECK(second.finished);
  CHECK(second.told("asked") == "false");
  // Its cooling would be over by now.
  CHECK(gateway.health().cooled(near, later(5'000).unix_ms));
  first.answers(200, message);
  CHECK_FALSE(gateway.health().cooled(near, later(5'000).unix_ms));
}

TEST_CASE("probe: who is not to be asked is not", "[probing]") {
  auto of = config();
  of->providers[0].concurrent_max = 1;
  of->providers.push_back(of->providers[0]);
  of->providers.back().name = "theirs";
  of->providers.back().passthrough = true;
  of->providers.back().credentials.clear();
  of->routes[0].targets.push_back({2, "m"});
  Gateway gateway(of, Capabilities{}, 1);
  const auto unasked = [&](std::string_view target, int64_t at = 0) {
    Asker asker(gateway, later(at));
    asker.ask(target);
    INFO(target << " " << asker.answer);
    CHECK(asker.opened == 0);
    CHECK(asker.finished);
    CHECK(asker.status == 200);
    CHECK(asker.told("asked") == "false");
  };
  unasked("/signalbox/probe");
  unasked("/signalbox/probe?lane=theirs//m");
  unasked("/signalbox/probe?lane=far/main/*");
  for (Why why : {Why::limited, Why::exhausted, Why::asked}) {
    gateway.health().cool(near, begin.unix_ms + 60'000, begin.unix_ms, why);
    CHECK(gateway.next_probe(begin.unix_ms).lane.empty());
    unasked("/signalbox/probe?lane=near/main/m");
    gateway.health().reset("", begin.unix_ms);
  }
  // A refused credential now and then.
  gateway.health().cool("near/main", begin.unix_ms + 1'800'000, begin.unix_ms, Why::refused);
  CHECK(gateway.next_probe(begin.unix_ms).at_unix_ms == begin.unix_ms + seldom_ms);
  unasked("/signalbox/probe?lane=near/main/m", 60'000);
  gateway.health().turn("near", Switch::off, begin.unix_ms);
  CHECK(gateway.next_probe(begin.unix_ms).lane.empty());
  unasked("/signalbox/probe?lane=near/main/m", seldom_ms);
  gateway.health().turn("near", Switch::on, begin.unix_ms);
  // No place.
  Place held;
  const Bound bound[] = {{"provider near", 1}};
  REQUIRE(gateway.places().take(bound, held));
  unasked("/signalbox/probe?lane=near/main/m", seldom_ms);
  held.give_back();
  Asker asker(gateway, later(2 * seldom_ms));
  asker.ask("/signalbox/probe?lane=near/main/m");
  CHECK(asker.opened == 1);
  CHECK_FALSE(gateway.places().take(bound, held));

  for (std::string_view target : {"/signalbox/probe?lane=near/main/x", "/signalbox/probe?credential=main",
                                  "/signalbox/probe?provider=x", "/signalbox/probe?provider=near&lane=near/main/m"}) {
    Asker wrong(gateway);
    wrong.ask(target);
    CHECK(wrong.status == 400);
  }
  Asker stranger(gateway);
  stranger.ask("/signalbox/probe", PeerScope::remote);
  CHECK(stranger.status == 403);
  of->providers[0].probes = false;
  CHECK(gateway.next_probe(begin.unix_ms + 10 * seldom_ms).lane.empty());
}

TEST_CASE("probe: it counts for health and nothing else", "[probing]") {
  auto of = config();
  Gateway gateway(of, Capabilities{}, 1);
  const auto board = make_metrics_board(1);
  Metrics* const metrics = &board->of(0);
  gateway.share_metrics(*metrics);
  const auto stat = gateway.lane_stats().of("near/main/m");
  gateway.health().cool(near, begin.unix_ms + 60'000, begin.unix_ms);
  std::string counted;
  Asker asker(gateway);
  asker.ask("/signalbox/probe?lane=near/main/m");
  asker.answers(200, message);
  CHECK(stat->latency_ms == -1);
  CHECK(stat->output_tokens == -1);
  CHECK(stat->turn == 0);
  CHECK(stat->open == 0);
  CHECK(gateway.calibration().lane_count() == 0);
  metrics->write(counted, gateway, begin);
  CHECK(counted.find("signalbox_attempts_total{") == counted.npos);
  CHECK(counted.find("signalbox_requests_total{") == counted.npos);
}

TEST_CASE("probe: what hangs ends in time, and a failed request that was asked to wait is not asked before",
          "[probing]") {
  Gateway gateway(config(), Capabilities{}, 1);
  gateway.health().cool(near, begin.unix_ms + 5'000, begin.unix_ms);
  Asker asker(gateway);
  asker.ask("/signalbox/probe?lane=near/main/m");
  CHECK(asker.wake_at_ms == begin.monotonic_ms + 20'000);
  const Header wait[] = {{"retry-after", "120"}};
  asker.answers(503, "{}", wait);
  CHECK(asker.told("rests_ms") == "120000");
  CHECK(gateway.health().standing(near, begin.unix_ms).why == Why::breaker_asked);
  CHECK(gateway.next_probe(begin.unix_ms).lane.empty());
  // And then one attempt finds out.
  CHECK(gateway.health().standing(near, later(120'000).unix_ms).half_open);
  CHECK(gateway.next_probe(later(120'000).unix_ms).lane == near);
}

TEST_CASE("probe: explain says when", "[probing]") {
  Gateway gateway(config(), Capabilities{}, 1);
  gateway.health().cool(near, begin.unix_ms + 60'000, begin.unix_ms);
  Asker asker(gateway, later(3'000));
  asker.ask("/signalbox/explain", PeerScope::loopback, R"({"model":"any","max_tokens":9,"messages":[]})");
  REQUIRE(asker.status == 200);
  std::string times;
  json::each_element(json::member(asker.answer, "lanes"),
                     [&](std::string_view lane) { times.append(json::member(lane, "probe_in_ms")).append(";"); });
  CHECK(times == ";;;;;7000;");
  // The host itself may ask for probes and for nothing else.
  Asker host(gateway);
  host.ask("/signalbox/explain", PeerScope::host, "{}");
  CHECK(host.status == 403);
}

TEST_CASE("probe: a lane that is half-open is asked at once", "[probing]") {
  Gateway gateway(config(), Capabilities{}, 1);
  gateway.health().cool(near, begin.unix_ms + 5'000, begin.unix_ms, Why::breaker);
  CHECK(gateway.next_probe(begin.unix_ms).at_unix_ms == begin.unix_ms + 4'000);
  const DueProbe due = gateway.next_probe(begin.unix_ms + 6'000);
  CHECK(due.lane == near);
  CHECK(due.at_unix_ms <= begin.unix_ms + 6'000);
}

TEST_CASE("probe: a lane that refuses the probe itself rests as long as it did without one", "[probing]") {
  Gateway gateway(config(), Capabilities{}, 1);
  gateway.health().cool(near, begin.unix_ms + 5'000, begin.unix_ms, Why::hiccup);
  Asker asker(gateway, later(4'000));
  asker.ask("/signalbox/probe?lane=near/main/m");
  REQUIRE(asker.opened == 1);
  asker.answers(400, R"({"type":"error","error":{"type":"invalid_request_error","message":"max_tokens too small"}})");
  CHECK(gateway.health().standing(near, later(4'000).unix_ms).until_unix_ms == begin.unix_ms + 5'000);
}

TEST_CASE("probe: what its failure says counts, and not how long it was held behind", "[probing]") {
  Gateway gateway(config(), Capabilities{}, 1);
  gateway.health().cool(near, begin.unix_ms + 5'000, begin.unix_ms, Why::hiccup);
  Asker asker(gateway, later(4'000));
  asker.ask("/signalbox/probe?lane=near/main/m");
  const Header wait[] = {{"retry-after", "2"}};
  asker.answers(429, "{}", wait);
  const auto standing = gateway.health().standing(near, later(4'000).unix_ms);
  CHECK(standing.until_unix_ms == later(6'000).unix_ms);
  CHECK(name_of(standing.why) != name_of(Why::hiccup));
}

TEST_CASE("probe: a failure opens the breaker however long probes may wait", "[probing]") {
  auto patient = config();
  patient->probes.wait_ms_max = 30'000;
  Gateway gateway(patient, Capabilities{}, 1);
  gateway.health().cool(near, begin.unix_ms + 5'000, begin.unix_ms);
  int64_t before_ms = 0;
  for (int64_t at = 0; at < 3 * 60'000; at += 60'000) {
    Asker asker(gateway, later(at));
    asker.ask("/signalbox/probe?lane=near/main/m");
    REQUIRE(asker.opened == 1);
    asker.answers(500, R"({"type":"error","error":{"type":"api_error","message":"no"}})");
    const int64_t rests_ms = gateway.health().standing(near, asker.now.unix_ms).until_unix_ms - asker.now.unix_ms;
    CHECK(rests_ms > before_ms);
    before_ms = rests_ms;
  }
}

namespace {

// A client asks, and the lane that is asked first answers with `status`. Whether that was the near one.
bool request(Gateway& gateway, Now at, int status) {
  Asker client(gateway, at);
  client.ask("/v1/messages", PeerScope::loopback, R"({"model":"any","max_tokens":9,"messages":[]})");
  REQUIRE(client.opened == 1);
  const bool near_first = client.url.find("near") != std::string::npos;
  const Header type[] = {{"content-type", "application/json"}};
  const std::string_view text = status == 200 ? message : "{}";
  client.tell(UpstreamHead{1, status, type});
  client.tell(UpstreamBody{1, text, text.size()});
  client.tell(UpstreamEnd{1, text});
  return near_first;
}

// The near lane is asked when it is due, and answers. When that was, counted from `at`.
int64_t due_and_answered(Gateway& gateway, Now at) {
  const DueProbe due = gateway.next_probe(at.unix_ms);
  REQUIRE(due.lane == near);
  const int64_t in_ms = due.at_unix_ms - at.unix_ms;
  Asker asker(gateway, {at.monotonic_ms + in_ms, due.at_unix_ms});
  asker.ask("/signalbox/probe");
  REQUIRE(asker.opened == 1);
  asker.answers(200, message);
  CHECK(gateway.health().standing(near, due.at_unix_ms).until_unix_ms == 0);
  CHECK(gateway.next_probe(due.at_unix_ms).lane.empty());
  return in_ms;
}

}  // namespace

TEST_CASE("probe: a lane that answers probes and fails requests is let in more and more seldom", "[probing]") {
  auto of = config();
  of->probes.every_ms = 1'000;
  of->failures.window_failure_percent = GENERATE(0, 50);
  Gateway gateway(of, Capabilities{}, 1), sister(of, Capabilities{}, 2);
  int64_t at = 0, pause_ms = 0;
  for (int i = 0; i < 24; ++i) {
    REQUIRE(request(gateway, later(at), 500));
    // Whichever gateway of them asks.
    REQUIRE(sister.merge(gateway.snapshot()));
    const int64_t in_ms = due_and_answered(i % 2 ? gateway : sister, later(at));
    REQUIRE(gateway.merge(sister.snapshot()));
    INFO("after the failure number " << i + 1 << ": " << in_ms);
    CHECK(in_ms >= pause_ms);
    if (i == 0) CHECK(in_ms == 1'000);
    if (i == 1) CHECK(in_ms == 9'000);
    pause_ms = in_ms;
    at += in_ms;
  }
  CHECK(pause_ms == of->failures.cool_ms_max - 1'000);
  // A request that succeeds begins anew.
  REQUIRE(request(gateway, later(at), 200));
  REQUIRE(request(gateway, later(at), 500));
  CHECK(gateway.health().standing(near, later(at).unix_ms).until_unix_ms == later(at).unix_ms + of->failures.cool_ms);
  CHECK(due_and_answered(gateway, later(at)) == 1'000);
}

TEST_CASE("probe: one that fails as requests do is believed again", "[probing]") {
  auto of = config();
  of->probes.every_ms = 1'000;
  Gateway gateway(of, Capabilities{}, 1);
  REQUIRE(request(gateway, begin, 500));
  int64_t at = due_and_answered(gateway, begin);
  REQUIRE(request(gateway, later(at), 500));
  const DueProbe due = gateway.next_probe(later(at).unix_ms);
  REQUIRE(due.at_unix_ms == later(at + 9'000).unix_ms);
  Asker asker(gateway, later(at + 9'000));
  asker.ask("/signalbox/probe");
  asker.answers(500, "{}");
  CHECK(gateway.next_probe(later(at + 9'000).unix_ms).at_unix_ms == later(at + 10'000).unix_ms);
}

TEST_CASE("probe: what a probe has let in is in by slow clocks too, and forgotten in an hour", "[probing]") {
  auto of = config();
  Gateway gateway(of, Capabilities{}, 1), slow(of, Capabilities{}, 2);
  REQUIRE(request(gateway, begin, 500));
  const int64_t at = due_and_answered(gateway, begin);
  REQUIRE(slow.merge(gateway.snapshot()));
  CHECK(slow.health().standing(near, later(at).unix_ms - 60'000).until_unix_ms == 0);
  REQUIRE(request(slow, later(at + 3'700'000), 500));
  CHECK(slow.health().standing(near, later(at + 3'700'000).unix_ms).until_unix_ms == later(at + 3'705'000).unix_ms);
}

TEST_CASE("probe: who refuses a member of it is asked again without, and held all the while", "[probing]") {
  auto of = config();
  of->providers[1].dialect = Dialect::openai_responses;
  Gateway gateway(of, Capabilities{}, 1);
  gateway.health().cool("far/spare", begin.unix_ms + 1'000, begin.unix_ms, Why::no_credential);
  Asker asker(gateway, later(500));
  asker.ask("/signalbox/probe?lane=far/spare/n");
  REQUIRE(asker.opened == 1);
  const int64_t held_until = gateway.health().standing("far/spare/other", later(500).unix_ms).until_unix_ms;
  REQUIRE(held_until > begin.unix_ms + 1'000);
  const Header type[] = {{"content-type", "application/json"}};
  constexpr std::string_view refusal =
      R"({"error":{"message":"Unsupported parameter: 'store' is not supported with this model.","type":"invalid_request_error","param":"store","code":"unsupported_parameter"}})";
  asker.tell(UpstreamHead{1, 400, type});
  asker.tell(UpstreamBody{1, refusal, refusal.size()});
  asker.tell(UpstreamEnd{1, refusal});
  REQUIRE(asker.opened == 2);
  CHECK(gateway.health().standing("far/spare/other", later(500).unix_ms).until_unix_ms == held_until);
  asker.tell(UpstreamHead{2, 200, type});
  constexpr std::string_view response =
      R"({"id":"r","object":"response","status":"completed","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"pong"}]}]})";
  asker.tell(UpstreamBody{2, response, response.size()});
  asker.tell(UpstreamEnd{2, response});
  CHECK(asker.told("serves") == "true");
  CHECK_FALSE(gateway.health().cooled("far/spare/other", later(500).unix_ms));
}

TEST_CASE("probe: an answer is read to its end, whatever its route reads", "[probing]") {
  auto of = config();
  const bool unread = GENERATE(false, true);
  if (unread) of->routes[0].accounting = Accounting::off;
  else of->routes[0].commit = Commit::head;
  Gateway gateway(of, Capabilities{}, 1);
  gateway.health().cool(near, begin.unix_ms + 60'000, begin.unix_ms, Why::hiccup);
  Asker asker(gateway);
  asker.ask("/signalbox/probe?lane=near/main/m");
  REQUIRE(asker.opened == 1);
  asker.answers(200, R"({"type":"error","error":{"type":"api_error","message":"no"}})");
  CHECK(asker.told("serves") == "false");
  CHECK(asker.told("standing") == R"("cooling")");
}
