// What the state of Gemini's reasoning says in a canonical request: a thoughtSignature and the part on which it
// stood, "call:<signature>", "text:<signature>" or "thought:<signature>". A vendor's signature goes back on the
// same part (translation.md section 5). Google's endpoint that speaks Chat has those of calls, too.
//
// The thinking with a call's stands directly before the call, the one with a text's directly behind the text, and a
// thought's is its own.
#pragma once

#include <cstdint>
#include <string_view>

#include "dialects/foreign_state.h"
#include "json/escaped.h"

namespace signalbox::dialects::gemini {

enum class Place : uint8_t { none, call, text, thought };

struct Signature {
  Place place = Place::none;
  json::Escaped text;
};

// The mark before the signature in a state.
constexpr std::string_view mark_of(Place place) {
  switch (place) {
    case Place::call: return "call:";
    case Place::text: return "text:";
    case Place::thought: return "thought:";
    default: return {};
  }
}

// `state` taken apart; Place::none where it is none of ours.
constexpr Signature signature_of(json::Escaped state) {
  for (const Place place : {Place::call, Place::text, Place::thought}) {
    const std::string_view mark = mark_of(place);
    if (state.inside.size() > mark.size() && state.inside.substr(0, mark.size()) == mark)
      return {place, {state.inside.substr(mark.size())}};
  }
  return {};
}

// Google's own word for a call that has no signature because it was not Gemini that made it.
inline constexpr std::string_view sentinel = "skip_thought_signature_validator";

// Whether `message` says that a signature is missing or not one of Gemini's: "Function call is missing a
// thought_signature in functionCall parts.", "Thought signature is not valid", "Corrupted thought signature."
inline bool refuses_signature(std::string_view message) {
  return says(message, "thought_signature") || says(message, "thought signature") || says(message, "thoughtsignature");
}

}  // namespace signalbox::dialects::gemini
