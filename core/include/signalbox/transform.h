// What a request becomes on its way to an upstream, without an exchange: for people who want to see it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "signalbox/config.h"
#include "signalbox/fault.h"

namespace signalbox {

// `fault` says why there is no `body`. `losses` are the paths of what `body` cannot carry (translation.md
// section 0.3), each once.
struct Transformed {
  Fault fault;
  std::string body;
  std::vector<std::string> losses;
};

// `body`, a conversation request of the dialect `from`, as the first lane of `target` would get it; `target`
// names a provider of `config`. For the provider's own dialect that is `body` with the edits it needs, for any
// other its translation. Faults: those of a body that cannot be read, and not_supported.
Transformed transform(std::string_view body, Dialect from, const Config& config, const Target& target);

}  // namespace signalbox
