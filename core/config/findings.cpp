#include "config/findings.h"

namespace signalbox::config {

Tree::Children Findings::members(NodeId node, size_t count) const {
  return tree_.children(node != no_node && tree_[node].child_count == count ? node : no_node);
}

Problem Findings::at(NodeId node, std::string message) const {
  const Node& where = tree_[node];
  return {std::move(message), where.place.line != 0 ? where.place : where.key_place, path_of(tree_, node)};
}

Problem Findings::at_key(NodeId node, std::string message) const {
  const Node& where = tree_[node];
  return {std::move(message), where.key_place.line != 0 ? where.key_place : where.place, path_of(tree_, node)};
}

void Findings::check_names(NodeId list) {
  if (list == no_node || tree_[list].child_count > items_compared_max) return;
  std::vector<NodeId> names;
  for (NodeId item : tree_.children(list)) {
    const NodeId name = tree_.child(item, "name");
    if (!is(name, Kind::string)) continue;
    for (NodeId other : names) {
      if (tree_[other].text != tree_[name].text) continue;
      problem(name, "the name " + quoted(tree_[name].text) + " is taken already, at line " +
                        std::to_string(tree_[other].place.line));
      break;
    }
    names.push_back(name);
  }
}

}  // namespace signalbox::config
