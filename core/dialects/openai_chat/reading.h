// What the parts of the Chat reader share. Inside of the folder; read_request.cpp is the door.
//
// What a client says that has no place in a canonical request is noted by name, unless it asks for
// nothing (null, false, 0, an empty text or list), which many SDKs write out.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "dialects/canonical/losses.h"
#include "dialects/canonical/request.h"
#include "json/reader.h"
#include "signalbox/fault.h"

namespace signalbox::dialects::openai_chat {

using canonical::Block;
using json::Escaped;

class Reading {
 public:
  Reading(std::string_view body, Arena& arena, canonical::Losses& losses)
      : body_(body), arena_(arena), losses_(losses) {}

  Arena& arena() { return arena_; }
  canonical::Losses& losses() { return losses_; }
  Fault& fault() { return fault_; }
  bool failed() const { return bool(fault_); }

  // The first fault counts. Both say false, so that they can be returned. `at` is a view into the body.
  bool wrong(std::string_view member, std::string_view wanted, std::string_view at);
  bool bad_json(const json::Error& error);
  // Whether there may be `count` of `what` ("messages"), which is wrong otherwise (canonical::elements_max).
  bool may_have(size_t count, std::string_view what);
  // One more content part or call, wherever it stands.
  bool may_have_block() { return may_have(++block_count_, "content parts and calls"); }

  // The body from `offset` on: a place to name.
  std::string_view from(size_t offset) const { return body_.substr(offset); }

  // The value that a member asks for is lost, if it asks for anything.
  void lose(std::string_view path, std::string_view name, std::string_view value);

  // `text` unescaped: itself where it has no escapes, else in the arena.
  std::string_view plain(Escaped text);

  // A number's text, a string or a flag; absent and null are as if not said.
  void take_number(std::string_view member, std::string_view value, std::string_view& out);
  void take_count(std::string_view member, std::string_view value, int64_t& out);
  void take_text(std::string_view member, std::string_view value, Escaped& out);
  void take_flag(std::string_view member, std::string_view value, bool& out);

  template <class T>
  std::span<const T> keep(const std::vector<T>& list) {
    const std::span<T> kept = arena_.array<T>(list.size());
    std::copy(list.begin(), list.end(), kept.begin());
    return kept;
  }
  canonical::Blocks keep_blocks(const std::vector<Block>& list) {
    const std::span<const Block> kept = keep(list);
    return {kept.data(), kept.size()};
  }

 private:
  std::string_view body_;
  Arena& arena_;
  canonical::Losses& losses_;
  Fault fault_;
  size_t block_count_ = 0;
};

inline bool is_said(std::string_view value) { return !value.empty() && value != "null"; }
inline bool is_text(std::string_view value) { return !value.empty() && value.front() == '"'; }
inline bool is_list(std::string_view value) { return !value.empty() && value.front() == '['; }
inline bool is_object(std::string_view value) { return !value.empty() && value.front() == '{'; }

// Appends the blocks of a message's content, a string, a list of parts or null, which `reader` stands
// before.
bool read_content(json::Reader& reader, Reading& reading, std::vector<Block>& out);

// The JSON object that `arguments`, a string or an object, is for a call's input:
//   absent, blank                   {}
//   an object, or JSON text of one  that object
//   JSON text of a string of one    that one: decoded once more, not oftener
//   anything else                   {"arguments": ...} with the text as it was, noted as lost
// The last is no error: it is a model's old mistake, which the client's conversation will hold for ever.
std::string_view read_arguments(std::string_view arguments, Reading& reading);

// The messages, as they stand in the array that `reader` stands before: `system` gets the leading ones,
// `messages` the others. Not in normal form yet.
bool read_messages(json::Reader& reader, Reading& reading, std::vector<Block>& system,
                   std::vector<canonical::Message>& messages);

// The tools of "tools", or of the older "functions" whose elements have no wrapper.
enum class ToolList : uint8_t { tools, functions };
void read_tools(std::string_view value, ToolList list, Reading& reading, std::vector<canonical::Tool>& out);
// "tool_choice", or the older "function_call".
void read_choice(std::string_view value, Reading& reading, canonical::ToolChoice& out);
// "response_format".
void read_format(std::string_view value, Reading& reading, canonical::OutputFormat& out);

}  // namespace signalbox::dialects::openai_chat
