#include "routing/match.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "http/header_list.h"
#include "routing/health.h"
#include "routing/plan.h"

namespace signalbox {

std::string_view name_of(Task task) {
  switch (task) {
    case Task::subagent: return "subagent";
    case Task::long_context: return "long_context";
    case Task::web_search: return "web_search";
    case Task::image: return "image";
    case Task::background: return "background";
    case Task::think: return "think";
    case Task::count_: break;
  }
  return "default";
}

FactSet RuleWhen::facts() const {
  FactSet wanted = 0;
  const auto want = [&](bool asked, Fact fact) {
    if (asked) wanted = FactSet(wanted | bit_of(fact));
  };
  want(tools != Presence::either, Fact::tools);
  want(!session.empty(), Fact::session);
  want(tokens_min > 0 || tokens_max > 0 || (tasks & bit_of(Task::long_context)), Fact::tokens);
  want(tasks & bit_of(Task::subagent), Fact::subagent);
  want(tasks & bit_of(Task::web_search), Fact::web_search);
  want(tasks & bit_of(Task::image), Fact::image_asked);
  want(tasks & bit_of(Task::think), Fact::effort);
  return wanted;
}

}  // namespace signalbox

namespace signalbox::routing {
namespace {

constexpr std::string_view force_header = "x-signalbox-provider";
// What of a header or a path a pattern is held against: a long one must not cost its length times all patterns.
constexpr size_t matched_bytes_max = 1024;
// How much of a client's word stands in an error.
constexpr size_t quoted_bytes_max = 128;

bool any_matches(const std::vector<std::string>& patterns, std::string_view text) {
  text = text.substr(0, matched_bytes_max);
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return base::matches(pattern, text); });
}

bool has_header(std::span<const Header> headers, const ExtraHeader& wanted) {
  return std::any_of(headers.begin(), headers.end(), [&](const Header& header) {
    return http::equals_ignoring_case(header.name, wanted.name) &&
           base::matches(wanted.value, http::trim(header.value).substr(0, matched_bytes_max));
  });
}

// The index of a provider, or Match::any_provider.
uint32_t provider_called(const Config& config, std::string_view name) {
  for (size_t i = 0; i < config.providers.size(); ++i)
    if (config.providers[i].name == name) return uint32_t(i);
  return Match::any_provider;
}

void quote(std::string& text, std::string_view said) {
  text += '"';
  for (char c : said.substr(0, quoted_bytes_max)) text += c > 0x1f && c != 0x7f ? c : '?';
  text += said.size() > quoted_bytes_max ? "...\"" : "\"";
}

Fault no_provider(const Config& config, std::string_view begin, std::string_view name) {
  Fault fault{FaultKind::bad_request, std::string(begin)};
  quote(fault.detail, name);
  fault.detail += ", and there is no provider of this name";
  std::vector<std::string_view> names;
  for (const Provider& each : config.providers) names.push_back(each.name);
  if (auto near = base::nearest(name, names)) {
    fault.detail += "; did you mean ";
    quote(fault.detail, *near);
    fault.detail += "?";
  } else {
    fault.detail += ".";
  }
  return fault;
}

// The route that has nothing but this provider, for its model `model`.
Match at_provider(const Config& config, const Health& health, uint32_t provider, std::string_view model, Reason reason,
                  std::string_view begin) {
  Match match;
  match.reason = reason;
  const Provider& its = config.providers[provider];
  if (!health.enabled(its.name, its.enabled) || provider >= config.provider_routes.size()) {
    match.fault = {FaultKind::bad_request, std::string(begin)};
    quote(match.fault.detail, its.name);
    match.fault.detail += ", a provider that is not enabled.";
    return match;
  }
  match.route = &config.provider_routes[provider];
  match.model = model;
  return match;
}

Match forced(const Config& config, const Health& health, const Asker& asker, const Facts& facts, const Header& header) {
  constexpr std::string_view begin = "The header x-signalbox-provider names ";
  Match match;
  match.reason = Reason::forced;
  if (asker.force_provider == May::no) {
    match.fault = {FaultKind::forbidden,
                   "This client may not force a provider (x-signalbox-provider): its key has no force_provider."};
    return match;
  }
  const std::string_view name = http::trim(header.value);
  const uint32_t provider = provider_called(config, name);
  if (provider == Match::any_provider) {
    match.fault = no_provider(config, begin, name);
    return match;
  }
  match = at_provider(config, health, provider, {}, Reason::forced, begin);
  if (match.fault) return match;
  match.provider = provider;
  // What the model's own route has of this provider says what it calls the model.
  if (const Route* route = find_route(config, facts.model);
      route && std::any_of(route->targets.begin(), route->targets.end(),
                           [&](const Target& target) { return target.provider == provider; }))
    match.route = route;
  return match;
}

