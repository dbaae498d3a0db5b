// What the parts of a generateContent body share while it is written. Inside of the folder; write_request.cpp
// puts the parts in order.
#pragma once

#include <string_view>

#include "dialects/writing.h"

namespace signalbox::dialects::gemini {

struct Writing : dialects::Writing {
  std::string_view sent_name(std::string_view asked) const {
    return context.names.sent(asked, 64, canonical::FirstByte::letter);
  }
};

// "tools" and "toolConfig"; nothing without tools.
void write_tools(const Writing& to);

// The form of the answer, as members of "generationConfig"; what the lane does not take is noted as lost.
void write_format(const Writing& to);

// What the prompt must say of the form of the answer because the lane has no member for it; empty where
// nothing needs to be said. In the arena.
Escaped format_instruction(const Writing& to);

// "systemInstruction", where there is one, with `instruction` (may be empty) as its last text.
void write_system(const Writing& to, Escaped instruction);

// "contents".
void write_contents(const Writing& to);

// One part, or some, for `block`: a text, an image or a document.
void write_parts(const Writing& to, const canonical::Block& block);

// The part that answers a call of `name`, and its media where they do not stand in it.
void write_result(const Writing& to, const canonical::ToolResult& result, std::string_view name);

}  // namespace signalbox::dialects::gemini
