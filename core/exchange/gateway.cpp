#include "signalbox/gateway.h"

#include "routing/health.h"
#include "routing/places.h"
#include "routing/refusals.h"
#include "routing/retry_budget.h"
#include "signalbox/client_ledger.h"
#include "tokens/calibration.h"

namespace signalbox {

Gateway::Gateway(std::shared_ptr<const Config> config, Capabilities capabilities, uint32_t writer, PermitsShare share)
    : config_(std::move(config)),
      capabilities_(capabilities),
      health_(std::make_unique<routing::Health>(writer)),
      retry_budget_(std::make_unique<routing::RetryBudget>()),
      refusals_(std::make_unique<routing::Refusals>()),
      calibration_(std::make_unique<tokens::Calibration>()),
      places_(std::make_unique<routing::Places>(std::move(share))) {}

Gateway::~Gateway() = default;

void Gateway::adopt(std::shared_ptr<const Config> config) { config_ = std::move(config); }

ClientLedger& Gateway::ledger() {
  if (shared_ledger_) return *shared_ledger_;
  if (!own_ledger_) own_ledger_ = make_client_ledger(config_->server.clients.addresses_max);
  return *own_ledger_;
}

bool Gateway::merge(std::string_view delta) { return health_->merge(delta); }

std::string Gateway::snapshot() const { return health_->snapshot(); }

}  // namespace signalbox
