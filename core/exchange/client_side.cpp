// What the client says, and what is decided from it before anything is sent anywhere.
#include <algorithm>

#include "auth/client_auth.h"
#include "base/text.h"
#include "exchange/machine.h"
#include "http/header_list.h"
#include "http/origin_guard.h"
#include "mock/mock.h"

namespace signalbox::exchange {
namespace {

std::string_view hex_id(const std::array<uint8_t, 16>& random, Arena& arena) {
  constexpr char digits[] = "0123456789abcdef";
  char text[32];
  for (size_t i = 0; i < random.size(); ++i) {
    text[2 * i] = digits[random[i] >> 4];
    text[2 * i + 1] = digits[random[i] & 15];
  }
  return arena.copy({text, sizeof text});
}

// A model nobody routes, with the names that come nearest.
Fault unknown_model(const Config& config, std::string_view asked, Arena& arena) {
  auto known = routing::catalogue(config, arena);
  Fault fault{FaultKind::model_unknown, "No route takes the model \""};
  fault.detail += asked.substr(0, 200);
  fault.detail += "\".";
  if (auto near = base::nearest(asked, known)) {
    fault.detail += " Did you mean \"";
    fault.detail += *near;
    fault.detail += "\"?";
  } else if (!known.empty()) {
    fault.detail += " Known: ";
    constexpr size_t named_max = 8;
    for (size_t i = 0; i < known.size() && i < named_max; ++i) {
      if (i) fault.detail += ", ";
      fault.detail += known[i];
    }
    fault.detail += known.size() > named_max ? ", ..." : ".";
  }
  return fault;
}

}  // namespace

void Machine::on(const ClientHead& head) {
  head_ = head;
  began_ = now_;
  report_.started_unix_ms = now_.unix_ms;
  report_.request_id = "req_";
  report_.request_id += hex_id(head.random, arena_);
  endpoint_ = http::match_endpoint(head.method, head.target, head.headers);
  report_.operation = http::name_of(endpoint_.operation);

  if (Fault fault = admit(head)) return refuse(std::move(fault));
  switch (endpoint_.operation) {
    case Operation::options: return reply(204, {}, {});
    case Operation::healthz: return reply_health();
    case Operation::readyz: return reply_ready();
    case Operation::models_list: return reply_models();
    case Operation::model_get: return reply_model();
    default: return enter(Phase::reading);
  }
}

// Everything that can be refused before a byte of the body is read, in the order in which it is asked.
Fault Machine::admit(const ClientHead& head) {
  switch (http::check_origin(head.headers, config_->server)) {
    case http::Verdict::ok: break;
    case http::Verdict::foreign_host:
      return {FaultKind::forbidden,
              "This Host is not one of this gateway's names; add it under server.hosts if it should be."};
    case http::Verdict::foreign_origin:
      return {FaultKind::forbidden,
              "Requests from other web origins are refused; add the origin under server.origins if it should be let in."};
  }
  if (endpoint_.operation == Operation::options) return {};
  if (endpoint_.operation == Operation::unknown) return {FaultKind::not_found, {}};
  if (!endpoint_.method_allowed) {
    Fault fault{FaultKind::method_not_allowed, "This path takes "};
    fault.detail += endpoint_.allowed_methods;
    fault.detail += ".";
    return fault;
  }

  const Server& server = config_->server;
  administrator_ = server.admin_keys.empty()
                       ? head.peer == PeerScope::loopback
                       : auth::authenticate(head.headers, server.admin_keys).allowed();
  if (endpoint_.operation == Operation::healthz || endpoint_.operation == Operation::readyz) return {};
  if (endpoint_.operation == Operation::explain) {
    if (!administrator_) {
      return {FaultKind::forbidden, "This endpoint needs an admin key (server.admin_keys), or a client on this machine."};
    }
  } else {
    auth_ = auth::authenticate(head.headers, server.client_keys);
    report_.client_key = auth_.key_name;
    switch (auth_.outcome) {
      case auth::AuthResult::Outcome::matched: break;
      case auth::AuthResult::Outcome::open:
        if (head.peer == PeerScope::remote) {
          return {FaultKind::unauthenticated, "No client key is configured, so only this machine may ask."};
        }
        break;
      case auth::AuthResult::Outcome::missing: return {FaultKind::unauthenticated, {}};
      case auth::AuthResult::Outcome::wrong:
        return {FaultKind::unauthenticated, "The client key is not one of this gateway's."};
    }
  }

  if (const Header* coding = http::find(head.headers, "content-encoding");
      coding && !http::equals_ignoring_case(http::trim(coding->value), "identity")) {
    return {FaultKind::unsupported_coding, {}};
  }
  const int64_t limit = std::min(server.limits.request_bytes_max, gateway_.capabilities().request_bytes_max);
  if (head.body_bytes > limit) {
    Fault fault{FaultKind::request_too_large, "The request body has "};
    base::append_decimal(fault.detail, head.body_bytes);
    fault.detail += " bytes; this gateway accepts ";
    base::append_decimal(fault.detail, limit);
    fault.detail += ".";
    return fault;
  }
  return {};
}

void Machine::on(const ClientBody& body) {
  const int64_t limit =
      std::min(config_->server.limits.request_bytes_max, gateway_.capabilities().request_bytes_max);
  if (int64_t(body.window.size()) > limit) return refuse({FaultKind::request_too_large, {}});
  body_ = body.window;
  if (!body.last) return;
  report_.request_bytes = body_.size();
  serve();
}

void Machine::serve() {
  switch (endpoint_.operation) {
    case Operation::explain: return reply_explanation();
    case Operation::messages:
    case Operation::count_tokens: return converse();
    default: return poison("an operation without a handler");
  }
}

void Machine::converse() {
  const dialects::DialectRow& asked = dialects::row_of(endpoint_.shape);
  dialects::FactsResult read = asked.read_facts(body_, arena_);
  if (read.fault) return refuse(std::move(read.fault));
  facts_ = read.facts;
  report_.client_model = facts_.model;
  report_.streamed = facts_.streamed && endpoint_.operation == Operation::messages;

  plan_ = routing::choose(*config_, gateway_.health(), facts_.model, now_.unix_ms, arena_);
  if (!plan_.route) return refuse(unknown_model(*config_, facts_.model, arena_));
  report_.route = plan_.route->match;
  if (plan_.lanes.empty()) return refuse({FaultKind::no_lane, {}});

  const routing::Lane& lane = plan_.lanes.front();
  const Provider& provider = config_->providers[lane.provider];
  // A host that cannot see who asks, and has no key to tell them by, spends nobody's credentials.
  if (!gateway_.capabilities().knows_peer && config_->server.client_keys.empty() && !provider.mock) {
    return refuse({FaultKind::no_lane, "Only the mock answers until server.client_keys has a key."});
  }
  lane_ = &lane;
  report_.provider = provider.name;
  report_.credential = lane.credential;
  report_.upstream_model = lane.upstream_model;
  if (provider.mock) return answer_with_mock(lane);
  if (provider.dialect != endpoint_.shape) return refuse({FaultKind::not_supported, {}});
  if (endpoint_.operation == Operation::count_tokens &&
      (!lane.flags.count_tokens || dialects::row_of(provider.dialect).count_tokens_path.empty())) {
    return reply_estimate();
  }
  open_attempt(lane);
}

void Machine::answer_with_mock(const routing::Lane& lane) {
  report_.attempt_count = 1;
  if (endpoint_.operation == Operation::count_tokens) return reply_estimate();
  std::string id = "msg_";
  id += std::string_view(report_.request_id).substr(4);
  mock::Answer answer = mock::answer(body_, facts_.streamed ? mock::Form::streamed : mock::Form::whole,
                                     lane.upstream_model, id);
  report_.usage = answer.usage;
  report_.stop_reason = answer.stop_reason;
  reply(200, facts_.streamed ? "text/event-stream; charset=utf-8" : "application/json", answer.bytes);
}

void Machine::on(const ClientGone&) {
  drop_attempt();
  report_.fault = {FaultKind::client_gone, {}};
  finish(Ending::cut);
}

void Machine::on(const ClientFailed& failed) { refuse({failed.kind, {}}); }

// The only policy timer so far: the total deadline of the attempt.
void Machine::on(const Woken&) {
  if (now_.monotonic_ms < wake_at_ms_ || !attempt_open_) return;
  wake_at_ms_ = never_ms;
  drop_attempt();
  phase_ == Phase::opening ? fail_attempt({FaultKind::upstream_total_timeout, {}})
                           : cut_answer(FaultKind::upstream_total_timeout);
}

}  // namespace signalbox::exchange
