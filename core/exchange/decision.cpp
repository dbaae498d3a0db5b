#include "exchange/decision.h"

#include <algorithm>

#include "base/text.h"
#include "dialects/dialect.h"
#include "json/writer.h"

namespace signalbox::exchange {
namespace {

Choice judge(const routing::Lane& lane, const Conversation& conversation, const Config& config) {
  const Provider& provider = config.providers[lane.provider];
  const bool counting = conversation.endpoint.operation == Operation::count_tokens;
  if (provider.mock) return {&lane, counting ? Service::estimate : Service::mock, FaultKind::none};
  if (conversation.access == Access::mock_only) return {&lane, Service::none, FaultKind::no_client_key};
  const dialects::DialectRow& client = dialects::row_of(conversation.endpoint.shape);
  const dialects::DialectRow& upstream = dialects::row_of(provider.dialect);
  if (provider.dialect != client.dialect) {
    if (!client.translates() || !upstream.translates()) return {&lane, Service::none, FaultKind::not_supported};
    // Other dialects count other requests; what the client asks about is this one.
    return {&lane, counting ? Service::estimate : Service::translate, FaultKind::none};
  }
  if (counting && (!lane.flags.count_tokens || upstream.count_tokens_path.empty()))
    return {&lane, Service::estimate, FaultKind::none};
  return {&lane, Service::forward, FaultKind::none};
}

// Why not even the first lane serves, with the names that the row's sentence cannot know.
Fault why_none(const Choice& choice, const Conversation& conversation, const Config& config) {
  Fault fault{choice.why_not, {}};
  if (choice.why_not != FaultKind::not_supported) return fault;
  const Provider& provider = config.providers[choice.lane->provider];
  fault.detail = "The client speaks ";
  fault.detail += name_of(conversation.endpoint.shape);
  fault.detail += " and provider \"";
  fault.detail += provider.name;
  fault.detail += "\" ";
  fault.detail += name_of(provider.dialect);
  fault.detail += "; this version does not translate between them yet.";
  return fault;
}

}  // namespace

Decision decide(const Conversation& conversation, const Config& config, const routing::Health& health,
                int64_t now_unix_ms, Arena& arena) {
  Decision decision;
  routing::FactsResult read =
      dialects::row_of(conversation.endpoint.shape).read_facts(conversation.endpoint, conversation.body, arena);
  if (read.fault) {
    decision.fault = std::move(read.fault);
    return decision;
  }
  decision.facts = read.facts;
  decision.plan = routing::choose(config, health, decision.facts, now_unix_ms, arena);
  if (!decision.plan.route) {
    decision.fault = unknown_model(config, decision.facts.model, arena);
    return decision;
  }
  const std::span<Choice> choices = arena.array<Choice>(decision.plan.lanes.size());
  for (size_t i = 0; i < choices.size(); ++i) {
    choices[i] = judge(decision.plan.lanes[i], conversation, config);
    if (!decision.first && choices[i].service != Service::none) decision.first = &choices[i];
  }
  decision.choices = choices;
  if (!decision.first)
    decision.fault = choices.empty() ? Fault{FaultKind::no_lane, {}} : why_none(choices.front(), conversation, config);
  return decision;
}

std::span<const Edit> edits_for(const routing::Facts& facts, std::string_view body, const routing::Lane& lane,
                                const dialects::DialectRow& dialect, const dialects::Unwanted& unwanted, Arena& arena) {
  std::span<const Edit> removals;
  if (dialect.removals && (facts.envelopes || unwanted.any())) removals = dialect.removals(body, unwanted, arena);
  const bool renamed = lane.upstream_model != facts.model;
  if (!renamed) return removals;
  std::span<Edit> edits = arena.array<Edit>(removals.size() + 1);
  const auto next = std::copy(removals.begin(), removals.end(), edits.begin());
  std::string token = "\"";
  json::escape(lane.upstream_model, token);
  token += '"';
  *next = {"model", facts.model_begin, facts.model_end, arena.copy(token)};
  std::sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) { return a.begin < b.begin; });
  return edits;
}

std::span<const std::string_view> edited(std::string_view body, std::span<const Edit> edits, Arena& arena) {
  const std::span<std::string_view> pieces = arena.array<std::string_view>(2 * edits.size() + 1);
  size_t filled = 0;
  size_t copied_to = 0;
  for (const Edit& edit : edits) {
    pieces[filled++] = body.substr(copied_to, edit.begin - copied_to);
    pieces[filled++] = edit.text;
    copied_to = edit.end;
  }
  pieces[filled++] = body.substr(copied_to);
  return pieces;
}

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
  constexpr size_t named_max = 8;
  for (size_t i = 0; i < known.size() && i < named_max; ++i) {
    fault.detail += i ? ", " : " Known are: ";
    fault.detail += known[i];
  }
  if (!known.empty()) fault.detail += known.size() > named_max ? ", ..." : ".";
  // Patterns are not names to ask for, but where there is nothing else they say what is taken.
  for (size_t i = 0; known.empty() && i < config.routes.size() && i < named_max; ++i) {
    fault.detail += i ? ", " : " Routes take: ";
    fault.detail += config.routes[i].match;
  }
  if (known.empty() && !config.routes.empty()) fault.detail += config.routes.size() > named_max ? ", ..." : ".";
  return fault;
}

}  // namespace signalbox::exchange
