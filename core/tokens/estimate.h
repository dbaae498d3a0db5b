// A count of tokens without a tokenizer, for upstreams that offer none (translation.md section 13).
//
// It leans to the high side: a client that is told too little compacts its session too late and runs
// into the upstream's limit (copilot-api #210).
#pragma once

#include <cstdint>
#include <string_view>

namespace signalbox::tokens {

// About how many input tokens a request has, in whichever of the dialects. One pass over `json_body`, no copy.
// Encoded images and documents count by their kind and size, never as text. Never below 1; a body that
// is not what it should be is counted as plain text.
int64_t estimate_tokens(std::string_view json_body);

// About how many tokens `text` has, before the lean to the high side; JSON escapes count as what they
// stand for.
int64_t estimate_text_tokens(std::string_view text);

}  // namespace signalbox::tokens
