// The content of a Chat message: a plain string, or the list of its parts. Inside of the folder.
#pragma once

#include "dialects/openai_chat/writing.h"
#include "dialects/openai_parts.h"

namespace signalbox::dialects::openai_chat {

using openai::Part;
using openai::Parts;

// Whether a plain string says all of `parts`.
bool is_plain(const Parts& parts);

// A string where that says all of `parts`, else the list.
void write_content(json::Writer& w, const Parts& parts, Escaped joint);

}  // namespace signalbox::dialects::openai_chat
