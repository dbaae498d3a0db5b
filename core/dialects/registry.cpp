// The list of dialects. A new one is one line here and one pair of files beside it.
#include "dialects/anthropic/anthropic.h"
#include "dialects/dialect.h"
#include "dialects/gemini/gemini.h"
#include "dialects/openai_chat/openai_chat.h"
#include "dialects/openai_responses/openai_responses.h"

namespace signalbox {

std::string_view name_of(Dialect dialect) { return dialects::row_of(dialect).name; }

namespace dialects {

const DialectRow& row_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::anthropic: return anthropic_row;
    case Dialect::openai_chat: return openai_chat_row;
    case Dialect::openai_responses: return openai_responses_row;
    case Dialect::gemini: return gemini_row;
  }
  return anthropic_row;
}

}  // namespace dialects
}  // namespace signalbox
