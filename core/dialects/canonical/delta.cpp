#include "dialects/canonical/delta.h"

namespace signalbox::canonical {

bool is_content(const Delta& delta) {
  if (auto* begin = std::get_if<BlockBegin>(&delta)) return begin->kind == BlockKind::tool_call;
  if (auto* end = std::get_if<BlockEnd>(&delta)) return !end->from.state.empty();
  return std::holds_alternative<Fragment>(delta);
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
