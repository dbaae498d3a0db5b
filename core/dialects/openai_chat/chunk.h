// One chunk of a streamed Chat answer, or a whole one: they differ in little, and are read alike.
//
// Servers that call themselves compatible leave members out, send null for them, or send them in other
// forms; all forms seen are read here, and nothing above knows of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/canonical/block_sequencer.h"
#include "json/escaped.h"
#include "json/reader.h"

namespace signalbox::dialects::openai_chat {

using json::Escaped;

// More of one tool call.
struct CallPiece {
  int64_t index = -1;  // -1: not said
  Escaped id;
  Escaped name;
  Escaped arguments;
  std::string_view arguments_json;  // where they are no string: the JSON they are
};

// More pieces of calls in one chunk than any answer may have calls are not collected.
inline constexpr size_t pieces_max = canonical::BlockSequencer::calls_max;

// All views are into the text that was read.
struct Chunk {
  Escaped id;
  bool choices = false;     // there is a list of choices, be it an empty one
  bool choice = false;      // the choice with index 0 is among them; what follows is its
  bool others = false;      // other choices are, which nobody asked for
  bool is_message = false;  // it is whole, and no piece
  Escaped text;
  std::string_view text_parts;  // the list, where the content is one
  Escaped refusal;
  Escaped reasoning;
  std::string_view reasoning_details;  // a list; looked at only where `reasoning` is empty
  std::vector<CallPiece> calls;
  bool too_many_calls = false;  // only the first of them are in `calls`
  Escaped finish_reason;
  Escaped matched_stop;    // which stop sequence it was
  std::string_view usage;  // an object
  std::string_view error;  // an object that holds "error", or is one; empty when there is none
  bool annotations = false;
  bool audio = false;
  bool images = false;

  void clear();
};

enum class ChunkRead : uint8_t {
  whole,
  cut,        // what is there may be the beginning of a JSON object
  no_object,  // and cannot become one
};

// Reads the chunks of one answer. They begin alike up to their choices, which is most of a short chunk: what begins
// as the one before did is not read again.
class ChunkReader {
 public:
  // Reads `text` into `chunk`, whose memory is used again.
  ChunkRead read(std::string_view text, Chunk& chunk);

 private:
  bool read_members(json::Reader& reader, std::string_view text, Chunk& chunk);
  void remember(const json::Reader& reader, std::string_view text, const Chunk& chunk);

  std::string beginning_;    // of the last chunk that was read so far, the name "choices" included
  json::Reader behind_{{}};  // the reader there
  size_t id_begin_ = 0;      // the chunk's id, in bytes of the beginning
  size_t id_end_ = 0;
};

}  // namespace signalbox::dialects::openai_chat
