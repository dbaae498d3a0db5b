// Rules, tasks and names of routes: who they name, whether they can ever decide, and which facts they ask for.
#pragma once

#include <vector>

#include "config/problem.h"
#include "config/tree.h"
#include "signalbox/config.h"

namespace signalbox::config {

// Appends to Config::routes those that rules and tasks have for themselves, and makes Config::provider_routes. The
// user's own routes and models have been resolved; where they have problems, no further is made of it.
void resolve_rules(const Tree& tree, Config& config, std::vector<Problem>& problems, std::vector<Problem>& warnings);

}  // namespace signalbox::config
