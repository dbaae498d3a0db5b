// The content of a Chat message as a list of parts: what blocks of every kind become, before it is known
// whether it will be a plain string or a list. Inside of the folder.
#pragma once

#include <string_view>
#include <vector>

#include "dialects/canonical/request.h"
#include "dialects/openai_chat/writing.h"

namespace signalbox::dialects::openai_chat {

// A text, or a medium. A text stands between `before` and `after`, which are what it is wrapped in.
struct Part {
  Escaped before;
  Escaped text;
  Escaped after;
  const canonical::Image* image = nullptr;
  const canonical::Document* document = nullptr;
  std::string_view cache_control;  // only where the lane takes it

  bool is_text() const { return !image && !document; }
};

using Parts = std::vector<Part>;

// Between texts that become one string.
inline constexpr Escaped paragraph{"\\n\\n"};
inline constexpr Escaped new_line{"\\n"};

// Appends what `block`, a text, an image or a document, becomes on this lane. What it cannot carry is
// said in the prompt, and noted as lost.
void add_parts(const Writing& to, const canonical::Block& block, Parts& out);

// Appends `text` in the tags that mark what is not the user's own word.
void add_reminder(Escaped text, Parts& out);

// Whether a plain string says all of `parts`.
bool is_plain(const Parts& parts);

// The pieces of `parts`, all texts, inside of a string that was begun, with `joint` between them.
void write_pieces(json::Writer& w, const Parts& parts, Escaped joint);

// A string where that says all of `parts`, else the list.
void write_content(json::Writer& w, const Parts& parts, Escaped joint);

}  // namespace signalbox::dialects::openai_chat
