// What one attempt came to: told once for each request that was opened upstream, however it ends, by
// exchange::Machine::close_attempt. Whoever learns from attempts learns there.
#pragma once

#include <cstdint>
#include <span>

#include "routing/plan.h"
#include "signalbox/fault.h"
#include "signalbox/header.h"
#include "signalbox/report.h"

namespace signalbox::routing {

enum class AttemptEnd : uint8_t {
  answered,     // with a whole answer, or with what its own dialect lets pass for one
  failed,       // nothing of it has reached the client; `kind` says why
  broken,       // its content was on its way to the client when it broke; `kind` says how
  client_left,  // before any of these: it says nothing of the lane
  withdrawn,    // ended by us: asked again without what it refused, or a rule of our own broke; likewise
};

// Instants are monotonic milliseconds. Views and pointers hold during the call that tells it.
struct Outcome {
  const Lane& lane;
  AttemptEnd end = AttemptEnd::withdrawn;
  FaultKind kind = FaultKind::none;
  int64_t asked_ms = -1;  // how long the upstream asked to wait, in its head or its body; -1: it did not
  int64_t opened_ms = 0;
  // When its first content went out; -1: none has, or it came whole, with all the rest. The head's, where the route
  // commits at the head, and of a stream that says nothing for long the opening of the gate.
  int64_t content_ms = -1;
  int64_t closed_ms = 0;
  const Usage& usage;            // as far as it was told; -1 where it was not
  std::span<const Header> head;  // of its answer: at least what speaks of limits (http::speaks_of_limits)
};

}  // namespace signalbox::routing
