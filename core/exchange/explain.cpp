// A dry run: what would be done with a request, and why, without sending anything.
//
// POST /signalbox/explain takes the body that the client would send; what else is asked stands in the query
// (explain_query.h).
#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "exchange/explain_health.h"
#include "exchange/explain_order.h"
#include "exchange/explain_query.h"
#include "exchange/explain_route.h"
#include "exchange/machine.h"
#include "exchange/rewrite.h"
#include "exchange/translated_request.h"
#include "exchange/unwanted.h"
#include "http/endpoint.h"
#include "json/writer.h"
#include "routing/health.h"
#include "routing/probing.h"
#include "tokens/calibration.h"
#include "tokens/estimate.h"

namespace signalbox::exchange {
namespace {

// A dry run translates for the lanes in the order of trying, until so much was read for it. The first lane's
// translation is shown in any case; for the last of many lanes a large body says nothing new.
constexpr size_t translated_bytes_max = size_t(64) << 20;

std::string_view name_of(Service service) {
  switch (service) {
    case Service::forward: return "forward";
    case Service::translate: return "translate";
    case Service::estimate: return "estimate";
    case Service::mock: return "mock";
    case Service::none: break;
  }
  return "none";
}

// A choice, and what its lane would be sent where that is a translation.
struct Explained {
  const Choice* choice = nullptr;
  Fault fault;  // why it does not serve after all
  bool translated = false;
  size_t bytes = 0;
  std::vector<std::string> losses;
  std::string rewrites;  // by the user's rules, as a JSON array
  std::string body;      // only when asked for

