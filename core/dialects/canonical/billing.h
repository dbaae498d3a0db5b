// The line with which Claude Code begins its system prompt for the billing of its own provider. It is new
// in every request, so that no prefix behind it can be cached (translation.md section 2).
#pragma once

#include "json/escaped.h"

namespace signalbox::canonical {

// `text`, the first of a system prompt, without a leading billing line: what follows the line, or
// nothing. A text that does not begin with one stays as it is.
json::Escaped without_billing(json::Escaped text);

}  // namespace signalbox::canonical
