// The configuration as it was written: a tree of scalars, sequences and mappings, each with its place
// in the text. Hosts build it from YAML, json_source from JSON; everything after that sees only this.
//
// Rules: bounded in depth and nodes; nodes refer to each other by number, so a tree is plain data that
// copies and moves. The first of two equal keys stays in the tree, the second is the builder's problem.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::config {

// Deep enough for any real file (the schema needs six levels), shallow enough that nobody has to
// think about what walks it.
inline constexpr uint32_t depth_max = 64;
// A thousand routes of ten targets fit many times; an alias bomb does not.
inline constexpr uint32_t nodes_max = 100'000;
// Members are looked up one by one, so that one mapping must not hold them all.
inline constexpr uint32_t members_max = 4096;
// What a host reads of a file before it gives up: a configuration of 4 MiB is a mistake.
inline constexpr size_t text_bytes_max = size_t(4) << 20;

// Where something stands in the text, counted from 1, columns in bytes; line 0: nowhere.
struct Place {
  uint32_t line = 0;
  uint32_t column = 0;
};

inline bool operator==(Place a, Place b) { return a.line == b.line && a.column == b.column; }
inline bool operator<(Place a, Place b) { return a.line != b.line ? a.line < b.line : a.column < b.column; }

enum class Kind : uint8_t {
  null,
  boolean,  // text "true" or "false"
  number,   // text as in the source, of JSON's grammar
  string,
  secret,      // a secret that the host has taken out; no text
  unresolved,  // names a variable that is not set: already a problem, so no check looks at its value
  sequence,
  mapping,
};

using NodeId = uint32_t;
inline constexpr NodeId no_node = UINT32_MAX;

struct Node {
  Kind kind = Kind::null;
  uint8_t depth = 0;
  NodeId parent = no_node;
  NodeId first_child = no_node;
  NodeId last_child = no_node;
  NodeId next = no_node;  // the next child of the same parent
  uint32_t child_count = 0;
  Place place;      // of the value
  Place key_place;  // of the key, for children of a mapping
  std::string key;
  std::string text;
};

class Tree {
 public:
  // What `for` walks over; valid until a node is added.
  class Children {
   public:
    class Iterator {
     public:
      Iterator(const Tree& tree, NodeId id) : tree_(&tree), id_(id) {}
      NodeId operator*() const { return id_; }
      Iterator& operator++() {
        id_ = (*tree_)[id_].next;
        return *this;
      }
      bool operator!=(const Iterator& other) const { return id_ != other.id_; }

     private:
      const Tree* tree_;
      NodeId id_;
    };
    Children(const Tree& tree, NodeId first) : tree_(tree), first_(first) {}
    Iterator begin() const { return {tree_, first_}; }
    Iterator end() const { return {tree_, no_node}; }

   private:
    const Tree& tree_;
    NodeId first_;
  };

  bool empty() const { return nodes_.empty(); }
  size_t size() const { return nodes_.size(); }
  NodeId root() const { return nodes_.empty() ? no_node : 0; }

  const Node& operator[](NodeId id) const { return nodes_[id]; }
  Node& operator[](NodeId id) { return nodes_[id]; }

  // Adds a node as the last child of `parent`, or as the root when `parent` is no_node and the tree
  // is empty. Answers no_node, and changes nothing, when a bound of this file is reached.
  NodeId add(NodeId parent, Kind kind, Place place);

  // The children of `id` in the order of the text; none for a scalar or no_node.
  Children children(NodeId id) const { return {*this, id == no_node ? no_node : nodes_[id].first_child}; }

  // The value of `key` in the mapping `id`, or no_node.
  NodeId child(NodeId id, std::string_view key) const;

 private:
  std::vector<Node> nodes_;
};

// The value of `id` as JSON, compact; what has no text is null.
std::string json_of(const Tree& tree, NodeId id);

// "providers.anthropic.headers", "routes[0].targets[2]": the keys and indices that lead to `id`; empty
// for the root and no_node.
std::string path_of(const Tree& tree, NodeId id);

// "a number", "a list": how a message calls what it found.
std::string_view name_of(Kind kind);

}  // namespace signalbox::config
