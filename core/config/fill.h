// The part of reading that the tables of schema.h decide alone: known keys, kinds, bounds, rules, and
// the slots that values go into. What depends on several keys is resolve.h.
#pragma once

#include <vector>

#include "config/problem.h"
#include "config/schema.h"
#include "config/tree.h"
#include "signalbox/config.h"

namespace signalbox::config {

// Reads the mapping `node` into `object`, a struct of `shape`, adding what is wrong to `problems`.
// Elements of lists and maps stand in the struct at the index that they have in the tree, wrong ones
// included. Bounded by the tree; no recursion.
void fill(const Tree& tree, NodeId node, const Shape& shape, void* object, std::vector<Problem>& problems);

// "sha256:<64 hex>" into `digest`; false when the text is something else.
bool parse_digest(std::string_view text, Sha256& digest);

}  // namespace signalbox::config
