#include "dialects/openai_chat/usage.h"

#include <algorithm>

#include "json/reader.h"
#include "json/walk.h"

namespace signalbox::dialects::openai_chat {
namespace {

void take(std::string_view value, int64_t& count) {
  const auto number = json::to_int64(value);
  if (number && *number >= 0) count = *number;
}

}  // namespace

void read_usage(std::string_view text, Usage& usage) {
  int64_t prompt = -1, read = -1, written = -1;
  json::each_member(text, [&](std::string_view key, std::string_view value) {
    if (key == "prompt_tokens") take(value, prompt);
    else if (key == "completion_tokens") take(value, usage.output_tokens);
    else if (key == "prompt_cache_hit_tokens" || key == "cached_tokens") take(value, read);
    else if (key == "cache_creation_input_tokens" || key == "cache_creation_tokens") take(value, written);
    else if (key == "prompt_tokens_details")
      json::each_member(value, [&](std::string_view detail, std::string_view count) {
        if (detail == "cached_tokens") take(count, read);
        else if (detail == "cache_write_tokens" || detail == "cache_creation_tokens" ||
                 detail == "cache_creation_input_tokens")
          take(count, written);
      });
    else if (key == "completion_tokens_details") take(json::member(value, "reasoning_tokens"), usage.reasoning_tokens);
  });
  if (read >= 0) usage.cache_read_tokens = read;
  if (written >= 0) usage.cache_creation_tokens = written;
  if (prompt < 0) return;
  // One after the other: the sum of what a hostile upstream says may not fit.
  prompt -= std::min(prompt, std::max<int64_t>(read, 0));
  prompt -= std::min(prompt, std::max<int64_t>(written, 0));
  usage.input_tokens = prompt;
}

}  // namespace signalbox::dialects::openai_chat
