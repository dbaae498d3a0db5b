// One try at a lane: what is sent, and what the head of its answer says.
#include <algorithm>

#include "base/text.h"
#include "exchange/machine.h"
#include "exchange/rewrite.h"
#include "exchange/unwanted.h"
#include "http/content_coding.h"
#include "http/forward.h"
#include "http/header_list.h"
#include "json/reader.h"
#include "json/writer.h"
#include "routing/cooldown.h"
#include "routing/retry_budget.h"

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

bool is_page(std::span<const Header> headers) {
  const Header* header = http::find(headers, "content-type");
  return header && base::begins_ignoring_case(http::trim(header->value), "text/html");
}

int64_t announced_bytes(std::span<const Header> headers) {
  const Header* length = http::find(headers, "content-length");
  return length ? json::to_int64(http::trim(length->value)).value_or(-1) : -1;
}

bool in_a_coding(std::span<const Header> headers) {
  const Header* coding = http::find(headers, "content-encoding");
  return coding && !http::equals_ignoring_case(http::trim(coding->value), "identity");
}

// Of which type an answer is that cannot be read, for a sentence.
std::string what_came(std::span<const Header> headers) {
  if (in_a_coding(headers)) return "its answer is in a content coding that nobody asked for.";
  constexpr size_t type_bytes_max = 64;
  const Header* type = http::find(headers, "content-type");
  std::string text = "it answered with \"";
  for (char c : type ? type->value.substr(0, type_bytes_max) : std::string_view())
    text += c > 0x1f && c < 0x7f ? c : '?';
  text += "\", which is no answer of a model: is its base URL right?";
  return text;
}

// An error's few words come with its head or soon after; nobody waits longer for them.
constexpr int64_t error_body_ms_max = 5'000;

}  // namespace

// Does what `choice` says; it is the lane's turn.
void Machine::serve(const Choice& choice) {
  const bool is_bounded = !choice.lane->bounds.empty() || choice.lane->half_open;
  if (!is_bounded && passed_over_.empty()) return serve_now(choice);
  waits_until_ms_ = now_.monotonic_ms + decision_.plan.route->queue.wait_ms_max;
  if (gateway_.capabilities().asks_for_places && asks_upstream(choice)) return ask_for_place(choice, Among::those_well);
  const Choice* with_room = with_place(choice);
  with_room ? serve_now(*with_room) : await_place();
}

void Machine::serve_now(const Choice& choice) {
  std::erase(passed_over_, &choice);
  begin_attempt(choice);
  name_lane(*choice.lane);
  routing::LaneTable::take_turn(*decision_.plan.prepared, *choice.lane, decision_.plan.lanes, gateway_.lane_stats());
  report_.upstream_request_id.clear();
  if (translation_) translation_->forget_lane();
  switch (choice.service) {
    case Service::forward: return open_attempt();
    case Service::translate: {
      Fault fault = translate_request(*choice.lane);
      if (fault) return fail_attempt(fault.kind, std::move(fault.detail));
      return open_attempt();
    }
    case Service::estimate: return reply_estimate();
    case Service::mock: return answer_with_mock(*choice.lane);
    case Service::none: return poison("a choice that does not serve");
  }
}

// Nothing is known of it yet. What it was before the first one needs no wiping, and most exchanges have one.
void Machine::begin_attempt(const Choice& choice) {
  const uint32_t number = attempt_.number;
  if (attempt_.choice) attempt_ = {};
  attempt_.number = number;
  attempt_.choice = &choice;
}

// Who answers, or would have: in the answer's head and in the log.
void Machine::name_lane(const routing::Lane& lane) {
  report_.provider = config_->providers[lane.provider].name;
  report_.credential = lane.credential;
  report_.upstream_model = lane.upstream_model;
}

