// The one way from a text to what a host serves with: variables, secrets, the reader, what the host cannot do. Hosts
// differ in the terms alone.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "config/json_source.h"
#include "config/problem.h"
#include "config/secrets.h"
#include "signalbox/capabilities.h"
#include "signalbox/config.h"

namespace signalbox::config {

// What becomes of a variable that is not set. Forgiven where a configuration is only printed for another host.
enum class UnsetVariables : uint8_t { refused, forgiven };

struct LoadTerms {
  Capabilities capabilities;
  Lookup plain;         // variables outside secrets
  Lookup secret;        // variables in secrets
  SecretSinks secrets;  // where secrets go
  UnsetVariables unset_variables = UnsetVariables::refused;
};

struct Loaded {
  Config config;                  // to be used only when `problems` is empty
  std::vector<Problem> problems;  // in the order of the file
  std::vector<Problem> warnings;  // likewise; also in config.warnings, as sentences
};

// Reads `source`, whose tree holds no secret afterwards; of half a tree only what was wrong with the text counts.
Loaded load(Source& source, const LoadTerms& terms);

// For a host that cannot refuse to start: the configuration, or with problems what stands in for it (host_fit.h).
// `loaded` keeps its problems and warnings.
std::shared_ptr<const Config> config_or_unusable(Loaded& loaded);

}  // namespace signalbox::config
