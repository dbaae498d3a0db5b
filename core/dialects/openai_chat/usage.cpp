#include "dialects/openai_chat/usage.h"

#include "dialects/canonical/usage.h"
#include "json/walk.h"

namespace signalbox::dialects::openai_chat {
namespace {

using canonical::counted;
using canonical::take_count;

}  // namespace

void read_usage(std::string_view text, Usage& usage) {
  int64_t prompt = -1, read = -1, written = -1;
  json::each_member(text, [&](std::string_view key, std::string_view value) {
    if (key == "prompt_tokens") take_count(value, prompt);
    else if (key == "completion_tokens") take_count(value, usage.output_tokens);
    else if (key == "prompt_cache_hit_tokens" || key == "cached_tokens") take_count(value, read);
    else if (key == "cache_creation_input_tokens" || key == "cache_creation_tokens") take_count(value, written);
    else if (key == "prompt_tokens_details")
      json::each_member(value, [&](std::string_view detail, std::string_view count) {
        if (detail == "cached_tokens") take_count(count, read);
        else if (detail == "cache_write_tokens" || detail == "cache_creation_tokens" ||
                 detail == "cache_creation_input_tokens")
          take_count(count, written);
      });
    else if (key == "completion_tokens_details")
      take_count(json::member(value, "reasoning_tokens"), usage.reasoning_tokens);
  });
  canonical::take_prompt(prompt, read, written, usage);
}

void write_usage(json::Writer& w, const Usage& usage) {
  const int64_t read = counted(usage.cache_read_tokens);
  const int64_t written = counted(usage.cache_creation_tokens);
  const int64_t prompt = counted(usage.input_tokens) + read + written;
  const int64_t completion = counted(usage.output_tokens);
  w.begin_object().key("prompt_tokens").number(prompt).key("completion_tokens").number(completion);
  w.key("total_tokens").number(prompt + completion);
  w.key("prompt_tokens_details").begin_object().key("cached_tokens").number(read);
  if (written > 0) w.key("cache_write_tokens").number(written);
  w.end_object();
  if (usage.reasoning_tokens >= 0) {
    w.key("completion_tokens_details").begin_object();
    w.key("reasoning_tokens").number(counted(usage.reasoning_tokens)).end_object();
  }
  w.end_object();
}

}  // namespace signalbox::dialects::openai_chat
