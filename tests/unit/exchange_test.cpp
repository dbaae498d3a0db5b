// What scenarios cannot say well: lifetimes, late and impossible events, what gateways share.
#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/sha256.h"
#include "exchange/lifecycle.h"
#include "routing/health.h"
#include "signalbox/exchange.h"
#include "signalbox/gateway.h"

using namespace signalbox;

namespace {

// What a client sees of this cannot be taken back.
constexpr std::string_view content =
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
    "\"delta\":{\"type\":\"text_delta\",\"text\":\"Hal\"}}\n\n";

std::shared_ptr<const Config> config_to(const std::string& base_url, const std::string& upstream_model = "") {
  auto config = std::make_shared<Config>();
  Provider provider;
  provider.name = "up";
  provider.base_url = base_url;
  provider.credentials = {"main"};
  provider.timeouts.total_ms = 5'000;
  config->providers.push_back(provider);
  provider.name = "other";
  config->providers.push_back(provider);
  config->routes.push_back({"*", {{0, upstream_model}, {1, upstream_model}}, Accounting::on});
  return config;
}

// Tells events and keeps what was asked, with every view copied.
struct Driver {
  Exchange exchange;
  std::vector<std::string> log;
  std::string url, upstream_body;
  int client_status = 0;
  std::string client_bytes;
  int finish_count = 0;
  Ending ending = Ending::complete;
  Report report;
  std::string delta;
  int64_t wake_at_ms = never_ms;
  Now now{1'000, 1'000'000};

  explicit Driver(Gateway& gateway) : exchange(gateway) {}

  void tell(const Event& event) {
    Step step = exchange.handle(event, now);
    wake_at_ms = step.wake_at_ms;
    for (const Effect& effect : step.effects) {
      if (auto* e = std::get_if<OpenUpstream>(&effect)) {
        log.push_back("open");
        url = e->url;
        for (auto piece : e->body) upstream_body += piece;
        CHECK(e->credential.credential == "main");
      } else if (std::holds_alternative<CancelUpstream>(effect)) {
        log.push_back("cancel");
      } else if (auto* h = std::get_if<SendClientHead>(&effect)) {
        log.push_back("head");
        client_status = h->status;
      } else if (auto* b = std::get_if<SendClientBody>(&effect)) {
        log.push_back("body");
        client_bytes += b->bytes;
      } else if (std::holds_alternative<ReleaseBody>(effect)) {
        log.push_back("release");
      } else if (std::holds_alternative<ReleaseRequest>(effect)) {
        log.push_back("release_request");
      } else if (auto* s = std::get_if<ShareState>(&effect)) {
        log.push_back("share");
        delta = s->delta;
      } else if (auto* f = std::get_if<Finish>(&effect)) {
        log.push_back("finish");
        ++finish_count;
        ending = f->ending;
        report = *f->report;
      }
    }
  }

  void ask(std::string_view body) {
    tell(ClientHead{"POST", "/v1/messages", {}, int64_t(body.size()), PeerScope::loopback, {}});
    tell(ClientBody{body, true});
  }
};

const std::string request = R"({"model":"m","stream":true})";

struct Events {
  Header type{"content-type", "text/event-stream"};
  UpstreamHead head(uint32_t attempt = 1) { return {attempt, 200, {&type, 1}}; }
  UpstreamBody said{1, content, content.size()};
};

// The same with one lane only.
std::shared_ptr<const Config> config_of_one_lane() {
  auto config = std::make_shared<Config>(*config_to("http://u"));
  config->routes[0].targets.pop_back();
  return config;
}

}  // namespace

TEST_CASE("an exchange keeps the configuration it began with", "[exchange]") {
  Gateway gateway(config_to("http://first"), {}, 1);
  Driver begun(gateway);
  begun.tell(ClientHead{"POST", "/v1/messages", {}, -1, PeerScope::loopback, {}});
  gateway.adopt(config_to("http://second"));
  begun.tell(ClientBody{request, true});
  CHECK(begun.url == "http://first/v1/messages");
  Driver later(gateway);
  later.ask(request);
  CHECK(later.url == "http://second/v1/messages");
}

TEST_CASE("the body goes on as it came but for the model's token", "[exchange]") {
  Gateway gateway(config_to("http://u", "big \"one\""), {}, 1);
  Driver d(gateway);
  const std::string body = "{ \"messages\" : [ ] ,\t\"model\":\"m\" , \"x\":1e400,\"x\":\"\\ud800\"}\n";
  d.ask(body);
  CHECK(d.upstream_body == "{ \"messages\" : [ ] ,\t\"model\":\"big \\\"one\\\"\" , \"x\":1e400,\"x\":\"\\ud800\"}\n");
}

TEST_CASE("one attempt over all threads finds out about a half-open lane", "[exchange]") {
  auto config = std::make_shared<Config>(*config_to("http://first", "m"));
  config->providers[1].base_url = "http://second";
  const auto permits = std::make_shared<Permits>(2);
  Gateway here(config, {}, 1, {permits, 0}), there(config, {}, 2, {permits, 1});
  here.health().cool("up/main/m", 999'000, 998'000, routing::Why::breaker);
  CHECK(there.merge(here.health().take_delta()));
  const auto lane_of = [](Gateway& gateway, int64_t later_ms) {
    auto d = std::make_unique<Driver>(gateway);
    d->now = {1'000 + later_ms, 1'000'000 + later_ms};
    d->ask(request);
    return d;
  };
  auto probe = lane_of(here, 0);
  CHECK(probe->url == "http://first/v1/messages");
  CHECK(lane_of(there, 0)->url == "http://second/v1/messages");
  CHECK(lane_of(here, 0)->url == "http://second/v1/messages");
  probe.reset();  // it says nothing of the lane: the next one finds out
  probe = lane_of(there, 0);
  CHECK(probe->url == "http://first/v1/messages");
  // It fails, and `here` has not heard of it yet.
  probe->tell(UpstreamFailed{1, FaultKind::upstream_reset, {}});
  CHECK(probe->url == "http://second/v1/messages");
  CHECK(lane_of(here, 100)->url == "http://second/v1/messages");
  CHECK(here.merge(probe->delta));
  CHECK(lane_of(here, 300)->url == "http://second/v1/messages");
}

TEST_CASE("a half-open lane that another finds out about is asked where there is no other", "[exchange]") {
  auto config = std::make_shared<Config>(*config_to("http://first", "m"));
  config->routes[0].targets.pop_back();
  Gateway gateway(config, {}, 1);
  gateway.health().cool("up/main/m", 999'000, 998'000, routing::Why::breaker);
  Driver probe(gateway), other(gateway);
  probe.ask(request);
  other.ask(request);
  CHECK(other.url == "http://first/v1/messages");
}

TEST_CASE("the request is let go once it is sent and no attempt can follow", "[exchange]") {
  Gateway gateway(config_to("http://u"), {}, 1);
  Events events;
  SECTION("sent first") {
    Driver d(gateway);
    d.ask(request);
    d.tell(UpstreamSent{1});
    CHECK(d.log == std::vector<std::string>{"open"});
    d.tell(events.head());
    CHECK(d.log == std::vector<std::string>{"open"});  // another attempt may still follow
    d.tell(events.said);
    CHECK(d.log == std::vector<std::string>{"open", "head", "release_request", "release"});
  }
  SECTION("answered before it was sent") {
    Driver d(gateway);
    d.ask(request);
    d.tell(events.head());
    d.tell(events.said);
    CHECK(d.log == std::vector<std::string>{"open", "head", "release"});
    d.tell(UpstreamSent{1});
    CHECK(d.log.back() == "release_request");
  }
}

TEST_CASE("events of ended attempts, and all events after the end, are leftovers", "[exchange]") {
  Gateway gateway(config_to("http://u"), {}, 1);
  Events events;
  Driver d(gateway);
  d.ask(request);
  d.tell(UpstreamFailed{7, FaultKind::upstream_reset});
  CHECK(d.finish_count == 0);
  d.tell(ClientGone{});
  CHECK(d.finish_count == 1);
  CHECK(d.ending == Ending::cut);
  CHECK(d.report.fault.kind == FaultKind::client_gone);
  const size_t told = d.log.size();
  d.tell(events.head());
  d.tell(UpstreamEnd{1, {}});
  d.tell(ClientGone{});
  d.tell(Woken{});
  CHECK(d.log.size() == told);
}

TEST_CASE("a host that breaks the contract gets an honest ending, and only for this exchange", "[exchange]") {
  Gateway gateway(config_to("http://u"), {}, 1);
  Driver d(gateway);
  d.ask(request);
  d.tell(UpstreamBody{1, "data", 4});
  CHECK(d.finish_count == 1);
  CHECK(d.client_status == 500);
  CHECK(d.report.fault.kind == FaultKind::internal);
  Driver next(gateway);
  next.ask(request);
  CHECK(next.url == "http://u/v1/messages");
}

TEST_CASE("the total deadline ends an attempt before and after the commit", "[exchange]") {
  Gateway gateway(config_to("http://u"), {}, 1);
  Events events;
  Driver before(gateway);
  before.ask(request);
  CHECK(before.wake_at_ms == 6'000);
  before.tell(Woken{});
  CHECK(before.finish_count == 0);  // early wakes are harmless
  before.now.monotonic_ms = 6'000;
  before.tell(Woken{});
  CHECK(before.client_status == 504);

  Driver after(gateway);
  after.ask(request);
  after.tell(events.head());
  after.tell(events.said);
  after.now.monotonic_ms = 6'001;
  after.tell(Woken{});
  CHECK(after.client_status == 200);
  CHECK(after.client_bytes.find("event: error") == 0);
  CHECK(after.report.fault.kind == FaultKind::upstream_total_timeout);
}

TEST_CASE("a lane cooled down in one gateway is tried last in its sisters", "[exchange]") {
  Gateway one(config_to("http://u"), {}, 1), two(config_to("http://u"), {}, 2);
  Driver d(one);
  d.ask(request);
  d.tell(UpstreamFailed{1, FaultKind::upstream_connect});
  REQUIRE_FALSE(d.delta.empty());
  CHECK(d.log == std::vector<std::string>{"open", "open", "share"});
  REQUIRE(two.merge(d.delta));
  REQUIRE(two.merge(d.delta));
  Driver sister(two);
  sister.ask(request);
  sister.tell(ClientGone{});
  CHECK(sister.report.provider == "other");
  CHECK_FALSE(two.merge("garbage"));
}

TEST_CASE("a model's name cannot break a header", "[exchange]") {
  Gateway gateway(config_of_one_lane(), {}, 1);
  Driver d(gateway);
  d.tell(ClientHead{"POST", "/v1/messages", {}, -1, PeerScope::loopback, {}});
  d.tell(ClientBody{R"({"model":"a\r\nx-evil: 1"})", true});
  Step step = d.exchange.handle(UpstreamFailed{1, FaultKind::upstream_connect}, d.now);
  bool seen = false;
  for (const Effect& effect : step.effects)
    if (auto* head = std::get_if<SendClientHead>(&effect))
      for (const Header& header : head->headers) {
        CHECK(header.value.find('\n') == std::string_view::npos);
        seen = seen || header.name == "x-signalbox-model";
      }
  CHECK(seen);
}

TEST_CASE("every event in every phase, in any order, ends at most once and never after the end", "[exchange]") {
  Gateway gateway(config_to("http://u"), {}, 1);
  Events events;
  uint32_t seed = 20261121;
  auto next = [&seed] {
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
  };
  const std::string_view window = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\npart";
  for (int round = 0; round < 4'000; ++round) {
    Driver d(gateway);
    int heads = 0;
    for (int step = 0; step < 12; ++step) {
      switch (next() % 12) {
        case 0:
        case 1: d.tell(ClientHead{"POST", "/v1/messages", {}, -1, PeerScope::loopback, {}}); break;
        case 2:
        case 3: d.tell(ClientBody{request, true}); break;
        case 4: d.tell(UpstreamSent{1}); break;
        case 5: d.tell(events.head()); break;
        case 6: d.tell(UpstreamBody{1, window, window.size()}); break;
        case 7: d.tell(UpstreamEnd{1, window.substr(window.size() - 4)}); break;
        case 8: d.tell(UpstreamFailed{1, FaultKind::upstream_reset}); break;
        case 9: d.tell(UpstreamPiped{1, 3, true}); break;
        case 10: d.tell(Woken{}); break;
        case 11:
          if (next() % 4 == 0) d.tell(ClientGone{});
          break;
      }
    }
    heads = int(std::count(d.log.begin(), d.log.end(), "head"));
    CHECK(heads <= 1);
    CHECK(d.finish_count <= 1);
    if (d.finish_count) CHECK(d.log.back() == "finish");
  }
}

TEST_CASE("a success without a body is none", "[exchange]") {
  Gateway gateway(config_of_one_lane(), {}, 1);
  Driver d(gateway);
  d.ask(request);
  const Header headers[] = {{"content-type", "application/json"}, {"content-length", "0"}};
  d.tell(UpstreamHead{1, 200, headers});
  CHECK(d.client_status == 502);
  CHECK(d.report.fault.kind == FaultKind::upstream_cut);
}

TEST_CASE("nobody's credentials are spent for a client nobody can tell", "[exchange]") {
  auto config = std::make_shared<Config>(*config_of_one_lane());
  Provider mock;
  mock.name = "mock";
  mock.mock = true;
  config->providers.push_back(mock);
  config->routes.insert(config->routes.begin(), {"mock", {{2, ""}}, Accounting::on});
  Gateway gateway(config, {}, 1);
  auto status_of = [&](PeerScope peer, std::string_view target, std::string_view body) {
    Driver d(gateway);
    d.tell(ClientHead{body.empty() ? "GET" : "POST", target, {}, -1, peer, {}});
    d.tell(ClientBody{body, true});
    if (d.finish_count == 0) d.tell(UpstreamFailed{1, FaultKind::upstream_connect});
    return d.client_status;
  };
  CHECK(status_of(PeerScope::unknown, "/v1/messages", R"({"model":"m"})") == 503);
  CHECK(status_of(PeerScope::unknown, "/v1/messages", R"({"model":"mock"})") == 200);
  CHECK(status_of(PeerScope::unknown, "/v1/models", "") == 503);
  CHECK(status_of(PeerScope::unknown, "/healthz", "") == 200);
  CHECK(status_of(PeerScope::remote, "/v1/messages", R"({"model":"mock"})") == 401);
  CHECK(status_of(PeerScope::loopback, "/v1/messages", R"({"model":"m"})") == 502);
}

TEST_CASE("a keyless upstream's 401 is not the client's", "[exchange]") {
  auto config = std::make_shared<Config>(*config_of_one_lane());
  config->providers[0].credentials.clear();
  const Header type{"content-type", "application/json"};
  const UpstreamHead refused{1, 401, {&type, 1}};
  auto status_with = [&](bool passthrough) {
    config->providers[0].passthrough = passthrough;
    Gateway gateway(config, {}, 1);
    Exchange exchange(gateway);
    int status = 0;
    auto tell = [&](const Event& event) {
      for (const Effect& effect : exchange.handle(event, {}).effects)
        if (auto* head = std::get_if<SendClientHead>(&effect)) status = head->status;
    };
    tell(ClientHead{"POST", "/v1/messages", {}, -1, PeerScope::loopback, {}});
    tell(ClientBody{request, true});
    tell(refused);
    tell(UpstreamEnd{1, {}});
    return status;
  };
  CHECK(status_with(false) == 502);
  CHECK(status_with(true) == 401);
}

TEST_CASE("what a host miscounts ends its exchange and nothing else", "[exchange]") {
  Gateway gateway(config_to("http://u"), {}, 1);
  Events events;
  Driver counted(gateway);
  counted.ask(request);
  counted.tell(events.head());
  counted.tell(events.said);
  counted.tell(UpstreamBody{1, "ab", 3});
  CHECK(counted.report.fault.kind == FaultKind::internal);
  CHECK(counted.ending == Ending::cut);
  Driver unnumbered(gateway);
  unnumbered.ask(request);
  unnumbered.tell(events.head(0));
  CHECK(unnumbered.client_status == 500);
}

TEST_CASE("bytes that come together with the end are part of the answer", "[exchange]") {
  Gateway gateway(config_of_one_lane(), {}, 1);
  Events events;
  for (const std::string& last :
       {std::string("event: message_stop\ndata: {}\n\n"), std::string("event: message_stop\ndata: {}")}) {
    Driver d(gateway);
    d.ask(request);
    d.tell(events.head());
    d.tell(UpstreamEnd{1, last});
    CHECK(d.report.fault.kind == FaultKind::none);
    CHECK(d.report.answer_bytes == last.size());
    CHECK(d.client_bytes.empty());
  }
}

TEST_CASE("a whole answer is held until it is whole, and is no answer when it is not", "[exchange]") {
  Gateway gateway(config_of_one_lane(), {}, 1);
  const Header type{"content-type", "application/json"};
  auto status_of = [&](std::string_view body) {
    Driver d(gateway);
    d.ask(R"({"model":"m"})");
    d.tell(UpstreamHead{1, 200, {&type, 1}});
    d.tell(UpstreamBody{1, body, body.size()});
    CHECK(d.client_status == 0);
    d.tell(UpstreamEnd{1, body});
    CHECK(d.ending == Ending::complete);
    return d.client_status;
  };
  CHECK(status_of(R"({"type":"message"})") == 200);
  CHECK(status_of("\xef\xbb\xbf{\"type\":\"message\"}") == 502);  // a BOM is no JSON (RFC 8259)
  CHECK(status_of(R"({"type":"mess)") == 502);
  CHECK(status_of("<html>") == 502);
}

TEST_CASE("a whole answer that is too large to hold goes on, and is cut when it breaks off", "[exchange]") {
  auto config = std::make_shared<Config>(*config_to("http://u"));
  config->failover.gate_bytes_max = 16;
  Gateway gateway(config, {}, 1);
  const Header type{"content-type", "application/json"};
  Driver d(gateway);
  d.ask(R"({"model":"m"})");
  d.tell(UpstreamHead{1, 200, {&type, 1}});
  const std::string_view begin = R"({"type":"message")", end = R"(,"x":1})";
  d.tell(UpstreamBody{1, begin, begin.size()});
  CHECK(d.client_status == 200);
  SECTION("whole") {
    d.tell(UpstreamBody{1, end, end.size()});
    d.tell(UpstreamEnd{1, {}});
    CHECK(d.ending == Ending::complete);
    CHECK(d.report.answer_bytes == begin.size() + end.size());
  }
  SECTION("ended too early") {
    d.tell(UpstreamEnd{1, {}});
    CHECK(d.ending == Ending::cut);
  }
  SECTION("broken") {
    d.tell(UpstreamFailed{1, FaultKind::upstream_reset});
    CHECK(d.ending == Ending::cut);
  }
}

TEST_CASE("an HTML page is no count of tokens", "[exchange]") {
  Gateway gateway(config_of_one_lane(), {}, 1);
  const Header type{"content-type", "text/html"};
  Driver d(gateway);
  d.tell(ClientHead{"POST", "/v1/messages/count_tokens", {}, -1, PeerScope::loopback, {}});
  d.tell(ClientBody{request, true});
  d.tell(UpstreamHead{1, 200, {&type, 1}});
  CHECK(d.client_status == 502);
}

TEST_CASE("an older success does not lift a newer cool-down", "[exchange]") {
  Gateway gateway(config_to("http://u"), {}, 1);
  Events events;
  auto provider_of_next = [&] {
    Driver d(gateway);
    d.ask(request);
    d.tell(ClientGone{});
    return d.report.provider;
  };
  Driver slow(gateway);
  slow.ask(request);
  slow.tell(events.head());
  slow.tell(events.said);
  Driver refused(gateway);
  refused.ask(request);
  const Header wait[] = {{"content-type", "application/json"}, {"retry-after", "3600"}};
  refused.tell(UpstreamHead{1, 429, wait});
  refused.tell(UpstreamEnd{1, {}});
  CHECK(provider_of_next() == "other");
  slow.tell(UpstreamEnd{1, "event: message_stop\ndata: {}\n\n"});
  CHECK(slow.report.fault.kind == FaultKind::none);
  CHECK(provider_of_next() == "other");
}

TEST_CASE("what stands in a body that could not be read is not repeated", "[exchange]") {
  Gateway gateway(config_to("http://u"), {}, 1);
  for (const std::string& body :
       {std::string(R"({"model":"sk-secret","x":)"), R"({"stream":1,"model":")" + std::string(300, 's') + "\"}"}) {
    Driver d(gateway);
    d.ask(body);
    CHECK(d.client_status == 400);
    CHECK(d.report.client_model.empty());
    CHECK(d.client_bytes.find("sk-secret") == std::string::npos);
  }
}

TEST_CASE("a key of ours never goes on to a passthrough provider, in whichever field it stands", "[exchange]") {
  auto config = std::make_shared<Config>(*config_to("http://u"));
  config->providers[0].credentials.clear();
  config->providers[0].passthrough = true;
  config->server.client_keys = {{"me", base::sha256("ours")}};
  Gateway gateway(config, {}, 1);
  Exchange exchange(gateway);
  const Header headers[] = {
      {"x-api-key", "ours"}, {"authorization", "Bearer ours"}, {"api-key", "ours"}, {"x-goog-api-key", "theirs"}};
  std::vector<std::string> sent;
  auto tell = [&](const Event& event) {
    for (const Effect& effect : exchange.handle(event, {}).effects)
      if (auto* open = std::get_if<OpenUpstream>(&effect))
        for (const Header& header : open->headers) sent.emplace_back(header.value);
  };
  tell(ClientHead{"POST", "/v1/messages", headers, -1, PeerScope::remote, {}});
  tell(ClientBody{request, true});
  CHECK(sent == std::vector<std::string>{"theirs", "identity"});
}

TEST_CASE("a whole answer ends its lane's cool-down", "[exchange]") {
  Gateway gateway(config_to("http://u"), {}, 1);
  Events events;
  auto refused = [&](uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      Driver d(gateway);
      d.ask(request);
      d.tell(UpstreamFailed{1, FaultKind::upstream_connect});
      d.tell(UpstreamFailed{2, FaultKind::upstream_connect});
    }
  };
  refused(1);  // both lanes rest; the first one recovers no later
  Driver served(gateway);
  served.ask(request);
  served.tell(events.head());
  served.tell(events.said);
  served.tell(UpstreamEnd{1, "event: message_stop\ndata: {}\n\n"});
  CHECK(served.report.provider == "up");
  CHECK_FALSE(served.delta.empty());
  Gateway sister(config_to("http://u"), {}, 2);
  REQUIRE(sister.merge(gateway.snapshot()));
  refused(1);
  Driver next(sister);
  next.ask(request);
  next.tell(ClientGone{});
  CHECK(next.report.provider == "up");
}

TEST_CASE("a frame without end is broken off, and its attempt ended", "[exchange]") {
  auto config = std::make_shared<Config>(*config_to("http://u"));
  config->server.limits.frame_bytes_max = 1024;
  Gateway gateway(config, {}, 1);
  Events events;
  Driver d(gateway);
  d.ask(request);
  d.tell(events.head());
  d.tell(events.said);
  const std::string endless = "data: " + std::string(2000, 'x');
  d.tell(UpstreamBody{1, endless, endless.size()});
  CHECK(d.report.fault.kind == FaultKind::upstream_frame_too_large);
  CHECK(std::count(d.log.begin(), d.log.end(), "cancel") == 1);
  CHECK(d.client_bytes.find("event: error") == 0);
}
