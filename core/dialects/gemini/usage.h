// How Gemini counts tokens: `usageMetadata`, in whole answers and in chunks alike.
#pragma once

#include <string>
#include <string_view>

#include "signalbox/report.h"

namespace signalbox::dialects::gemini {

// The counts of one answer so far. What a later chunk says counts, each figure by itself.
class UsageCounts {
 public:
  // Takes what the JSON object `text` says.
  void take(std::string_view text);
  // The same, at a time when somebody asks: for a chunk that names the same counts as the one before.
  void put_off(std::string_view text) { unread_ = text; }

  bool any() const { return any_ || !unread_.empty(); }
  // Gemini counts cached tokens among the prompt's and thoughts beside the candidates'; Usage has it the other
  // way round (translation.md section 10).
  Usage usage();

 private:
  void read(std::string_view text);

  bool any_ = false;
  std::string unread_;
  int64_t prompt_ = -1, tool_prompt_ = -1, cached_ = -1, candidates_ = -1, thoughts_ = -1;
};

}  // namespace signalbox::dialects::gemini
