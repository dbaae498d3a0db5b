// One GenerateContentResponse: a chunk of a streamed answer, or a whole one. They are the same.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "json/escaped.h"
#include "json/same_shape.h"

namespace signalbox::dialects::gemini {

using json::Escaped;

// One part of the content. A part is of the kind that it has a member for; a text may be empty.
struct Part {
  Escaped text;
  bool thought = false;
  Escaped signature;
  bool is_call = false;
  Escaped call_id;
  Escaped call_name;
  std::string_view args;     // JSON, whatever it is; empty when not said
  bool in_pieces = false;    // the call's arguments come in pieces, of which this is one
  std::string_view unknown;  // the name of a member that is none of these, and says something
};

// More parts in one chunk than this are not collected; no answer has so many.
inline constexpr size_t parts_max = 4096;

// All views are into the text that was read.
struct Chunk {
  Escaped id;
  bool candidate = false;  // the one with index 0 is among them; what follows is its
  bool others = false;     // other candidates are, which nobody asked for
  std::vector<Part> parts;
  bool too_many_parts = false;
  Escaped finish_reason;
  std::string_view grounding;  // an object
  std::string_view unknown;    // the name of a member of the candidate that cannot be carried
  Escaped block_reason;        // of the prompt
  std::string_view usage;      // an object
  std::string_view error;      // the chunk, when it is an error
  bool as_before = false;      // but for one text and the counts it is the chunk before

  void clear();
};

enum class ChunkRead : uint8_t {
  whole,
  cut,        // what is there may be the beginning of a JSON object
  no_object,  // and cannot become one
};

// Whether a chunk that is not whole has begun to say more of the answer. Some servers say a finishReason in each.
inline bool goes_on(std::string_view text) { return text.find("\"parts\"") != text.npos; }

// Reads `text` into `chunk`, whose memory is used again.
ChunkRead read_chunk(std::string_view text, Chunk& chunk);

// The same for the chunks of a stream. Most differ from the one before in one text and the counts alone: `shape` knows
// the last that was of this kind, and then the rest is not read again; such a chunk is given no id.
ChunkRead read_chunk(std::string_view text, json::SameShape& shape, Chunk& chunk);

}  // namespace signalbox::dialects::gemini
