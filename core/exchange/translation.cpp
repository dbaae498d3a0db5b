// A request in the dialect of a lane that is not the client's, and what the answer needs on its way back.
#include "dialects/canonical/envelope.h"
#include "exchange/machine.h"
#include "mock/mock.h"
#include "tokens/calibration.h"
#include "tokens/estimate.h"

namespace signalbox::exchange {

TranslatedRequest& Machine::translation() {
  if (!translation_) translation_ = std::make_unique<TranslatedRequest>();
  return *translation_;
}

canonical::Form Machine::client_form() const {
  return report_.streamed ? canonical::Form::streamed : canonical::Form::whole;
}

// A whole answer for a client that asked for a list of them (Facts::listed).
void Machine::list_if_asked(std::string& answer) const {
  if (!decision_.facts.listed) return;
  answer.insert(0, 1, '[');
  answer += ']';
}

// Writes the request for `lane`, or says why that cannot be done. What it was read into stays for the
// next lane; the body is this lane's alone.
Fault Machine::translate_request(const routing::Lane& lane) {
  TranslatedRequest& t = translation();
  if (Fault fault = t.read(client_dialect(), decision_.facts, body_)) return fault;
  const Provider& to = config_->providers[lane.provider];
  retired_body_.swap(t.body);
  t.write(lane, *config_, gateway_.calibration().estimate_for(lane.key, t.rough_tokens));
  return t.rejected_by(*decision_.plan.route, to);
}

std::unique_ptr<TranslatedAnswer> Machine::translated_answer(const routing::Lane& lane) {
  TranslatedRequest& t = translation();
  const Provider& from = config_->providers[lane.provider];
  // An answer in the other form than was asked for: the request was not read, and says how it is wanted.
  const bool own_dialect = attempt_.choice->service == Service::forward;
  if (own_dialect) t.read(client_dialect(), decision_.facts, body_);
  t.losses.answer_begins();
  const canonical::DecodeContext decode{.flags = lane.flags,
                                        .names = t.names,
                                        .losses = t.losses,
                                        .arguments_bytes_max = size_t(config_->server.limits.frame_bytes_max),
                                        .credential = credential_owner(),
                                        .model_named = model_named()};
  const bool echo_client = !own_dialect && decision_.plan.route->echo_model == EchoModel::client;
  const canonical::EncodeContext encode{
      .model = arena_.copy(echo_client ? decision_.facts.model : lane.upstream_model),
      .request_id = report_.request_id,
      .scope = t.scope.empty() ? canonical::scope_of(from.name, lane.credential, arena_) : std::string_view(t.scope),
      .upstream = from.dialect,
      .input_tokens_estimate = gateway_.calibration().estimate_for(lane.key, t.rough_tokens),
      .unix_ms = now_.unix_ms,
      .usage_in_stream = t.request.usage_in_stream,
      .losses = t.losses,
      .ids_before = &t.tool_ids,
      .origins = &t.tool_origins};
  return std::make_unique<TranslatedAnswer>(dialects::row_of(from.dialect).make_decoder(decode),
                                            client_dialect().make_encoder(encode, client_form()), t.stops_left);
}

// What the input counts, as this lane would count it. What a lane has taught is better than any look at the
// text; a lane that has taught nothing yet is worth the look, where there is time for one.
int64_t Machine::estimated_tokens(const routing::Lane& lane) {
  const tokens::Calibration& learnt = gateway_.calibration();
  const bool calibrated = learnt.has_learnt(lane.key) && client_dialect().translates() &&
                          !translation().read(client_dialect(), decision_.facts, body_);
  return calibrated ? learnt.estimate_for(lane.key, translation().rough_tokens) : tokens::estimate_tokens(body_);
}

// The mock speaks Anthropic Messages; clients of other dialects get it through the hub.
void Machine::answer_with_mock(const routing::Lane& lane) {
  report_.attempt_count = attempt_.number + 1;
  std::string id = "msg_";
  id += std::string_view(report_.request_id).substr(4);
  const bool foreign = endpoint_.shape != Dialect::anthropic;
  if (foreign)
    if (Fault fault = translate_request(lane)) return fail_attempt(fault.kind, std::move(fault.detail));
  const mock::Form form = report_.streamed && !foreign ? mock::Form::streamed : mock::Form::whole;
  mock::Answer answer =
      mock::answer(foreign ? std::string_view(translation().body) : body_, form, lane.upstream_model, id);
  report_.usage = answer.usage;
  report_.stop_reason = answer.stop_reason;
  if (foreign) {
    attempt_.translated = translated_answer(lane);
    attempt_.translated->feed_whole(answer.bytes);
    answer.bytes = std::move(attempt_.translated->out());
    list_if_asked(answer.bytes);
  }
  if (committed_ == Committed::nothing)
    return reply(200, report_.streamed ? "text/event-stream; charset=utf-8" : "application/json", answer.bytes);
  send(arena_.copy(answer.bytes));
  finish(Ending::complete);
}

}  // namespace signalbox::exchange
