// How much thinking a client asks for behind a model's name: "model(high)", "model(8192)" (docs/routing.md). Only where
// the configuration says so, and never of a name that it has with its parentheses.
#pragma once

#include <cstdint>
#include <string_view>

#include "routing/facts.h"
#include "signalbox/config.h"

namespace signalbox::routing {

struct SuffixedName {
  std::string_view name;  // of the model; a view of what was given
  ThinkingSaid thinking;
};

// `client_model` without such a suffix, and what it says. "auto" and "-1", which leave it to the model, are its
// `high`, as adaptive thinking is wherever an effort has to be said (translation.md section 5).
SuffixedName without_thinking(const Config& config, std::string_view client_model);

}  // namespace signalbox::routing
