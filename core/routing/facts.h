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
  size_t model_begin = 0;  // the model's token in the body, quotes included
  size_t model_end = 0;
  bool streamed = false;  // the client asked for a stream
  // Some string begins as an envelope does in which a client carries another vendor's reasoning state.
  bool envelopes = false;
};

// The facts, or why there are none.
struct FactsResult {
  Facts facts;
  Fault fault;
};

}  // namespace signalbox::routing
