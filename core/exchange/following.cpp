// One upstream call for identical concurrent requests, of those that follow the one that makes it: they get the same
// answer from its beginning, each at the pace of its client, and ask for themselves where the other comes to nothing over
// what is its own alone.
#include <algorithm>

#include "exchange/machine.h"

namespace signalbox::exchange {
namespace {

// A turn that a host lost is missed for no longer than this.
constexpr int64_t look_every_ms = 1'000;
// A leader that has not shown itself for so long is asked to, and one that then does not is gone.
constexpr int64_t silent_ms_max = 4'000;

constexpr std::string_view too_slow =
    "This client has read more slowly than the gateway keeps an answer that several share "
    "(server.limits.once_answer_bytes_max, once_bytes_max); ask again.";
constexpr std::string_view lost = "The request whose upstream call this one shared has ended before its answer.";

}  // namespace

// Joins one that is asked for under `key`; false where there is none.
bool Machine::follow(const Sha256& key) {
  std::shared_ptr<Broadcast> found = gateway_.broadcasts().find(key);
  // Whose client has a head cannot take part in an answer that may still have another.
  if (!found || (committed_ != Committed::nothing && found->head().status == 0)) return false;
  enter(Phase::following);
  if (phase_ != Phase::following) return true;
  sharing_ = std::make_unique<Sharing>();
  Sharing& mine = *sharing_;
  mine.role = Sharing::Role::follows;
  const uint64_t turn = gateway_.places().next_ticket();
  mine.broadcast = std::move(found);
  Broadcast& broadcast = *mine.broadcast;
  report_.followed = broadcast.leader();
  if (broadcast.follower_count() == 0) {
    broadcast.seen_ms = now_.monotonic_ms;
    broadcast.asked_ms = -1;
  }
  emit(AwaitTurn{turn});
  broadcast.join(mine.reader, turn);
  const int64_t total_ms = timeouts_of(config_->providers[decision_.first->lane->provider]).total_ms;
  if (total_ms > 0) timers_.arm(Timer::total, began_.monotonic_ms + total_ms);
  timers_.arm(Timer::sign, now_.monotonic_ms + look_every_ms);
  on(ClientTaking{});
  return true;
}

// A turn, or a time.
void Machine::follow_on() {
  const int64_t now = now_.monotonic_ms;
  if (timers_.take(Timer::total, now)) {
    if (has_it_whole()) return finish(Ending::complete);
    const Fault late{FaultKind::upstream_total_timeout, {}};
    return tell_failure({late, late, row(late.kind).status, {}});
  }
  // Its head is the leader's to give, so that all have the same.
  if (timers_.take(Timer::gate, now) && committed_ == Committed::nothing) {
    sharing_->broadcast->gate_wanted = true;
    sharing_->broadcast->wake_leader();
  }
  if (timers_.take(Timer::sign, now)) look_for_leader();
  repeat();
  if (follows() && !finished() && timers_.take(Timer::keep_alive, now)) keep_alive();
}

void Machine::look_for_leader() {
  Broadcast& broadcast = *sharing_->broadcast;
  timers_.arm(Timer::sign, now_.monotonic_ms + look_every_ms);
  if (broadcast.ended() != Broadcast::End::open || now_.monotonic_ms - broadcast.seen_ms < silent_ms_max) return;
  // Another may have asked just now, and the leader not been told yet.
  if (broadcast.asked_ms >= 0 && now_.monotonic_ms - broadcast.asked_ms < look_every_ms) return;
  if (broadcast.asked_ms >= 0) return broadcast.end(Broadcast::End::abandoned);
  broadcast.asked_ms = now_.monotonic_ms;
  broadcast.wake_leader();
}

Fault Machine::read_too_slowly() { return {FaultKind::overloaded, std::string(too_slow)}; }

// Gives the client what there is for it, as far as it takes it.
void Machine::repeat() {
  Sharing& mine = *sharing_;
  Broadcast& broadcast = *mine.broadcast;
  if (mine.reader.behind()) {
    if (may_ask_alone()) return ask_alone();
    report_.fault = read_too_slowly();
    return break_off(report_.fault);
  }
  const bool came_to_nothing = mine.reader.next().empty() && broadcast.ended() != Broadcast::End::open &&
                               broadcast.ended() != Broadcast::End::whole;
  if (committed_ == Committed::nothing && broadcast.head().status != 0 && !came_to_nothing) tell_head();
  while (!mine.awaits_taking) {
    const std::string_view piece = mine.reader.next().substr(0, mine.credit);
    if (piece.empty()) break;
    if (phase_ == Phase::following) {
      enter(Phase::repeating);
      timers_.disarm(Timer::gate);
      release_request();
    }
    pass_on(piece);
    if (mine.reader.offset() > broadcast.content_from) committed_ = Committed::content;
  }
  if (mine.awaits_taking) return;
  if (broadcast.ended() == Broadcast::End::open) return mine.reader.await_more();
  end_repeating();
}

// Some of what is kept, to this exchange's own client.
void Machine::pass_on(std::string_view piece) {
  Sharing& mine = *sharing_;
  send_now(piece);
  mine.reader.advance(piece.size());
  mine.sent_any = true;
  for (const char byte : piece.substr(piece.size() - std::min(piece.size(), mine.last.size()))) {
    std::copy(mine.last.begin() + 1, mine.last.end(), mine.last.begin());
    mine.last.back() = byte;
  }
  if (mine.direct) return;
  mine.credit -= piece.size();
  if (mine.credit > 0) return;
  mine.awaits_taking = true;
  emit(AwaitTaking{});
}

// Copies: whoever leaves the others may be the last that holds what they are of.
std::span<const Header> Machine::headers_of(std::span<const Broadcast::Field> fields) {
  const std::span<Header> headers = arena_.array<Header>(fields.size());
  for (size_t i = 0; i < headers.size(); ++i) headers[i] = {arena_.copy(fields[i].name), arena_.copy(fields[i].value)};
  return headers;
}

// The head that the leader's client got, with what is this exchange's own.
void Machine::tell_head() {
  const Broadcast::Head& head = sharing_->broadcast->head();
  name_answerer();
  timers_.disarm(Timer::gate);
  send_head(head.status, headers_of(head.headers), head.body_bytes, BodyMode::rewrite,
            head.names_answerer ? Answerer::known : Answerer::open);
  if (!report_.streamed || head.body_bytes >= 0) return;
  if (!head.names_answerer) send_now(client_dialect().keep_alive_before);
  if (failover().keep_alive_ms > 0) timers_.arm(Timer::keep_alive, last_sent_ms_ + failover().keep_alive_ms);
}

void Machine::name_answerer() {
  const Broadcast::Answerer& who = sharing_->broadcast->answerer;
  report_.provider = who.provider;
  report_.credential = who.credential;
  report_.upstream_model = who.upstream_model;
  report_.upstream_request_id = who.upstream_request_id;
}

// All that is kept has been passed on, and nothing more comes.
void Machine::end_repeating() {
  const Broadcast& broadcast = *sharing_->broadcast;
  const bool nothing_sent = may_ask_alone();
  name_answerer();
  switch (broadcast.ended()) {
    case Broadcast::End::open: return;
    case Broadcast::End::whole:
      if (committed_ == Committed::nothing) return ask_alone();
      report_.fault = broadcast.failure().logged;
      return finish(Ending::complete);
    case Broadcast::End::cut:
      if (nothing_sent) return ask_alone();
      report_.fault = broadcast.failure().logged;
      return finish(Ending::cut);
    case Broadcast::End::failed: return tell_failure(broadcast.failure());
    case Broadcast::End::abandoned:
      if (has_it_whole()) return finish(Ending::complete);
      if (nothing_sent && !is_nearly_over()) return ask_alone();
      if (broadcast.failure().told.kind == FaultKind::upstream_total_timeout) return tell_failure(broadcast.failure());
      report_.fault = {FaultKind::upstream_cut, std::string(lost)};
      return break_off(report_.fault);
  }
}

// Whether its client has an answer to its own end, whatever becomes of the call.
bool Machine::has_it_whole() const {
  return committed_ == Committed::content && sharing_->broadcast->said_end && sharing_->reader.next().empty();
}

void Machine::tell_failure(const Broadcast::Failure& failure) {
  report_.fault = failure.logged;
  if (committed_ != Committed::nothing) return break_off(failure.told);
  std::string body;
  client_dialect().write_error(body, failure.told, failure.status, report_.request_id);
  reply(failure.status, "application/json", body, headers_of(failure.headers));
}

// Behind a head nothing but an error event can be told, and that only where no other event stands open.
void Machine::break_off(const Fault& told) {
  if (!report_.streamed || sharing_->broadcast->head().body_bytes >= 0 || !is_at_border()) return finish(Ending::cut);
  std::string frame;
  client_dialect().write_error_frame(frame, told, report_.request_id);
  send_now(arena_.copy(frame));
  finish(Ending::complete);
}

// Whether its own time is as good as over: a crowd would ask a provider that is stuck once for each of its members, for
// what nobody could wait for.
bool Machine::is_nearly_over() const {
  if (!timers_.armed(Timer::total)) return false;
  const int64_t left_ms = timers_.at_ms(Timer::total) - now_.monotonic_ms;
  return left_ms < (now_.monotonic_ms - began_.monotonic_ms) / 4;
}

// Whether its client has nothing that another answer could not follow: no head, or one that promises a stream alone.
bool Machine::may_ask_alone() const {
  if (phase_ != Phase::following) return false;
  return committed_ == Committed::nothing || (report_.streamed && sharing_->broadcast->head().body_bytes < 0);
}

// As if it had come now, but for the time that its client has waited: from the lanes as they stand by now.
void Machine::ask_alone() {
  shares_nothing_ = !sharing_->broadcast->shareable;
  sharing_.reset();
  for (std::string* name : {&report_.followed, &report_.provider, &report_.credential, &report_.upstream_model,
                            &report_.upstream_request_id})
    name->clear();
  timers_.disarm(Timer::total);
  timers_.disarm(Timer::sign);
  decision_ = {};
  converse();
}

bool Machine::is_at_border() const {
  const Sharing& mine = *sharing_;
  const std::string_view last(mine.last.data(), mine.last.size());
  return !mine.sent_any || last.substr(2) == "\n\n" || last == "\r\n\r\n" || last.substr(2) == "\r\r";
}

// Whether a sign of life may stand where the client is now.
bool Machine::may_send_sign() const {
  if (follows()) return !sharing_->awaits_taking && sharing_->reader.next().empty() && is_at_border();
  return !leads() || (!sharing_->awaits_taking && sharing_->reader.next().empty());
}

}  // namespace signalbox::exchange
