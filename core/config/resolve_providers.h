// `providers`: presets, credentials, and keys that do not go with each other.
#pragma once

#include <vector>

#include "config/problem.h"
#include "config/tree.h"
#include "signalbox/config.h"

namespace signalbox::config {

// Completes Config::providers, which fill() has read from `tree`.
void resolve_providers(const Tree& tree, Config& config, std::vector<Problem>& problems,
                       std::vector<Problem>& warnings);

}  // namespace signalbox::config
