#include "dialects/canonical/delta.h"

namespace signalbox::canonical {

bool is_content(const Delta& delta) {
  if (auto* begin = std::get_if<BlockBegin>(&delta)) return begin->kind == BlockKind::tool_call;
  if (auto* end = std::get_if<BlockEnd>(&delta)) return !end->from.state.empty();
  return std::holds_alternative<Fragment>(delta) || std::holds_alternative<WebSearch>(delta);
}

void take_later(Usage& into, const Usage& later) {
  auto take = [](int64_t& held, int64_t count) {
    if (count >= 0) held = count;
  };
  take(into.input_tokens, later.input_tokens);
  take(into.output_tokens, later.output_tokens);
  take(into.cache_read_tokens, later.cache_read_tokens);
  take(into.cache_creation_tokens, later.cache_creation_tokens);
  take(into.reasoning_tokens, later.reasoning_tokens);
}

std::string_view name_of(StopReason reason) {
  switch (reason) {
    case StopReason::end_turn: return "end_turn";
    case StopReason::tool_use: return "tool_use";
    case StopReason::max_tokens: return "max_tokens";
    case StopReason::stop_sequence: return "stop_sequence";
    case StopReason::refusal: return "refusal";
    case StopReason::pause_turn: return "pause_turn";
    case StopReason::context_full: return "model_context_window_exceeded";
  }
  return "end_turn";
}

}  // namespace signalbox::canonical
