// What the parts of the Chat reader share. Inside of the folder; read_request.cpp is the door.
#pragma once

#include <string_view>
#include <vector>

#include "dialects/openai_reading.h"

namespace signalbox::dialects::openai_chat {

using canonical::Block;
using json::Escaped;

// Appends the blocks of a message's content, a string, a list of parts or null, which `reader` stands
// before.
bool read_content(json::Reader& reader, Reading& reading, std::vector<Block>& out);

// The messages, as they stand in the array that `reader` stands before: `system` gets the leading ones,
// `messages` the others. Not in normal form yet.
bool read_messages(json::Reader& reader, Reading& reading, std::vector<Block>& system,
                   std::vector<canonical::Message>& messages);

// The tools of "tools", or of the older "functions" whose elements have no wrapper; `reader` stands before the list.
bool read_tools(json::Reader& reader, Reading& reading, std::vector<canonical::Tool>& out);
bool read_functions(json::Reader& reader, Reading& reading, std::vector<canonical::Tool>& out);
// "response_format".
void read_format(std::string_view value, Reading& reading, canonical::OutputFormat& out);

}  // namespace signalbox::dialects::openai_chat
