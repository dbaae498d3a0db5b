// Reads YAML into a configuration tree, with the places that yaml-cpp knows.
//
// Rules: plain scalars follow YAML's core schema in JSON's grammar: true and false, null and ~, numbers
// as JSON writes them; everything else, 010 and yes and on included, is a string, and the schema says
// whether that will do. Anchors and aliases are copied within the tree's bounds; merge keys (<<), tags
// and several documents are refused.
#pragma once

#include <string_view>

#include "config/json_source.h"

namespace signalbox::native {

// Reads `text` whole. Whatever yaml-cpp throws ends here, as a problem with its place.
config::Source read_yaml_tree(std::string_view text);

}  // namespace signalbox::native
