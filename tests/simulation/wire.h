// What clients and upstreams of the simulation say, in the four dialects, and what a client makes of what it gets. Written
// from the dialects' own documents, not with the core's readers and writers: those are what is tried.
//
// Every request holds a question "(q17)" and every answer words of it: "(n17a2k0of5)" is the first of five words that
// the second attempt of exchange 17 was answered with. So a client can tell an answer to somebody else's question, a
// word that is missing, and two answers that were put together.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "signalbox/config.h"

namespace signalbox::simulation {

struct Question {
  Dialect dialect = Dialect::anthropic;
  std::string model;
  bool streamed = false;
  int nonce = 0;
  int filler_words = 0;  // of a token each
  int session = 0;       // of which it is the second turn; 0: a conversation of its own
  bool image = false;
  bool tools = false;
  bool document = false;
};

std::string request_target(const Question& question);
std::string request_body(const Question& question);

// The number in the one "(q...)" that `body` must hold; -1 when there is none or more than one.
int nonce_in(std::string_view body);

struct Said {
  int nonce = 0;
  int attempt = 0;
  int words = 1;
  int input_tokens = 1;
  int output_tokens = 1;
  std::string model;
};

// A stream as frames: those of `before` say nothing yet, those of `content` a word each, those of `end` that it is whole.
struct Frames {
  std::vector<std::string> before, content, end;
};
Frames frames_of(Dialect dialect, const Said& said);
std::string whole_of(Dialect dialect, const Said& said);

// An error as the dialect tells it; `type` is its own word for it, empty: what it says of `status`.
std::string error_of(Dialect dialect, int status, std::string_view type, std::string_view message);
// The same inside a stream that has begun with a 200.
std::string error_frame_of(Dialect dialect, std::string_view message);

// What a client has understood of an answer.
struct Understood {
  int words = 0;     // in order and without a gap, of its own question
  int of = -1;       // how many there should be
  int attempt = -1;  // whose words
  int endings = 0;   // of a success
  int errors = 0;
  bool torn = false;    // it ends within a word
  std::string problem;  // empty: nothing is wrong with it
};
Understood understand(Dialect dialect, bool streamed, int status, std::string_view bytes, int nonce);

// Whether `bytes` are nothing but signs of life.
bool only_signs_of_life(Dialect dialect, std::string_view bytes);

}  // namespace signalbox::simulation
