// Why a Gemini answer stopped, in both directions (translation.md section 9).
#pragma once

#include <cstdint>
#include <string_view>

#include "dialects/canonical/delta.h"
#include "json/escaped.h"

namespace signalbox::dialects::gemini {

enum class Finish : uint8_t {
  unsaid,
  stop,
  length,
  filtered,
  failed,  // it broke; no answer
  unknown,
};

// What `word` of a candidate says. An empty word says nothing.
Finish finish_of(json::Escaped word);

// The word for a client.
std::string_view finish_reason_of(canonical::StopReason reason);

}  // namespace signalbox::dialects::gemini
