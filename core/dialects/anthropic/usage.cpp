#include "dialects/anthropic/usage.h"

#include "json/reader.h"
#include "json/walk.h"

namespace signalbox::dialects::anthropic {

void read_usage(std::string_view text, Usage& usage) {
  auto take = [](std::string_view value, int64_t& count) {
    const auto number = json::to_int64(value);
    if (number && *number >= 0) count = *number;
  };
  json::each_member(text, [&](std::string_view key, std::string_view value) {
    if (key == "input_tokens") take(value, usage.input_tokens);
    else if (key == "output_tokens") take(value, usage.output_tokens);
    else if (key == "cache_read_input_tokens") take(value, usage.cache_read_tokens);
    else if (key == "cache_creation_input_tokens") take(value, usage.cache_creation_tokens);
    else if (key == "output_tokens_details") take(json::member(value, "thinking_tokens"), usage.reasoning_tokens);
  });
}

}  // namespace signalbox::dialects::anthropic
