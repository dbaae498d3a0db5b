// Reads answers of Responses: the `make_decoder` of its row.
#pragma once

#include <memory>

#include "dialects/canonical/parts.h"

namespace signalbox::dialects::openai_responses {

std::unique_ptr<canonical::Decoder> make_decoder(const canonical::DecodeContext& context);

}  // namespace signalbox::dialects::openai_responses
