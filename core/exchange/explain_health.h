// What the dry run says of a lane's health: how it stands, and what each class of failure would cost it.
#pragma once

#include "json/writer.h"
#include "routing/plan.h"
#include "routing/verdict.h"
#include "signalbox/capabilities.h"
#include "signalbox/config.h"

namespace signalbox::exchange {

// Members of the object that is open in `w`. `failures`: those of the lane's route.
void write_health(json::Writer& w, const routing::Lane& lane, const Failures& failures, routing::CredentialOwner owner,
                  Unreachable unreachable, int64_t now_unix_ms);

}  // namespace signalbox::exchange
