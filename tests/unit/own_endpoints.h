// Who asks the gateway's own endpoints, and the two providers that he asks about: for tests of administration and probes.
#pragma once

#include <catch2/catch.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "json/walk.h"
#include "signalbox/exchange.h"
#include "signalbox/gateway.h"

namespace signalbox::own_test {

inline constexpr Now begin{1'000, 1'700'000'000'000};
inline Now later(int64_t ms) { return {begin.monotonic_ms + ms, begin.unix_ms + ms}; }

// Providers `near`, of Messages, and `far`, of Chat, each at https://NAME.example with the credentials main and spare. A
// route to near's model m and to the client's own at far.
inline std::shared_ptr<Config> near_and_far() {
  auto config = std::make_shared<Config>();
  for (std::string_view name : {"near", "far"}) {
    Provider provider;
    provider.name = name;
    provider.dialect = name == "near" ? Dialect::anthropic : Dialect::openai_chat;
    provider.base_url = "https://" + provider.name + ".example";
    provider.credentials = {"main", "spare"};
    config->providers.push_back(provider);
  }
  config->routes.push_back({"*", {{0, "m"}, {1, ""}}, Accounting::on});
  return config;
}

// Who asks, what he is answered, and what the host is asked for meanwhile.
struct Asker {
  Exchange exchange;
  Now now = begin;
  std::vector<Header> headers{{"host", "localhost"}};  // of his question
  int opened = 0;
  std::string url, body, credential;  // of what was opened
  std::vector<std::string> header_names;
  int status = 0, logged_status = 0;
  std::string answer;
  bool finished = false;
  int64_t wake_at_ms = never_ms;

  explicit Asker(Gateway& gateway, Now at = begin) : exchange(gateway), now(at) {}

  void tell(const Event& event) {
    const Step step = exchange.handle(event, now);
    wake_at_ms = step.wake_at_ms;
    for (const Effect& effect : step.effects) {
      if (const auto* open = std::get_if<OpenUpstream>(&effect)) {
        ++opened;
        url = open->url;
        credential = open->credential.credential;
        for (std::string_view piece : open->body) body += piece;
        for (const Header& header : open->headers) header_names.push_back(std::string(header.name));
      } else if (const auto* head = std::get_if<SendClientHead>(&effect)) {
        status = head->status;
      } else if (const auto* sent = std::get_if<SendClientBody>(&effect)) {
        answer += sent->bytes;
      } else if (auto* finish = std::get_if<Finish>(&effect)) {
        finished = true;
        logged_status = finish->report->status;
      }
    }
  }

  void ask(std::string_view method, std::string_view target, PeerScope peer, std::string_view sent = {}) {
    tell(ClientHead{method, target, headers, int64_t(sent.size()), peer, {}});
    if (!finished) tell(ClientBody{sent, true});
  }

  // The member `key` of the answer, as it stands there; empty where there is none.
  std::string told(std::string_view key) const { return std::string(json::member(answer, key)); }
};

// What the gateway says that it would do with `request`, a Messages body; `query` is what more is asked, each with its '&'.
inline std::string explained(Gateway& gateway, std::string_view query, std::string_view request) {
  Asker asker(gateway, Now{});
  const std::string target = "/signalbox/explain?path=/v1/messages" + std::string(query);
  asker.ask("POST", target, PeerScope::loopback, request);
  CHECK(asker.opened == 0);
  CHECK(asker.finished);
  return asker.answer;
}

}  // namespace signalbox::own_test
