// What the parts of a Chat body share while it is written. Inside of the folder; write_request.cpp puts
// the parts in order.
#pragma once

#include "dialects/openai_writing.h"

namespace signalbox::dialects::openai_chat {

using json::Escaped;
using openai::Writing;

// The wish for more or less thinking in the lane's style: one member, or one and its budget, never two
// that could disagree (CCR #1378). `output_tokens_max` is the bound this request asks for; -1: none.
void write_reasoning(const Writing& to, int64_t output_tokens_max);

// "messages", with `instruction` (may be empty) as the last text of the system prompt.
void write_messages(const Writing& to, Escaped instruction);

}  // namespace signalbox::dialects::openai_chat
