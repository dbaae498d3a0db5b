// Writes answers of the Messages API: the `make_encoder` of its row.
#pragma once

#include <memory>

#include "dialects/canonical/parts.h"

namespace signalbox::dialects::anthropic {

std::unique_ptr<canonical::Encoder> make_encoder(const canonical::EncodeContext& context, canonical::Form form);

}  // namespace signalbox::dialects::anthropic
