// State of other vendors that an earlier answer left with the client, in envelopes (translation.md section 5), and state
// that its own vendor refuses: what the removals of several dialects have in common.
#pragma once

#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "dialects/canonical/envelope.h"
#include "json/walk.h"

namespace signalbox::dialects {

// Whether the raw `value` is a text that begins as an envelope.
inline bool is_foreign_state(std::string_view value) {
  return !value.empty() && value.front() == '"' && canonical::is_envelope(json::escaped(value));
}

// Whether `text`, a person's sentence, has `words`, which are in lower case, in whatever case.
inline bool says(std::string_view text, std::string_view words) {
  const auto same = [](char a, char b) { return base::lower(a) == b; };
  return std::search(text.begin(), text.end(), words.begin(), words.end(), same) != text.end();
}

}  // namespace signalbox::dialects