// Whether the user's own names mean `model`: then its first part is no provider's.
bool is_own_name(const Config& config, std::string_view model, std::string_view provider) {
  const Route* route = find_route(config, model);
  return route && route->match.size() > provider.size() + 1 &&
         std::string_view(route->match).substr(0, provider.size()) == provider &&
         route->match[provider.size()] == model[provider.size()];
}

Match named(const Config& config, const Health& health, const Asker& asker, const Facts& facts) {
  constexpr std::string_view begin = "The model names ";
  Match match;
  if (facts.model.find(',') == facts.model.npos && facts.model.find('/') == facts.model.npos) return match;
  const std::string_view model = own_name(config, facts.model);
  const size_t comma = model.find(',');
  const size_t cut = comma != model.npos ? comma : model.find('/');
  if (cut == model.npos || cut + 1 == model.size() || cut == 0) return match;
  const std::string_view name = model.substr(0, cut);
  const uint32_t provider = provider_called(config, name);
  if (comma == model.npos && (provider == Match::any_provider || asker.explicit_models == May::no)) return match;
  if (is_own_name(config, model, name)) return match;
  if (asker.explicit_models == May::no) {
    match.reason = Reason::named;
    match.fault = {FaultKind::forbidden,
                   "This client may not name a provider in the place of a model: its key has explicit_models off."};
    return match;
  }
  if (provider == Match::any_provider) {
    match.reason = Reason::named;
    match.fault = no_provider(config, begin, name);
    return match;
  }
  return at_provider(config, health, provider, http::trim(model.substr(cut + 1)), Reason::named, begin);
}

// Who a tag means: a route, a model, or a provider with a model.
Match tagged(const Config& config, const Health& health, const Asker& asker, const Facts& facts, std::string_view tag,
             Arena& arena) {
  constexpr std::string_view begin = "A tag in the prompt names ";
  Match match;
  match.reason = Reason::tag;
  for (const Route& route : config.routes)
    if (!route.name.empty() && route.name == tag && route.name.find(':') == route.name.npos) {
      match.route = &route;
      return match;
    }
  if (!tag.empty() && tag.size() <= model_bytes_max) {
    Facts other = facts;
    other.model = tag;
    if (Match said = named(config, health, asker, other); said.route) {
      said.reason = Reason::tag;
      return said;
    } else if (said.fault.kind == FaultKind::forbidden) {
      return said;
    } else if (!said.fault) {
      // A name that nothing but a pattern for all names takes leads nowhere.
      const Route* route = find_route(config, tag);
      if (route && route->match.find_first_not_of('*') != route->match.npos) {
        match.route = route;
        match.model = arena.copy(own_name(config, tag));
        return match;
      }
    }
  }
  match.fault = {FaultKind::bad_request, std::string(begin)};
  quote(match.fault.detail, tag);
  match.fault.detail += ", which is no route, no model and no provider with a model here.";
  return match;
}

const Route* route_at(const Config& config, uint32_t index) {
  return index < config.routes.size() ? &config.routes[index] : nullptr;
}

}  // namespace

std::string_view name_of(Reason reason) {
  switch (reason) {
    case Reason::forced: return "forced";
    case Reason::named: return "named";
    case Reason::rule: return "rule";
    case Reason::tag: return "tag";
    case Reason::task: return "task";
    case Reason::pattern: return "pattern";
    case Reason::otherwise: return "default";
    case Reason::none: break;
  }
  return "none";
}

Match match_said(const Config& config, const Health& health, const Asker& asker, const Facts& facts) {
  const Header* header = nullptr;
  for (const Header& each : asker.headers) {
    if (!http::equals_ignoring_case(each.name, force_header)) continue;
    if (header) {
      Match twice;
      twice.reason = Reason::forced;
      twice.fault = {FaultKind::bad_request, "The header x-signalbox-provider stands there twice."};
      return twice;
    }
    header = &each;
  }
  if (header) return forced(config, health, asker, facts, *header);
  return named(config, health, asker, facts);
}

