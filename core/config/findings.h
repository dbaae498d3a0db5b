// What is wrong with a configuration, or surely not meant, each with its place: what those who complete one (resolve.h) have
// in common.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/problem.h"
#include "config/tree.h"

namespace signalbox::config {

// Items are compared each with each. Longer lists than this are a problem already (items_max).
inline constexpr uint32_t items_compared_max = 1024;

// `tree` and both lists must outlive it.
class Findings {
 public:
  Findings(const Tree& tree, std::vector<Problem>& problems, std::vector<Problem>& warnings)
      : tree_(tree), problems_(problems), warnings_(warnings) {}

  const Tree& tree() const { return tree_; }
  bool is(NodeId node, Kind kind) const { return node != no_node && tree_[node].kind == kind; }

  // The children of `node`, unless fill() did not take them over one to one, which is a problem already.
  Tree::Children members(NodeId node, size_t count) const;

  // At the node's value, and at its key.
  void problem(NodeId node, std::string message) { problems_.push_back(at(node, std::move(message))); }
  void problem_at_key(NodeId node, std::string message) { problems_.push_back(at_key(node, std::move(message))); }
  void warn(NodeId node, std::string message) { warnings_.push_back(at(node, std::move(message))); }
  void warn_at_key(NodeId node, std::string message) { warnings_.push_back(at_key(node, std::move(message))); }

  // Of a list of mappings with names: each name stands once.
  void check_names(NodeId list);

 protected:
  const Tree& tree_;
  std::vector<Problem>& problems_;
  std::vector<Problem>& warnings_;

 private:
  Problem at(NodeId node, std::string message) const;
  Problem at_key(NodeId node, std::string message) const;
};

}  // namespace signalbox::config
