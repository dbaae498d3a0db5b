#include "config/resolve.h"

#include <algorithm>

#include "base/sort.h"
#include "base/text.h"
#include "config/defaults.h"
#include "config/fill.h"
#include "config/findings.h"
#include "config/presets.h"
#include "config/resolve_providers.h"
#include "config/resolve_rewrite.h"
#include "config/resolve_rules.h"
#include "config/resolve_server.h"
#include "config/target.h"
#include "signalbox/permits.h"

namespace signalbox::config {
namespace {

class Resolver : private Findings {
 public:
  Resolver(const Tree& tree, Config& config, std::vector<Problem>& problems, std::vector<Problem>& warnings)
      : Findings(tree, problems, warnings), config_(config) {}

  void run() {
    const NodeId root = tree_.root();
    resolve_server(tree_, config_, problems_, warnings_);
    resolve_providers(tree_, config_, problems_, warnings_);
    size_t index = 0;
    const NodeId models = tree_.child(root, "models");
    for (NodeId node : members(models, config_.models.size())) resolve_model(node, config_.models[index++]);
    const NodeId routes = tree_.child(root, "routes");
    if (routes != no_node) resolve_routes(routes);
    else if (tree_.child(tree_.child(root, "tasks"), "default") == no_node) add_implicit_route();
    add_model_routes();
    resolve_rules(tree_, config_, problems_, warnings_);
    index_routes();
    for (Route& route : config_.routes) settle_affinity(route);
    for (Route& route : config_.provider_routes) settle_affinity(route);
    if (routes != no_node) warn_of_unused_providers(tree_.child(root, "providers"));
    warn_of_uncounted(root);
  }

 private:
  // The index of a provider, or its count when there is none.
  size_t provider_index(std::string_view name) const {
    size_t index = 0;
    while (index < config_.providers.size() && config_.providers[index].name != name) ++index;
    return index;
  }

  std::vector<std::string_view> provider_names() const {
    std::vector<std::string_view> names;
    if (problems_.size() >= suggestions_max) return names;
    for (const Provider& each : config_.providers) names.push_back(each.name);
    return names;
  }

  void resolve_model(NodeId node, Model& model) {
    check_rewrite(tree_.child(node, "rewrite"), *this);
    model.takes.tokens_max = model.context_tokens_max;
    const NodeId provider = tree_.child(node, "provider");
    if (is(provider, Kind::string)) {
      const size_t index = provider_index(tree_[provider].text);
      if (index < config_.providers.size()) {
        model.provider = uint32_t(index);
        model.flags = config_.providers[index].flags_of(model.upstream_model);
        const ModelLimits known = config_.providers[index].limits_of(model.upstream_model);
        if (model.context_tokens_max == 0) model.context_tokens_max = known.context_tokens_max;
        if (model.output_tokens_max == 0) model.output_tokens_max = known.output_tokens_max;
        const Takes& takes = config_.providers[index].takes;
        for (Presence Takes::* of : {&Takes::images, &Takes::documents, &Takes::tools})
          if (model.takes.*of == Presence::either) model.takes.*of = takes.*of;
      } else {
        problem(provider, "there is no provider " + quoted(tree_[provider].text) +
                              did_you_mean(tree_[provider].text, provider_names()));
      }
    }
    if (const NodeId flags = tree_.child(node, "flags"); flags != no_node) {
      // fill() has said what is wrong with them; this time they go over the provider's.
      std::vector<Problem> said;
      fill(tree_, flags, flags_shape, &model.flags, said);
    }
    if (model.context_tokens_max != 0 && model.output_tokens_max > model.context_tokens_max) {
      warn(tree_.child(node, "output_tokens_max"), "is more than context_tokens_max, the whole of it");
    }
  }

  void add_implicit_route() {
    Route route;
    route.match = std::string(default_match);
    for (size_t i = 0; i < config_.providers.size(); ++i) {
      const Provider& provider = config_.providers[i];
      if (!provider.enabled) continue;
      route.targets.push_back({uint32_t(i), {}, provider.flags});
      route.targets.back().takes = provider.takes;
    }
    if (route.targets.empty() && !config_.providers.empty()) {
      warn(tree_.child(tree_.root(), "providers"), "no provider is enabled, so that nothing can be served");
    }
    config_.routes.push_back(std::move(route));
  }

