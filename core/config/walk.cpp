#include "config/walk.h"

#include "base/sort.h"
#include "config/defaults.h"

namespace signalbox::config {
namespace {

bool is_scalar(Kind kind) { return kind != Kind::sequence && kind != Kind::mapping; }

struct Work {
  NodeId node;
  const Shape* shape;
};

// All that stand in a value of any shape.
void add_scalars_inside(const Tree& tree, NodeId node, const Field* field, std::vector<DescribedScalar>& found) {
  std::vector<NodeId> open{node};
  while (!open.empty()) {
    const NodeId next = open.back();
    open.pop_back();
    for (NodeId item : tree.children(next)) {
      if (is_scalar(tree[item].kind)) found.push_back({item, field});
      else open.push_back(item);
    }
  }
}

}  // namespace

std::vector<DescribedScalar> described_scalars(const Tree& tree) {
  std::vector<DescribedScalar> found;
  if (tree.empty()) return found;
  std::vector<Work> work{{tree.root(), &root_shape()}};
  while (!work.empty()) {
    const Work next = work.back();
    work.pop_back();
    if (tree[next.node].kind != Kind::mapping) continue;
    for (NodeId node : tree.children(next.node)) {
      const Field* field = find(*next.shape, tree[node].key);
      if (field == nullptr) continue;
      if (is_scalar(tree[node].kind)) {
        found.push_back({node, field});
      } else if (field->kind == FieldKind::json) {
        add_scalars_inside(tree, node, field, found);
      } else if (field->kind == FieldKind::object) {
        work.push_back({node, field->shape});
      } else if (field->shape != nullptr) {
        for (NodeId item : tree.children(node)) {
          if (field->kind == FieldKind::target_list && is_scalar(tree[item].kind)) found.push_back({item, field});
          else work.push_back({item, field->shape});
        }
      } else {
        for (NodeId item : tree.children(node)) {
          if (is_scalar(tree[item].kind)) found.push_back({item, field});
        }
      }
    }
  }
  // Nodes are numbered in the order of the text.
  base::sort(found, [](const DescribedScalar& a, const DescribedScalar& b) { return a.node < b.node; });
  return found;
}

CredentialNames credential_names(const Tree& tree, NodeId node) {
  const NodeId holder = tree[node].parent;
  const NodeId above = holder == no_node ? no_node : tree[holder].parent;
  if (above == no_node) return {};
  if (tree[above].kind == Kind::mapping) return {tree[holder].key, default_credential};
  const NodeId name = tree.child(holder, "name");
  const NodeId provider = tree[above].parent;
  return {provider == no_node ? std::string_view() : tree[provider].key,
          name == no_node ? std::string_view() : tree[name].text};
}

}  // namespace signalbox::config
