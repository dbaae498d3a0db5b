#include "signalbox/gateway.h"

#include "exchange/broadcast.h"
#include "exchange/machine.h"
#include "routing/affinity.h"
#include "routing/health.h"
#include "routing/lane_stats.h"
#include "routing/lane_table.h"
#include "routing/places.h"
#include "routing/probing.h"
#include "routing/refusals.h"
#include "routing/retry_budget.h"
#include "signalbox/client_ledger.h"
#include "tokens/calibration.h"

namespace signalbox {
namespace {

// As many as usually go on at a time on one thread, 8 KB each: whoever comes when more do pays for his own.
#if defined(SIGNALBOX_SANITIZED)
constexpr size_t workspaces_max =
    0;  // what is used after its exchange has ended is found only in memory that was given back
#elif defined(__wasm__)
// One, which stands where the memory begins: others would stay between the large bodies of those that went on at the same
// time, and keep their room from becoming one again.
constexpr size_t workspaces_max = 1;
#else
constexpr size_t workspaces_max = 16;
#endif
// More came of one step than is worth keeping room for.
constexpr size_t kept_effects_max = 64;

// A configuration with its lanes: whoever holds the one holds the other, and an exchange takes one count for both.
struct Prepared {
  Prepared(std::shared_ptr<const Config> held, routing::LaneStats& stats)
      : config(std::move(held)), lanes(*config, stats) {}

  std::shared_ptr<const Config> config;
  routing::LaneTable lanes;
};

}  // namespace

Gateway::Gateway(std::shared_ptr<const Config> config, Capabilities capabilities, uint32_t writer, PermitsShare share)
    : capabilities_(capabilities),
      health_(std::make_unique<routing::Health>(writer)),
      lane_stats_(std::make_unique<routing::LaneStats>()),
      affinity_(std::make_unique<routing::AffinityTable>()),
      retry_budget_(std::make_unique<routing::RetryBudget>()),
      refusals_(std::make_unique<routing::Refusals>()),
      calibration_(std::make_unique<tokens::Calibration>()),
      places_(std::make_unique<routing::Places>(std::move(share))),
      broadcasts_(std::make_unique<exchange::Broadcasts>(*places_)) {
  adopt(std::move(config));
}

Gateway::~Gateway() = default;

void Gateway::adopt(std::shared_ptr<const Config> config) {
  // Not make_shared, whose block asks for a type's name, and the core has none.
  const std::shared_ptr<Prepared> prepared(new Prepared(std::move(config), *lane_stats_));
  lane_table_ = &prepared->lanes;
  config_ = std::shared_ptr<const Config>(prepared, prepared->config.get());
  lane_stats_->forget_unheld();
}

ClientLedger& Gateway::ledger() {
  if (shared_ledger_) return *shared_ledger_;
  if (!own_ledger_) own_ledger_ = make_client_ledger(config_->server.clients.addresses_max);
  return *own_ledger_;
}

std::unique_ptr<exchange::Workspace> Gateway::take_workspace() {
  if (workspaces_.empty()) {
    auto made = std::make_unique<exchange::Workspace>();
    made->stays = workspace_count_ < workspaces_max;
    workspace_count_ += made->stays;
    return made;
  }
  std::unique_ptr<exchange::Workspace> workspace = std::move(workspaces_.back());
  workspaces_.pop_back();
  return workspace;
}

void Gateway::keep_workspace(std::unique_ptr<exchange::Workspace> workspace) {
  if (!workspace->stays) return;
  if (workspace->effects.capacity() > kept_effects_max) workspace->effects = {};
  workspaces_.push_back(std::move(workspace));
}

bool Gateway::merge(std::string_view delta) {
  if (!health_->merge(delta)) return false;
  for (const std::string& name : health_->resets()) lane_stats_->forget_limits(name);
  return true;
}

DueProbe Gateway::next_probe(int64_t now_unix_ms) const {
  const int64_t every_ms = config_->probes.every_ms;
  return every_ms > 0 ? routing::next_probe(*config_, *health_, {}, every_ms, now_unix_ms) : DueProbe{};
}

std::string Gateway::snapshot() const { return health_->snapshot(); }

}  // namespace signalbox
