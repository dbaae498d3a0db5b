// Any text as a configuration in YAML: a tree within its bounds, with places that are in the text, or a problem that
// says where; and a text that is JSON as well means the same either way. (yaml-cpp itself is not instrumented.)
#include <algorithm>
#include <cstdint>
#include <string>

#include "config/json_source.h"
#include "require.h"
#include "yaml_source.h"

using namespace signalbox;
using config::Kind;
using config::Node;
using config::Source;
using testing::require;

namespace {

void check_same(const Source& yaml, const Source& json, std::string_view text) {
  require(yaml.tree.size() == json.tree.size(), "the same tree", text);
  for (config::NodeId id = 0; id < yaml.tree.size(); ++id) {
    const Node &a = yaml.tree[id], &b = json.tree[id];
    require(a.kind == b.kind && a.key == b.key && a.text == b.text && a.parent == b.parent && a.next == b.next,
            "the same values", text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 8192) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Source source = native::read_yaml_tree(text);
  require(source.reach == config::Reach::whole || !source.problems.empty(), "a reason for half a tree");
  const auto lines =
      uint32_t(std::count_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }) + 1);
  for (const config::Problem& problem : source.problems) {
    require(!config::sentence(problem).empty(), "a sentence");
    require(problem.place.line <= lines + 1, "a place in the text");
  }
  require(source.tree.size() <= config::nodes_max, "bounded in nodes");
  for (config::NodeId id = 0; id < source.tree.size(); ++id) {
    require(source.tree[id].depth <= config::depth_max, "bounded in depth");
    require(source.tree[id].place.line <= lines + 1, "a place in the text");
  }
  const Source json = config::read_json_tree(text);
  if (json.reach == config::Reach::whole && json.problems.empty() && source.problems.empty())
    check_same(source, json, text);
  return 0;
}
