// Clients of a gateway whose lanes are bounded, for tests of places and queues: each records what its host is asked, in words.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "signalbox/exchange.h"
#include "signalbox/gateway.h"

namespace signalbox::queue_test {

inline constexpr Capabilities with_turns{.gives_turns = true};

// One provider with one credential and one route to it.
inline std::shared_ptr<Config> config_with(int64_t concurrent_max, int64_t places_max) {
  auto config = std::make_shared<Config>();
  Provider provider;
  provider.name = "up";
  provider.base_url = "http://u";
  provider.credentials = {"main"};
  provider.concurrent_max = concurrent_max;
  config->providers.push_back(provider);
  Route route;
  route.match = "*";
  route.targets = {{0, ""}};
  route.queue = {places_max, 5'000};
  config->routes.push_back(route);
  config->failover.gate_ms = 1'000;
  return config;
}

// One client; what the host is asked, in words.
struct Client {
  Exchange exchange;
  Now now{1'000, 1'000'000};
  std::vector<std::string> log;
  std::string bytes;
  int status = 0;
  uint64_t turn = 0;
  std::vector<GiveTurn> given;
  Report report;
  int64_t wake_at_ms = never_ms;

  explicit Client(Gateway& gateway) : exchange(gateway) {}
  void tell(const Event& event) {
    const Step step = exchange.handle(event, now);
    wake_at_ms = step.wake_at_ms;
    for (const Effect& effect : step.effects) {
      if (auto* open = std::get_if<OpenUpstream>(&effect)) log.push_back("open " + std::string(open->url));
      else if (std::holds_alternative<CancelUpstream>(effect)) log.push_back("cancel");
      else if (auto* await = std::get_if<AwaitTurn>(&effect)) log.push_back("await"), turn = await->turn;
      else if (auto* give = std::get_if<GiveTurn>(&effect)) given.push_back(*give);
      else if (auto* head = std::get_if<SendClientHead>(&effect)) {
        log.push_back("head");
        status = head->status;
        for (const Header& header : head->headers)
          if (header.name == "retry-after") log.push_back("retry-after");
      } else if (auto* body = std::get_if<SendClientBody>(&effect)) bytes += body->bytes;
      else if (auto* finish = std::get_if<Finish>(&effect)) log.push_back("finish"), report = *finish->report;
    }
  }
  void ask(std::string_view body = R"({"model":"m","stream":true})") {
    tell(ClientHead{"POST", "/v1/messages", {}, int64_t(body.size()), PeerScope::loopback, {}});
    tell(ClientBody{body, true});
  }
  void wake_after(int64_t ms) {
    now.monotonic_ms += ms;
    now.unix_ms += ms;
    tell(Woken{});
  }
};

using Log = std::vector<std::string>;
inline const std::string opened = "open http://u/v1/messages";

}  // namespace signalbox::queue_test
