// What routing reads of a request. Each dialect says where in its own shape a fact stands; routing knows
// no dialect.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "signalbox/fault.h"
#include "signalbox/rules.h"

namespace signalbox::routing {

// The longest model name that is routed. Real ones stay below 100 bytes; the name is matched against
// every route, stands in lane names, in a header and in the log, so a hostile one must not be large.
inline constexpr size_t model_bytes_max = 256;

// Bytes [begin, end) of a body, which become `text`.
struct Cut {
  size_t begin = 0;
  size_t end = 0;
  std::string_view text;
};

// How much thinking a model's name asks for (thinking_suffix.h): one of the two, or neither.
struct ThinkingSaid {
  uint8_t effort = 0;  // canonical::Effort
  int64_t budget_tokens = -1;

  bool any() const { return effort > 0 || budget_tokens >= 0; }
};

// `model` is in the arena given to the reader, and outlives the body.
struct Facts {
  std::string_view model;  // unescaped, 1 to model_bytes_max bytes
  size_t model_begin = 0;  // the model's token in the body, quotes included; both 0 where the path names it
  size_t model_end = 0;
  bool streamed = false;  // the client asked for a stream
  bool listed = false;    // it asked for one JSON array of answers, which is Gemini's other form of a stream
  ThinkingSaid thinking;  // behind the name that decides
  // Some string begins as an envelope does in which a client carries another vendor's reasoning state.
  bool envelopes = false;
  // The member that names a history which an upstream of the client's own dialect keeps, and nobody else has; or, where
  // lanes of several dialects could be asked, the type of an item that none but the client's own can read. Static, empty
  // where there is none.
  std::string_view kept_history;
  // How tags that name who answers are taken out: with the blocks that they alone are, or within their strings alone, where something
  // stands in for a text of which nothing would be left. In order, not overlapping.
  std::span<const Cut> tag_cuts;
  std::span<const Cut> tag_cuts_within;
};

// What rules, tasks and targets ask about a request's substance: of each only what was wanted. Views into the body and
// the arena.
struct TaskFacts {
  FactSet read = 0;          // what is known
  bool thinks = false;       // thinking with a budget is on
  uint8_t effort = 0;        // canonical::Effort
  bool web_search = false;   // a tool that searches the web, which the provider runs
  bool image_asked = false;  // an image in the user's last turn, results of tools included
  bool subagent = false;
  bool tools = false;
  bool images = false;  // wherever they stand
  bool documents = false;
  int64_t tokens = -1;       // estimated, never more than the body has bytes
  std::string_view session;  // in the body; plain
  bool tagged = false;
  std::string_view tag;  // what the tag that counts names; plain
  // How the tags are taken out: with the blocks that they alone are, or within their strings alone, where something
  // stands in for a text of which nothing would be left. In order, not overlapping.
  std::span<const Cut> tag_cuts;
  std::span<const Cut> tag_cuts_within;

  bool knows(Fact fact) const { return (read & bit_of(fact)) != 0; }
};

struct TaskFactsResult {
  TaskFacts facts;
  Fault fault;
};

// The facts, or why there are none.
struct FactsResult {
  Facts facts;
  Fault fault;
};

}  // namespace signalbox::routing
