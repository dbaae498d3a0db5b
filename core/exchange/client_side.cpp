// What the client says, and what is decided from it before anything is sent anywhere.
#include <algorithm>

#include "auth/client_auth.h"
#include "base/text.h"
#include "exchange/machine.h"
#include "http/content_coding.h"
#include "http/header_list.h"
#include "http/origin_guard.h"

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

Fault unsupported(const http::ContentCoding& written, std::span<const Coding> taken) {
  constexpr size_t coding_bytes_max = 64;
  Fault fault{FaultKind::unsupported_coding, {}};
  std::string& text = fault.detail;
  if (taken.empty()) {
    text = "No content coding is decoded here: send the body as it is";
  } else {
    text = taken.size() > 1 ? "Only one content coding is decoded: " : "Only the content coding ";
    for (size_t i = 0; i < taken.size(); ++i) {
      if (i > 0) text += i + 1 < taken.size() ? ", " : " or ";
      text += name_of(taken[i]);
    }
    if (taken.size() == 1) text += " is decoded";
  }
  text += "; this body has \"";
  for (char c : written.name.substr(0, coding_bytes_max)) text += c > 0x1f && c < 0x7f ? c : '?';
  text += written.several ? "\" and more." : "\".";
  return fault;
}

// How many problems there are, anyone may know (reply_ready).
Fault unusable(size_t problem_count) {
  Fault fault{FaultKind::config_unusable, "This gateway's configuration has "};
  base::append_decimal(fault.detail, int64_t(problem_count));
  fault.detail += problem_count == 1 ? " problem" : " problems";
  fault.detail += "; see its log, or GET /readyz with an admin key.";
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
  report_.operation = http::name_of(endpoint_);
  if (gateway_.metrics() && http::asks_lanes(endpoint_)) {
    counted_in_ = gateway_.metrics();
    counted_in_->begin();
  }

  if (Fault fault = admit(head)) return refuse(std::move(fault));
  switch (endpoint_.operation) {
    case Operation::options: return reply(204, {}, {});
    case Operation::healthz: return reply_health();
    case Operation::readyz: return reply_ready();
    case Operation::models_list: return reply_models();
    case Operation::model_get: return reply_model();
    case Operation::metrics: return reply_metrics();
    case Operation::state: return reply_state();
    default:
      if (coding_ && head.body_bytes != 0) emit(DecodeRequest{*coding_, request_bytes_max()});
      return enter(Phase::reading);
  }
}

// Everything that can be refused before a byte of the body is read, in the order in which it is asked.
Fault Machine::admit(const ClientHead& head) {
  if (head.peer == PeerScope::host && endpoint_.operation == Operation::probe) return {};
  const bool limited = is_limited();
  if (limited)
    if (Fault fault = limit_address(head)) return fault;
  switch (http::check_origin(head.headers, config_->server)) {
    case http::Verdict::ok: break;
    case http::Verdict::foreign_host:
      return {FaultKind::forbidden,
              "This Host is not one of this gateway's names; add it under server.hosts if it should be."};
    case http::Verdict::foreign_origin:
      return {
          FaultKind::forbidden,
          "Requests from other web origins are refused; add the origin under server.origins if it should be let in."};
  }
  if (endpoint_.operation == Operation::options) return {};
  bool has_coding = false;
  for (const Header& header : head.headers) {
    has_coding = has_coding || http::equals_ignoring_case(header.name, "content-encoding");
    // What every handshake has (RFC 6455 section 4.1) and no hop takes off, as some do with Upgrade.
    if (http::equals_ignoring_case(header.name, "sec-websocket-key")) return {FaultKind::websocket, {}};
  }
  if (endpoint_.operation == Operation::unknown) {
    return {FaultKind::not_found,
            "There is nothing at this path. Served are /v1/messages, /v1/messages/count_tokens, /v1/chat/completions, "
            "/v1/responses, /v1/responses/compact, /v1/responses/input_tokens, "
            "/v1beta/models/{model}:generateContent, :streamGenerateContent and :countTokens, /v1/models and "
            "/v1beta/models."};
  }
  if (!endpoint_.method_allowed) {
    Fault fault{FaultKind::method_not_allowed, "This path takes "};
    fault.detail += endpoint_.allowed_methods;
    fault.detail += ".";
    return fault;
  }

  const Server& server = config_->server;
  const auth::AuthResult admin = auth::authenticate(head.headers, server.admin_keys);
  has_admin_key_ = admin.outcome == auth::AuthResult::Outcome::matched;
  if (endpoint_.operation == Operation::healthz || endpoint_.operation == Operation::readyz) return {};
  if (!config_->problems.empty()) return unusable(config_->problems.size());
  switch (endpoint_.operation) {
    case Operation::explain:
    case Operation::metrics:
    case Operation::state:
    case Operation::reset:
    case Operation::probe:
    case Operation::enable:
    case Operation::select:
    case Operation::disable: {
      // Without an admin key to tell administrators by, whoever sits at this machine is one; behind a proxy everybody
      // would.
      const bool open = admin.outcome == auth::AuthResult::Outcome::open && server.clients.trusted_proxies.empty();
      if (has_admin_key_ || (open && head.peer == PeerScope::loopback)) break;
      Fault fault{FaultKind::forbidden, "This endpoint needs an admin key (server.admin_keys)"};
      if (open && gateway_.capabilities().sees_peers) fault.detail += ", or a client on this machine";
      fault.detail += ".";
      return fault;
    }
    default:
      if (Fault fault = admit_client(head)) return fault;
      if (limited)
        if (Fault fault = limit_key()) return fault;
      break;
  }

  if (has_coding) {
    const http::ContentCoding written = http::content_coding(head.headers);
    coding_ = written.coding;
    const std::span<const Coding> taken = gateway_.capabilities().request_codings;
    if (!written.name.empty() && (!coding_ || std::find(taken.begin(), taken.end(), *coding_) == taken.end()))
      return unsupported(written, taken);
  }
  const int64_t limit = request_bytes_max();
  if (head.body_bytes > limit) {
    Fault fault{FaultKind::request_too_large, "The request's body has "};
    base::append_decimal(fault.detail, head.body_bytes);
    fault.detail += " bytes; this gateway accepts ";
    base::append_decimal(fault.detail, limit);
    fault.detail += request_bytes_source();
    return fault;
  }
  return {};
}

