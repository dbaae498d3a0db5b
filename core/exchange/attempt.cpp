// One try at a lane: what is sent, what its head means, and the commit point.
#include "base/text.h"
#include "exchange/machine.h"
#include "http/forward.h"
#include "http/header_list.h"
#include "http/url.h"
#include "json/reader.h"
#include "json/writer.h"
#include "routing/cooldown.h"
#include "routing/health.h"

namespace signalbox::exchange {
namespace {

enum class AnswerType : uint8_t { events, json, other };

AnswerType answer_type(std::span<const Header> headers) {
  const Header* header = http::find(headers, "content-type");
  if (!header) return AnswerType::json;  // small servers leave it out; the bytes go on as they are
  std::string_view type = http::trim(header->value.substr(0, header->value.find(';')));
  if (http::equals_ignoring_case(type, "text/event-stream")) return AnswerType::events;
  if (http::equals_ignoring_case(type, "application/json")) return AnswerType::json;
  return AnswerType::other;
}

int64_t announced_bytes(std::span<const Header> headers) {
  const Header* length = http::find(headers, "content-length");
  return length ? json::to_int64(http::trim(length->value)).value_or(-1) : -1;
}

bool in_a_coding(std::span<const Header> headers) {
  const Header* coding = http::find(headers, "content-encoding");
  return coding && !http::equals_ignoring_case(http::trim(coding->value), "identity");
}

// A model that the client did not name itself can be missing without the client being at fault.
bool mapped(const routing::Lane& lane, const dialects::Facts& facts) { return lane.upstream_model != facts.model; }

}  // namespace

void Machine::open_attempt(const routing::Lane& lane) {
  enter(Phase::opening);
  if (phase_ != Phase::opening) return;
  lane_ = &lane;
  attempt_open_ = true;
  sent_ = false;
  report_.attempt_count = ++attempt_;

  const Provider& to = provider();
  const dialects::DialectRow& dialect = upstream_dialect();
  const std::string_view path =
      endpoint_.operation == Operation::count_tokens ? dialect.count_tokens_path : dialect.conversation_path;
  const size_t query = head_.target.find('?');
  const CredentialPlace place = lane.credential.empty() ? CredentialPlace::none : dialect.credential_place;

  OpenUpstream open;
  open.attempt = attempt_;
  open.method = "POST";
  open.url = arena_.copy(
      http::join_url(to.base_url, path, query == head_.target.npos ? std::string_view() : head_.target.substr(query + 1)));
  open.headers = upstream_headers(to, place);
  open.body = edited_body(lane);
  open.credential = {place, to.name, lane.credential};
  open.timeouts = {to.timeouts.connect_ms, to.timeouts.first_byte_ms, to.timeouts.idle_ms};
  open.proxy = to.proxy;
  open.ca_file = to.ca_file;
  emit(open);
  wake_at_ms_ = to.timeouts.total_ms > 0 ? now_.monotonic_ms + to.timeouts.total_ms : never_ms;
}

// The client's headers less what is not the upstream's business, then what the configuration adds.
std::span<const Header> Machine::upstream_headers(const Provider& to, CredentialPlace place) {
  std::span<Header> headers = arena_.array<Header>(head_.headers.size() + to.headers.size() + 1);
  size_t filled = 0;
  const http::ConnectionOptions options(head_.headers);
  const bool passes_credential = to.passthrough && place == CredentialPlace::none;
  for (const Header& header : head_.headers) {
    bool overridden = false;
    for (const ExtraHeader& extra : to.headers)
      overridden = overridden || http::equals_ignoring_case(extra.name, header.name);
    if (overridden) continue;
    // The client's own credential goes on only where the configuration says so; a key of ours never
    // does, in whichever field it stands.
    const Server& server = config_->server;
    const bool own_credential = passes_credential && http::is_client_credential(header.name) &&
                                !auth::shows_key(header, server.client_keys) &&
                                !auth::shows_key(header, server.admin_keys);
    if (own_credential || http::forwards_to_upstream(header, options)) headers[filled++] = header;
  }
  for (const ExtraHeader& extra : to.headers) headers[filled++] = {extra.name, extra.value};
  // The core reads the answer as it goes by, and hosts decode nothing yet.
  headers[filled++] = {"accept-encoding", "identity"};
  return headers.first(filled);
}

// The body as it came; where the lane's model has another name, that one token is replaced by a gather
// list over the same bytes: prompt caches and thinking signatures hang on every other byte.
std::span<const std::string_view> Machine::edited_body(const routing::Lane& lane) {
  if (!mapped(lane, facts_)) {
    auto whole = arena_.array<std::string_view>(1);
    whole[0] = body_;
    return whole;
  }
  std::string token = "\"";
  json::escape(lane.upstream_model, token);
  token += '"';
  auto pieces = arena_.array<std::string_view>(3);
  pieces[0] = body_.substr(0, facts_.model_begin);
  pieces[1] = arena_.copy(token);
  pieces[2] = body_.substr(facts_.model_end);
  return pieces;
}

void Machine::on(const UpstreamSent&) {
  sent_ = true;
  release_request_if_done();
}

void Machine::on(const UpstreamHead& head) {
  const dialects::DialectRow& dialect = upstream_dialect();
  if (!dialect.upstream_request_id_header.empty())
    if (const Header* id = http::find(head.headers, dialect.upstream_request_id_header))
      report_.upstream_request_id = id->value;

  const bool counting = endpoint_.operation == Operation::count_tokens;
  if (counting && (head.status == 404 || head.status == 405 || head.status == 501)) {
    drop_attempt();  // the upstream has no such endpoint: our own estimate, and it says so
    return reply_estimate();
  }
  if (head.status >= 300) return answer_upstream_error(head);

  if (announced_bytes(head.headers) == 0 && head.status == 200) {
    drop_attempt();
    return fail_attempt({FaultKind::upstream_cut, "The upstream answered with an empty body."});
  }
  if (lane_->cooled_until_unix_ms) gateway_.health().clear(lane_->name, now_.unix_ms);
  // A coding nobody asked for goes through unseen rather than damaged.
  if (plan_.route->accounting == Accounting::off || counting || in_a_coding(head.headers))
    return commit(head, BodyMode::pass, Watch::nothing);
  switch (answer_type(head.headers)) {
    case AnswerType::events: return commit(head, BodyMode::observe, Watch::frames);
    case AnswerType::json: return commit(head, BodyMode::observe, Watch::whole);
    case AnswerType::other: break;
  }
  drop_attempt();
  fail_attempt({FaultKind::upstream_bad_type, {}});
}

// An error status. The upstream's own words go on where they are in its dialect; HTML never does.
void Machine::answer_upstream_error(const UpstreamHead& head) {
  using routing::CredentialOwner;
  const bool ours = !lane_->credential.empty();
  if (head.status != 404 || mapped(*lane_, facts_)) {
    cool_lane(routing::cool_ms_for_status(head.status, head.headers,
                                          ours ? CredentialOwner::ours : CredentialOwner::client, now_.unix_ms));
  }
  Fault fault{FaultKind::upstream_status, {}};
  if (head.status < 400) {
    fault.detail = "The upstream answered with a redirect (";
    base::append_decimal(fault.detail, head.status);
    fault.detail += "), which is not followed: a credential would follow it.";
    drop_attempt();
    return refuse(std::move(fault));
  }
  if (ours && (head.status == 401 || head.status == 403)) {  // not the client's key, so not the client's 401
    fault.detail = "The upstream refused the credential \"";
    fault.detail += lane_->credential;
    fault.detail += "\" of provider \"";
    fault.detail += provider().name;
    fault.detail += "\" (status ";
    base::append_decimal(fault.detail, head.status);
    fault.detail += ").";
    drop_attempt();
    return refuse(std::move(fault));
  }
  if (answer_type(head.headers) == AnswerType::json && !in_a_coding(head.headers)) {
    report_.fault = std::move(fault);
    return commit(head, BodyMode::observe, Watch::whole);
  }
  // Same status, our words; what tells the client when to come back stays.
  std::span<Header> kept = arena_.array<Header>(head.headers.size());
  size_t filled = 0;
  const http::ConnectionOptions options(head.headers);
  for (const Header& header : head.headers) {
    if (http::forwards_to_client(header, options) && !http::equals_ignoring_case(header.name, "content-type") &&
        !http::equals_ignoring_case(header.name, "content-encoding"))
      kept[filled++] = header;
  }
  drop_attempt();
  refuse(std::move(fault), head.status, kept.first(filled));
}

// The attempt came to nothing before the commit point.
void Machine::fail_attempt(Fault fault) {
  attempt_open_ = false;
  cool_lane(routing::cool_ms_for_fault(fault.kind));
  refuse(std::move(fault));
}

// Ends the attempt at the host; what still comes of it is a leftover.
void Machine::drop_attempt() {
  if (!attempt_open_) return;
  attempt_open_ = false;
  emit(CancelUpstream{attempt_});
}

void Machine::cool_lane(int64_t cool_ms) {
  if (cool_ms > 0) gateway_.health().cool(lane_->name, now_.unix_ms + cool_ms, now_.unix_ms);
}

// The commit point: from here on this attempt's answer is the client's, whatever comes.
void Machine::commit(const UpstreamHead& head, BodyMode mode, Watch watch) {
  enter(mode == BodyMode::pass ? Phase::piping : Phase::streaming);
  if (phase_ == Phase::opening || finished()) return;
  watch_ = watch;
  if (watch == Watch::frames) frames_.emplace(size_t(config_->server.limits.frame_bytes_max));
  if (watch == Watch::whole) {
    constexpr size_t member_bytes_max = 8 << 10;  // usage is a few hundred bytes; content need not fit
    skimmer_.emplace(upstream_dialect().whole_keys, member_bytes_max);
  }

  std::span<Header> headers = arena_.array<Header>(head.headers.size() + own_headers_max);
  size_t filled = 0;
  const http::ConnectionOptions options(head.headers);
  for (const Header& header : head.headers)
    if (http::forwards_to_client(header, options)) headers[filled++] = header;
  filled = add_own_headers(headers, filled);

  SendClientHead send;
  send.status = head.status;
  send.headers = headers.first(filled);
  // An event stream may need an honest ending of ours behind it, so its length is not promised.
  send.body_bytes = watch == Watch::frames ? -1 : announced_bytes(head.headers);
  send.mode = mode;
  send.attempt = attempt_;
  emit(send);
  head_sent_ = true;
  report_.status = head.status;
  report_.first_byte_ms = now_.monotonic_ms - began_.monotonic_ms;
  release_request_if_done();
}

}  // namespace signalbox::exchange
