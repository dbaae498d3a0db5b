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

// `streamed`: what the client asked for, and so what an answer without a type is taken for.
AnswerType answer_type(std::span<const Header> headers, bool streamed) {
  const Header* header = http::find(headers, "content-type");
  if (!header) return streamed ? AnswerType::events : AnswerType::json;
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
bool mapped(const routing::Lane& lane, const routing::Facts& facts) { return lane.upstream_model != facts.model; }

// What an error of our own keeps of the upstream's headers: when to come back, and what is left.
bool speaks_of_limits(std::string_view name) {
  for (std::string_view kept : {"retry-after", "retry-after-ms", "x-should-retry"})
    if (http::equals_ignoring_case(name, kept)) return true;
  return base::begins_ignoring_case(name, "anthropic-ratelimit-") || base::begins_ignoring_case(name, "x-ratelimit-");
}

}  // namespace

void Machine::open_attempt(const routing::Lane& lane) {
  enter(Phase::opening);
  if (phase_ != Phase::opening) return;
  const uint32_t number = attempt_.number + 1;
  attempt_ = {};
  attempt_.number = report_.attempt_count = number;
  attempt_.lane = &lane;
  attempt_.open = true;

  const Provider& to = provider();
  const dialects::DialectRow& dialect = upstream_dialect();
  const std::string_view path =
      endpoint_.operation == Operation::count_tokens ? dialect.count_tokens_path : dialect.conversation_path;
  const CredentialPlace place = lane.credential.empty() ? CredentialPlace::none : dialect.credential_place;

  OpenUpstream open;
  open.attempt = number;
  open.method = "POST";
  open.url = arena_.copy(http::join_url(to.base_url, path, endpoint_.query));
  open.headers = upstream_headers(to, place);
  open.body = edited(body_, edits_for(decision_.facts, lane, arena_), arena_);
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
  // The core reads the answer as it goes by, and hosts decode nothing yet; what it does not read may come
  // in whatever coding the client takes.
  const Header* accepted = http::find(head_.headers, "accept-encoding");
  headers[filled++] = accepted && decision_.plan.route->accounting == Accounting::off
                          ? *accepted
                          : Header{"accept-encoding", "identity"};
  return headers.first(filled);
}

void Machine::on(const UpstreamSent&) {
  attempt_.sent = true;
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

  const bool empty = head.status == 204 || head.status == 205 || announced_bytes(head.headers) == 0;
  if (empty) {
    drop_attempt();
    return fail_attempt({FaultKind::upstream_cut, "The upstream answered with an empty body."});
  }
  const AnswerType type = answer_type(head.headers, decision_.facts.streamed && !counting);
  // A coding nobody asked for goes through unseen rather than damaged.
  const bool unreadable = in_a_coding(head.headers);
  if (type == AnswerType::other && !unreadable) {
    drop_attempt();
    return fail_attempt({FaultKind::upstream_bad_type, {}});
  }
  if (unreadable || decision_.plan.route->accounting == Accounting::off)
    return commit(head, BodyMode::pass, Watch::nothing);
  commit(head, BodyMode::observe, type == AnswerType::events ? Watch::frames : Watch::whole);
}

// An error status. The upstream's own words go on where they are in its dialect; HTML never does.
void Machine::answer_upstream_error(const UpstreamHead& head) {
  using routing::CredentialOwner;
  const routing::Lane& lane = *attempt_.lane;
  const bool ours = !provider().passthrough;
  if (head.status != 404 || mapped(lane, decision_.facts)) {
    cool_lane(routing::cool_ms_for_status(head.status, head.headers,
                                          ours ? CredentialOwner::ours : CredentialOwner::client, now_.unix_ms));
  }
  Fault fault{FaultKind::upstream_error, "Provider \""};
  fault.detail += provider().name;
  fault.detail += "\" answered with status ";
  base::append_decimal(fault.detail, head.status);
  fault.detail += ".";
  if (head.status < 400) {
    fault.detail += " Redirects are not followed: a credential would follow them.";
    drop_attempt();
    return refuse(std::move(fault));
  }
  if (ours && (head.status == 401 || head.status == 403)) {  // not the client's key, so not the client's 401
    if (lane.credential.empty()) {
      fault.detail = "The upstream wants a credential, and none is configured for provider \"";
    } else {
      fault.detail = "The upstream refused the credential \"";
      fault.detail += lane.credential;
      fault.detail += "\" of provider \"";
    }
    fault.detail += provider().name;
    fault.detail += "\" (status ";
    base::append_decimal(fault.detail, head.status);
    fault.detail += ").";
    drop_attempt();
    return refuse(std::move(fault));
  }
  if (answer_type(head.headers, false) == AnswerType::json && !in_a_coding(head.headers)) {
    report_.fault = std::move(fault);
    return commit(head, BodyMode::observe, Watch::whole);
  }
  // Same status, our words; what tells the client when to come back stays.
  std::span<Header> kept = arena_.array<Header>(head.headers.size());
  size_t filled = 0;
  for (const Header& header : head.headers)
    if (speaks_of_limits(header.name)) kept[filled++] = header;
  drop_attempt();
  refuse(std::move(fault), head.status, kept.first(filled));
}

// The attempt came to nothing before the commit point.
void Machine::fail_attempt(Fault fault) {
  attempt_.open = false;
  cool_lane(routing::cool_ms_for_fault(fault.kind));
  std::string named = "Provider \"";
  named += provider().name;
  named += "\": ";
  named += fault.message();
  fault.detail = std::move(named);
  refuse(std::move(fault));
}

// Ends the attempt at the host; what still comes of it is a leftover.
void Machine::drop_attempt() {
  if (!attempt_.open) return;
  attempt_.open = false;
  emit(CancelUpstream{attempt_.number});
}

void Machine::cool_lane(int64_t cool_ms) {
  if (cool_ms <= 0) return;
  report_.lane_rests_ms = cool_ms;
  gateway_.health().cool(attempt_.lane->name, now_.unix_ms + cool_ms, now_.unix_ms);
}

// The commit point: from here on this attempt's answer is the client's, whatever comes.
void Machine::commit(const UpstreamHead& head, BodyMode mode, Watch watch) {
  enter(mode == BodyMode::pass ? Phase::piping : Phase::streaming);
  if (phase_ == Phase::opening || finished()) return;
  attempt_.watch = watch;
  if (watch == Watch::frames) attempt_.frames.emplace(size_t(config_->server.limits.frame_bytes_max));
  if (watch == Watch::whole) {
    constexpr size_t member_bytes_max = 8 << 10;  // usage is a few hundred bytes; content need not fit
    attempt_.skimmer.emplace(upstream_dialect().whole_keys, member_bytes_max);
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
  send.attempt = attempt_.number;
  emit(send);
  head_sent_ = true;
  report_.status = head.status;
  report_.first_byte_ms = now_.monotonic_ms - began_.monotonic_ms;
  release_request_if_done();
}

}  // namespace signalbox::exchange
