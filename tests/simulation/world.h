// Plays a plan: the real core, gateways that tell each other deltas, and a host, clients and upstreams that are none, in
// virtual time on one queue of events. Nothing here is random but by the plan's seed.
#pragma once

#include <cstdint>
#include <string>

#include "rules.h"

namespace signalbox::simulation {

struct Played {
  Broken broken;
  uint64_t trace = 0;  // of everything that crossed the boundary
  int64_t steps = 0, attempts = 0, answered = 0, failed = 0;
};

enum class Telling : uint8_t { silent, aloud };  // aloud: every effect goes to standard output

Played play(const Plan& plan, Telling telling = Telling::silent);

}  // namespace signalbox::simulation