  // Who asks for a models entry by its name gets it, whatever the patterns say: it is listed, and nothing else was
  // chosen. The route that would have taken the name otherwise lends its options, and its other targets where the entry
  // is one of them.
  void add_model_routes() {
    std::vector<Route> added;
    for (uint32_t entry = 0; entry < config_.models.size(); ++entry) {
      const Model& model = config_.models[entry];
      const auto takes = std::find_if(config_.routes.begin(), config_.routes.end(),
                                      [&](const Route& each) { return base::matches(each.match, model.name); });
      if (takes != config_.routes.end() && takes->match == model.name) continue;
      Route& route = added.emplace_back(takes == config_.routes.end() ? Route() : *takes);
      route.match = model.name;
      route.name.clear();
      const auto own = std::find_if(route.targets.begin(), route.targets.end(),
                                    [&](const Target& each) { return each.entry == entry; });
      if (own == route.targets.end()) route.targets = {target_of(config_, entry)};
      else std::rotate(route.targets.begin(), own, own + 1);
    }
    config_.routes.insert(config_.routes.begin(), added.begin(), added.end());
  }

  void index_routes() {
    RouteIndex& index = config_.route_index;
    const auto match_of = [&](uint32_t route) -> const std::string& { return config_.routes[route].match; };
    for (uint32_t i = 0; i < config_.routes.size(); ++i) {
      const std::string& match = match_of(i);
      if (match.find('*') != match.npos) index.patterns.push_back(i);
      else if (!match.empty()) index.names.push_back(i);
    }
    base::sort(index.names, [&](uint32_t a, uint32_t b) {
      const int difference = match_of(a).compare(match_of(b));
      return difference != 0 ? difference < 0 : a < b;
    });
    index.names.erase(std::unique(index.names.begin(), index.names.end(),
                                  [&](uint32_t a, uint32_t b) { return match_of(a) == match_of(b); }),
                      index.names.end());
  }

  void resolve_routes(NodeId routes) {
    if (is(routes, Kind::sequence) && tree_[routes].child_count == 0) {
      problem(routes, "names no route; leave the key out for one that serves every model");
    }
    used_.assign(config_.providers.size(), false);
    for (const Model& model : config_.models)
      if (model.provider < used_.size()) used_[model.provider] = true;
    all_targets_known_ = tree_[routes].child_count == config_.routes.size();
    size_t index = 0;
    for (NodeId node : members(routes, config_.routes.size())) {
      Route& route = config_.routes[index++];
      const NodeId targets = tree_.child(node, "targets");
      if (!is(targets, Kind::sequence) || !resolve_targets(targets, route)) all_targets_known_ = false;
      else check_choices(node, targets, route);
      if (const NodeId once = tree_.child(node, "once");
          once != no_node && route.once == Once::on && route.accounting == Accounting::off)
        problem(once, "does not go with `accounting: off`: an answer that nobody sees cannot be shared");
      route.failover = over(node, "failover", config_.failover);
      route.failures = over(node, "failures", config_.failures);
      const NodeId match = tree_.child(node, "match");
      if (!is(match, Kind::string)) continue;
      for (size_t earlier = 0; earlier + 1 < index; ++earlier) {
        const std::string& pattern = config_.routes[earlier].match;
        if (pattern.empty() || !covers(pattern, route.match)) continue;
        warn(match, "this route never serves: routes[" + std::to_string(earlier) + "], " + quoted(pattern) +
                        ", takes all of it first");
        break;
      }
    }
  }

  // The global section with the route's own keys over it. fill() has said what is wrong with them.
  template <typename Section>
  std::optional<Section> over(NodeId route, std::string_view key, const Section& global) {
    const NodeId own = tree_.child(route, key);
    if (own == no_node) return std::nullopt;
    std::optional<Section> section = global;
    std::vector<Problem> said;
    fill(tree_, own, *config::find(root_shape(), key)->shape, &*section, said);
    return section;
  }

