// Which lane is asked next whether it serves again, before requests find out (docs/health.md, Probes).
//
// A lane is asked when it has cooled, or was asked, `every_ms` ago, and shortly before its cooling ends, so that what
// still fails goes on cooling; only then where probes were answered and requests failed all the same. Of lanes that
// suffer together one is asked. Who said himself when to come back is not asked before, and what only a person can mend
// seldom.
#pragma once

#include <cstdint>
#include <string_view>

#include "routing/health.h"
#include "signalbox/config.h"
#include "signalbox/gateway.h"

namespace signalbox::routing {

// How often a refused credential, or a model that is missing, is asked about at most: who counts failed logins counts
// these.
inline constexpr int64_t seldom_ms = 600'000;

// Whether a lane of `provider` may be asked at all. `key`: Lane::key.
bool is_probed(const Provider& provider, std::string_view key);

// How long before a cooling ends its lane is asked.
int64_t probe_lead_ms(int64_t every_ms);

// Whether a cooling ends at an instant that the upstream named itself, or at none that asking could bring nearer.
bool ends_by_itself(Why why);

// When `lane`, which stands so, is asked; never_ms: not at all.
int64_t probe_at(const Health& health, std::string_view lane, const Standing& standing, int64_t every_ms);

// The configured lane that is asked next, of `provider` where one is named. Pure. Lanes whose models clients name are
// none: nobody's words are sent again.
DueProbe next_probe(const Config& config, const Health& health, std::string_view provider, int64_t every_ms,
                    int64_t now_unix_ms);

}  // namespace signalbox::routing
