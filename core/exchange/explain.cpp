// A dry run: what would be done with a request, and why, without sending anything.
//
// POST /signalbox/explain takes the body that the client would send. Which endpoint it is for stands in
// the query: ?path=/v1/messages, which is also the default.
#include "base/text.h"
#include "exchange/machine.h"
#include "http/endpoint.h"
#include "http/header_list.h"
#include "http/url.h"
#include "json/writer.h"
#include "tokens/estimate.h"

namespace signalbox::exchange {
namespace {

std::string_view explained_path(std::string_view target) {
  const size_t query = target.find("?path=");
  if (query == target.npos) return "/v1/messages";
  std::string_view path = target.substr(query + 6);
  return path.substr(0, path.find('&'));
}

void write_fault(json::Writer& w, const Fault& fault) {
  w.key("would_answer").begin_object().key("status").number(row(fault.kind).status);
  w.key("fault").string(row(fault.kind).name).key("message").string(fault.message()).end_object();
}

}  // namespace

void Machine::reply_explanation() {
  const std::string path = http::decode_percent(explained_path(head_.target));
  const http::Endpoint asked = http::match_endpoint("POST", path, head_.headers);
  std::string body;
  json::Writer w(body);
  auto done = [&] {
    w.end_object();
    reply(200, "application/json", body);
  };
  w.begin_object();

  w.key("request").begin_object().key("path").string(path).key("bytes").number(int64_t(body_.size()));
  const dialects::DialectRow& dialect = dialects::row_of(asked.shape);
  if (asked.operation != Operation::messages && asked.operation != Operation::count_tokens) {
    w.end_object();
    write_fault(w, {FaultKind::not_found, {}});
    return done();
  }
  w.key("dialect").string(dialect.name);
  dialects::FactsResult read = dialect.read_facts(body_, arena_);
  if (read.fault) {
    w.end_object();
    write_fault(w, read.fault);
    return done();
  }
  facts_ = read.facts;
  w.key("model").string(facts_.model).key("stream").boolean(facts_.streamed);
  w.key("estimated_input_tokens").number(tokens::estimate_tokens(body_)).end_object();

  const routing::Plan plan = routing::choose(*config_, gateway_.health(), facts_.model, now_.unix_ms, arena_);
  if (!plan.route) {
    write_fault(w, {FaultKind::model_unknown, {}});
    return done();
  }
  w.key("route").begin_object().key("match").string(plan.route->match);
  w.key("accounting").string(plan.route->accounting == Accounting::on ? "on" : "off").end_object();

  // In the order of trying; the first serves.
  w.key("lanes").begin_array();
  for (const routing::Lane& lane : plan.lanes) {
    const Provider& to = config_->providers[lane.provider];
    w.begin_object().key("provider").string(to.name).key("model").string(lane.upstream_model);
    if (!lane.credential.empty()) w.key("credential").string(lane.credential);
    if (to.passthrough && lane.credential.empty()) w.key("credential").string("(the client's own)");
    if (to.mock) {
      w.key("builtin").string("mock");
    } else {
      const dialects::DialectRow& upstream = dialects::row_of(to.dialect);
      w.key("dialect").string(upstream.name);
      w.key("url").string(http::join_url(to.base_url, upstream.conversation_path, {}));
      if (to.dialect != asked.shape) w.key("skipped").string(row(FaultKind::not_supported).message);
    }
    if (lane.cooled_until_unix_ms) w.key("cooling_for_ms").number(lane.cooled_until_unix_ms - now_.unix_ms);
    w.end_object();
  }
  w.end_array();
  if (plan.lanes.empty()) {
    write_fault(w, {FaultKind::no_lane, {}});
    return done();
  }

  w.key("edits").begin_array();
  const routing::Lane& first = plan.lanes.front();
  if (first.upstream_model != facts_.model) {
    w.begin_object().key("path").string("model").key("at_byte").number(int64_t(facts_.model_begin));
    w.key("from").string(facts_.model).key("to").string(first.upstream_model).end_object();
  }
  w.end_array();
  w.key("headers_set").begin_array();
  for (const ExtraHeader& extra : config_->providers[first.provider].headers) w.string(extra.name);
  w.end_array();
  done();
}

}  // namespace signalbox::exchange