  // Unless the file says so, only equal choices are worth keeping to one: an order of priority means something.
  void settle_affinity(Route& route) const {
    if (route.affinity.by != AffinityBy::unsaid) return;
    const bool equals = route.strategy != Strategy::priority ||
                        std::any_of(route.targets.begin(), route.targets.end(), [&](const Target& each) {
                          if (each.provider >= config_.providers.size()) return false;  // of a models entry without one
                          const Provider& provider = config_.providers[each.provider];
                          return provider.spread != Strategy::priority && provider.credentials.size() > 1;
                        });
    route.affinity.by = equals ? AffinityBy::session : AffinityBy::off;
  }

  // What a strategy needs of the targets, and what the number of their lanes comes to.
  void check_choices(NodeId node, NodeId targets, const Route& route) {
    const NodeId strategy = tree_.child(node, "strategy");
    size_t index = 0, lane_count = 0;
    bool any_bound = false;
    for (NodeId item : members(targets, route.targets.size())) {
      const Target& target = route.targets[index++];
      any_bound = any_bound || is_bounded(target);
      lane_count += std::max<size_t>(1, config_.providers[target.provider].credentials.size());
      const NodeId weight = is(item, Kind::mapping) ? tree_.child(item, "weight") : no_node;
      const bool weighs = route.strategy == Strategy::weighted || route.strategy == Strategy::random ||
                          route.strategy == Strategy::least_busy;
      if (weight != no_node && !weighs)
        warn(weight, "means nothing here: the route's strategy is not weighted, random or least_busy");
      const bool priced = target.entry < config_.models.size() && config_.models[target.entry].price.said();
      if (route.strategy == Strategy::cheapest && !priced)
        problem(item, "has no price, which strategy cheapest goes by: name a models entry with one");
    }
    if (lane_count > route_lanes_max)
      warn(targets, "are " + std::to_string(lane_count) + " lanes with their credentials; the first " +
                        std::to_string(route_lanes_max) + " are asked, the others never");
    if (strategy != no_node && route.strategy != Strategy::priority && lane_count == 1)
      warn(strategy, "chooses among one: the route has no second target and no second credential");
    if (const NodeId queue = tree_.child(node, "queue"); queue != no_node && !any_bound)
      warn_at_key(queue, "nobody ever waits: nothing that this route asks has a concurrent_max");
  }

  // Whether anything says how many requests it gets at a time.
  bool is_bounded(const Target& target) const {
    const auto bounded = [](const auto& each) { return each.concurrent_max > 0; };
    const Provider& provider = config_.providers[target.provider];
    return bounded(target) || bounded(provider) ||
           (target.entry < config_.models.size() && bounded(config_.models[target.entry])) ||
           std::any_of(provider.credentials.begin(), provider.credentials.end(), bounded);
  }

  // Whether each of them is one, so that the route names no other providers than it seems to.
  bool resolve_targets(NodeId targets, Route& route) {
    if (tree_[targets].child_count == 0) problem(targets, "names no target");
    if (tree_[targets].child_count > items_compared_max) return false;
    std::vector<NodeId> seen;
    bool enabled = false, all_known = true;
    for (NodeId item : tree_.children(targets)) {
      const NodeId node = is(item, Kind::mapping) ? tree_.child(item, "model") : item;
      if (!is(node, Kind::string)) {
        all_known = false;
        continue;
      }
      Target target;
      if (!resolve_target(node, target)) {
        all_known = false;
        continue;
      }
      if (node != item) {
        // fill() has said what is wrong with it.
        std::vector<Problem> said;
        fill(tree_, item, *config::find(*config::find(root_shape(), "routes")->shape, "targets")->shape, &target, said);
      }
      for (NodeId other : seen) {
        if (tree_[other].text != tree_[node].text) continue;
        warn(node, "stands in this route already");
        break;
      }
      seen.push_back(node);
      used_[target.provider] = true;
      enabled = enabled || config_.providers[target.provider].enabled;
      route.targets.push_back(std::move(target));
    }
    if (all_known && !route.targets.empty() && !enabled) {
      warn(targets, "no provider of these is enabled, so that this route serves nothing");
    }
    return all_known;
  }

