// Prometheus' text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/).
#pragma once

#include <span>
#include <string>

#include "metrics/counters.h"
#include "signalbox/gateway.h"

namespace signalbox::metrics {

// Appends the sum over `tables`: what the configuration of `gateway` names, and one row for all that found no room.
void write_exposition(std::string& out, std::span<const Table* const> tables, Gateway& gateway, Now now);

}  // namespace signalbox::metrics
