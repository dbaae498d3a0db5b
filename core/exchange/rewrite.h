// The user's own rules over the body that goes upstream (`rewrite` of a provider and of a models entry;
// docs/rules.md): the last that happens to it, be it the client's own bytes or a translation.
#pragma once

#include <span>
#include <string_view>

#include "base/arena.h"
#include "exchange/decision.h"
#include "routing/plan.h"
#include "signalbox/config.h"

namespace signalbox::exchange {

// What the rules of `to` and then of the lane's models entry, in their order, change of `body`, each seeing what
// the one before it has made. In order, not overlapping; an edit with begin == end adds members. Empty, and
// nothing is read, where no rule speaks of the lane's model.
//
// Of a counting request only what goes and what is renamed counts: an upstream that counts refuses members that
// it has no use for. Lists of more than 100,000 elements stay as they are.
std::span<const Edit> rewrites_for(std::string_view body, const Provider& to, const routing::Lane& lane,
                                   Operation operation, Arena& arena);

// `body` with `edits`, which edits_for() has made, and then with the rules: a gather list, as edited() gives it.
std::span<const std::string_view> rewritten(std::string_view body, std::span<const Edit> edits, const Provider& to,
                                            const routing::Lane& lane, Operation operation, Arena& arena);

}  // namespace signalbox::exchange
