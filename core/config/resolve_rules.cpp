#include "config/resolve_rules.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"
#include "config/findings.h"
#include "config/resolve.h"
#include "config/target.h"

namespace signalbox::config {
namespace {

class RuleResolver : private Findings {
 public:
  RuleResolver(const Tree& tree, Config& config, std::vector<Problem>& problems, std::vector<Problem>& warnings)
      : Findings(tree, problems, warnings), config_(config) {}

  void run() {
    const NodeId root = tree_.root();
    check_route_names(tree_.child(root, "routes"));
    const NodeId rules = tree_.child(root, "rules");
    if (is(rules, Kind::sequence) && tree_[rules].child_count == config_.rules.size()) {
      check_names(rules);
      size_t index = 0;
      for (NodeId node : tree_.children(rules)) resolve_rule(node, index++);
    } else {
      config_.rules.clear();  // a problem already
    }
    if (const NodeId tasks = tree_.child(root, "tasks"); is(tasks, Kind::mapping)) resolve_tasks(tasks);
    add_provider_routes();
  }

 private:
  void check_route_names(NodeId routes) {
    check_names(routes);
    if (!is(routes, Kind::sequence)) return;
    for (NodeId route : tree_.children(routes)) {
      if (!is(route, Kind::mapping)) continue;
      const NodeId name = tree_.child(route, "name");
      if (name == no_node && tree_.child(route, "match") == no_node)
        problem(route, "the key \"match\" is missing, or a name for rules, tasks and tags to call it by");
      if (!is(name, Kind::string)) continue;
      const auto called = [&](const Model& model) { return model.name == tree_[name].text; };
      if (std::any_of(config_.models.begin(), config_.models.end(), called))
        problem(name, "is the name of a model; a tag or a task could mean either");
    }
  }

  void resolve_rule(NodeId node, size_t index) {
    Rule& rule = config_.rules[index];
    if (!is(node, Kind::mapping)) return;
    std::string label = rule.name.empty() ? "rules[" + std::to_string(index) + "]" : "rule:" + rule.name;
    check_when(tree_.child(node, "when"), rule.when);
    const NodeId route = tree_.child(node, "route"), targets = tree_.child(node, "targets");
    if (route == no_node && targets == no_node) problem(node, "must say who answers: route or targets");
    if (route != no_node && targets != no_node) problem(route, "stands beside targets; give one of the two");
    if (is(route, Kind::string)) {
      rule.route = route_called(tree_[route].text);
      if (rule.route == no_route)
        problem(route, "there is no route with the name " + quoted(tree_[route].text) +
                           did_you_mean(tree_[route].text, route_names()));
    } else if (targets != no_node) {
      rule.route = route_of(targets, label);
    }
    rule.name = std::move(label);
    for (size_t i = 0; i < index; ++i) {
      if (!always_before(config_.rules[i].when, rule.when)) continue;
      warn(node, "this rule never decides: rules[" + std::to_string(i) + "] " +
                     (says_nothing(config_.rules[i].when) ? "holds always" : "takes all of it first"));
      break;
    }
    want(rule.when.facts());
    if (rule.when.tokens_min > 0) want_tokens(rule.when.tokens_min);
    if (rule.when.tokens_max > 0) want_tokens(rule.when.tokens_max + 1);
    if (rule.when.tasks & bit_of(Task::long_context)) want_tokens(config_.tasks.long_context.threshold);
  }

  static bool says_nothing(const RuleWhen& when) {
    return when.path.empty() && says_model_only(when) && when.model.empty();
  }
  static bool says_model_only(const RuleWhen& when) {
    return when.path.empty() && when.session.empty() && when.client_key.empty() && when.headers.empty() &&
           when.tools == Presence::either && when.tasks == 0 && when.tokens_min == 0 && when.tokens_max == 0;
  }

  // Whether nothing that keeps `later` gets past `earlier`, as far as one sees.
  static bool always_before(const RuleWhen& earlier, const RuleWhen& later) {
    if (!says_model_only(earlier)) return false;
    if (earlier.model.empty()) return true;
    return !later.model.empty() && std::all_of(later.model.begin(), later.model.end(), [&](const std::string& one) {
      return std::any_of(earlier.model.begin(), earlier.model.end(),
                         [&](const std::string& other) { return covers(other, one); });
    });
  }

  void check_when(NodeId node, const RuleWhen& when) {
    if (!is(node, Kind::mapping)) return;
    if (when.tokens_max > 0 && when.tokens_min > when.tokens_max)
      problem(tree_.child(node, "tokens_min"), "is more than tokens_max, so that the rule never holds");
    for (std::string_view list : {"model", "path", "session", "client_key"}) {
      const NodeId found = tree_.child(node, list);
      if (is(found, Kind::sequence) && tree_[found].child_count == 0)
        problem(found, "names nothing, so that the rule never holds");
    }
    const NodeId keys = tree_.child(node, "client_key");
    if (is(keys, Kind::string)) check_client_key(keys);
    for (NodeId each : tree_.children(is(keys, Kind::sequence) ? keys : no_node)) check_client_key(each);
  }

  void check_client_key(NodeId node) {
    if (!is(node, Kind::string)) return;
    std::vector<std::string_view> names;
    for (const ClientKey& key : config_.server.client_keys) names.push_back(key.name);
    if (std::find(names.begin(), names.end(), tree_[node].text) != names.end()) return;
    problem(node, "there is no client key " + quoted(tree_[node].text) + " under server.client_keys" +
                      did_you_mean(tree_[node].text, names));
  }

