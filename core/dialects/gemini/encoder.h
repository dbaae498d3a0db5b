// Writes answers for Gemini clients: the `make_encoder` of the row.
#pragma once

#include <memory>

#include "dialects/canonical/parts.h"

namespace signalbox::dialects::gemini {

std::unique_ptr<canonical::Encoder> make_encoder(const canonical::EncodeContext& context, canonical::Form form);

}  // namespace signalbox::dialects::gemini
