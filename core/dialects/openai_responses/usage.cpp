#include "dialects/openai_responses/usage.h"

#include "dialects/canonical/usage.h"
#include "json/walk.h"

namespace signalbox::dialects::openai_responses {
namespace {

using canonical::counted;
using canonical::counted_or;
using canonical::take_count;

}  // namespace

void read_usage(std::string_view text, Usage& usage) {
  int64_t input = -1, read = -1, written = -1;
  json::each_member(text, [&](std::string_view key, std::string_view value) {
    if (key == "input_tokens") {
      take_count(value, input);
    } else if (key == "output_tokens") {
      take_count(value, usage.output_tokens);
    } else if (key == "input_tokens_details") {
      take_count(json::member(value, "cached_tokens"), read);
      take_count(json::member(value, "cache_write_tokens"), written);
    } else if (key == "output_tokens_details") {
      take_count(json::member(value, "reasoning_tokens"), usage.reasoning_tokens);
    }
  });
  canonical::take_prompt(input, read, written, usage);
}

void write_usage(json::Writer& w, const Usage& usage, int64_t input_tokens, int64_t output_tokens) {
  const int64_t read = counted(usage.cache_read_tokens);
  const int64_t written = counted(usage.cache_creation_tokens);
  const int64_t input = counted_or(usage.input_tokens, input_tokens) + read + written;
  const int64_t output = counted_or(usage.output_tokens, output_tokens);
  w.begin_object().key("input_tokens").number(input);
  w.key("input_tokens_details").begin_object().key("cached_tokens").number(read);
  w.key("cache_write_tokens").number(written).end_object();
  w.key("output_tokens").number(output).key("output_tokens_details").begin_object();
  w.key("reasoning_tokens").number(counted(usage.reasoning_tokens)).end_object();
  w.key("total_tokens").number(input + output).end_object();
}

}  // namespace signalbox::dialects::openai_responses
