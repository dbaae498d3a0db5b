#include "signalbox/transform.h"

#include <utility>

#include "base/arena.h"
#include "dialects/canonical/envelope.h"
#include "dialects/dialect.h"
#include "exchange/decision.h"
#include "exchange/rewrite.h"
#include "exchange/translated_answer.h"
#include "exchange/translated_request.h"
#include "http/endpoint.h"
#include "routing/plan.h"
#include "sse/frame_reader.h"

namespace signalbox {
namespace {

constexpr std::string_view request_id = "req_000000000000000000000000";

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
  endpoint.model_id = target.upstream_model;  // for a dialect that has it in the path
  routing::FactsResult read = client.read_facts(endpoint, body, arena);
  if (read.fault) {
    result.fault = std::move(read.fault);
    return result;
  }
  routing::Lane lane;
  lane.provider = target.provider;
  if (!provider.credentials.empty()) lane.credential = provider.credentials.front().name;
  lane.upstream_model = target.upstream_model;
  lane.flags = target.flags;
  if (target.entry < config.models.size()) lane.rewrite = config.models[target.entry].rewrite;
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
    for (std::string_view piece : exchange::rewritten(body, edits, provider, lane, endpoint.operation, arena))
      result.body += piece;
    return result;
  }
  exchange::TranslatedRequest translated;
  result.fault = translated.read(client, read.facts, body);
  if (result.fault) return result;
  translated.write(lane, config, translated.rough_tokens);  // nobody has counted for this lane
  for (std::string_view piece : exchange::rewritten(translated.body, {}, provider, lane, endpoint.operation, arena))
    result.body += piece;
  result.losses = translated.losses.paths();
  result.stops_left = translated.stops_left.size();
  return result;
}

Transformed transform_answer(std::string_view answer, const Config& config, const Target& target, Dialect to,
                             AnswerForm form) {
  const Provider& provider = config.providers[target.provider];
  const dialects::DialectRow& upstream = dialects::row_of(provider.dialect);
  const dialects::DialectRow& client = dialects::row_of(to);
  Transformed result;
  if (!upstream.translates() || !client.translates()) {
    result.fault = not_supported(provider.dialect, to);
    return result;
  }
  const size_t first = answer.find_first_not_of(" \t\r\n");
  const bool whole = first != answer.npos && (answer[first] == '{' || answer[first] == '[');
  const bool streamed = form == AnswerForm::streamed || (form == AnswerForm::as_it_came && !whole);
  const canonical::ToolNames names;
  canonical::Losses losses;
  losses.answer_begins();
  Arena arena;
  const std::string_view credential =
      provider.credentials.empty() ? std::string_view() : std::string_view(provider.credentials.front().name);
  exchange::TranslatedAnswer translated(
      upstream.make_decoder({.flags = target.flags, .names = names, .losses = losses}),
      client.make_encoder({.model = "model",
                           .request_id = request_id,
                           .scope = canonical::scope_of(provider.name, credential, arena),
                           .upstream = provider.dialect,
                           .losses = losses},
                          streamed ? canonical::Form::streamed : canonical::Form::whole));
  if (whole) {
    translated.feed_whole(answer);
  } else {
    sse::FrameReader frames(answer.size() + 1);
    frames.feed(answer);
    sse::Frame frame;
    while (frames.next(frame)) translated.feed(frame);
    if (frames.finish(frame)) translated.feed(frame);
  }
  translated.finish();
  result.fault = translated.fault();
  const FaultKind kind = result.fault.kind;
  const bool is_none =
      kind == FaultKind::upstream_broken || kind == FaultKind::upstream_cut || kind == FaultKind::upstream_empty;
  result.recognised = !is_none || translated.begun() || translated.seen().content;
  if (result.fault && streamed) translated.fail(result.fault);
  result.body = std::move(translated.out());
  if (result.fault && !streamed) client.write_error(result.body = {}, result.fault, row(kind).status, request_id);
  result.losses = losses.paths();
  return result;
}

}  // namespace signalbox
