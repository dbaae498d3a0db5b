// What the parts of the generateContent reader share. Inside of the folder; read_request.cpp is the door.
//
// Members have names in camelCase, and the official SDK for Python writes some of them in snake_case: every name is
// taken in both forms.
#pragma once

#include <string_view>
#include <vector>

#include "dialects/reading.h"

namespace signalbox::dialects::gemini {

using canonical::Block;
using json::Escaped;

// Whether `key` (plain) is `camel`, or the same in snake_case.
constexpr bool names(std::string_view key, std::string_view camel) {
  size_t at = 0;
  bool upper = false;
  for (char c : key) {
    if (c == '_') {
      upper = true;
      continue;
    }
    if (upper && c >= 'a' && c <= 'z') c = char(c - 'a' + 'A');
    upper = false;
    if (at == camel.size() || camel[at++] != c) return false;
  }
  return at == camel.size() && !upper;
}

// Whether the JSON string `value` is the word `upper`, in whatever case.
bool is_word(std::string_view value, std::string_view upper);

// The contents that `reader` stands before, a list. Not in normal form yet.
bool read_contents(json::Reader& reader, Reading& reading, std::vector<canonical::Message>& messages);

// Appends the image or document of `value`, an inlineData or a fileData.
void read_bytes(std::string_view value, Reading& reading, std::vector<Block>& out);
void read_file(std::string_view value, Reading& reading, std::vector<Block>& out);

// "tools", which `reader` stands before: functions, and those that Google's servers run.
bool read_tools(json::Reader& reader, Reading& reading, std::vector<canonical::Tool>& tools,
                std::vector<canonical::ServerTool>& server_tools);
// "toolConfig": the choice; of `tools` those stay that it allows.
void read_choice(std::string_view value, Reading& reading, std::vector<canonical::Tool>& tools,
                 canonical::ToolChoice& out);

// "generationConfig": plain members of `request`, and the stop sequences.
void read_generation(std::string_view value, Reading& reading, canonical::Request& request, std::vector<Escaped>& stop);

// A JSON schema for `schema`, which is in the words of Gemini's older members; in the arena.
std::string_view json_schema_of(std::string_view schema, Reading& reading);

}  // namespace signalbox::dialects::gemini