// Of what has been begun. `refusal`: what the same lane has just refused of the request; empty the first time.
void Machine::open_attempt(const dialects::Refusal& refusal) {
  // One after the other, and never a second one beside the first.
  if (gateway_.capabilities().upstreams_awaiting_head_max < 1)
    return refuse({FaultKind::overloaded, "This host can ask no upstream; the mock answers."});
  enter(Phase::opening);
  if (phase_ != Phase::opening) return;
  const Choice& choice = *attempt_.choice;
  const routing::Lane& lane = *choice.lane;
  const uint32_t number = attempt_.number + 1;
  attempt_.number = report_.attempt_count = number;
  attempt_.open = attempt_.untold = true;
  attempt_.opened_ms = now_.monotonic_ms;
  attempt_.seat = routing::Seat(lane);
  attempt_.repeated_after_refusal = refusal.any();

  const Provider& to = provider();
  const dialects::DialectRow& dialect = upstream_dialect();
  const CredentialPlace place = lane.credential.empty()                  ? CredentialPlace::none
                                : to.auth_style != CredentialPlace::none ? to.auth_style
                                                                         : dialect.credential_place;

  OpenUpstream open;
  open.attempt = number;
  open.method = "POST";
  const bool foreign = choice.service == Service::translate;  // then the query is of the client's dialect alone
  open.url = arena_.copy(address_of(to, lane.upstream_model, ask_of(endpoint_, decision_.facts),
                                    foreign ? std::string() : http::forwarded_query(endpoint_)));
  attempt_.edits = edits_now(refusal);
  const auto takes_out = [](const Edit& edit) { return edit.path != "model" && edit.path != tag_path; };
  if (std::any_of(attempt_.edits.begin(), attempt_.edits.end(), takes_out))
    add_losses(attempt_.edits, unwanted_now(refusal), translation().losses);
  open.headers = foreign ? translated_headers(to) : forwarded_headers(to, place);
  open.body = rewritten(foreign ? std::string_view(translation().body) : body_, attempt_.edits, to, lane,
                        endpoint_.operation, arena_);
  open.credential = {place, to.name, lane.credential};
  const Timeouts timeouts = timeouts_of(to);
  open.timeouts = {timeouts.connect_ms, timeouts.first_byte_ms, timeouts.idle_ms};
  open.proxy = to.proxy;
  open.ca_file = to.ca_file;
  emit(open);
  if (!probed_ && !has_failed(lane.provider))
    gateway_.retry_budget().pay_in(to.name, failover().retry_budget_percent, now_.monotonic_ms);
  if (probe_.is_held()) {
    gateway_.health().begin_probe(lane.key);
    attempt_.probe = true;
  }
  if (timeouts.total_ms > 0) timers_.arm(Timer::total, began_.monotonic_ms + timeouts.total_ms);
  else timers_.disarm(Timer::total);
}

// The provider's, with what the route says over them.
Timeouts Machine::timeouts_of(const Provider& to) const {
  Timeouts timeouts = to.timeouts;
  const RouteTimeouts& own = decision_.plan.route->timeouts;
  if (own.connect_ms >= 0) timeouts.connect_ms = own.connect_ms;
  if (own.first_byte_ms >= 0) timeouts.first_byte_ms = own.first_byte_ms;
  if (own.idle_ms >= 0) timeouts.idle_ms = own.idle_ms;
  if (own.total_ms >= 0) timeouts.total_ms = own.total_ms;
  if (probed_) {
    const int64_t most_ms = config_->probes.wait_ms_max;
    for (int64_t* each : {&timeouts.connect_ms, &timeouts.first_byte_ms, &timeouts.idle_ms})
      *each = *each > 0 ? std::min(*each, most_ms) : most_ms;
    timeouts.total_ms = 2 * most_ms;
  }
  return timeouts;
}

// What the lane of this attempt is not to get; `refusal` is what it has just refused.
dialects::Unwanted Machine::unwanted_now(const dialects::Refusal& refusal) {
  return unwanted_by(attempt_.lane(), *decision_.plan.route, upstream_dialect(), head_.headers, gateway_.refusals(),
                     refusal, now_.monotonic_ms, arena_);
}

