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
#include "json/same_shape.h"

namespace signalbox::dialects::openai_chat {

using json::Escaped;

// More of one tool call.
struct CallPiece {
  int64_t index = -1;  // -1: not said
  Escaped id;
  Escaped name;
  Escaped arguments;
  Escaped signature;                // of Gemini, where it is Google that speaks Chat
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
  bool logprobs = false;
  std::string_view unknown;  // the name of a member of the message that is none of these, and says something

  void clear();
};

enum class ChunkRead : uint8_t {
  whole,
  cut,        // what is there may be the beginning of a JSON object
  no_object,  // and cannot become one
};

// Whether a chunk that is not whole has begun to say more of the answer. Some servers say a finish_reason in each.
inline bool goes_on(std::string_view text) { return text.find("\"delta\"") != text.npos; }

// Reads the chunks of one answer. Most of them differ from the one before in one string alone, and then the rest is
// not read again.
class ChunkReader {
 public:
  // Reads `text` into `chunk`, whose memory is used again.
  ChunkRead read(std::string_view text, Chunk& chunk);

 private:
  // Which string that is.
  enum class Piece : uint8_t { text, reasoning, arguments };
  void remember(std::string_view text, const Chunk& chunk);

  json::SameShape shape_;
  Piece piece_ = Piece::text;
  int64_t call_index_ = -1;  // of arguments
  size_t piece_slot_ = 0;    // of shape_; the other one is the chunk's id, where it has one
  bool has_id_ = false;
};

}  // namespace signalbox::dialects::openai_chat
