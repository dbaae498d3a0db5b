// What the parts of the Responses reader share. Inside of the folder; read_request.cpp is the door.
#pragma once

#include <string_view>
#include <vector>

#include "dialects/openai_reading.h"

namespace signalbox::dialects::openai_responses {

using canonical::Block;
using json::Escaped;

// The tools of a body: functions, and what the provider runs itself.
struct Tools {
  std::vector<canonical::Tool> functions;
  std::vector<canonical::ServerTool> servers;
};

// What the input says. Messages are not in normal form yet.
struct Input {
  std::vector<Block> system;  // what is said before all else
  std::vector<canonical::Message> messages;
  Tools tools;  // that came up in the conversation
};

// Appends the blocks of a content or an output, a string, a list of parts, or null, which `reader` stands before.
bool read_content(json::Reader& reader, Reading& reading, std::vector<Block>& out);

// "input", a string or a list of items, which `reader` stands before.
bool read_input(json::Reader& reader, Reading& reading, Input& out);

// A list of tools, which `reader` stands before.
bool read_tools(json::Reader& reader, Reading& reading, Tools& out);

// The name under which the tool `name` of the namespace `group`, which may be empty, goes on.
std::string_view joined_name(std::string_view group, std::string_view name, Reading& reading);

}  // namespace signalbox::dialects::openai_responses
