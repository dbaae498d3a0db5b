// Clients of a gateway whose lanes are bounded, for tests of places and queues: each records what its host is asked, in words.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "signalbox/exchange.h"
#include "signalbox/gateway.h"

namespace signalbox::queue_test {

inline constexpr Capabilities with_turns{.gives_turns = true};

// A provider with one credential, `main`, at http://NAME.
struct LaneSpec {
  const char* name;
  int64_t concurrent_max = 0;  // 0: no bound
  const char* model = "";      // none: the client's own
};

// A route to these lanes, in this order, with `queue`.
inline std::shared_ptr<Config> config_of(std::initializer_list<LaneSpec> lanes, Queue queue) {
  auto config = std::make_shared<Config>();
  Route route;
  route.match = "*";
  route.queue = queue;
  for (const LaneSpec& lane : lanes) {
    Provider provider;
    provider.name = lane.name;
    provider.base_url = std::string("http://") + lane.name;
    provider.credentials = {"main"};
    provider.concurrent_max = lane.concurrent_max;
    route.targets.push_back({uint32_t(config->providers.size()), lane.model});
    config->providers.push_back(provider);
  }
  config->routes.push_back(route);
  config->failover.gate_ms = 1'000;
  return config;
}

// One lane, `up`, whose places are waited for up to five seconds.
inline std::shared_ptr<Config> config_with(int64_t concurrent_max, int64_t places_max) {
  return config_of({{"up", concurrent_max}}, {places_max, 5'000});
}

using Log = std::vector<std::string>;
inline std::string opened_at(std::string_view name) { return "open http://" + std::string(name) + "/v1/messages"; }
inline const std::string opened = opened_at("up");

// One client; what the host is asked, in words. Where an owner of places is asked, a line for each option, `ask` and the
// bounds it needs, and one for the queue, its places and how long one is waited for.
struct Client {
  Exchange exchange;
  Now now{1'000, 1'000'000};
  Log log;  // of all that it was told
  std::string bytes;
  int status = 0;
  uint64_t turn = 0;
  std::vector<GiveTurn> given;
  Report report;
  int64_t wake_at_ms = never_ms;

  explicit Client(Gateway& gateway) : exchange(gateway) {}

  // Gives the lines that `event` has added to the log.
  Log tell(const Event& event) {
    const size_t before = log.size();
    const Step step = exchange.handle(event, now);
    wake_at_ms = step.wake_at_ms;
    for (const Effect& effect : step.effects) {
      if (auto* open = std::get_if<OpenUpstream>(&effect)) log.push_back("open " + std::string(open->url));
      else if (std::holds_alternative<CancelUpstream>(effect)) log.push_back("cancel");
      else if (auto* await = std::get_if<AwaitTurn>(&effect)) log.push_back("await"), turn = await->turn;
      else if (auto* give = std::get_if<GiveTurn>(&effect)) given.push_back(*give);
      else if (auto* place = std::get_if<AskPlace>(&effect)) note(*place);
      else if (auto* head = std::get_if<SendClientHead>(&effect)) {
        log.push_back("head");
        status = head->status;
        for (const Header& header : head->headers)
          if (header.name == "retry-after") log.push_back("retry-after");
      } else if (auto* body = std::get_if<SendClientBody>(&effect)) bytes += body->bytes;
      else if (auto* finish = std::get_if<Finish>(&effect)) log.push_back("finish"), report = *finish->report;
    }
    return {log.begin() + ptrdiff_t(before), log.end()};
  }

  // Gives the lines that its whole question has added.
  Log ask(std::string_view body = R"({"model":"m","stream":true})") {
    Log added = tell(ClientHead{"POST", "/v1/messages", {}, int64_t(body.size()), PeerScope::loopback, {}});
    const Log more = tell(ClientBody{body, true});
    added.insert(added.end(), more.begin(), more.end());
    return added;
  }

  Log wake_after(int64_t ms) {
    now.monotonic_ms += ms;
    now.unix_ms += ms;
    return tell(Woken{});
  }

 private:
  void note(const AskPlace& place) {
    if (place.option_count == 0) return log.push_back("give back");
    Log options(place.option_count, "ask");
    for (const PlaceBound& bound : place.bounds)
      options.at(bound.option) += " " + std::string(bound.name) + " " + std::to_string(bound.most) + ";";
    log.insert(log.end(), options.begin(), options.end());
    if (place.waiting_max)
      log.push_back(std::string(place.queue) + " " + std::to_string(place.waiting_max) + " " +
                    std::to_string(place.wait_ms));
  }
};

}  // namespace signalbox::queue_test
