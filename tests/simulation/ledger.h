// What an onlooker knows of lanes for certain, over all exchanges of a run: which have never been to blame, which must be
// resting and which gateway has heard of it, and how many second attempts were made. Where the core may know more, the
// ledger claims nothing.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "asked.h"

namespace signalbox::simulation {

class Ledger {
 public:
  explicit Ledger(int gateways) : known_(size_t(gateways)), second_(size_t(gateways)) {}

  // A lane is to blame for a failure, and rests for `rest_ms`, as it asked, or for at least so long.
  enum class Rest : uint8_t { named, at_least };
  void blame(int gateway, const LaneId& lane, int64_t now_ms, int64_t rest_ms, Rest rest);
  // An exchange of `gateway` that was decided at `decided_ms` ended well on `lane`: what it knew of may be lifted.
  void praise(int gateway, const LaneId& lane, int64_t decided_ms, int64_t now_ms);
  // Nothing is certain of rests any more: a wall clock was set.
  void doubt_clocks() { clocks_agree_ = false; }

  // What `gateway` knows, to be told to another with a delta.
  struct News {
    std::string lane;
    int64_t since_ms = 0, until_ms = 0;
    int by = 0;  // the gateway that it befell
    bool told = false;
  };
  std::vector<News> take_news(int gateway);
  void hear(int gateway, const std::vector<News>& news);

  // No attempt at the lane's provider has ever failed.
  bool clean(const LaneId& lane) const { return !blamed_.count(lane.provider); }
  // `gateway` knows for certain that the lane rests.
  bool rests(int gateway, const LaneId& lane, int64_t now_ms) const;

  // Attempts at a provider: whether it had already failed in the same exchange.
  void count_attempt(int gateway, int provider, bool second, int64_t now_ms, int64_t percent);
  // Whether there was certainly something left in the budget for one more, where `unseen` more may have been paid for.
  bool budget_left(int gateway, int provider, int64_t unseen) const;
  // Whether more second attempts were made than any budget allows.
  bool budget_exceeded(int gateway, int provider, int64_t now_ms) const;

 private:
  static std::string key(const LaneId& lane);
  struct Account {
    int64_t second_count = 0;
    int64_t paid_in_percent = 0;
    int64_t since_ms = 0;
  };

  std::vector<std::vector<News>> known_;
  std::map<int, int64_t> blamed_;
  struct Doubt {
    int64_t since_ms = 0;
    int count = 0;
  };
  std::map<std::string, Doubt> doubts_;  // of how long a lane rests, by lane
  struct Praise {
    int gateway = 0;
    int64_t decided_ms = 0, ended_ms = 0;
    bool may_lift(const News& news) const;
  };
  std::map<std::string, std::vector<Praise>> praised_;  // by lane
  std::vector<std::map<int, Account>> second_;
  bool clocks_agree_ = true;
};

}  // namespace signalbox::simulation
