// Makes a failing plan smaller: leaves out parts as long as the same rule is broken. Deterministic.
#pragma once

#include <vector>

#include "plan.h"

namespace signalbox::simulation {

// `plan` without the parts in `omitted`.
Plan without(Plan plan, const std::vector<size_t>& omitted);

// The parts that can be left out of `plan`, whose play breaks `rule`.
std::vector<size_t> shrink(const Plan& plan, const std::string& rule);

}  // namespace signalbox::simulation
