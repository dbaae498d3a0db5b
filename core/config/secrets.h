// Variables and secrets, before a tree is read.
//
// Rules: only ${NAME}, with NAME of [A-Za-z_][A-Za-z0-9_]*, is special; every other '$' stays, because
// keys hold them. A shell's ${NAME:-default} is a problem, for nobody has a key that looks like it. What a variable
// holds is not expanded again. A secret's text leaves the tree here and never enters Config, and no message repeats
// any part of it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/problem.h"
#include "config/tree.h"
#include "signalbox/config.h"

namespace signalbox::config {

// What the host knows of variables; nullopt when `name` is not set.
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

// One provider credential. `value` is the secret, or of `credential_variables` the variable's name.
struct CredentialText {
  std::string provider;
  std::string credential;
  std::string value;
};

// What may be wrong where variables and secrets stand.
struct VariableProblems {
  std::vector<Problem> unset;     // variables that are not set
  std::vector<Problem> wrong;     // a shell's ${NAME:-default}; empty, sample or unusable secrets
  std::vector<Problem> doubtful;  // warnings: kept, but surely meant otherwise ("$NAME")
};

// Expands the variables of every scalar that is no secret. A variable that is not set is a problem, and
// its scalar becomes Kind::unresolved, so that no further problem follows from it. Where the schema
// wants a number or true/false, the expanded text becomes one if it reads as one.
VariableProblems expand(Tree& tree, const Lookup& lookup);

// What take_secrets gives to the host.
struct SecretSinks {
  std::function<void(CredentialText)> keep;           // a provider's credential, to be stored by the host
  std::function<Sha256(std::string_view)> digest_of;  // SHA-256 of a client key
};

// Takes the text of every secret out of the tree, variables expanded: a provider's credential becomes
// Kind::secret and goes to the host, a client key becomes "sha256:<hex>". Empty secrets, those of
// examples, and those that no header could carry are problems. Call it after expand(), which may have
// expanded the names of credentials. The tree's own copies are overwritten.
VariableProblems take_secrets(Tree& tree, const Lookup& lookup, const SecretSinks& sinks);

// The credentials that stand as one whole ${NAME}: what a host whose secrets never come near the core
// (a Worker) has to look up itself.
std::vector<CredentialText> credential_variables(const Tree& tree);

// Overwrites and empties `text`.
void wipe(std::string& text);

// "sha256:" and 64 hex digits.
std::string digest_text(const Sha256& digest);

}  // namespace signalbox::config
