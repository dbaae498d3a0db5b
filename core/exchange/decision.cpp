#include "exchange/decision.h"

#include <algorithm>

#include "base/text.h"
#include "dialects/dialect.h"
#include "http/url.h"
#include "json/writer.h"

namespace signalbox::exchange {
namespace {

Choice judge(const routing::Lane& lane, const Conversation& conversation, const routing::Facts& facts,
             const Config& config) {
  const Provider& provider = config.providers[lane.provider];
  const bool counting = conversation.endpoint.operation == Operation::count_tokens;
  const bool compacting = conversation.endpoint.operation == Operation::compaction;
  if (compacting && (provider.mock || provider.dialect != conversation.endpoint.shape))
    return {&lane, Service::none, FaultKind::not_supported};
  if (provider.mock) return {&lane, counting ? Service::estimate : Service::mock, FaultKind::none};
  if (conversation.access == Access::mock_only) return {&lane, Service::none, FaultKind::no_client_key};
  const dialects::DialectRow& client = dialects::row_of(conversation.endpoint.shape);
  const dialects::DialectRow& upstream = dialects::row_of(provider.dialect);
  if (provider.dialect != client.dialect) {
    if (!client.translates() || !upstream.translates()) return {&lane, Service::none, FaultKind::not_supported};
    // What is kept elsewhere cannot be put into other words, and without it another question would be answered.
    if (!facts.kept_history.empty() && !counting) return {&lane, Service::none, FaultKind::previous_response_not_found};
    // Other dialects count other requests; what the client asks about is this one.
    return {&lane, counting ? Service::estimate : Service::translate, FaultKind::none};
  }
  if (counting && (!lane.flags.count_tokens || !upstream.counts_tokens))
    return {&lane, Service::estimate, FaultKind::none};
  return {&lane, Service::forward, FaultKind::none};
}

// Why not even the first lane serves, with the names that the row's sentence cannot know.
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
  if (conversation.endpoint.operation == Operation::compaction) decision.facts.streamed = false;
  routing::Asked asked = conversation.asked;
  asked.body = conversation.body;
  decision.plan = routing::choose(config, health, decision.facts, now_unix_ms, arena, asked);
  if (!decision.plan.route) {
    decision.fault = unknown_model(config, decision.facts.model, arena);
    return decision;
  }
  const std::span<Choice> choices = arena.array<Choice>(decision.plan.lanes.size());
  const auto judge_all = [&] {
    for (size_t i = 0; i < choices.size(); ++i)
      choices[i] = judge(*decision.plan.lanes[i], conversation, decision.facts, config);
  };
  const auto any = [&](Service service) {
    return std::any_of(choices.begin(), choices.end(), [&](const Choice& each) { return each.service == service; });
  };
  judge_all();
  // Where no lane can read it, the translation says so, and why. Nobody else needs this second look at the body.
  const auto kept_item = dialects::row_of(conversation.endpoint.shape).kept_item;
  if (kept_item && any(Service::translate) && any(Service::forward)) {
    decision.facts.kept_history = kept_item(conversation.body);
    if (!decision.facts.kept_history.empty()) judge_all();
  }
  const auto first =
      std::find_if(choices.begin(), choices.end(), [](const Choice& each) { return each.service != Service::none; });
  if (first != choices.end()) decision.first = &*first;
  decision.choices = choices;
  if (!decision.first)
    decision.fault = choices.empty() ? Fault{FaultKind::no_lane, {}}
                                     : why_none(choices.front(), conversation, decision.facts, config);
  return decision;
}

std::span<const Edit> edits_for(const routing::Facts& facts, std::string_view body, const routing::Lane& lane,
                                const dialects::DialectRow& dialect, const dialects::Unwanted& unwanted, Arena& arena) {
  std::span<const Edit> removals;
  if (dialect.removals && (facts.envelopes || unwanted.any())) removals = dialect.removals(body, unwanted, arena);
  const bool renamed = facts.model_end > 0 && lane.upstream_model != facts.model;
  if (!renamed) return removals;
  std::span<Edit> edits = arena.array<Edit>(removals.size() + 1);
  std::string token = "\"";
  json::escape(lane.upstream_model, token);
  token += '"';
  const auto behind = std::find_if(removals.begin(), removals.end(),
                                   [&](const Edit& removal) { return removal.begin > facts.model_begin; });
  const auto next = std::copy(removals.begin(), behind, edits.begin());
  *next = {"model", facts.model_begin, facts.model_end, arena.copy(token)};
  std::copy(behind, removals.end(), next + 1);
  return edits;
}

dialects::Ask ask_of(const http::Endpoint& endpoint, const routing::Facts& facts) {
  if (endpoint.operation == Operation::count_tokens) return dialects::Ask::token_count;
  if (endpoint.operation == Operation::compaction) return dialects::Ask::compaction;
  if (facts.listed) return dialects::Ask::listed_answer;
  return facts.streamed ? dialects::Ask::streamed_answer : dialects::Ask::whole_answer;
}

std::string address_of(const Provider& provider, std::string_view upstream_model, dialects::Ask ask,
                       std::string_view query) {
  std::string path;
  dialects::row_of(provider.dialect).write_path(path, upstream_model, ask);
  return http::join_url(provider.base_url, path, query);
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
  const auto name_all = [&fault](std::string_view heading, std::span<const std::string_view> names) {
    constexpr size_t named_max = 8;
    for (size_t i = 0; i < names.size() && i < named_max; ++i) {
      fault.detail += i ? ", " : heading;
      fault.detail += names[i];
    }
    if (!names.empty()) fault.detail += names.size() > named_max ? ", ..." : ".";
  };
  name_all(" Known are: ", known);
  // No names to ask for, but what else is taken.
  const std::span<std::string_view> patterns = arena.array<std::string_view>(config.routes.size());
  size_t filled = 0;
  for (const Route& route : config.routes)
    if (route.match.find('*') != route.match.npos) patterns[filled++] = route.match;
  name_all(known.empty() ? " Routes take: " : " Routes take also: ", patterns.first(filled));
  return fault;
}

}  // namespace signalbox::exchange
