#include "dialects/canonical/answer_bound.h"

#include <algorithm>

namespace signalbox::canonical {

int64_t answer_tokens_max(int64_t asked, const WriteContext& context) {
  if (asked <= 0) return asked;
  int64_t most = asked;
  if (context.output_tokens_max > 0) most = std::min(most, context.output_tokens_max);
  if (context.context_tokens_max > 0) {
    const int64_t left = context.context_tokens_max - context.input_tokens_estimate;
    if (left >= answer_tokens_min) most = std::min(most, left);
  }
  return most;
}

}  // namespace signalbox::canonical
