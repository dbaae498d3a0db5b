// Walks over the scalars of a tree together with the rows of the schema that describe them. What the
// schema does not know is left out.
#pragma once

#include <vector>

#include "config/schema.h"
#include "config/tree.h"

namespace signalbox::config {

struct DescribedScalar {
  NodeId node;
  const Field* field;
};

// Every scalar at a place where the schema has a key, in the order of the tree.
std::vector<DescribedScalar> described_scalars(const Tree& tree);

// Which credential of which provider the scalar `node` of FieldKind::credential_key is.
struct CredentialNames {
  std::string_view provider;
  std::string_view credential;
};
CredentialNames credential_names(const Tree& tree, NodeId node);

}  // namespace signalbox::config
