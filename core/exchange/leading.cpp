// One upstream call for identical concurrent requests, of the one that makes it: an exchange like any other, what its
// client gets being kept for those that follow (exchange/broadcast.h). While somebody does, its client gets the answer
// from there too, so that one that does not read holds up nobody; and when the client leaves, the call goes on for them.
// What its client has not taken at the answer's end it is still to take from there, as one that follows.
#include <algorithm>

#include "exchange/machine.h"
#include "exchange/same_request.h"

namespace signalbox::exchange {
namespace {

// How often a leader shows that it is there. Its host may lose it without a word (a platform that ends a request).
constexpr int64_t sign_every_ms = 1'000;

// What is sent at a time before a client is asked whether it takes more.
constexpr size_t credit_bytes = 64 << 10;

// What has come over the leader alone: its own deadline, its own client, a rule of ours that it broke. Whoever follows
// has lost nothing by it but the answer, and asks for that himself.
bool is_leaders_own(FaultKind kind) {
  return kind == FaultKind::internal || kind == FaultKind::client_gone || kind == FaultKind::upstream_total_timeout;
}

std::vector<Broadcast::Field> copied(std::span<const Header> headers) {
  std::vector<Broadcast::Field> fields;
  fields.reserve(headers.size());
  for (const Header& header : headers) fields.push_back({std::string(header.name), std::string(header.value)});
  return fields;
}

}  // namespace

bool Machine::shares_calls() const {
  const Route& route = *decision_.plan.route;
  return route.once == Once::on && route.accounting == Accounting::on && !shares_nothing_ &&
         gateway_.capabilities().gives_turns;
}

Sha256 Machine::shared_key() const {
  return digest_of({report_.client_key, access_ == Access::mock_only, config_.get(), decision_.plan.route,
                    decision_.match.model, decision_.match.provider, decision_.facts.thinking,
                    gateway_.health().selected(), head_.method, head_.target, head_.headers, body_});
}

// What was sent of the kept bytes in the step before has been performed.
void Machine::let_go_shared() {
  if (sharing_->role == Sharing::Role::none) return sharing_.reset();
  sharing_->reader.let_go();
  if (sharing_->direct) sharing_->reader.leave();
  note_cut_off();
  if (leads() && sharing_->broadcast->ended() != Broadcast::End::open) go_on_alone();
}

// Those who followed have taken this exchange for lost: what comes now its client gets as if nobody had.
void Machine::go_on_alone() {
  Sharing& mine = *sharing_;
  mine.direct = true;
  if (mine.reader.reads()) feed_client();
  if (attempt_.open && mine.free_attempt == attempt_.number) emit(SetPace{attempt_.number, Pace::of_client});
  mine.role = Sharing::Role::none;
  timers_.disarm(Timer::sign);
  if (client_left_) end_as_left();
}

void Machine::lead(const Sha256& key) {
  const uint64_t turn = gateway_.places().next_ticket();
  std::shared_ptr<Broadcast> begun = gateway_.broadcasts().begin(key, config_, report_.request_id, turn);
  if (!begun) return;
  begun->seen_ms = now_.monotonic_ms;
  sharing_ = std::make_unique<Sharing>();
  sharing_->role = Sharing::Role::leads;
  sharing_->broadcast = std::move(begun);
  emit(AwaitTurn{turn});
  // One that followed until now has told its client a head already, and so do those that follow it.
  const Header type[] = {{"content-type", "text/event-stream; charset=utf-8"}};
  if (committed_ != Committed::nothing) share_head(200, type, -1, Answerer::open);
}

// Somebody has come, or left, or wants something.
void Machine::lead_on() {
  Broadcast& broadcast = *sharing_->broadcast;
  broadcast.seen_ms = now_.monotonic_ms;
  broadcast.asked_ms = -1;
  timers_.disarm(Timer::sign);
  if (broadcast.follower_count() == 0) {
    if (client_left_) return end_as_left();
    settle_pace();
  } else {
    timers_.arm(Timer::sign, now_.monotonic_ms + sign_every_ms);
  }
  if (broadcast.gate_wanted && committed_ == Committed::nothing) {
    timers_.disarm(Timer::gate);
    commit_head();
  }
  decouple_client();
  if (sharing_->reader.reads()) feed_client();
}

// It waits for a place, and its host tells it by one turn alone: those that follow use the same, from here on.
void Machine::lead_by(uint64_t turn) {
  sharing_->broadcast->listen_by(turn);
  lead_on();  // what was told by the one before may be on its way
}

void Machine::leave_client_behind() {
  client_left_ = true;
  sharing_->reader.leave();
  settle_pace();
}

// Too much was kept for its client, or others have needed the room. It gets no more: what came next would stand behind a gap.
void Machine::note_cut_off() {
  if (!leads() || client_left_ || !sharing_->reader.behind()) return;
  client_left_ = true;
  settle_pace();
}

void Machine::share_head(int status, std::span<const Header> headers, int64_t body_bytes, Answerer answerer) {
  Broadcast& broadcast = *sharing_->broadcast;
  share_answerer();
  if (broadcast.head().status == 0)
    broadcast.set_head({status, copied(headers), body_bytes, answerer == Answerer::known});
}

void Machine::share_answerer() {
  Broadcast::Answerer& to = sharing_->broadcast->answerer;
  to.provider = report_.provider;
  to.credential = report_.credential;
  to.upstream_model = report_.upstream_model;
  to.upstream_request_id = report_.upstream_request_id;
  if (translation_) to.losses = translation_->losses.joined();
}

// From here on the client gets what is kept, and is no measure for the attempt.
void Machine::decouple_client() {
  Sharing& mine = *sharing_;
  if (phase_ != Phase::streaming || mine.direct) return;
  if (!client_left_ && mine.broadcast->follower_count() > 0 && !mine.reader.reads()) {
    mine.broadcast->read_as_leader(mine.reader);
    mine.credit = credit_bytes;
    mine.awaits_taking = false;
  }
  if (client_left_ || mine.reader.reads()) settle_pace();
}

// The attempt is read as fast as it comes while somebody follows; else it is the leader's client that says how fast.
void Machine::settle_pace() {
  Sharing& mine = *sharing_;
  if (!attempt_.open) return;
  const bool is_free = mine.free_attempt == attempt_.number;
  const bool free = client_left_ || mine.broadcast->follower_count() > 0;
  if (free == is_free) return;
  mine.free_attempt = free ? attempt_.number : 0;
  emit(SetPace{attempt_.number, free ? Pace::free : Pace::of_client});
}

// Gives the client what there is for it, as far as it takes it.
void Machine::feed_client() {
  Sharing& mine = *sharing_;
  while (mine.direct || !mine.awaits_taking) {
    const std::string_view piece = mine.reader.next();
    if (piece.empty()) break;
    pass_on(mine.direct ? piece : piece.substr(0, mine.credit));
  }
}

// Whether its client has not taken what it was given of the kept bytes.
bool Machine::client_lags() const {
  return leads() && !client_left_ && sharing_->reader.reads() && sharing_->awaits_taking;
}

// Whether the time that is over is this exchange's own, and what came before has not been taken: nothing can be said behind
// a gap.
bool Machine::is_too_late_for_words(FaultKind kind) const { return is_leaders_own(kind) && client_lags(); }

void Machine::on(const ClientTaking&) {
  if (!sharing_) return;
  sharing_->awaits_taking = false;
  sharing_->credit = credit_bytes;
  if (follows()) repeat();
  else if (leads()) feed_client();
}

void Machine::send_shared(std::string_view bytes) {
  decouple_client();
  Broadcast& broadcast = *sharing_->broadcast;
  const bool kept_for_client = sharing_->reader.reads();
  broadcast.append(bytes);
  note_cut_off();
  if (kept_for_client) feed_client();
  else send_now(bytes);
}

// The oldest bytes of the window, and to whom the host lets them go.
ReleaseTo Machine::share_released(size_t bytes, ReleaseTo to) {
  const std::string_view piece = shown_.substr(0, bytes);
  shown_.remove_prefix(piece.size());
  if (to == ReleaseTo::nobody) return to;
  decouple_client();
  const bool kept_for_client = sharing_->reader.reads();
  sharing_->broadcast->append(piece);
  note_cut_off();
  if (client_left_) return ReleaseTo::nobody;
  if (!kept_for_client) return ReleaseTo::client;
  feed_client();
  return ReleaseTo::nobody;
}

// There is no answer, or no rest of it. Each who follows says so in words of his own.
void Machine::share_failure(const Fault& told, int status, std::span<const Header> headers) {
  const bool own = is_leaders_own(told.kind);
  end_leading(own ? Broadcast::End::abandoned : Broadcast::End::failed,
              {told, report_.fault, status, own ? std::vector<Broadcast::Field>() : copied(headers)});
}

// Nothing more comes. What is still kept for the leader's client it takes as one that follows would, at its own pace and
// within the bounds of all that is kept; where its own time is over, or it is, that goes.
void Machine::end_leading(Broadcast::End end, Broadcast::Failure failure) {
  if (!leads()) return;
  Sharing& mine = *sharing_;
  share_answerer();
  const bool is_over = end == Broadcast::End::abandoned || is_leaders_own(failure.logged.kind);
  const bool takes_on = !is_over && client_lags() && !mine.reader.next().empty();
  mine.broadcast->end(end, std::move(failure));
  timers_.disarm(Timer::sign);
  if (takes_on) {
    for (const Timer of_attempt : {Timer::farewell, Timer::error_body}) timers_.disarm(of_attempt);
    if (!request_released_) release_request();
    mine.role = Sharing::Role::follows;
    return mine.broadcast->read_on(mine.reader);
  }
  mine.role = Sharing::Role::none;
  // What was sent in this step stands in the kept bytes.
  if (!mine.reader.holds()) mine.reader.leave();
}

// The exchange is over, but for what its client is still to take.
Machine::Sharers Machine::end_sharing(Ending ending) {
  if (leads()) {
    Broadcast::Failure failure{report_.fault, report_.fault, row(report_.fault.kind).status, {}};
    const bool own = report_.fault && is_leaders_own(report_.fault.kind);
    const bool cut = ending == Ending::cut;
    end_leading(own && (cut || committed_ != Committed::content) ? Broadcast::End::abandoned
                : cut                                            ? Broadcast::End::cut
                                                                 : Broadcast::End::whole,
                std::move(failure));
    return follows() ? Sharers::client_takes : Sharers::done;
  }
  if (follows() && !sharing_->reader.holds()) sharing_->reader.leave();
  return Sharers::done;
}

}  // namespace signalbox::exchange
