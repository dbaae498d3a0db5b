// OpenAI Chat Completions and OpenAI Responses: one shape of errors and catalogue, two of everything
// else. Neither can be asked or serve yet; paths below /v1 that belong to them get their errors.
#pragma once

#include "dialects/dialect.h"

namespace signalbox::dialects {

extern const DialectRow openai_chat_row;
extern const DialectRow openai_responses_row;

}  // namespace signalbox::dialects
