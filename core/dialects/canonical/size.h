// How large a request is, in about as many tokens, without looking at a byte of its text: for the moment in
// which a stream must name a figure and the upstream has not named one yet. tokens/estimate.h looks closer
// and costs a hundred times as much; tokens/calibration.h puts a model's own vocabulary right.
#pragma once

#include <cstdint>

#include "dialects/canonical/request.h"

namespace signalbox::canonical {

// At least 1. Linear in the number of blocks, not in their length.
int64_t rough_tokens(const Request& request);

}  // namespace signalbox::canonical