bool is_for(Task task, const Config& config, const Facts& facts, const TaskFacts& known) {
  const Tasks& tasks = config.tasks;
  switch (task) {
    case Task::subagent: return known.subagent;
    case Task::long_context: return known.tokens >= tasks.long_context.threshold;
    case Task::web_search: return known.web_search;
    case Task::image: return known.image_asked;
    case Task::background: return any_matches(tasks.background_models, own_name(config, facts.model));
    case Task::think: return known.thinks || known.effort >= tasks.think_effort_min;
    case Task::count_: break;
  }
  return false;
}

std::string_view session_of(std::span<const Header> headers, const TaskFacts& known) {
  for (std::string_view name :
       {"x-claude-code-session-id", "session-id", "session_id", "x-session-id", "x-session-affinity"})
    if (const Header* header = http::find(headers, name); header && !http::trim(header->value).empty())
      return http::trim(header->value);
  return known.session;
}

std::string_view broken_by(const RuleWhen& when, const Config& config, const Asker& asker, const Facts& facts,
                           const TaskFacts& known) {
  if (!when.model.empty() && !any_matches(when.model, own_name(config, facts.model)) &&
      !any_matches(when.model, facts.model))
    return "model";
  if (!when.path.empty() && !any_matches(when.path, asker.path)) return "path";
  if (!when.client_key.empty() &&
      std::find(when.client_key.begin(), when.client_key.end(), asker.client_key) == when.client_key.end())
    return "client_key";
  for (const ExtraHeader& each : when.headers)
    if (!has_header(asker.headers, each)) return "header";
  if (when.tools != Presence::either && known.tools != (when.tools == Presence::present)) return "tools";
  if (when.tokens_min > 0 && known.tokens < when.tokens_min) return "tokens_min";
  if (when.tokens_max > 0 && known.tokens > when.tokens_max) return "tokens_max";
  if (!when.session.empty()) {
    const std::string_view session = session_of(asker.headers, known);
    if (session.empty() || !any_matches(when.session, session)) return "session";
  }
  if (when.tasks != 0) {
    bool any = false;
    for (size_t i = 0; i < task_count && !any; ++i)
      any = (when.tasks & bit_of(Task(i))) && is_for(Task(i), config, facts, known);
    if (!any) return "task";
  }
  return {};
}

Match match_facts(const Config& config, const Health& health, const Asker& asker, const Facts& facts,
                  const TaskFacts& known, Arena& arena) {
  Match match;
  for (size_t i = 0; i < config.rules.size(); ++i) {
    const Rule& rule = config.rules[i];
    if (rule.route == no_route || !broken_by(rule.when, config, asker, facts, known).empty()) continue;
    match.reason = Reason::rule;
    match.rule = uint32_t(i);
    match.route = route_at(config, rule.route);
    return match;
  }
  if (known.tagged) return tagged(config, health, asker, facts, known.tag, arena);
  for (size_t i = 0; i < task_count; ++i) {
    const uint32_t route = config.tasks.route_of[i];
    if (route == no_route || !is_for(Task(i), config, facts, known)) continue;
    match.reason = Reason::task;
    match.task = Task(i);
    match.route = route_at(config, route);
    return match;
  }
  match.reason = Reason::pattern;
  match.route = find_route(config, facts.model);
  if (!match.route && config.tasks.default_route != no_route) {
    match.reason = Reason::otherwise;
    match.route = route_at(config, config.tasks.default_route);
  }
  return match;
}

std::string_view label_of(const Match& match, const Config& config, Arena& arena) {
  if (!match.route) return {};
  const std::string_view route = match.route->label();
  std::string_view why;
  switch (match.reason) {
    case Reason::rule: why = config.rules[match.rule].name; break;
    case Reason::task: why = arena.concat({"task:", name_of(match.task)}); break;
    case Reason::otherwise: why = "task:default"; break;
    case Reason::tag: why = "tag"; break;
    case Reason::forced: return arena.concat({"forced:", config.providers[match.provider].name});
    case Reason::named: why = "named"; break;
    default: return route;
  }
  // A route that is only there for the rule has the rule's own name.
  return why == route ? why : arena.concat({why, " route:", route});
}

}  // namespace signalbox::routing
