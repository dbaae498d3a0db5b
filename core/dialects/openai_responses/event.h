// One event of a streamed Response, and the Response itself, as far as an answer is read out of them. Source: the
// types of the openai SDK; servers that call themselves compatible leave members out.
#pragma once

#include <cstdint>
#include <string_view>

#include "json/escaped.h"
#include "json/same_shape.h"

namespace signalbox::dialects::openai_responses {

using json::Escaped;

// All views are into the text that was read.
struct Event {
  std::string_view type;      // as it is spelt; no name that is known has escapes
  Escaped item_id;            // of the item that it speaks of
  int64_t output_index = -1;  // its place in the output; -1: not said
  int64_t part_index = -1;    // of the content or the summary
  Escaped delta;
  std::string_view number;       // of the event in its stream
  std::string_view obfuscation;  // as it is spelt: what hides how long the piece is
  Escaped whole;                 // text, refusal, arguments or input: all of it
  std::string_view item;         // objects; empty when there is none
  std::string_view part;
  std::string_view response;
  std::string_view error;  // what is not null
};

enum class EventRead : uint8_t {
  whole,
  cut,        // what is there may be the beginning of a JSON object
  no_object,  // and cannot become one
};

EventRead read_event(std::string_view text, Event& event);

// Reads the events of one stream. Most differ from the one before in their piece and their number alone, and then the
// rest is not read again.
class EventReader {
 public:
  // As read_event; views are into `text` or into this, until the next is read.
  EventRead read(std::string_view text, Event& event);

 private:
  json::SameShape shape_;
  Event last_;  // what was remembered, in the memory of shape_
  size_t delta_slot_ = 0;
};

// A Response: a whole answer, and what the first and the last events of a stream carry.
struct ResponseObject {
  Escaped id;
  Escaped status;
  Escaped incomplete_reason;
  std::string_view output;  // a list; empty when there is none
  std::string_view usage;   // an object; empty when there is none
  std::string_view error;   // what is not null
};

// `text` is one whole JSON object.
ResponseObject read_response(std::string_view text);

}  // namespace signalbox::dialects::openai_responses
