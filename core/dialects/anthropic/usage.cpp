#include "dialects/anthropic/usage.h"

#include "dialects/canonical/usage.h"
#include "json/walk.h"

namespace signalbox::dialects::anthropic {

void read_usage(std::string_view text, Usage& usage) {
  json::each_member(text, [&](std::string_view key, std::string_view value) {
    if (key == "input_tokens") canonical::take_count(value, usage.input_tokens);
    else if (key == "output_tokens") canonical::take_count(value, usage.output_tokens);
    else if (key == "cache_read_input_tokens") canonical::take_count(value, usage.cache_read_tokens);
    else if (key == "cache_creation_input_tokens") canonical::take_count(value, usage.cache_creation_tokens);
    else if (key == "output_tokens_details")
      canonical::take_count(json::member(value, "thinking_tokens"), usage.reasoning_tokens);
  });
}

}  // namespace signalbox::dialects::anthropic
