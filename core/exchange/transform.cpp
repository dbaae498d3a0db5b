#include "signalbox/transform.h"

#include <utility>

#include "base/arena.h"
#include "dialects/dialect.h"
#include "exchange/decision.h"
#include "exchange/translated_request.h"
#include "http/endpoint.h"
#include "routing/plan.h"

namespace signalbox {
namespace {

Fault not_supported(Dialect from, Dialect to) {
  Fault fault{FaultKind::not_supported, "This version does not translate from "};
  fault.detail += name_of(from);
  fault.detail += " to ";
  fault.detail += name_of(to);
  fault.detail += " yet.";
  return fault;
}

}  // namespace

Transformed transform(std::string_view body, Dialect from, const Config& config, const Target& target) {
  const Provider& provider = config.providers[target.provider];
  const dialects::DialectRow& client = dialects::row_of(from);
  const dialects::DialectRow& upstream = dialects::row_of(provider.dialect);
  const bool own_dialect = from == provider.dialect;
  Transformed result;
  if (!client.read_facts || !(own_dialect || (client.translates() && upstream.translates()))) {
    result.fault = not_supported(from, provider.dialect);
    return result;
  }

  Arena arena;
  http::Endpoint endpoint;
  endpoint.operation = http::Endpoint::Operation::conversation;
  endpoint.shape = from;
  routing::FactsResult read = client.read_facts(endpoint, body, arena);
  if (read.fault) {
    result.fault = std::move(read.fault);
    return result;
  }
  routing::Lane lane;
  lane.provider = target.provider;
  if (!provider.credentials.empty()) lane.credential = provider.credentials.front();
  lane.upstream_model = target.upstream_model;
  lane.flags = target.flags;
  lane.context_tokens_max = target.context_tokens_max;
  lane.output_tokens_max = target.output_tokens_max;
  if (lane.upstream_model.empty()) {
    lane.upstream_model = routing::own_name(config, read.facts.model);
    lane.flags = provider.flags_of(lane.upstream_model);
    const ModelLimits known = provider.limits_of(lane.upstream_model);
    lane.context_tokens_max = known.context_tokens_max;
    lane.output_tokens_max = known.output_tokens_max;
  }

  if (own_dialect) {
    const auto edits = exchange::edits_for(read.facts, body, lane, upstream, {}, arena);
    for (std::string_view piece : exchange::edited(body, edits, arena)) result.body += piece;
    return result;
  }
  exchange::TranslatedRequest translated;
  result.fault = translated.read(client, body);
  if (result.fault) return result;
  translated.write(lane, provider, translated.rough_tokens);  // nobody has counted for this lane
  result.body = std::move(translated.body);
  result.losses = translated.losses.paths();
  return result;
}

}  // namespace signalbox
