#include "dialects/gemini/usage.h"

#include <algorithm>

#include "dialects/canonical/usage.h"
#include "json/reader.h"
#include "json/walk.h"

namespace signalbox::dialects::gemini {
namespace {

int64_t sum(int64_t a, int64_t b) { return a < 0 && b < 0 ? -1 : std::max<int64_t>(a, 0) + std::max<int64_t>(b, 0); }

}  // namespace

void UsageCounts::take(std::string_view text) {
  if (!unread_.empty()) read(unread_);
  unread_.clear();
  read(text);
}

void UsageCounts::read(std::string_view text) {
  any_ = true;
  json::each_member(text, [&](std::string_view key, std::string_view value) {
    int64_t* const count = key == "promptTokenCount"          ? &prompt_
                           : key == "toolUsePromptTokenCount" ? &tool_prompt_
                           : key == "cachedContentTokenCount" ? &cached_
                           : key == "candidatesTokenCount"    ? &candidates_
                           : key == "thoughtsTokenCount"      ? &thoughts_
                                                              : nullptr;
    const auto number = count ? json::to_int64(value) : std::nullopt;
    if (number && *number >= 0) *count = std::min(*number, canonical::tokens_max);
  });
}

Usage UsageCounts::usage() {
  if (!unread_.empty()) read(unread_);
  unread_.clear();
  Usage usage;
  usage.reasoning_tokens = thoughts_;
  usage.output_tokens = sum(candidates_, thoughts_);
  canonical::take_prompt(sum(prompt_, tool_prompt_), cached_, -1, usage);
  return usage;
}

}  // namespace signalbox::dialects::gemini
