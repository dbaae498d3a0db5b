// What the parts of a Messages body share while it is written. Inside of the folder; write_request.cpp puts
// the parts in order.
//
// Names of losses are those of canonical::Request's members and of the blocks in messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "dialects/canonical/effort.h"
#include "dialects/canonical/parts.h"
#include "json/writer.h"

namespace signalbox::dialects::anthropic {

using json::Escaped;

// How much may be written, and how much of it thought. Known models of today take a budget; those that
// take an effort only are marked (translation.md section 5, "To A").
struct ThinkingPlan {
  enum class Kind : uint8_t { unsaid, off, budget, adaptive };

  int64_t max_tokens = 0;
  Kind kind = Kind::unsaid;
  canonical::Effort effort = canonical::Effort::unset;
  int64_t budget = 0;  // tokens

  bool thinks() const { return kind == Kind::budget || kind == Kind::adaptive; }
};

// What `request` wishes, as far as the lane and the conversation let it. Losses are noted.
ThinkingPlan plan_thinking(const canonical::Request& request, const canonical::WriteContext& context);

struct Writing {
  const canonical::Request& request;
  const canonical::WriteContext& context;
  json::Writer& w;
  const ThinkingPlan thinking;
  size_t cache_controls_skipped;  // marks that are still to be left out
  std::string scratch{};          // an id, or a schema, while it is written

  const LaneFlags& flags() const { return context.flags; }
  void lose(std::string_view path) const { context.losses.add(path); }

  // "cache_control" of the object being written, unless it is one of those left out; empty: it has none.
  void write_cache_control(std::string_view mark) {
    if (mark.empty()) return;
    if (cache_controls_skipped > 0) {
      --cache_controls_skipped;
    } else {
      w.key("cache_control").raw(mark);
    }
  }
};

// Whether Anthropic itself gave this thinking: it takes no other.
bool is_native(const canonical::Thinking& thinking, const canonical::WriteContext& context);

// What the dialect or the lane has no member for is asked of the model in words: whether the form of the
// answer is such a thing.
bool format_in_words(const Writing& to);

// "tools" and "tool_choice"; nothing without tools.
void write_tools(Writing& to);

// "system", where there is one, with what must be said of the form of the answer as its last text.
void write_system(Writing& to);

// "messages".
void write_messages(Writing& to);

// One block of a message, thinking aside.
void write_block(Writing& to, const canonical::Block& block);

// A text block.
void write_text(Writing& to, Escaped text, std::string_view cache_control);

// Whether `block` is a text of nothing but blanks. Anthropic refuses a request that has one, so it is not
// written, and nothing is lost with it.
bool is_blank_text(const canonical::Block& block);

// "thinking", "output_config", and "temperature" with its sisters.
void write_thinking(Writing& to);
void write_output_config(Writing& to);
void write_sampling(Writing& to);

}  // namespace signalbox::dialects::anthropic
