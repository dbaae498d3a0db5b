// The configuration of a host whose secrets never come near the core. The host looks variables up; the core gets
// the texts of plain ones, the digests of client keys, and of credentials no more than that they are there.
//
// Rules: a provider's key stands as one whole ${NAME}, a client key as that or as sha256:<hex>, as `signalbox
// config` prints them; anything else is a problem. A configuration with problems gives a gateway that is never
// ready: it answers its health endpoints, says there how many problems there are, and to admin keys which.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/problem.h"
#include "signalbox/capabilities.h"
#include "signalbox/config.h"
#include "wasm/records.h"

namespace signalbox::bindings {

// One variable that a configuration names. The same name may be asked for several uses.
struct Variable {
  std::string name;
  VariableUse use = VariableUse::plain;
  VariableState state = VariableState::unset;
  std::string value;  // plain: the text; client_key: 64 hex digits; else empty
};

// The variables of `text`, each use of each once; states and values are the host's to fill in. Empty for a text that
// cannot be read.
std::vector<Variable> variables_of(std::string_view text);

// Where a host finds the secret of a credential.
struct CredentialVariable {
  std::string provider;
  std::string credential;
  std::string variable;
};

struct HostedConfig {
  std::shared_ptr<const Config> config;  // never null; with problems it is one that serves nobody
  std::vector<CredentialVariable> credentials;
  std::vector<config::Problem> problems;  // in the order of the file
  std::vector<config::Problem> warnings;
};

// Reads `text` with what the host knows of its variables; what it cannot do is a problem. An empty text is the
// embedded default, the mock.
HostedConfig read_hosted(std::string_view text, const std::vector<Variable>& variables,
                         const Capabilities& capabilities);

}  // namespace signalbox::bindings
