// What a target can take of a request: images, documents, tools, so many tokens. Last of all in a decision: what no
// target can take is said with the reason, and nothing else is changed.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "routing/facts.h"
#include "routing/plan.h"
#include "signalbox/config.h"
#include "signalbox/fault.h"

namespace signalbox::routing {

// How a lane stands to a request.
enum class Taking : uint8_t {
  whole,   // nothing is known against it
  partly,  // it would go without its images, or is likely too long: only where no other lane takes it whole
  no,
};

// Which of a request's facts decide about these lanes.
FactSet asked_by(std::span<const Lane* const> lanes);

// The least bound on tokens that any of them has; 0 where none has one.
int64_t tokens_least(std::span<const Lane* const> lanes);

struct TakingResult {
  Taking taking = Taking::whole;
  std::string_view what;  // what is too much for it: "images", "documents", "tools", "tokens"; empty for whole
};

// Of facts that were read for asked_by().
TakingResult taking_of(const Lane& lane, const TaskFacts& known);

// Why no lane takes it, told by the one that was nearest to it.
Fault cannot_take(const Config& config, const Lane& lane, const TakingResult& result, const TaskFacts& known);

}  // namespace signalbox::routing
