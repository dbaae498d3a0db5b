// Errors inside a stream of Responses: parts of the row, and what its encoder says too.
#pragma once

#include <string>
#include <string_view>

#include "base/arena.h"
#include "routing/verdict.h"
#include "signalbox/fault.h"

namespace signalbox::dialects::openai_responses {

// As DialectRow::read_error. In a stream, and in a whole Response that failed, the error stands among members that
// speak of other things.
routing::UpstreamError read_error(std::string_view body, Arena& arena);

// The code of an answer that failed. Codex repeats some and gives up at others.
std::string_view error_code(FaultKind kind);

// Two events: the openai SDK raises for the first, an error, and Codex reads the second, the answer's own failure.
void write_error_frame(std::string& out, const Fault& fault, std::string_view request_id);

}  // namespace signalbox::dialects::openai_responses
