// OpenAI Chat Completions: the row, and the parts of it that have files of their own.
#pragma once

#include "dialects/dialect.h"

namespace signalbox::dialects {

extern const DialectRow openai_chat_row;

}  // namespace signalbox::dialects
