// What all request writers have in common: what they are told, and what a lane takes of some wishes whatever its
// dialect.
//
// Names of losses are those of canonical::Request's members and of the blocks in messages; tools and
// schemas go by Anthropic's words, in which most clients here ask.
#pragma once

#include <string_view>

#include "dialects/canonical/parts.h"
#include "json/writer.h"

namespace signalbox::dialects {

using json::Escaped;

struct Writing {
  const canonical::Request& request;
  const canonical::WriteContext& context;
  json::Writer& w;

  const LaneFlags& flags() const { return context.flags; }
  void lose(std::string_view path) const { context.losses.add(path); }
};

// The choice among tools as far as the lane takes one; `unset` where nothing is to be said. What it does not take is
// noted as lost.
canonical::ToolChoice choice_taken(const Writing& to);

// What of the wished form of the answer the lane can be told: never more than it takes. `none` where no form is wished.
StructuredOutput form_taken(const Writing& to);
// Notes the form as lost where `form` is not the wished one.
void lose_form_beyond(const Writing& to, StructuredOutput form);
// What the prompt says of an answer that shall be JSON, of this schema where there is one. In the arena.
Escaped json_instruction(const Writing& to, std::string_view schema);

// Whether the JSON text `list` is no list, or one without elements.
bool is_empty_list(std::string_view list);

}  // namespace signalbox::dialects
