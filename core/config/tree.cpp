#include "config/tree.h"

#include "json/writer.h"

namespace signalbox::config {

NodeId Tree::add(NodeId parent, Kind kind, Place place) {
  if (nodes_.size() >= nodes_max) return no_node;
  if ((parent == no_node) != nodes_.empty()) return no_node;
  uint8_t depth = 0;
  if (parent != no_node) {
    if (nodes_[parent].depth + 1u >= depth_max) return no_node;
    if (nodes_[parent].kind == Kind::mapping && nodes_[parent].child_count >= members_max) return no_node;
    depth = uint8_t(nodes_[parent].depth + 1);
  }
  const NodeId id = NodeId(nodes_.size());
  nodes_.emplace_back();
  Node& node = nodes_.back();
  node.kind = kind;
  node.depth = depth;
  node.parent = parent;
  node.place = place;
  if (parent != no_node) {
    Node& above = nodes_[parent];
    if (above.last_child == no_node) {
      above.first_child = id;
    } else {
      nodes_[above.last_child].next = id;
    }
    above.last_child = id;
    ++above.child_count;
  }
  return id;
}

NodeId Tree::child(NodeId id, std::string_view key) const {
  if (id == no_node || nodes_[id].kind != Kind::mapping) return no_node;
  for (NodeId each : children(id)) {
    if (nodes_[each].key == key) return each;
  }
  return no_node;
}

std::string json_of(const Tree& tree, NodeId id) {
  std::string json;
  json::Writer out(json);
  // The containers that are open, each with its next child.
  struct Open {
    NodeId id;
    NodeId next;
  };
  std::vector<Open> open;
  const auto enter = [&](NodeId entered) {
    const Node& node = tree[entered];
    switch (node.kind) {
      case Kind::mapping: out.begin_object(); break;
      case Kind::sequence: out.begin_array(); break;
      case Kind::boolean:
      case Kind::number: out.raw(node.text); return;
      case Kind::string: out.string(node.text); return;
      default: out.null(); return;
    }
    open.push_back({entered, node.first_child});
  };
  enter(id);
  while (!open.empty()) {
    const Open current = open.back();
    const bool mapping = tree[current.id].kind == Kind::mapping;
    if (current.next == no_node) {
      mapping ? out.end_object() : out.end_array();
      open.pop_back();
      continue;
    }
    open.back().next = tree[current.next].next;
    if (mapping) out.plain_key(tree[current.next].key);
    enter(current.next);
  }
  return json;
}

std::string path_of(const Tree& tree, NodeId id) {
  std::string path;
  for (; id != no_node && tree[id].parent != no_node; id = tree[id].parent) {
    const NodeId parent = tree[id].parent;
    std::string step;
    if (tree[parent].kind == Kind::sequence) {
      size_t index = 0;
      for (NodeId each : tree.children(parent)) {
        if (each == id) break;
        ++index;
      }
      step = "[" + std::to_string(index) + "]";
    } else {
      step = tree[id].key;
    }
    if (!path.empty() && path[0] != '[') step += ".";
    path.insert(0, step);
  }
  return path;
}

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::null: return "nothing";
    case Kind::boolean: return "true or false";
    case Kind::number: return "a number";
    case Kind::string: return "a string";
    case Kind::secret: return "a secret";
    case Kind::unresolved: return "a variable";
    case Kind::sequence: return "a list";
    case Kind::mapping: return "a mapping";
  }
  return "nothing";
}

}  // namespace signalbox::config
