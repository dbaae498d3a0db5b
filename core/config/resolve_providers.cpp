#include "config/resolve_providers.h"

#include <algorithm>

#include "base/text.h"
#include "config/defaults.h"
#include "config/findings.h"
#include "config/presets.h"
#include "config/resolve_rewrite.h"
#include "config/schema.h"

namespace signalbox::config {
namespace {

class ProviderResolver : private Findings {
 public:
  ProviderResolver(const Tree& tree, Config& config, std::vector<Problem>& problems, std::vector<Problem>& warnings)
      : Findings(tree, problems, warnings), config_(config) {}

  void run() {
    const NodeId providers = tree_.child(tree_.root(), "providers");
    if (is(providers, Kind::mapping) && tree_[providers].child_count == 0) {
      problem(providers, "names no provider; {builtin: mock} is one that needs no account");
    }
    size_t index = 0;
    for (NodeId node : members(providers, config_.providers.size())) resolve_provider(node, config_.providers[index++]);
  }

 private:
  void resolve_provider(NodeId node, Provider& provider) {
    if (!is(node, Kind::mapping)) return;
    check_headers(tree_.child(node, "headers"));
    const NodeId preset = tree_.child(node, "preset");
    const NodeId builtin = tree_.child(node, "builtin");
    const Preset* known = is(preset, Kind::string) ? find_preset(tree_[preset].text) : nullptr;
    if (known != nullptr) apply_preset(*known, tree_, node, provider);
    check_rewrite(tree_.child(node, "rewrite"), *this);
    // Nothing is said of the key when the preset's own name is a problem.
    const bool keyless = preset != no_node && (known == nullptr || needs_no_key(*known));
    const NodeId list = tree_.child(node, "credentials");
    const NodeId key = tree_.child(node, "key");
    check_names(list);
    if (builtin != no_node) {
      for (NodeId item : tree_.children(node)) {
        const std::string& name = tree_[item].key;
        if (name == "builtin" || name == "dialect" || name == "enabled" || name == "flags") continue;
        if (find(name)) problem_at_key(item, "does not go with a built-in provider");
      }
      return;
    }
    for (std::string_view required : {"dialect", "base_url"}) {
      // A preset has both, or is a problem already; where everybody's address is another it has none.
      if (preset != no_node && (known == nullptr || required != "base_url" || !provider.base_url.empty())) continue;
      if (tree_.child(node, required) == no_node) problem_at_key(node, "the key " + quoted(required) + " is missing");
    }
    if (const NodeId spread = tree_.child(node, "spread"); spread != no_node && provider.credentials.size() < 2)
      warn(spread, "chooses among one: the provider has no second credential");
    if (list != no_node && key != no_node) problem_at_key(key, "stands beside credentials; give one of the two");
    if (key != no_node && list == no_node) provider.credentials.emplace_back(default_credential);
    if (provider.passthrough && (key != no_node || (is(list, Kind::sequence) && tree_[list].child_count != 0))) {
      problem_at_key(
          tree_.child(node, "passthrough"),
          "the client's own credential goes on, so that this provider's are never used; give one of the two");
    }
    const NodeId passthrough = tree_.child(node, "passthrough");
    if (list == no_node && key == no_node && !keyless && !provider.passthrough && !is(passthrough, Kind::unresolved)) {
      problem_at_key(node,
                     "has no credential: give key or credentials, or passthrough: true, or credentials: [] "
                     "if the provider needs none");
    }
  }

  static bool find(std::string_view key) {
    const Field* providers = config::find(root_shape(), "providers");
    return config::find(*providers->shape, key) != nullptr;
  }

  void check_headers(NodeId headers) {
    if (headers == no_node || tree_[headers].child_count > items_compared_max) return;
    for (NodeId item : tree_.children(headers)) {
      for (NodeId other : tree_.children(headers)) {
        if (other == item) break;
        if (!base::equals_ignoring_case(tree_[other].key, tree_[item].key)) continue;
        problem_at_key(item, "is the same header as at line " + std::to_string(tree_[other].key_place.line));
        break;
      }
    }
  }

  Config& config_;
};

}  // namespace

void resolve_providers(const Tree& tree, Config& config, std::vector<Problem>& problems,
                       std::vector<Problem>& warnings) {
  ProviderResolver(tree, config, problems, warnings).run();
}

}  // namespace signalbox::config
