// The world of a simulation from inside: the real gateways and exchanges, and the host, the clients and the upstreams around
// them, which world.cpp lets happen and world_effects.cpp has perform what the core asks for. Nobody else includes this.
#pragma once

#include <memory>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "signalbox/gateway.h"
#include "world.h"

namespace signalbox::simulation {

// Plays one plan, once. All that happens is on one queue, in the order of its time and then of its making; whatever is random
// is drawn from the plan's seed in that order, so that a run that is played again is the same. Rules are asked as it happens,
// and a broken one ends the run.
class World {
 public:
  // `plan` outlives it.
  World(const Plan& plan, Telling telling);
  Played play();

 private:
  enum class Kind : uint8_t {
    turn,
    client_comes,
    body_comes,
    client_leaves,
    upstream,
    wake,
    delta,
    reload,
    jump,
    flip
  };

  struct Due {
    int64_t at_ms;
    uint64_t order;
    Kind kind;
    int a;  // of what: a client, a post, a reload, ...
    int b;
    bool operator<(const Due& other) const { return at_ms != other.at_ms ? at_ms > other.at_ms : order > other.order; }
  };

  // A delta on its way to gateway `to`, and what its sender knew.
  struct Post {
    int to;
    std::string delta;
    std::vector<Ledger::News> news;
  };

  void at(int64_t at_ms, Kind kind, int a, int b = 0) { due_.push({at_ms, order_++, kind, a, b}); }
  Now now_of(int gateway) const;
  const Asked* any_asked() const;

  // What happens; `i` is a client of the plan.
  void happen(const Due& due);
  void flip(const Flip& flip);
  void client_comes(int i);
  void body_comes(int i);
  void wake(int i, int odd);
  void upstream_goes_on(int i, int number);
  void over(Asked& asked, Attempt& attempt);

  // Tells a client's exchange an event, and performs what it asks for.
  void tell(int i, const Event& event);
  void perform(int i, Asked& asked, const OpenUpstream& open);
  void perform(int i, Asked& asked, const CancelUpstream& cancel);
  void perform(int i, Asked& asked, const SendClientHead& head);
  void perform(int i, Asked& asked, const SendClientBody& body);
  void perform(int i, Asked& asked, const ReleaseBody& release);
  void perform(int i, Asked& asked, const AwaitTurn& await);
  void perform(int i, Asked& asked, const GiveTurn& give);
  // No route of these worlds has `once`.
  void perform(int, Asked&, const AwaitTaking&) {}
  void perform(int, Asked&, const SetPace&) {}
  void perform(int i, Asked& asked, const AskPlace& place);
  void perform(int i, Asked& asked, const DecodeRequest& decode);
  void perform(int i, Asked& asked, const ReleaseRequest& release);
  void perform(int i, Asked& asked, const ShareState& share);
  void perform(int i, Asked& asked, const Finish& finish);

  // Posts what gateway `from` has to tell to all others.
  void share(int from, std::string_view delta);
  // The request that an attempt was given stays as it was until it is let go.
  void check_views(const Asked& asked);
  // Everything has been told to everybody, in whatever order: all must know the same, and so must a newcomer.
  void check_convergence();

  // Of everything that crosses the boundary, for the trace.
  void note(uint64_t what);
  void note(std::string_view bytes);

  const Plan& plan_;
  Telling telling_;
  Ledger ledger_;
  Rules rules_;
  Random random_;
  std::vector<std::shared_ptr<const Config>> configs_;
  std::shared_ptr<Permits> permits_ = std::make_shared<Permits>(uint32_t(plan_.gateways));
  bool bounded_ = false;
  std::vector<std::unique_ptr<Gateway>> gateways_;
  std::vector<int> settings_;  // which each gateway has now
  std::vector<int64_t> monotonic_ahead_, unix_ahead_;
  std::vector<std::unique_ptr<Asked>> asked_;
  std::vector<Post> posts_;
  std::vector<std::string> deltas_;
  std::priority_queue<Due> due_;
  uint64_t order_ = 0;
  int64_t now_ms_ = 0;
  bool limited_ = false;  // the exchange that finished last was refused for its client's limits
  Played played_;
};

}  // namespace signalbox::simulation
