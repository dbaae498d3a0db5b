// Why no lane can serve a request, with the names that the faults' table cannot know.
#pragma once

#include <string_view>

#include "base/arena.h"
#include "exchange/decision.h"
#include "routing/facts.h"
#include "routing/match.h"
#include "routing/plan.h"
#include "signalbox/config.h"
#include "signalbox/fault.h"

namespace signalbox::exchange {

// A model that no route takes, with the names that come near it.
Fault unknown_model(const Config& config, std::string_view asked, Arena& arena);

// A route of which nobody is to be asked: who has been switched off.
Fault none_enabled(const routing::Plan& plan, const routing::Match& match, const Config& config);

// Lanes of which not even the first one, `choice`, serves.
Fault why_none(const Choice& choice, const Conversation& conversation, const routing::Facts& facts,
               const Config& config);

}  // namespace signalbox::exchange
