// Gemini generateContent. It cannot be asked or serve yet; paths below /v1beta get its errors.
#pragma once

#include "dialects/dialect.h"

namespace signalbox::dialects {

extern const DialectRow gemini_row;

}  // namespace signalbox::dialects
