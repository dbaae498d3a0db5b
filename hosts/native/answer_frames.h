// A whole answer as its own dialect would have streamed it, in few frames: what loss_table() plays to the decoders
// beside the whole answer itself.
#pragma once

#include <string>
#include <string_view>

#include "signalbox/config.h"

namespace signalbox::native {

// `whole` is a JSON object, an answer or an error of `dialect`. Texts, thoughts and arguments come in pieces of their
// own where the dialect has them.
std::string as_frames(Dialect dialect, std::string_view whole);

}  // namespace signalbox::native
