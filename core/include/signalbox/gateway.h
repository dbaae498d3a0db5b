// What exchanges share: the configuration of the moment, the health of lanes, counters. One per thread,
// instance or isolate; gateways share nothing but deltas ("one mechanism, four distances"), and those speak
// of health alone: the budget of second attempts, and what lanes' counts and refusals teach, are each gateway's
// own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "signalbox/capabilities.h"
#include "signalbox/config.h"
#include "signalbox/instant.h"
#include "signalbox/permits.h"

namespace signalbox {

class ClientLedger;
class Metrics;
namespace exchange {
struct Workspace;
}
namespace routing {
class AffinityTable;
class Health;
class Places;
class LaneStats;
class LaneTable;
class Refusals;
class RetryBudget;
}  // namespace routing
namespace tokens {
class Calibration;
}
namespace exchange {
class Broadcasts;
}

// A lane that is to be asked whether it serves again, and from when on.
struct DueProbe {
  std::string lane;  // "provider/credential/model"; empty: there is none
  int64_t at_unix_ms = never_ms;
};

class Gateway {
 public:
  // `writer` tells this gateway's deltas from its sisters'; unique among those that exchange deltas.
  // `share` is what is exact over all gateways of the process; each has its own number in it.
  Gateway(std::shared_ptr<const Config> config, Capabilities capabilities, uint32_t writer, PermitsShare share = {});
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // Exchanges that begin from now on use `config`; open ones keep theirs. Health is kept: it is keyed
  // by configured names.
  void adopt(std::shared_ptr<const Config> config);

  // Takes in a delta or a snapshot of another gateway. Order and repetition do not matter. Bytes that
  // are none are ignored whole, and false is returned.
  bool merge(std::string_view delta);

  // From now on clients' limits are counted in `ledger`, which outlives this gateway; before the first exchange.
  void share_ledger(ClientLedger& ledger) { shared_ledger_ = &ledger; }
  // From now on exchanges are counted in `metrics`, this gateway's own, which outlives it; before the first exchange.
  void share_metrics(Metrics& metrics) { metrics_ = &metrics; }
  Metrics* metrics() { return metrics_; }
  // Made when it is first asked for, where none is shared.
  ClientLedger& ledger();

  // Which lane `POST /signalbox/probe?lane=` is to be told of next, by the host itself (PeerScope::host), where the
  // configuration asks for probes. Coolings that come may bring it nearer. One gateway of a process asks for all.
  DueProbe next_probe(int64_t now_unix_ms) const;

  // Everything there is to share, as one delta.
  std::string snapshot() const;

  const std::shared_ptr<const Config>& config() const { return config_; }
  const Capabilities& capabilities() const { return capabilities_; }
  routing::Health& health() { return *health_; }
  const routing::Health& health() const { return *health_; }
  routing::RetryBudget& retry_budget() { return *retry_budget_; }
  routing::Refusals& refusals() { return *refusals_; }
  routing::Places& places() { return *places_; }
  exchange::Broadcasts& broadcasts() { return *broadcasts_; }
  routing::LaneStats& lane_stats() { return *lane_stats_; }
  // Of config(), and lives as long as that.
  routing::LaneTable& lane_table() { return *lane_table_; }
  routing::AffinityTable& affinity() { return *affinity_; }
  tokens::Calibration& calibration() { return *calibration_; }
  const tokens::Calibration& calibration() const { return *calibration_; }

  // What an exchange works in: one that another has left, or a new one. Whoever takes it gives it back empty.
  std::unique_ptr<exchange::Workspace> take_workspace();
  void keep_workspace(std::unique_ptr<exchange::Workspace> workspace);

 private:
  std::shared_ptr<const Config> config_;  // together with its lanes
  Capabilities capabilities_;
  std::unique_ptr<routing::Health> health_;
  std::unique_ptr<routing::LaneStats> lane_stats_;
  routing::LaneTable* lane_table_ = nullptr;  // held by config_
  std::unique_ptr<routing::AffinityTable> affinity_;
  std::unique_ptr<routing::RetryBudget> retry_budget_;
  std::unique_ptr<routing::Refusals> refusals_;
  std::unique_ptr<tokens::Calibration> calibration_;
  ClientLedger* shared_ledger_ = nullptr;
  Metrics* metrics_ = nullptr;
  std::unique_ptr<ClientLedger> own_ledger_;
  std::unique_ptr<routing::Places> places_;
  std::unique_ptr<exchange::Broadcasts> broadcasts_;
  std::vector<std::unique_ptr<exchange::Workspace>> workspaces_;  // that nobody works in
  size_t workspace_count_ = 0;                                    // those that stay, in work or not
};

}  // namespace signalbox
