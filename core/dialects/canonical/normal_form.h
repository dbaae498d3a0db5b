// Brings messages into the normal form that request.h promises: the rules that every target needs and no
// dialect should have to know twice (translation.md section 3, "Rules and evidence").
#pragma once

#include <span>
#include <vector>

#include "base/arena.h"
#include "dialects/canonical/losses.h"
#include "dialects/canonical/request.h"

namespace signalbox::canonical {

// The messages in normal form, in `arena`; views into `messages` otherwise.
//   neighbours of one role    become one message
//   empty texts               go; a message left empty goes with them
//   a call without a result   gets one: an error, "[tool result missing: interrupted]"
//   a result without a call   becomes text of the same message, where it stood, so that nothing is lost
//   two results of one call   the first counts, the others become text
//   results                   stand first in the message after the calls, in the order of the calls; what
//                             came between a call and its result comes after it
//   an id that stands twice   gets a number, in its call and the result, because upstreams refuse repeats
// Calls and thinking that are not the assistant's go, with a loss.
std::span<const Message> in_normal_form(std::span<const Message> messages, Arena& arena, Losses& losses);

// Which of `tools` have a name that one before them has: Anthropic and Gemini refuse the whole request for one.
std::vector<bool> named_again(std::span<const Tool> tools);

}  // namespace signalbox::canonical
