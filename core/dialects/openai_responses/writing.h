// What the parts of a Responses body share while it is written. Inside of the folder; write_request.cpp puts
// the parts in order.
#pragma once

#include <string_view>

#include "dialects/openai_writing.h"

namespace signalbox::dialects::openai_responses {

using json::Escaped;
using openai::Writing;

// "tools" and what is said about them: all, or, without tools, none of it.
void write_tools(const Writing& to);

// Whether the upstream is asked to search the web.
bool searches_web(const Writing& to);

// "instructions" and "input", with `instruction` (may be empty) as the last text of the system prompt.
void write_input(const Writing& to, Escaped instruction);

}  // namespace signalbox::dialects::openai_responses
