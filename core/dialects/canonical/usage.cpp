#include "dialects/canonical/usage.h"

#include "json/reader.h"

namespace signalbox::canonical {

void take_count(std::string_view value, int64_t& tokens) {
  const auto number = json::to_int64(value);
  if (number && *number >= 0) tokens = *number;
}

void take_prompt(int64_t prompt, int64_t cache_read, int64_t cache_creation, Usage& usage) {
  if (cache_read >= 0) usage.cache_read_tokens = cache_read;
  if (cache_creation >= 0) usage.cache_creation_tokens = cache_creation;
  if (prompt < 0) return;
  // One after the other: the sum of what a hostile upstream says may not fit.
  prompt -= std::min(prompt, std::max<int64_t>(cache_read, 0));
  prompt -= std::min(prompt, std::max<int64_t>(cache_creation, 0));
  usage.input_tokens = prompt;
}

}  // namespace signalbox::canonical
