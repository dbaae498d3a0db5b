// What request readers of OpenAI's two dialects have in common: the values that both spell alike.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "dialects/canonical/request.h"
#include "dialects/reading.h"

namespace signalbox::dialects::openai {

using canonical::Block;
using json::Escaped;

// An image by its address, which may be a data: URI.
canonical::Image image_of(Escaped address, Escaped detail);

// A file by its bytes, else its address, else its id; nothing where it has none of them.
struct FileMembers {
  Escaped data, address, id, name;
};
std::optional<canonical::Document> document_of(const FileMembers& members);

// The JSON object that `arguments`, a string or an object, is for a call's input:
//   absent, blank                   {}
//   an object, or JSON text of one  that object
//   JSON text of a string of one    that one: decoded once more, not oftener
//   anything else                   {"arguments": ...} with the text as it was, noted as lost
// The last is no error: it is a model's old mistake, which the client's conversation will hold for ever.
std::string_view read_arguments(std::string_view arguments, Reading& reading);

// The same for a custom tool, whose input is the string `text`.
std::string_view free_text_input(std::string_view text, Reading& reading);

// What a function or a custom tool says of itself, wherever that stands.
struct ToolMembers {
  std::string_view name, description, parameters, strict, format;

  // Whether `key` is one of these; then `value` is what it says.
  bool take(std::string_view key, std::string_view value);
};

// The tool that these members make; `place` is where it stands. A grammar for a custom tool's input is said in its
// description, and noted as lost.
bool read_function(const ToolMembers& members, std::string_view place, Reading& reading, canonical::Tool& tool);
bool read_custom(const ToolMembers& members, std::string_view place, Reading& reading, canonical::Tool& tool);

// A choice among tools, and those that it allows where not all of them are (empty: all), sorted: names, or
// types of tools that have none.
struct Choice {
  canonical::ToolChoice choice;
  std::vector<std::string_view> allowed;
};
void read_choice(std::string_view value, Reading& reading, Choice& out);
// The choice, after `functions` and `servers` have been rid of what it does not allow. One of a tool that is not
// among them is lost, because upstreams refuse it.
canonical::ToolChoice settle(const Choice& choice, Reading& reading, std::vector<canonical::Tool>& functions,
                             std::vector<canonical::ServerTool>& servers);

// The form of an answer: `type`, and the object that holds the members of a schema.
void read_form(std::string_view member, Escaped type, std::string_view schema, std::string_view place, Reading& reading,
               canonical::OutputFormat& out);

// "service_tier", in the words of the canonical request.
void read_service_tier(std::string_view value, Reading& reading, Escaped& out);

}  // namespace signalbox::dialects::openai
