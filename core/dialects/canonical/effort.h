// The ladder of efforts and the budgets that stand for its rungs (translation.md section 5). Dialects say
// one or the other; what a model does not know becomes the nearest it does.
#pragma once

#include <cstdint>
#include <string_view>

#include "dialects/canonical/request.h"

namespace signalbox::canonical {

// The word for `effort`, which all dialects share; empty for unset.
std::string_view word_of(Effort effort);

// The rung that `word` names; unset when it is none of the ladder's words.
Effort effort_of(Escaped word);

// The rung that a budget of thinking tokens stands for; unset for a negative one.
Effort effort_of(int64_t budget_tokens);

// What was asked for as a rung: the effort where it was said, else the budget's.
Effort effort_of(const Reasoning& reasoning);

// What was asked for as a budget: the tokens where no effort was said, else the rung's. -1 when nothing
// was asked for.
int64_t budget_of(const Reasoning& reasoning);

// The nearest rung that a model knows, rather less than more: `levels` is LaneFlags::effort_levels. Thinking
// that was asked for is never clamped to none, and unset stays unset. Unset, too, when nothing fits.
Effort clamped(Effort effort, uint8_t levels);

}  // namespace signalbox::canonical
