// What a target's text names, "sonnet" or "openrouter/some/model": one rule for routes and for whoever asks
// about a single target.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "signalbox/config.h"

namespace signalbox::config {

// The target that Config::models[entry] is.
Target target_of(const Config& config, uint32_t entry);

// The target that `text` names: an entry of `models` by its name, else provider/model, or provider/* for
// the model that the client names. Nullopt when it names none.
std::optional<Target> find_target(const Config& config, std::string_view text);

}  // namespace signalbox::config
