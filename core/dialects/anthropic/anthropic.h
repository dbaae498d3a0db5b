// Anthropic Messages.
#pragma once

#include "dialects/dialect.h"

namespace signalbox::dialects {

extern const DialectRow anthropic_row;

}  // namespace signalbox::dialects