// What the request of this attempt loses, or has otherwise: the client's own bytes, or what they were translated into.
std::span<const Edit> Machine::edits_now(const dialects::Refusal& refusal) {
  const dialects::Unwanted unwanted = unwanted_now(refusal);
  const dialects::DialectRow& dialect = upstream_dialect();
  if (attempt_.choice->service == Service::forward)
    return edits_for(decision_.facts, body_, attempt_.lane(), dialect, unwanted, arena_);
  if (!dialect.removals || !unwanted.any()) return {};
  return dialect.removals(translation().body, unwanted, arena_);
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

  // Hosts tell final heads; a transport that takes an interim one for it has no answer to give (RFC 9110 section 15.2).
  if (head.status < 200) return fail_attempt(FaultKind::upstream_protocol);
  if (counting() && (head.status == 404 || head.status == 405 || head.status == 501)) {
    drop_attempt();  // the upstream has no such endpoint: our own estimate, and it says so
    close_attempt(routing::AttemptEnd::withdrawn);
    return reply_estimate();
  }
  const bool error = head.status >= 300;
  const int64_t body_bytes = announced_bytes(head.headers);
  const bool empty = head.status == 204 || head.status == 205 || body_bytes == 0;
  if (empty && !error) return fail_attempt(FaultKind::upstream_cut, "it answered with an empty body.");
  attempt_.status = head.status;
  attempt_.body_bytes = body_bytes;
  attempt_.asked_ms = routing::retry_after_ms(head.headers, now_.unix_ms);
  attempt_.not_again = routing::wants_no_second_attempt(head.headers);
  attempt_.handling = handling_of(head);
  if (attempt_.handling == Handling::none) return fail_attempt(FaultKind::upstream_bad_type, what_came(head.headers));
  // The pipe cannot follow a head of ours, in which nothing was said of a coding.
  if (attempt_.handling == Handling::unseen && committed_ != Committed::nothing)
    return fail_attempt(FaultKind::upstream_bad_type);
  // An answer in a coding that the client has not asked for either. The last lane's goes on all the same, for it may well
  // understand it; what it does understand is good, and is not thrown away.
  if (attempt_.handling == Handling::unseen && accounting() != Accounting::off &&
      !http::takes(head_.headers, http::content_coding(head.headers).name) &&
      next_instead(FaultKind::upstream_bad_type, what_came(head.headers)))
    return;
  attempt_.head = kept_headers(head);

  const size_t frame_bytes_max = size_t(config_->server.limits.frame_bytes_max);
  constexpr size_t member_bytes_max = 8 << 10;  // usage is a few hundred bytes; content need not fit
  switch (attempt_.handling) {
    case Handling::none: break;
    case Handling::unseen:
      // Who sees nothing of an answer can keep nothing of it.
      if (leads()) sharing_->broadcast->shareable = false;
      end_leading(Broadcast::End::abandoned);
      return client_left_ ? end_as_left() : commit();
    case Handling::error:
      enter(Phase::holding);
      // A page for people has nothing to say here, and a redirect neither.
      if (head.status < 400 || empty || is_page(head.headers)) return judge_error({}, BodyEnd::missing);
      timers_.arm(Timer::error_body, now_.monotonic_ms + error_body_ms_max);
      return;
    case Handling::frames: attempt_.frames.emplace(frame_bytes_max); break;
    case Handling::whole: attempt_.skimmer.emplace(dialect.whole_keys, member_bytes_max); break;
    case Handling::translated_frames:
      attempt_.frames.emplace(frame_bytes_max);
      attempt_.translated = translated_answer(attempt_.lane());
      break;
    case Handling::translated_whole: attempt_.translated = translated_answer(attempt_.lane()); break;
  }
  // A translation is always held: what it makes of an answer can still be none.
  if (decision_.plan.route->commit == Commit::head && !attempt_.translated && !probed_) return commit();
  enter(Phase::holding);
}

Machine::Handling Machine::handling_of(const UpstreamHead& head) const {
  const bool unreadable = in_a_coding(head.headers);
  const bool streamed = decision_.facts.streamed && !counting();
  const bool foreign = attempt_.choice->service == Service::translate;
  if (head.status >= 300) return Handling::error;
  // A coding that nobody asked for goes through unseen rather than damaged.
  if (!foreign && (unreadable || accounting() == Accounting::off)) return Handling::unseen;
  const AnswerType type = answer_type(head.headers, streamed);
  if (unreadable || type == AnswerType::other) return Handling::none;
  // An answer in the other form than was asked for comes out in the right one (translation.md section 8).
  const bool of_frames = type == AnswerType::events;
  const bool other_form = of_frames != streamed && !counting() && upstream_dialect().translates();
  if (foreign || other_form) return of_frames ? Handling::translated_frames : Handling::translated_whole;
  return of_frames ? Handling::frames : Handling::whole;
}

// What of an answer's head goes to the client, kept beyond this event.
std::span<const Header> Machine::kept_headers(const UpstreamHead& head) {
  const bool own_bytes = attempt_.handling == Handling::frames || attempt_.handling == Handling::whole ||
                         attempt_.handling == Handling::unseen;
  // An error's body may go on as it came, if it is of the client's dialect and can be read.
  const bool own_error = attempt_.handling == Handling::error && attempt_.choice->service == Service::forward &&
                         answer_type(head.headers, false) == AnswerType::json && !in_a_coding(head.headers);
  attempt_.error_can_go_on = own_error;
  std::span<Header> kept = arena_.array<Header>(head.headers.size() + 1);
  size_t filled = 0;
  if (attempt_.handling == Handling::translated_frames || attempt_.handling == Handling::translated_whole) {
    kept[filled++] = {"content-type", client_form() == canonical::Form::streamed ? "text/event-stream; charset=utf-8"
                                                                                 : "application/json"};
  }
  const http::ConnectionOptions options(head.headers);
  for (const Header& header : head.headers) {
    const bool goes_on =
        own_bytes || own_error ? http::forwards_to_client(header, options) : http::speaks_of_limits(header.name);
    if (goes_on) kept[filled++] = {arena_.copy(header.name), arena_.copy(header.value)};
  }
  return kept.first(filled);
}

// Ends the attempt at the host; what still comes of it is a leftover.
void Machine::drop_attempt() {
  if (!attempt_.open) return;
  attempt_.open = false;
  timers_.disarm(Timer::error_body);
  timers_.disarm(Timer::farewell);
  emit(CancelUpstream{attempt_.number});
}

}  // namespace signalbox::exchange
