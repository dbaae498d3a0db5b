// How many tokens an answer may cost (translation.md section 2, max_tokens).
#pragma once

#include <cstdint>

#include "dialects/canonical/parts.h"

namespace signalbox::canonical {

// What is left of a context for an answer, at least, for a request to be cut to it. With less the context is
// full, which the upstream shall say in its own words.
inline constexpr int64_t answer_tokens_min = 1024;

// `asked`, or less where the model answers with less, or the prompt leaves less of its context. Never more,
// and `asked` itself where that is no wish for tokens at all: 0 or below.
int64_t answer_tokens_max(int64_t asked, const WriteContext& context);

}  // namespace signalbox::canonical
