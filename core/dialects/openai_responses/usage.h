// How Responses counts tokens: cached ones among the input's, reasoning among the output's (translation.md
// section 10).
#pragma once

#include <string_view>

#include "json/writer.h"
#include "signalbox/report.h"

namespace signalbox::dialects::openai_responses {

// Takes the counts that the JSON object `text` gives into `usage`; what it leaves out stays as it was.
void read_usage(std::string_view text, Usage& usage);

// Writes `usage` with every member that clients reckon with. `input_tokens`, `output_tokens`: what stands where
// the upstream counted none.
void write_usage(json::Writer& w, const Usage& usage, int64_t input_tokens, int64_t output_tokens);

}  // namespace signalbox::dialects::openai_responses
