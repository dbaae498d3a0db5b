#include "dialects/openai_chat/finish.h"

#include <string>

#include "base/text.h"

namespace signalbox::dialects::openai_chat {
namespace {

struct Word {
  std::string_view word;
  Finish finish;
};

constexpr Word words[] = {
    {"stop", Finish::stop},
    {"tool_calls", Finish::calls},
    {"length", Finish::length},
    {"content_filter", Finish::filtered},
    {"function_call", Finish::calls},
    // other vendors' words, passed on by servers in between
    {"end_turn", Finish::stop},
    {"stop_sequence", Finish::stop},
    {"eos", Finish::stop},
    {"eos_token", Finish::stop},
    {"complete", Finish::stop},
    {"completed", Finish::stop},
    {"tool_use", Finish::calls},
    {"tool_call", Finish::calls},
    {"max_tokens", Finish::length},
    {"max_output_tokens", Finish::length},
    {"max_length", Finish::length},
    {"model_length", Finish::context_full},  // Mistral
    {"model_context_window_exceeded", Finish::context_full},
    {"safety", Finish::filtered},
    {"refusal", Finish::filtered},
    {"recitation", Finish::filtered},
    {"blocklist", Finish::filtered},
    {"prohibited_content", Finish::filtered},
    {"spii", Finish::filtered},
    {"image_safety", Finish::filtered},
    {"sensitive", Finish::filtered},  // GLM
    {"error", Finish::failed},
    {"abort", Finish::failed},          // vLLM, SGLang
    {"network_error", Finish::failed},  // GLM
    {"malformed_function_call", Finish::failed},
    {"unexpected_tool_call", Finish::failed},
    {"insufficient_system_resource", Finish::overloaded},  // DeepSeek
};

}  // namespace

Finish finish_of(json::Escaped word) {
  if (word.empty()) return Finish::unsaid;
  std::string plain;
  std::string_view text = word.inside;
  if (text.find('\\') != text.npos) {
    json::unescape(word, plain);
    text = plain;
  }
  for (const Word& row : words)
    if (base::equals_ignoring_case(row.word, text)) return row.finish;
  return Finish::unknown;
}

std::string_view finish_reason_of(canonical::StopReason reason) {
  switch (reason) {
    case canonical::StopReason::end_turn:
    case canonical::StopReason::stop_sequence:
    case canonical::StopReason::pause_turn: return "stop";
    case canonical::StopReason::tool_use: return "tool_calls";
    case canonical::StopReason::max_tokens:
    case canonical::StopReason::context_full: return "length";
    case canonical::StopReason::refusal: return "content_filter";
  }
  return "stop";
}

}  // namespace signalbox::dialects::openai_chat
