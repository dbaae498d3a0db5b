// The members of an answer's objects: of a frame, a block, a delta, a whole answer. Inside of the folder.
#pragma once

#include <string_view>

namespace signalbox::dialects::anthropic {

// The members of one object that anything here reads, whichever object it is; values raw, empty when
// absent. Names mean the same wherever they stand.
struct Members {
  std::string_view type, id, name, text, thinking, signature, data, input, citations;
  std::string_view partial_json, stop_reason, stop_sequence, stop_details;
  std::string_view index, message, content_block, content, usage, error;
};

// Reads `text`, which must be one whole object, into `members`; the members of its member "delta" into
// `delta` in the same pass, where that is not null. False when it is no such object.
bool read_members(std::string_view text, Members& members, Members* delta);

// Whether the raw `value` is the string `word`.
bool is_word(std::string_view value, std::string_view word);

// Whether the raw array or object `value` holds anything.
bool holds_something(std::string_view value);

}  // namespace signalbox::dialects::anthropic
