// The answers that loss_table() translates: for each dialect the least answer there is, with holes, and for each member
// what is put into one of them.
#pragma once

#include <span>
#include <string_view>

#include "signalbox/config.h"

namespace signalbox::native {

struct AnswerProbe {
  std::string_view field;  // as a person calls it
  std::string_view hole;   // into which `text` is put; empty: `text` is all of the answer
  std::string_view text;
  std::string_view mark{};  // a text of it that shows in the translation where it is carried; empty: none can be told
  std::string_view without{};  // the same hole without the field; empty: what stands there in the least answer
};

// "%name%" in the pattern, and what stands there in the least answer.
struct Hole {
  std::string_view name;
  std::string_view least;
};

struct AnswerProbes {
  Dialect from;
  std::string_view pattern;  // a JSON object, but for its holes
  std::span<const Hole> holes;
  std::span<const AnswerProbe> list;
};

extern const std::span<const AnswerProbes> all_answer_probes;

}  // namespace signalbox::native
