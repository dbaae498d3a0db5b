// What request writers of OpenAI's two dialects have in common: what a lane takes of tools, of a choice among
// them and of a form of the answer is the same for both, and so are most plain members. Where the JSON
// differs, it does by one rule (Layout).
#pragma once

#include <cstdint>

#include "dialects/writing.h"

namespace signalbox::dialects::openai {

// Where the members of a tool, a choice or a form of the answer stand: in an object under the name of its
// type (Chat), or beside its type (Responses).
enum class Layout : uint8_t { nested, flat };

struct Writing : dialects::Writing {
  Layout layout;
};

// The functions as elements of "tools". Of several with one name the first: OpenAI refuses the others.
void write_functions(const Writing& to);

// "tool_choice", as far as the lane takes one.
void write_choice(const Writing& to);

// "parallel_tool_calls", where it is not what holds anyway.
void write_parallel(const Writing& to);

// The value that says `form`, which is not `none`.
void write_form(const Writing& to, StructuredOutput form);

// What the prompt must say of the form of the answer because the lane has no member for it; empty where
// nothing needs to be said. In the arena.
Escaped format_instruction(const Writing& to);

// Whether the lane is asked to think, in a way that it knows.
bool asks_for_thinking(const Writing& to);

// "temperature" and "top_p".
void write_sampling(const Writing& to);

// "service_tier" and "prompt_cache_key".
void write_service(const Writing& to);

}  // namespace signalbox::dialects::openai
