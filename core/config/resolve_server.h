// `server`: where it listens, whom it lets in, and what it asks of clients.
#pragma once

#include <vector>

#include "config/problem.h"
#include "config/tree.h"
#include "signalbox/config.h"

namespace signalbox::config {

// Completes Config::server, which fill() has read from `tree`.
void resolve_server(const Tree& tree, Config& config, std::vector<Problem>& problems, std::vector<Problem>& warnings);

}  // namespace signalbox::config
