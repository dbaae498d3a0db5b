#include "signalbox/gateway.h"

#include "routing/health.h"

namespace signalbox {

Gateway::Gateway(std::shared_ptr<const Config> config, Capabilities capabilities, uint32_t writer)
    : config_(std::move(config)), capabilities_(capabilities), health_(std::make_unique<routing::Health>(writer)) {}

Gateway::~Gateway() = default;

void Gateway::adopt(std::shared_ptr<const Config> config) { config_ = std::move(config); }

bool Gateway::merge(std::string_view delta) { return health_->merge(delta); }

std::string Gateway::snapshot() const { return health_->snapshot(); }

}  // namespace signalbox
