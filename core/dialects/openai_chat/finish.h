// Why a Chat upstream says it stopped: the words of OpenAI and those that others send in their place
// (translation.md section 9).
#pragma once

#include <cstdint>

#include "json/escaped.h"

namespace signalbox::dialects::openai_chat {

enum class Finish : uint8_t {
  unsaid,
  stop,
  calls,
  length,
  context_full,
  filtered,
  failed,      // it broke; no answer
  overloaded,  // it had no room; no answer
  unknown,
};

// What `word` says; letters' case does not matter. An empty word says nothing.
Finish finish_of(json::Escaped word);

}  // namespace signalbox::dialects::openai_chat
