#include "dialects/gemini/finish.h"

namespace signalbox::dialects::gemini {
namespace {

struct Word {
  std::string_view word;
  Finish finish;
};

constexpr Word words[] = {
    {"STOP", Finish::stop},
    {"FINISH_REASON_UNSPECIFIED", Finish::unsaid},
    {"MAX_TOKENS", Finish::length},
    {"CONTINUATION", Finish::length},  // the bound of one request, of which the rest could be asked for
    {"SAFETY", Finish::filtered},
    {"RECITATION", Finish::filtered},
    {"LANGUAGE", Finish::filtered},
    {"BLOCKLIST", Finish::filtered},
    {"PROHIBITED_CONTENT", Finish::filtered},
    {"SPII", Finish::filtered},
    {"MODEL_ARMOR", Finish::filtered},
    {"IMAGE_SAFETY", Finish::filtered},
    {"IMAGE_PROHIBITED_CONTENT", Finish::filtered},
    {"IMAGE_RECITATION", Finish::filtered},
    {"IMAGE_OTHER", Finish::failed},
    {"NO_IMAGE", Finish::failed},
    {"OTHER", Finish::failed},
    {"MALFORMED_FUNCTION_CALL", Finish::failed},
    {"MALFORMED_RESPONSE", Finish::failed},
    {"UNEXPECTED_TOOL_CALL", Finish::failed},
    {"TOO_MANY_TOOL_CALLS", Finish::failed},
    {"MISSING_THOUGHT_SIGNATURE", Finish::failed},
};

}  // namespace

Finish finish_of(json::Escaped word) {
  if (word.empty()) return Finish::unsaid;
  for (const Word& row : words)
    if (json::equals(word, row.word)) return row.finish;
  return Finish::unknown;
}

std::string_view finish_reason_of(canonical::StopReason reason) {
  switch (reason) {
    case canonical::StopReason::end_turn:
    case canonical::StopReason::stop_sequence:
    case canonical::StopReason::tool_use:
    case canonical::StopReason::pause_turn: return "STOP";
    case canonical::StopReason::max_tokens:
    case canonical::StopReason::context_full: return "MAX_TOKENS";
    case canonical::StopReason::refusal: return "SAFETY";
  }
  return "STOP";
}

}  // namespace signalbox::dialects::gemini