  bool resolve_target(NodeId node, Target& target) {
    const std::string_view text = tree_[node].text;
    if (std::optional<Target> found = find_target(config_, text)) {
      target = std::move(*found);
      return true;
    }
    for (const Model& model : config_.models)
      if (model.name == text) return false;  // its provider is the problem, and was named there
    const size_t slash = text.find('/');
    const std::string_view provider = text.substr(0, slash);
    const size_t index = provider_index(provider);
    if (slash == std::string_view::npos || index == config_.providers.size()) {
      std::vector<std::string_view> names;
      if (problems_.size() < suggestions_max) {
        for (const Model& model : config_.models) names.push_back(model.name);
      }
      std::string message = "there is no model " + quoted(text);
      std::string_view near = nearest(text, names);
      std::string suggestion(near);
      if (slash != std::string_view::npos) {
        message += " and no provider " + quoted(provider);
        near = nearest(provider, provider_names());
        if (suggestion.empty() && !near.empty()) suggestion = std::string(near) + std::string(text.substr(slash));
      } else if (index != config_.providers.size()) {
        suggestion = std::string(text) + "/*";
      }
      if (suggestion.empty()) suggestion = at_the_only_provider(text);
      if (!suggestion.empty()) message += " (did you mean " + quoted(suggestion) + "?)";
      else if (const auto known = provider_names(); !known.empty())
        message += "; a target is a name under models, or provider/model, the provider being " + any_of(known);
      problem(node, std::move(message));
      return false;
    }
    problem(node, "must be provider/model, or provider/* for the model that the client named");
    return false;
  }

  // "provider/text", as it must be written, where it can be no other provider; empty where it can.
  std::string at_the_only_provider(std::string_view text) const {
    if (config_.providers.size() != 1) return {};
    const std::string target = config_.providers.front().name + "/" + std::string(text);
    return find_target(config_, target) ? target : std::string();
  }

  // What has no room in Permits any more.
  void warn_of_uncounted(NodeId root) {
    const auto bounds_of = [](const auto& all) {
      return std::count_if(all.begin(), all.end(), [](const auto& each) { return each.concurrent_max > 0; });
    };
    auto bounds = bounds_of(config_.providers) + bounds_of(config_.models);
    for (const Provider& provider : config_.providers) bounds += bounds_of(provider.credentials);
    for (const Route& route : config_.routes) bounds += bounds_of(route.targets);
    if (size_t(bounds) > Permits::names_max)
      warn_at_key(tree_.child(root, "providers"),
                  "and routes have " + std::to_string(bounds) +
                      " bounds (concurrent_max): " + std::to_string(Permits::names_max) + " hold, the others do not");
    const auto queues = std::count_if(config_.routes.begin(), config_.routes.end(),
                                      [](const Route& each) { return each.queue.places_max > 0; });
    if (size_t(queues) > Permits::queues_max)
      warn_at_key(tree_.child(root, "routes"), "have " + std::to_string(queues) +
                                                   " queues: " + std::to_string(Permits::queues_max) +
                                                   " have room, nobody waits in the others");
  }

  void warn_of_unused_providers(NodeId providers) {
    if (!all_targets_known_) return;  // a target that is none may have meant it
    for (const Route& route : config_.routes)
      for (const Target& target : route.targets) used_[target.provider] = true;
    size_t index = 0;
    for (NodeId node : members(providers, used_.size())) {
      if (!used_[index] && config_.providers[index].enabled) {
        warn_at_key(node, "no route names this provider");
      }
      ++index;
    }
  }

  Config& config_;
  std::vector<bool> used_;          // by provider: some route names it
  bool all_targets_known_ = false;  // of all routes
};

}  // namespace

bool covers(std::string_view earlier, std::string_view later) {
  // `later` is matched as if it were a name: its '*' stands for text of any kind, which only a '*' of
  // `earlier` takes whole.
  size_t e = 0, l = 0;
  size_t star = std::string_view::npos, star_took = 0;
  while (l < later.size()) {
    if (e < earlier.size() && earlier[e] == '*') {
      star = e++;
      star_took = l;
    } else if (e < earlier.size() && later[l] != '*' && earlier[e] == later[l]) {
      ++e;
      ++l;
    } else if (star != std::string_view::npos) {
      e = star + 1;
      l = ++star_took;
    } else {
      return false;
    }
  }
  while (e < earlier.size() && earlier[e] == '*') ++e;
  return e == earlier.size();
}

void resolve(const Tree& tree, Config& config, std::vector<Problem>& problems, std::vector<Problem>& warnings) {
  Resolver(tree, config, problems, warnings).run();
}

}  // namespace signalbox::config
