// What routing reads of a request's body. Each dialect says where in its own shape a fact stands.
#pragma once

#include <cstddef>
#include <string_view>

#include "signalbox/fault.h"

namespace signalbox {

class Arena;

namespace dialects {

// Views into the body, or into the arena given to the reader.
struct Facts {
  std::string_view model;     // unescaped
  size_t model_begin = 0;     // the model's token in the body, quotes included
  size_t model_end = 0;
  bool streamed = false;      // the client asked for a stream
};

// The facts, or why there are none.
struct FactsResult {
  Facts facts;
  Fault fault;
};

}  // namespace dialects
}  // namespace signalbox
