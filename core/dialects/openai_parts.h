// The content of a message as a list of parts: what texts, images and documents become on a lane of OpenAI's two
// dialects, before it is known how the dialect spells them.
#pragma once

#include <string_view>
#include <vector>

#include "dialects/canonical/request.h"
#include "dialects/openai_writing.h"

namespace signalbox::dialects::openai {

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

// Puts the whole of `parts`, which are texts, between the tags that mark what is not the user's own word.
void wrap_as_reminder(Parts& parts);

// The texts of the system prompt, `instruction` (may be empty) as the last of them.
Parts system_parts(const Writing& to, Escaped instruction);

// The pieces of `parts`, all texts, inside of a string that was begun, with `joint` between them.
void write_pieces(json::Writer& w, const Parts& parts, Escaped joint);

// The address of an image, its bytes in it where they are here.
void write_image_url(json::Writer& w, const canonical::Image& image);

// The members of a document whose bytes are here: "filename" and "file_data".
void write_file_data(json::Writer& w, const canonical::Document& document);

}  // namespace signalbox::dialects::openai
