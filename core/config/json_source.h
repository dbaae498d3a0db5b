// Reads JSON text into a configuration tree. Hosts without YAML hand their configuration in as JSON;
// the native host reads .json files with it, and the embedded default comes this way too.
#pragma once

#include <string_view>
#include <vector>

#include "config/problem.h"
#include "config/tree.h"

namespace signalbox::config {

// Whether a text could be read to its end. What is missing from half a tree is nobody's mistake, so
// only a whole one is worth reading further for problems.
enum class Reach : uint8_t { whole, broken };

// A tree, and what was wrong with the text.
struct Source {
  Tree tree;
  Reach reach = Reach::broken;
  std::vector<Problem> problems;
};

// Reads `text` whole. Duplicate keys, a text larger than text_bytes_max, and a tree beyond depth_max or
// nodes_max are problems. The result keeps no view of `text`.
Source read_json_tree(std::string_view text);

// Adds the value of `key` to the mapping `parent`; a key that stands there already is a problem with
// both places, and no_node is answered. For builders of trees.
NodeId add_member(Source& source, NodeId parent, std::string_view key, Place key_place, Kind kind, Place place);

}  // namespace signalbox::config
