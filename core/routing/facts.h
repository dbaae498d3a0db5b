// What routing reads of a request. Each dialect says where in its own shape a fact stands; routing knows
// no dialect.
#pragma once

#include <cstddef>
#include <string_view>

#include "signalbox/fault.h"

namespace signalbox::routing {

// The longest model name that is routed. Real ones stay below 100 bytes; the name is matched against
// every route, stands in lane names, in a header and in the log, so a hostile one must not be large.
inline constexpr size_t model_bytes_max = 256;

// `model` is in the arena given to the reader, and outlives the body.
struct Facts {
  std::string_view model;  // unescaped, 1 to model_bytes_max bytes
  size_t model_begin = 0;  // the model's token in the body, quotes included; both 0 where the path names it
  size_t model_end = 0;
  bool streamed = false;  // the client asked for a stream
  bool listed = false;    // it asked for one JSON array of answers, which is Gemini's other form of a stream
  // Some string begins as an envelope does in which a client carries another vendor's reasoning state.
  bool envelopes = false;
  // The member that names a history which an upstream of the client's own dialect keeps, and nobody else has; or, where
  // lanes of several dialects could be asked, the type of an item that none but the client's own can read. Static, empty
  // where there is none.
  std::string_view kept_history;
};

// The facts, or why there are none.
struct FactsResult {
  Facts facts;
  Fault fault;
};

}  // namespace signalbox::routing
