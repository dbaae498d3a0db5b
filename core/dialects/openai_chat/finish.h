// Why a Chat answer stopped, in both directions: the words of OpenAI and those that other upstreams send in their
// place (translation.md section 9).
#pragma once

#include <cstdint>
#include <string_view>

#include "dialects/canonical/delta.h"
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

// OpenAI's own word for a client.
std::string_view finish_reason_of(canonical::StopReason reason);

}  // namespace signalbox::dialects::openai_chat
