// What a dry run says of the choice of a route: the facts that were read, each rule, the tasks, and who decided.
#pragma once

#include "exchange/decision.h"
#include "json/writer.h"
#include "signalbox/config.h"

namespace signalbox::exchange {

// Writes the members "facts", "rules", "tasks" and "decided_by" of the object that `w` is within. Only what was asked of
// the request is told: nothing, where no rule, task or target asks.
void explain_route(json::Writer& w, const Decision& decision, const routing::Asker& asker, const Config& config);

// Writes the members by which a lane does not take the request whole.
void explain_taking(json::Writer& w, const Choice& choice);

}  // namespace signalbox::exchange
