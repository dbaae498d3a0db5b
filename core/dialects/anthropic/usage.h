// How the Messages API counts tokens; the same object in whole answers, message_start and message_delta.
#pragma once

#include <string_view>

#include "signalbox/report.h"

namespace signalbox::dialects::anthropic {

// Takes the counts that the JSON object `text` gives into `usage`. What it leaves out, or gives as null or
// as no sensible number, stays as it was: later figures win, field by field (translation.md section 10).
void read_usage(std::string_view text, Usage& usage);

}  // namespace signalbox::dialects::anthropic