// The client key, or why a client without one may not ask.
Fault Machine::admit_client(const ClientHead& head) {
  const auth::AuthResult client =
      auth::authenticate(head.headers, config_->server.client_keys, http::key_in_query(endpoint_));
  report_.client_key = client.key_name;
  switch (client.outcome) {
    case auth::AuthResult::Outcome::matched: return {};
    case auth::AuthResult::Outcome::missing: return {FaultKind::unauthenticated, {}};
    case auth::AuthResult::Outcome::wrong:
      return {FaultKind::unauthenticated, "The client key is not one of this gateway's."};
    case auth::AuthResult::Outcome::open: break;
  }
  switch (head.peer) {
    case PeerScope::loopback: return {};
    case PeerScope::remote:
      return {FaultKind::unauthenticated, "No client key is configured, so only this machine may ask."};
    case PeerScope::unknown:
    case PeerScope::host: break;
  }
  if (!http::asks_lanes(endpoint_)) return {FaultKind::no_client_key, {}};
  access_ = Access::mock_only;
  return {};
}

// What routing is told of who asks, be it in a dry run.
routing::Asker Machine::asker(std::string_view client_key, std::string_view target) const {
  routing::Asker asker{head_.headers, target.substr(0, target.find('?')), client_key};
  if (access_ == Access::mock_only) asker.force_provider = asker.explicit_models = May::no;
  for (const ClientKey& key : config_->server.client_keys) {
    if (client_key.empty() || key.name != client_key) continue;
    asker.force_provider = key.force_provider;
    asker.explicit_models = key.explicit_models;
  }
  return asker;
}

int64_t Machine::request_bytes_max() const {
  return std::min(config_->server.limits.request_bytes_max, gateway_.capabilities().request_bytes_max);
}

std::string_view Machine::request_bytes_source() const {
  return request_bytes_max() == config_->server.limits.request_bytes_max ? " (server.limits.request_bytes_max)."
                                                                         : " (this host's own bound).";
}

// A body whose length nobody announced, or that only decoding has made so large.
Fault Machine::body_too_large() const {
  Fault fault{FaultKind::request_too_large, "The request's body has more than "};
  base::append_decimal(fault.detail, request_bytes_max());
  fault.detail += coding_ ? " bytes when decoded" : " bytes";
  fault.detail += request_bytes_source();
  return fault;
}

void Machine::on(const ClientBody& body) {
  if (int64_t(body.window.size()) > request_bytes_max()) return refuse(body_too_large());
  body_ = body.window;
  if (!body.last) return;
  report_.request_bytes = body_.size();
  switch (endpoint_.operation) {
    case Operation::explain: return reply_explanation();
    case Operation::reset:
    case Operation::probe:
    case Operation::enable:
    case Operation::select:
    case Operation::disable: return administrate();
    default: return converse();
  }
}

// What choosing among lanes goes by, beside what the body says.
routing::Asked Machine::asked() {
  routing::Asked asked;
  asked.table = &lane_table_;
  asked.stays = &gateway_.affinity();
  asked.headers = head_.headers;
  asked.client_key = report_.client_key;
  for (size_t i = 0; i < 8; ++i) asked.seed |= uint64_t(head_.random[i]) << (8 * i);
  asked.now_ms = now_.monotonic_ms;
  return asked;
}

void Machine::converse() {
  decide({endpoint_, body_, access_, asker(report_.client_key, head_.target), asked()}, *config_, gateway_.health(),
         now_.unix_ms, arena_, decision_);
  report_.route = decision_.label;
  report_.client_model = decision_.facts.model;
  report_.streamed = decision_.facts.streamed && !counting();
  if (decision_.fault) return refuse(std::move(decision_.fault));
  // A client that waits for a stream hears something within this time, whatever its lanes do.
  const int64_t gate_ms = failover().gate_ms;
  if (report_.streamed && gate_ms > 0 && decision_.plan.route->accounting == Accounting::on &&
      committed_ == Committed::nothing)
    timers_.arm(Timer::gate, began_.monotonic_ms + gate_ms);
  const bool shares = shares_calls();
  Sha256 key{};
  if (shares) {
    key = shared_key();
    if (follow(key)) return;
  }
  if (limited_)
    if (Fault fault = limit_tokens()) return refuse(std::move(fault));
  if (shares) lead(key);
  serve(*decision_.first);
}

void Machine::on(const ClientGone&) {
  if (leads() && sharing_->broadcast->follower_count() > 0) return leave_client_behind();
  end_as_left();
}

void Machine::end_as_left() {
  drop_attempt();
  close_attempt(routing::AttemptEnd::client_left);
  report_.fault = left_fault();
  finish(Ending::cut);
}

Fault Machine::left_fault() const { return is_cut_off() ? read_too_slowly() : Fault{FaultKind::client_gone, {}}; }

void Machine::on(const ClientFailed& failed) {
  if (failed.kind == FaultKind::request_too_large && failed.detail.empty()) return refuse(body_too_large());
  refuse({failed.kind, std::string(failed.detail)});
}

}  // namespace signalbox::exchange
