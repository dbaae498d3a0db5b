// Takes parts out of the texts of a request that has been read from a body: what was found in the body, and does not go
// to any upstream.
#pragma once

#include <span>
#include <string_view>

#include "base/arena.h"
#include "dialects/canonical/request.h"
#include "routing/facts.h"

namespace signalbox::canonical {

// `cuts` of `body`, in order, each within one string. Texts that are views into `body` lose them; one of which nothing is
// left goes, or is a dot where it is all that its message has. Only such texts are copied, into `arena`.
void cut_texts(Request& request, std::span<const routing::Cut> cuts, std::string_view body, Arena& arena);

}  // namespace signalbox::canonical
