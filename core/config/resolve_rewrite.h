// `rewrite`, of a provider and of a model alike.
#pragma once

#include "config/findings.h"

namespace signalbox::config {

// Says of each rule whether it is one, and has what it needs.
void check_rewrite(NodeId rules, Findings& findings);

}  // namespace signalbox::config
