// The part of reading that depends on several keys: names that refer to each other, what goes with
// what, and what is legal but surely not meant (warnings).
#pragma once

#include <string_view>
#include <vector>

#include "config/problem.h"
#include "config/tree.h"
#include "signalbox/config.h"

namespace signalbox::config {

// Completes `config`, which fill() has read from `tree`.
void resolve(const Tree& tree, Config& config, std::vector<Problem>& problems, std::vector<Problem>& warnings);

// Whether every name that `later` matches is matched by `earlier` too.
bool covers(std::string_view earlier, std::string_view later);

}  // namespace signalbox::config
