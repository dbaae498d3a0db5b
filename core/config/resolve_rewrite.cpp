#include "config/resolve_rewrite.h"

#include <string>
#include <string_view>

namespace signalbox::config {
namespace {

void check_companion(NodeId rule, NodeId action, std::string_view key, bool wanted, Findings& findings) {
  const Tree& tree = findings.tree();
  const NodeId found = tree.child(rule, key);
  if (wanted && found == no_node) findings.problem_at_key(action, "wants the key " + quoted(key) + " beside it");
  if (!wanted && found != no_node) findings.problem_at_key(found, "does not go with " + tree[action].key);
}

void check_rename(NodeId to, NodeId action, Findings& findings) {
  const Tree& tree = findings.tree();
  if (!findings.is(to, Kind::string) || !findings.is(action, Kind::string)) return;
  const std::string& path = tree[action].text;
  const size_t dot = path.rfind('.');
  const std::string_view name = std::string_view(path).substr(dot == path.npos ? 0 : dot + 1);
  const std::string& new_name = tree[to].text;
  if (name == "*") findings.problem(action, "must end with the name of a member");
  if (name == new_name) findings.problem(to, "is the name that it has");
  if (dot == path.npos && (new_name == "model" || new_name == "stream"))
    findings.problem(to, "must not be " + new_name + ", which is not for rules");
}

}  // namespace

void check_rewrite(NodeId rules, Findings& findings) {
  const Tree& tree = findings.tree();
  for (NodeId rule : tree.children(rules)) {
    if (!findings.is(rule, Kind::mapping)) continue;
    NodeId action = no_node, second = no_node;
    for (std::string_view key : {"set", "default", "delete", "rename"}) {
      const NodeId found = tree.child(rule, key);
      if (action == no_node) action = found;
      else if (found != no_node) second = found;
    }
    if (action == no_node) findings.problem(rule, "must have one of set, default, delete and rename");
    if (second != no_node)
      findings.problem_at_key(second, "stands beside " + tree[action].key + "; a rule does one thing");
    if (action == no_node || second != no_node) continue;
    const bool renames = tree[action].key == "rename", makes = !renames && tree[action].key != "delete";
    check_companion(rule, action, "value", makes, findings);
    check_companion(rule, action, "to", renames, findings);
    if (renames) check_rename(tree.child(rule, "to"), action, findings);
  }
}

}  // namespace signalbox::config
