// A conversation as a client asked for it, in the words that all dialects share: what a request reader
// makes of its dialect's JSON and a request writer makes JSON of. Neither knows the other's dialect.
//
// Nothing in here owns memory. Views point into the client's body or into the reader's arena, and live
// as long as both. Texts stay escaped (json::Escaped), opaque values (schemas, arguments, numbers) stay
// the JSON they were, so no byte of them can change on the way.
//
// Normal form, which readers hand over (normal_form.h brings it about) and writers may rely on:
//   - no two neighbouring messages have the same role, system included
//   - no message is without blocks, no text block is without text
//   - every tool_call is answered in the next user message, in the order of the calls, before any other
//     block of that message; every tool_result answers a call of the message before
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "json/escaped.h"
#include "signalbox/config.h"

namespace signalbox::canonical {

using json::Escaped;

struct Block;

// How many of each a request may have: messages, blocks of all messages and results together, tools, stop
// sequences. The longest sessions have some thousands, and an element takes up to thirty times the memory of
// the three bytes that it may be in a body. Readers refuse more as a bad_request.
inline constexpr size_t elements_max = 100'000;

// Blocks in order; a view.
struct Blocks {
  const Block* first = nullptr;
  size_t count = 0;

  const Block* begin() const { return first; }
  const Block* end() const;
  size_t size() const { return count; }
  bool empty() const { return count == 0; }
};

// Where a medium's bytes are.
enum class Source : uint8_t {
  base64,  // `data` is the bytes in base64
  url,     // `data` is an address; the gateway fetches nothing on a client's behalf
  file,    // `data` is an id in the provider's own store
  text,    // documents only: `data` is plain text
  blocks,  // documents only: `blocks` is the content
};

struct Text {
  Escaped text;
  bool continues = false;  // the text before it goes on here, cut only because a part of it is cited
};

struct Image {
  Source source = Source::base64;
  Escaped media_type;  // empty where the source does not say
  Escaped data;
  Escaped detail;  // how closely to look, a word of OpenAI's; empty when not said
};

struct Document {
  Source source = Source::base64;
  Escaped media_type;
  Escaped data;
  Blocks blocks;
  Escaped title;
  Escaped context;
};

// A call the model made. `id` and `name` are plain text.
struct ToolCall {
  std::string_view id;
  std::string_view name;
  std::string_view input;  // a JSON object, as text; never empty ("{}")
};

// What came of a call.
struct ToolResult {
  std::string_view id;  // plain
  Blocks content;       // texts, images, documents
  bool is_error = false;
};

// Where reasoning comes from, and the state that its own vendor wants back with it (translation.md
// section 5, "Signature provenance").
struct Provenance {
  Dialect vendor = Dialect::anthropic;
  std::string_view scope;  // whose account it is bound to (envelope.h); empty for the dialect's own form
  Escaped state;           // the vendor's signature or object, as it came; empty when there is none
};

struct Thinking {
  Escaped text;  // may be empty: state alone is worth keeping
  Provenance from;
  bool redacted = false;  // the text was never shown
};

// One piece of a message. `cache_control` is the JSON value that asked for caching up to here; empty
// when there is none.
struct Block {
  std::variant<Text, Image, Document, ToolCall, ToolResult, Thinking> what;
  std::string_view cache_control;

  template <class T>
  const T* as() const {
    return std::get_if<T>(&what);
  }
};

inline const Block* Blocks::end() const { return first + count; }

enum class Role : uint8_t { system, user, assistant };

struct Message {
  Role role = Role::user;
  Blocks blocks;
};

// What a tool is to the client. A custom tool takes one free text; here it is a function whose arguments have
// the one member "input".
enum class ToolKind : uint8_t { function, custom };

// A function the model may call.
struct Tool {
  std::string_view name;  // plain
  ToolKind kind = ToolKind::function;
  std::string_view group{};  // plain: the namespace in which the client declared it, which `name` begins with and
                             // "__"; empty where there is none
  Escaped description{};
  std::string_view schema{};  // of its arguments: a JSON object, as text; empty when none was given
  std::optional<bool> strict{};
  std::string_view cache_control{};  // as Block::cache_control
};

// A tool that the provider runs itself. Its calls and results in a history are texts, because no vendor takes
// another's.
struct ServerTool {
  enum class Kind : uint8_t { web_search, web_fetch, code_execution };
  Kind kind = Kind::web_search;
  // Of web_search, as JSON and in the words that Anthropic and OpenAI share; empty where not said.
  std::string_view allowed_domains{};  // an array of strings
  std::string_view blocked_domains{};  // an array of strings
  std::string_view user_location{};    // {"type": "approximate", "city", "region", "country", "timezone"}
  int64_t uses_max = -1;               // -1: not said
};

// The path under which one is noted as lost.
constexpr std::string_view loss_of(ServerTool::Kind kind) {
  switch (kind) {
    case ServerTool::Kind::web_search: return "tools.web_search";
    case ServerTool::Kind::web_fetch: return "tools.web_fetch";
    default: return "tools.code_execution";
  }
}

struct ToolChoice {
  enum class Mode : uint8_t { unset, automatic, any, named, none };
  Mode mode = Mode::unset;
  std::string_view name;  // of named; plain
};

// How hard the model should think: the ladder of translation.md section 5, in order.
enum class Effort : uint8_t { unset, none, minimal, low, medium, high, xhigh, max };

struct Reasoning {
  Effort effort = Effort::unset;
  int64_t budget_tokens = -1;   // -1: not said
  std::optional<bool> shown{};  // whether the client wants to read of it, if it says so
};

struct OutputFormat {
  enum class Kind : uint8_t { text, json_object, json_schema };
  Kind kind = Kind::text;
  Escaped name;             // of the schema; empty when not said
  std::string_view schema;  // JSON, as text
  std::optional<bool> strict;
};

// Numbers are the client's own text, empty when not said.
struct Request {
  Blocks system;  // texts only
  std::span<const Message> messages;
  std::span<const Tool> tools;
  std::span<const ServerTool> server_tools;
  ToolChoice tool_choice;
  std::optional<bool> parallel_tool_calls;
  int64_t max_tokens = -1;  // -1: not said
  std::string_view temperature;
  std::string_view top_p;
  std::string_view top_k;
  std::string_view seed;
  std::string_view presence_penalty;
  std::string_view frequency_penalty;
  std::span<const Escaped> stop;
  Reasoning reasoning;
  OutputFormat format;
  Escaped verbosity;         // OpenAI's word: "low", "medium", "high"; empty when not said
  std::string_view user;     // who asks, as the client says it; plain; never sent on as it is
  std::string_view session;  // what is the same in all requests of one session; plain; empty when unknown
  Escaped service_tier;      // in Anthropic's words: "auto", "standard_only"
  bool streamed = false;
  bool usage_in_stream = true;  // Chat clients must ask for it
};

// Whether the choice forces the search of the web, which is no function of that name.
inline bool names_search(const Request& request) {
  if (request.tool_choice.mode != ToolChoice::Mode::named || request.tool_choice.name != "web_search") return false;
  for (const Tool& tool : request.tools)
    if (tool.name == "web_search") return false;
  for (const ServerTool& tool : request.server_tools)
    if (tool.kind == ServerTool::Kind::web_search) return true;
  return false;
}

}  // namespace signalbox::canonical
