#include "exchange/why_none.h"

#include <vector>

#include "base/text.h"
#include "dialects/dialect.h"

namespace signalbox::exchange {
namespace {

constexpr size_t named_max = 8;

// `heading` and the names, the first of them where there are many; nothing where there are none.
void name_all(std::string_view heading, std::span<const std::string_view> names, std::string& text) {
  for (size_t i = 0; i < names.size() && i < named_max; ++i) {
    text += i ? ", " : heading;
    text += names[i];
  }
  if (!names.empty()) text += names.size() > named_max ? ", ..." : ".";
}

}  // namespace

Fault unknown_model(const Config& config, std::string_view asked, Arena& arena) {
  const auto known = routing::catalogue(config, arena);
  Fault fault{FaultKind::model_unknown, "No route takes the model \""};
  fault.detail += asked.substr(0, routing::model_bytes_max);
  fault.detail += "\".";
  if (auto near = base::nearest(asked, known)) {
    fault.detail += " Did you mean \"";
    fault.detail += *near;
    fault.detail += "\"?";
  }
  name_all(" Known are: ", known, fault.detail);
  // No names to ask for, but what else is taken.
  const std::span<std::string_view> patterns = arena.array<std::string_view>(config.routes.size());
  size_t filled = 0;
  for (const Route& route : config.routes)
    if (route.match.find('*') != route.match.npos) patterns[filled++] = route.match;
  name_all(known.empty() ? " Routes take: " : " Routes take also: ", patterns.first(filled), fault.detail);
  return fault;
}

Fault none_enabled(const routing::Plan& plan, const routing::Match& match, const Config& config) {
  std::vector<std::string_view> names;
  const auto add = [&](uint32_t provider) {
    const std::string_view name = config.providers[provider].name;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  if (match.provider != routing::Match::any_provider) {
    add(match.provider);
  } else {
    for (const Target& target : plan.route->targets) add(target.provider);
  }
  Fault fault{FaultKind::no_lane, std::string(row(FaultKind::no_lane).message)};
  name_all(
      " Switched off, in the configuration or by POST /signalbox/disable, are these providers or their credentials: ",
      names, fault.detail);
  return fault;
}

Fault why_none(const Choice& choice, const Conversation& conversation, const routing::Facts& facts,
               const Config& config) {
  Fault fault{choice.why_not, {}};
  if (choice.why_not == FaultKind::previous_response_not_found) {
    fault.detail = "\"";
    fault.detail += facts.kept_history;
    fault.detail +=
        "\" names a history that only an upstream of the client's own dialect could have kept, and no lane "
        "of this model's route has one: send the whole history as input.";
    return fault;
  }
  if (choice.why_not != FaultKind::not_supported) return fault;
  const Provider& provider = config.providers[choice.lane->provider];
  if (conversation.endpoint.operation == Operation::compaction) {
    fault.detail = "/v1/responses/compact is only passed on, to providers that speak ";
    fault.detail += name_of(conversation.endpoint.shape);
    fault.detail += "; provider \"";
    fault.detail += provider.name;
    fault.detail += "\" does not.";
    return fault;
  }
  fault.detail = "The client speaks ";
  fault.detail += name_of(conversation.endpoint.shape);
  fault.detail += " and provider \"";
  fault.detail += provider.name;
  fault.detail += "\" ";
  fault.detail += name_of(provider.dialect);
  fault.detail += "; this version does not translate between them yet.";
  return fault;
}

}  // namespace signalbox::exchange
