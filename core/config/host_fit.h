// What a configuration asks for and a host cannot do, found at the start and not in the middle of a request; and
// what such a host serves with instead.
#pragma once

#include <vector>

#include "config/problem.h"
#include "signalbox/capabilities.h"
#include "signalbox/config.h"

namespace signalbox::config {

// A problem where requests would go another way than the user said. A warning where each request is served as it should
// be, or refused with a sentence that says why: one configuration may then stand on every host.
struct HostFit {
  std::vector<Problem> problems;
  std::vector<Problem> warnings;
};

// What `config` asks for and a host of these capabilities does not have.
HostFit beyond(const Capabilities& capabilities, const Config& config);

// What stands in for `config`, which has `problems`, where a host cannot refuse to start: health endpoints answer,
// /readyz with the counts and, for its admin keys, the sentences; everything else is 503.
Config unusable(const Config& config, const std::vector<Problem>& problems);

}  // namespace signalbox::config
