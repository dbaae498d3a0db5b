// What the parts of a Chat body share while it is written. Inside of the folder; write_request.cpp puts
// the parts in order.
//
// Names of losses are those of canonical::Request's members and of the blocks in messages; tools and
// schemas go by Anthropic's words, in which most clients here ask.
#pragma once

#include <string>
#include <string_view>

#include "dialects/canonical/parts.h"
#include "json/writer.h"

namespace signalbox::dialects::openai_chat {

using json::Escaped;

struct Writing {
  const canonical::Request& request;
  const canonical::WriteContext& context;
  json::Writer& w;

  const LaneFlags& flags() const { return context.flags; }
  void lose(std::string_view path) const { context.losses.add(path); }
};

// "tools", "tool_choice" and "parallel_tool_calls": all, or, without tools, none of them, since an empty
// list with a choice is refused (CliRelay #739).
void write_tools(const Writing& to);

// Whether the lane is asked to think, in a way that it knows.
bool asks_for_thinking(const Writing& to);

// The wish for more or less thinking in the lane's style: one member, or one and its budget, never two
// that could disagree (CCR #1378). `output_tokens_max` is the bound this request asks for; -1: none.
void write_reasoning(const Writing& to, int64_t output_tokens_max);

// "response_format", as far as the lane takes one.
void write_format(const Writing& to);

// What the prompt must say of the form of the answer because the lane has no member for it; empty where
// nothing needs to be said. In the arena.
Escaped format_instruction(const Writing& to);

// "messages", with `instruction` (may be empty) as the last text of the system prompt.
void write_messages(const Writing& to, Escaped instruction);

}  // namespace signalbox::dialects::openai_chat