  bool serves() const { return choice->service != Service::none && !fault; }
  // Whether no lane behind this one is asked.
  bool decides() const {
    return serves() || (choice->service != Service::none && row(fault.kind).retry == RetryClass::never);
  }
};

// Longer values are counted and not shown: they may be a whole history.
constexpr size_t shown_bytes_max = 1024;

// What goes is a piece with its comma, and so is what comes: no values that could be shown as such.
void write_edit(json::Writer& w, const Edit& edit, std::string_view body) {
  const std::string_view from = body.substr(edit.begin, edit.end - edit.begin);
  w.begin_object().key("path").string(edit.path).key("at_byte").number(int64_t(edit.begin));
  if (edit.text.empty()) w.key("removed_bytes").number(int64_t(from.size()));
  else if (from.empty()) w.key("added").string(edit.text);
  else if (from.size() + edit.text.size() > shown_bytes_max)
    w.key("from_bytes").number(int64_t(from.size())).key("to_bytes").number(int64_t(edit.text.size()));
  else w.key("from").raw(from).key("to").raw(edit.text);
  w.end_object();
}

// What the user's rules change of `body`, as a JSON array; empty when nothing.
std::string rewrites_json(std::string_view body, const Provider& to, const routing::Lane& lane, Operation operation) {
  Arena arena;
  std::string json;
  const auto edits = rewrites_for(body, to, lane, operation, arena);
  if (edits.empty()) return json;
  json::Writer w(json);
  w.begin_array();
  for (const Edit& edit : edits) write_edit(w, edit, body);
  w.end_array();
  return json;
}

std::vector<Explained> explain_choices(const Decision& decision, const http::Endpoint& asked, std::string_view body,
                                       const Config& config, const tokens::Calibration& calibration, Bodies bodies) {
  std::vector<Explained> all;
  TranslatedRequest translated;
  Fault unread;
  size_t read_bytes = 0;
  for (const Choice& choice : decision.choices) {
    Explained& each = all.emplace_back();
    each.choice = &choice;
    if (choice.service == Service::none) each.fault.kind = choice.why_not;
    if (choice.service == Service::forward)
      each.rewrites = rewrites_json(body, config.providers[choice.lane->provider], *choice.lane, asked.operation);
    if (choice.service != Service::translate || read_bytes > translated_bytes_max) continue;
    if (read_bytes == 0) unread = translated.read(dialects::row_of(asked.shape), decision.facts, body);
    read_bytes += body.size();
    each.fault = unread;
    if (unread) continue;
    const Provider& to = config.providers[choice.lane->provider];
    translated.write(*choice.lane, config, calibration.estimate_for(choice.lane->key, translated.rough_tokens));
    each.fault = translated.rejected_by(*decision.plan.route, to);
    each.translated = true;
    each.bytes = translated.body.size();
    each.losses = translated.losses.paths();
    each.rewrites = rewrites_json(translated.body, to, *choice.lane, asked.operation);
    if (bodies == Bodies::hidden) continue;
    Arena arena;
    for (std::string_view piece : rewritten(translated.body, {}, to, *choice.lane, asked.operation, arena))
      each.body += piece;
  }
  return all;
}

void write_choice(json::Writer& w, const Explained& explained, const Config& config, const http::Endpoint& asked,
                  dialects::Ask ask, const Failures& failures, Unreachable unreachable, routing::Places& places,
                  const routing::Health& health, int64_t now_unix_ms, const ExplainedOrder& order) {
  const Choice& choice = *explained.choice;
  const routing::Lane& lane = *choice.lane;
  const Provider& provider = config.providers[lane.provider];
  const dialects::DialectRow& dialect = dialects::row_of(provider.dialect);
  w.begin_object().key("provider").string(provider.name).key("model").string(lane.upstream_model);
  if (!lane.credential.empty()) w.key("credential").string(lane.credential);
  else if (provider.passthrough) w.key("credential").string("(the client's own)");
  w.key("service").string(name_of(choice.service));
  if (explained.fault) w.key("why_not").string(explained.fault.message());
  if (choice.service == Service::forward || choice.service == Service::translate) {
    const bool forward = choice.service == Service::forward;
    w.key("dialect").string(dialect.name);
    w.key("url").string(
        address_of(provider, lane.upstream_model, ask, forward ? http::forwarded_query(asked) : std::string()));
    w.key("headers_set").begin_array();
    for (const ExtraHeader& extra : provider.headers) w.string(extra.name);
    w.end_array();
  }
  if (explained.translated) {
    w.key("translation").begin_object().key("bytes").number(int64_t(explained.bytes)).key("losses").begin_array();
    for (const std::string& path : explained.losses) w.string(path);
    w.end_array();
    if (!explained.body.empty()) w.key("body").raw(explained.body);
    w.end_object();
  }
  if (!explained.rewrites.empty()) w.key("rewrites").raw(explained.rewrites);
  if (!lane.bounds.empty()) {
    w.key("bounds").begin_array();
    for (const routing::Bound& bound : lane.bounds) {
      w.begin_object().key("of").string(bound.name).key("concurrent_max").number(bound.most);
      w.key("in_use").number(places.held(bound)).end_object();
    }
    w.end_array();
  }
  order.write(w, lane);
  explain_taking(w, choice);
  if (lane.cooled_until_unix_ms > now_unix_ms) w.key("cooling_for_ms").number(lane.cooled_until_unix_ms - now_unix_ms);
  if (choice.service == Service::forward || choice.service == Service::translate) {
    const auto owner = provider.passthrough      ? routing::CredentialOwner::client
                       : lane.credential.empty() ? routing::CredentialOwner::nobody
                                                 : routing::CredentialOwner::ours;
    write_health(w, lane, failures, owner, unreachable, now_unix_ms);
    const int64_t every_ms = config.probes.every_ms;
    if (every_ms > 0 && routing::is_probed(provider, lane.key)) {
      const int64_t at = routing::probe_at(health, lane.key, health.standing(lane.key, now_unix_ms), every_ms);
      if (at != never_ms) w.key("probe_in_ms").number(std::max<int64_t>(at - now_unix_ms, 0));
    }
  }
  w.end_object();
}

}  // namespace

void Machine::reply_explanation() {
  ExplainQuery query;
  if (Fault fault = read_explain_query(endpoint_.query, *config_, query)) return refuse(std::move(fault));
  const std::string& path = query.path;
  const http::Endpoint asked = http::match_endpoint("POST", path, head_.headers);
  const std::vector<ClientKey>& keys = config_->server.client_keys;
  const std::string key_name =
      query.client_key.empty() ? std::string(auth::authenticate(head_.headers, keys).key_name) : query.client_key;
  const routing::Asker asker = this->asker(key_name, path);
  std::string body;
  json::Writer w(body);
  w.begin_object();
  w.key("request").begin_object().key("path").string(path).key("bytes").number(int64_t(body_.size()));

  Decision decision;
  routing::Asked order_facts = this->asked();
  order_facts.body = body_;
  order_facts.client_key = key_name;
  if (http::asks_lanes(asked)) {
    decision =
        decide({asked, body_, Access::all, asker, order_facts}, *config_, gateway_.health(), now_.unix_ms, arena_);
    order_rest(decision, arena_);
    w.key("dialect").string(dialects::row_of(asked.shape).name);
    if (!decision.facts.model.empty()) w.key("model").string(decision.facts.model);
    w.key("stream").boolean(decision.facts.streamed);
    w.key("estimated_input_tokens").number(tokens::estimate_tokens(body_));
    if (!key_name.empty()) w.key("client_key").string(key_name);
  } else {
    decision.fault.kind = FaultKind::not_found;
  }
  w.end_object();

  const bool counts_tokens = asked.operation == Operation::count_tokens;
  Fault limited;
  if (is_limited())
    limited = write_limits(w, key_name, query.address, counts_tokens ? 0 : tokens::estimate_tokens(body_));
  explain_route(w, decision, asker, *config_);
  const ExplainedOrder order{decision.plan, order_facts, now_.unix_ms};
  if (const Route* route = decision.plan.route) {
    w.key("route").begin_object();
    if (!route->name.empty()) w.key("name").string(route->name);
    if (!route->match.empty()) w.key("match").string(route->match);
    w.key("accounting").string(route->accounting == Accounting::on ? "on" : "off");
    if (route->once == Once::on) w.key("once").string(gateway_.capabilities().gives_turns ? "on" : "without effect");
    if (route->queue.places_max > 0) {
      w.key("queue").begin_object().key("places_max").number(route->queue.places_max);
      w.key("wait_ms_max").number(route->queue.wait_ms_max);
      w.key("waiting").number(gateway_.places().waiting(route->label())).end_object();
    }
    if (!decision.plan.selected.empty()) w.key("selected").string(decision.plan.selected);
    order.write_head(w);
    w.end_object();
  }
  // In the order of trying. The first without "why_not" serves.
  const std::vector<Explained> lanes =
      explain_choices(decision, asked, body_, *config_, gateway_.calibration(), query.bodies);
  const Failures& failures =
      decision.plan.route && decision.plan.route->failures ? *decision.plan.route->failures : config_->failures;
  w.key("lanes").begin_array();
  for (const Explained& each : lanes)
    write_choice(w, each, *config_, asked, ask_of(asked, decision.facts), failures,
                 gateway_.capabilities().tells_unreachable, gateway_.places(), gateway_.health(), now_.unix_ms, order);
  w.end_array();

  Fault fault = decision.fault;
  if (!fault && !keys.empty() && key_name.empty()) fault.kind = FaultKind::unauthenticated;
  const auto decides = std::find_if(lanes.begin(), lanes.end(), [](const Explained& each) { return each.decides(); });
  if (!fault && decides == lanes.end()) {
    const auto tried = [](const Explained& each) { return each.choice->service != Service::none; };
    fault = std::find_if(lanes.begin(), lanes.end(), tried)->fault;
  } else if (!fault) {
    fault = decides->fault;
  }
  if (!fault) fault = std::move(limited);
  if (fault) {
    w.key("would_answer").begin_object().key("status").number(row(fault.kind).status);
    w.key("fault").string(row(fault.kind).name).key("message").string(fault.message()).end_object();
  } else {
    canonical::Losses losses;
    w.key("edits").begin_array();
    if (decides->choice->service == Service::forward) {
      const routing::Lane& lane = *decides->choice->lane;
      const dialects::DialectRow& dialect = dialects::row_of(asked.shape);
      const dialects::Unwanted unwanted = unwanted_by(lane, *decision.plan.route, dialect, head_.headers,
                                                      gateway_.refusals(), {}, now_.monotonic_ms, arena_);
      const auto edits = edits_for(decision.facts, body_, lane, dialect, unwanted, arena_);
      for (const Edit& edit : edits) write_edit(w, edit, body_);
      add_losses(edits, unwanted, losses);
    }
    w.end_array();
    if (!losses.empty()) {
      w.key("losses").begin_array();
      for (const std::string& loss : losses.paths()) w.string(loss);
      w.end_array();
    }
  }
  w.end_object();
  reply(200, "application/json", body);
}

}  // namespace signalbox::exchange
