// One upstream call for identical concurrent requests, whatever comes in whatever order: a hundred crowds of forty, each by
// the dice of its seed.
#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "once_crowd.h"

using namespace signalbox;
using namespace signalbox::once_test;

namespace {

// A client's bytes without the signs of life between events.
std::string without_pings(std::string bytes) {
  for (const std::string sign : {"event: ping\ndata: {\"type\": \"ping\"}\n\n", ": keepalive\n\n"})
    for (size_t at = bytes.find(sign); at != bytes.npos; at = bytes.find(sign, at)) bytes.erase(at, sign.size());
  return bytes;
}

constexpr int64_t answer_bytes_max = 64 << 10, bytes_max = 160 << 10;

std::shared_ptr<Config> narrow_config() {
  auto config = config_with_once();
  config->server.limits.once_answer_bytes_max = answer_bytes_max;
  config->server.limits.once_bytes_max = bytes_max;
  return config;
}

// Clients that ask the same, come and go and read when they like, with upstreams that answer by pieces, fail and break off.
class Weather {
 public:
  explicit Weather(uint64_t seed) : state_(seed * 2654435761u + 1) {}

  // Something happens, and all that must hold is looked at.
  void step() {
    const size_t count = crowd_.clients.size();
    const size_t what = below(100);
    if (count == 0 || (what < 12 && count < 40)) {
      crowd_.ask(below(6) == 0 ? question + " " : question).reads = below(3) != 0;
    } else {
      happen(what, below(count));
    }
    look();
    check();
  }

  // Everybody reads and every upstream answers, until nobody is left.
  void end_all() {
    for (int round = 0; round < 400; ++round) {
      bool any = false;
      for (size_t i = 0; i < crowd_.clients.size(); ++i) {
        crowd_.take(*crowd_.clients[i]);
        look();
        advance(i);
        any = any || crowd_.clients[i]->exchange != nullptr;
      }
      look();
      check();
      if (!any) break;
      if (round % 10 == 9) crowd_.pass(3'000);
    }
    for (size_t i = 0; i < crowd_.clients.size(); ++i) REQUIRE((crowd_.clients[i]->finished || lost_[i]));
    REQUIRE(crowd_.broadcasts().kept_bytes() == 0);
    REQUIRE(crowd_.broadcasts().joinable_count() == 0);
  }

  // Who got another one's answer, whole or the beginning of it.
  size_t followed_count() const {
    return size_t(std::count_if(crowd_.clients.begin(), crowd_.clients.end(),
                                [](const auto& client) { return !client->report.followed.empty(); }));
  }

 private:
  struct Call {
    uint32_t attempt = 0;
    bool headed = false, over = false;
    std::string script;
    size_t sent = 0;
  };

  size_t below(size_t bound) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return size_t(state_ >> 33) % bound;
  }
  // New attempts get a script of their own, by which an answer of two would show.
  void look() {
    calls_.resize(crowd_.clients.size());
    lost_.resize(crowd_.clients.size());
    left_.resize(crowd_.clients.size());
    for (size_t i = 0; i < calls_.size(); ++i) {
      const Client& client = *crowd_.clients[i];
      if (client.attempt == calls_[i].attempt) continue;
      calls_[i] = {client.attempt, false, false, begin, 0};
      const size_t pieces = 1 + below(below(4) == 0 ? 200 : 10);
      for (size_t piece = 0; piece < pieces; ++piece)
        calls_[i].script += delta("call " + std::to_string(scripts_.size()) + std::string(below(2'000), 'x'));
      calls_[i].script += end;
      scripts_.push_back(calls_[i].script);
    }
  }
  void check() {
    REQUIRE(crowd_.broadcasts().kept_bytes() <= size_t(bytes_max) + (96 << 10));
    for (size_t i = 0; i < crowd_.clients.size(); ++i) {
      const Client& client = *crowd_.clients[i];
      if (client.bytes.empty() || client.status != 200) continue;
      std::string got = without_pings(client.bytes);
      bool is_error = false;
      if (const size_t error = got.find("event: error\n"); error != got.npos) got.erase(error), is_error = true;
      const bool one_calls = std::any_of(scripts_.begin(), scripts_.end(),
                                         [&](const std::string& each) { return each.substr(0, got.size()) == got; });
      REQUIRE(one_calls);
      if (!client.finished || is_error || left_[i] || client.log.back() == "cut") continue;
      REQUIRE(std::find(scripts_.begin(), scripts_.end(), got) != scripts_.end());
    }
  }
  void advance(size_t i) {
    Client& client = *crowd_.clients[i];
    Call& call = calls_[i];
    if (!client.exchange || client.attempt == 0 || call.over || client.finished) return;
    if (!call.headed) {
      if (below(12) == 0) {
        call.over = true;
        return crowd_.tell(client, UpstreamFailed{call.attempt, FaultKind::upstream_connect});
      }
      call.headed = true;
      return crowd_.head(client);
    }
    if (below(60) == 0) {
      call.over = true;
      return crowd_.tell(client, UpstreamFailed{call.attempt, FaultKind::upstream_reset});
    }
    const std::string piece = call.script.substr(call.sent, 1 + below(9'000));
    call.sent += piece.size();
    if (call.sent < call.script.size()) return crowd_.body(client, piece);
    call.over = true;
    crowd_.finish(client, piece);
  }
  void happen(size_t what, size_t i) {
    Client& client = *crowd_.clients[i];
    if (what < 75) {
      advance(i);
    } else if (what < 80) {
      if (client.exchange) left_[i] = true, crowd_.tell(client, ClientGone{});
    } else if (what < 88) {
      crowd_.take(client);
    } else if (what < 93) {
      client.reads = false;
    } else if (what < 94) {
      if (client.exchange && below(4) == 0) lost_[i] = true, client.exchange.reset();
    } else {
      crowd_.pass(int64_t(below(3'000)));
    }
  }

  uint64_t state_;
  Crowd crowd_{narrow_config()};
  std::vector<Call> calls_;           // by client, its last
  std::vector<std::string> scripts_;  // of all calls that there ever were
  std::vector<bool> lost_, left_;     // by client
};

}  // namespace

TEST_CASE("once: whatever comes in whatever order, each gets one answer, whole or honestly ended", "[once]") {
  size_t followed_count = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    INFO("seed " << seed);
    Weather weather(seed);
    for (int i = 0; i < 250; ++i) weather.step();
    weather.end_all();
    followed_count += weather.followed_count();
  }
  CHECK(followed_count > 100);  // or nothing was seen of sharing
}
