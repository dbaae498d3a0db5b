// Reads Gemini upstreams' answers: the `make_decoder` of the row.
#pragma once

#include <memory>

#include "dialects/canonical/parts.h"

namespace signalbox::dialects::gemini {

std::unique_ptr<canonical::Decoder> make_decoder(const canonical::DecodeContext& context);

}  // namespace signalbox::dialects::gemini
