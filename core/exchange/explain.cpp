// A dry run: what would be done with a request, and why, without sending anything.
//
// POST /signalbox/explain takes the body that the client would send. Which endpoint it is for stands in
// the query: path=/v1/messages, which is also the default.
#include "base/text.h"
#include "exchange/machine.h"
#include "http/endpoint.h"
#include "http/url.h"
#include "json/writer.h"
#include "routing/health.h"
#include "tokens/estimate.h"

namespace signalbox::exchange {
namespace {

// The value of `name` in a query string, still encoded; `otherwise` when it is not there.
std::string_view query_value(std::string_view query, std::string_view name, std::string_view otherwise) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.size() > name.size() && pair.substr(0, name.size()) == name && pair[name.size()] == '=')
      return pair.substr(name.size() + 1);
  }
  return otherwise;
}

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

void write_choice(json::Writer& w, const Choice& choice, const Config& config, const http::Endpoint& asked,
                  int64_t now_unix_ms) {
  const routing::Lane& lane = *choice.lane;
  const Provider& provider = config.providers[lane.provider];
  const dialects::DialectRow& dialect = dialects::row_of(provider.dialect);
  w.begin_object().key("provider").string(provider.name).key("model").string(lane.upstream_model);
  if (!lane.credential.empty()) w.key("credential").string(lane.credential);
  else if (provider.passthrough) w.key("credential").string("(the client's own)");
  w.key("service").string(name_of(choice.service));
  if (choice.why_not != FaultKind::none) w.key("why_not").string(row(choice.why_not).message);
  if (choice.service == Service::forward || choice.service == Service::translate) {
    const bool counting = asked.operation == Operation::count_tokens;
    w.key("dialect").string(dialect.name);
    w.key("url").string(http::join_url(provider.base_url,
                                       counting ? dialect.count_tokens_path : dialect.conversation_path,
                                       choice.service == Service::forward ? asked.query : std::string_view()));
    w.key("headers_set").begin_array();
    for (const ExtraHeader& extra : provider.headers) w.string(extra.name);
    w.end_array();
  }
  if (lane.cooled_until_unix_ms) w.key("cooling_for_ms").number(lane.cooled_until_unix_ms - now_unix_ms);
  w.end_object();
}

}  // namespace

void Machine::reply_explanation() {
  const std::string path = http::decode_percent(query_value(endpoint_.query, "path", "/v1/messages"));
  const http::Endpoint asked = http::match_endpoint("POST", path, head_.headers);
  std::string body;
  json::Writer w(body);
  w.begin_object();
  w.key("request").begin_object().key("path").string(path).key("bytes").number(int64_t(body_.size()));

  Decision decision;
  if (asked.operation == Operation::conversation || asked.operation == Operation::count_tokens) {
    decision = decide({asked, body_, Access::all}, *config_, gateway_.health(), now_.unix_ms, arena_);
    w.key("dialect").string(dialects::row_of(asked.shape).name);
    if (!decision.facts.model.empty()) w.key("model").string(decision.facts.model);
    w.key("stream").boolean(decision.facts.streamed);
    w.key("estimated_input_tokens").number(tokens::estimate_tokens(body_));
  } else {
    decision.fault.kind = FaultKind::not_found;
  }
  w.end_object();

  if (const Route* route = decision.plan.route) {
    w.key("route").begin_object().key("match").string(route->match);
    w.key("accounting").string(route->accounting == Accounting::on ? "on" : "off").end_object();
  }
  // In the order of trying. The first whose service is not "none" serves.
  w.key("lanes").begin_array();
  for (const Choice& choice : decision.choices) write_choice(w, choice, *config_, asked, now_.unix_ms);
  w.end_array();

  if (decision.first) {
    w.key("edits").begin_array();
    if (decision.first->service == Service::forward) {
      for (const Edit& edit :
           edits_for(decision.facts, body_, *decision.first->lane, dialects::row_of(asked.shape), {}, arena_)) {
        w.begin_object().key("path").string(edit.path).key("at_byte").number(int64_t(edit.begin));
        w.key("from").raw(body_.substr(edit.begin, edit.end - edit.begin)).key("to").raw(edit.text).end_object();
      }
    }
    w.end_array();
  } else {
    w.key("would_answer").begin_object().key("status").number(row(decision.fault.kind).status);
    w.key("fault").string(row(decision.fault.kind).name).key("message").string(decision.fault.message()).end_object();
  }
  w.end_object();
  reply(200, "application/json", body);
}

}  // namespace signalbox::exchange
