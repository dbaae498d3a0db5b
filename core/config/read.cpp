#include "config/read.h"

#include "config/defaults.h"
#include "config/fill.h"
#include "config/json_source.h"
#include "config/resolve.h"
#include "config/schema.h"

namespace signalbox::config {

ReadResult read(const Tree& tree) {
  ReadResult result;
  if (tree.empty()) {
    result.problems.push_back({"the configuration is empty", {1, 1}, ""});
    return result;
  }
  fill(tree, tree.root(), root_shape(), &result.config, result.problems);
  if (tree[tree.root()].kind == Kind::mapping) resolve(tree, result.config, result.problems, result.warnings);
  sort_by_place(result.problems);
  sort_by_place(result.warnings);
  for (const Problem& warning : result.warnings) result.config.warnings.push_back(sentence(warning));
  return result;
}

ReadResult read_json(std::string_view text) {
  Source source = read_json_tree(text);
  if (source.reach == Reach::broken) return {{}, std::move(source.problems), {}};
  ReadResult result = read(source.tree);
  result.problems.insert(result.problems.end(), source.problems.begin(), source.problems.end());
  sort_by_place(result.problems);
  return result;
}

Config default_config() { return read_json(default_text).config; }

}  // namespace signalbox::config
