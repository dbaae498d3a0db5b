// What the dialects' ways of counting tokens have in common (translation.md section 10).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "signalbox/report.h"

namespace signalbox::canonical {

// Doubles hold integers up to here, and JavaScript has nothing else. Sums of three stay far from overflow.
inline constexpr int64_t tokens_max = int64_t(1) << 53;

// `tokens` as it may stand in an answer; unknown (-1) is none.
inline int64_t counted(int64_t tokens) { return std::clamp<int64_t>(tokens, 0, tokens_max); }

// The same, with `otherwise` where it is unknown.
inline int64_t counted_or(int64_t tokens, int64_t otherwise) { return counted(tokens < 0 ? otherwise : tokens); }

// What counts as a token of an answer where the upstream counted none.
inline constexpr int64_t bytes_per_token = 4;

// Takes the count that the raw JSON value `value` is into `tokens`; what is no count changes nothing.
void take_count(std::string_view value, int64_t& tokens);

// Takes the counts of a dialect that counts cached tokens among the prompt's, which `usage` has beside them. Each may
// be -1, for unknown, and changes nothing then.
void take_prompt(int64_t prompt, int64_t cache_read, int64_t cache_creation, Usage& usage);

}  // namespace signalbox::canonical