  void resolve_tasks(NodeId node) {
    Tasks& tasks = config_.tasks;
    const auto resolve_one = [&](std::string_view key, Task task) {
      NodeId targets = tree_.child(node, key);
      if (task == Task::long_context && is(targets, Kind::mapping)) targets = tree_.child(targets, "targets");
      if (targets == no_node || is(targets, Kind::mapping)) return;
      tasks.route_of[size_t(task)] = route_of(targets, "task:" + std::string(key));
      RuleWhen when;
      when.tasks = bit_of(task);
      want(when.facts());
      if (task == Task::long_context) want_tokens(tasks.long_context.threshold);
    };
    for (size_t i = 0; i < task_count; ++i) resolve_one(name_of(Task(i)), Task(i));
    if (tasks.tags == Tags::on) want(bit_of(Fact::tags));
    const NodeId models = tree_.child(node, "background_models");
    if (is(models, Kind::sequence) && tree_[models].child_count == 0)
      problem(models, "names none, so that no request is for background");
    for (size_t i = 0; i < config_.rules.size(); ++i) {
      if (!says_nothing(config_.rules[i].when)) continue;
      warn(node, "no task decides: rules[" + std::to_string(i) + "] holds always");
      break;
    }
    const NodeId otherwise = tree_.child(node, "default");
    if (otherwise == no_node) return;
    const auto takes_all = [](const Route& route) { return !route.match.empty() && covers(route.match, "*"); };
    if (std::any_of(config_.routes.begin(), config_.routes.end(), takes_all))
      warn(otherwise, "never serves: a route takes every model");
    tasks.default_route = route_of(otherwise, "task:default");
  }

  uint32_t route_called(std::string_view name) const {
    for (size_t i = 0; i < config_.routes.size(); ++i)
      if (!name.empty() && config_.routes[i].name == name) return uint32_t(i);
    return no_route;
  }

  std::vector<std::string_view> route_names() const {
    std::vector<std::string_view> names;
    if (problems_.size() >= suggestions_max) return names;
    for (const Route& route : config_.routes)
      if (!route.name.empty() && route.name.find(':') == route.name.npos) names.push_back(route.name);
    return names;
  }

  // The route that `node`, a text or a list of them, names, or a new one of the targets that it names. no_route, with
  // problems, where it names none.
  uint32_t route_of(NodeId node, const std::string& label) {
    if (is(node, Kind::string)) {
      if (const uint32_t found = route_called(tree_[node].text); found != no_route) return found;
      return add_route(node, std::optional<NodeId>(node), label);
    }
    if (!is(node, Kind::sequence)) return no_route;
    if (tree_[node].child_count == 0) return problem(node, "names no target"), no_route;
    if (tree_[node].child_count == 1)
      for (NodeId only : tree_.children(node))
        if (is(only, Kind::string))
          if (const uint32_t found = route_called(tree_[only].text); found != no_route) return found;
    return add_route(node, std::nullopt, label);
  }

  uint32_t add_route(NodeId node, std::optional<NodeId> only, const std::string& label) {
    Route route;
    route.name = label;
    bool enabled = false, all_known = true;
    const auto add = [&](NodeId each) {
      if (!is(each, Kind::string)) return void(all_known = false);
      std::optional<Target> target = target_called(tree_[each].text);
      if (!target) {
        all_known = false;
        return say_unknown(each);
      }
      enabled = enabled || config_.providers[target->provider].enabled;
      route.targets.push_back(std::move(*target));
    };
    if (only) add(*only);
    else if (tree_[node].child_count <= items_compared_max)
      for (NodeId each : tree_.children(node)) add(each);
    if (route.targets.empty()) return no_route;
    if (all_known && !enabled) warn(node, "no provider of these is enabled, so that nothing serves it");
    config_.routes.push_back(std::move(route));
    return uint32_t(config_.routes.size() - 1);
  }

  // As in a route, or "provider,model".
  std::optional<Target> target_called(std::string_view text) const {
    const size_t comma = text.find(',');
    if (comma == text.npos) return find_target(config_, text);
    return find_target(config_, std::string(text.substr(0, comma)) + "/" + std::string(text.substr(comma + 1)));
  }

  void say_unknown(NodeId node) {
    const std::string& text = tree_[node].text;
    for (const Model& model : config_.models)
      if (model.name == text) return;  // its provider is the problem, and was named there
    if (route_called(text) != no_route) return problem(node, "is a route, which stands alone and not among targets");
    std::vector<std::string_view> names = route_names();
    for (const Model& model : config_.models) names.push_back(model.name);
    for (const Provider& provider : config_.providers) names.push_back(provider.name);
    const std::string_view provider = std::string_view(text).substr(0, text.find_first_of(",/"));
    std::string message = "there is no model and no route " + quoted(text);
    if (provider.size() != text.size()) message += ", and no provider " + quoted(provider) + " with such a model";
    problem(node, message + did_you_mean(provider.size() == text.size() ? std::string_view(text) : provider, names));
  }

  void add_provider_routes() {
    for (size_t i = 0; i < config_.providers.size(); ++i) {
      Route& route = config_.provider_routes.emplace_back();
      route.name = "provider:" + config_.providers[i].name;
      route.targets.emplace_back();
      route.targets.back().provider = uint32_t(i);
      route.targets.back().flags = config_.providers[i].flags;
      route.targets.back().takes = config_.providers[i].takes;
    }
  }

  void want(FactSet facts) { config_.facts_wanted = FactSet(config_.facts_wanted | facts); }
  void want_tokens(int64_t count) {
    if (config_.tokens_asked_min == 0 || count < config_.tokens_asked_min) config_.tokens_asked_min = count;
  }

  Config& config_;
};

}  // namespace

void resolve_rules(const Tree& tree, Config& config, std::vector<Problem>& problems, std::vector<Problem>& warnings) {
  RuleResolver(tree, config, problems, warnings).run();
}

}  // namespace signalbox::config
