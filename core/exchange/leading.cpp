// One upstream call for identical concurrent requests, of the one that makes it: an exchange like any other, what its
// client gets being kept for those that follow (exchange/broadcast.h). While somebody does, its client gets the answer
// from there too, so that one that does not read holds up nobody; and when the client leaves, the call goes on for them.
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
                    gateway_.health().selected(), head_.method, head_.target, head_.headers, body_});
}

// What was sent of the kept bytes in the step before has been performed.
void Machine::let_go_shared() {
  if (sharing_->role == Sharing::Role::none) return sharing_.reset();
  sharing_->reader.let_go();
  if (sharing_->direct) sharing_->reader.leave();
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
    // Nobody is waited for but its client, which says how fast.
    if (attempt_.open && sharing_->free_attempt == attempt_.number) emit(SetPace{attempt_.number, Pace::of_client});
    sharing_->free_attempt = 0;
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
  read_freely();
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
  if (client_left_) return read_freely();
  if (mine.broadcast->follower_count() == 0) return;
  if (!mine.reader.reads()) {
    mine.broadcast->read_as_leader(mine.reader);
    mine.credit = credit_bytes;
    mine.awaits_taking = false;
  }
  read_freely();
}

void Machine::read_freely() {
  if (!attempt_.open || sharing_->free_attempt == attempt_.number) return;
  sharing_->free_attempt = attempt_.number;
  emit(SetPace{attempt_.number, Pace::free});
}

// Gives the client what there is for it, as far as it takes it. All of it where too much is kept for it alone: then the
// attempt is read at its pace again, as it would be if nobody followed.
void Machine::feed_client() {
  Sharing& mine = *sharing_;
  if (!mine.direct && mine.broadcast->flush_wanted) {
    mine.direct = true;
    if (attempt_.open && mine.free_attempt == attempt_.number) emit(SetPace{attempt_.number, Pace::of_client});
    mine.free_attempt = 0;  // without its client it is read freely again
  }
  while (mine.direct || !mine.awaits_taking) {
    std::string_view piece = mine.reader.next();
    if (piece.empty()) return;
    if (!mine.direct) piece = piece.substr(0, mine.credit);
    send_now(piece);
    mine.reader.advance(piece.size());
    if (mine.direct) continue;
    mine.credit -= piece.size();
    if (mine.credit > 0) continue;
    mine.awaits_taking = true;
    emit(AwaitTaking{});
  }
}

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
  if (client_left_) return ReleaseTo::nobody;
  if (!kept_for_client) return ReleaseTo::client;
  feed_client();
  return ReleaseTo::nobody;
}

// There is no answer, or no rest of it. Each who follows says so in words of his own.
void Machine::share_failure(const Fault& told, const Fault& logged, int status, std::span<const Header> headers) {
  if (is_leaders_own(told.kind)) return end_leading(Broadcast::End::abandoned, {told, logged, status, {}});
  end_leading(Broadcast::End::failed, {told, logged, status, copied(headers)});
}

void Machine::end_leading(Broadcast::End end, Broadcast::Failure failure) {
  if (!leads()) return;
  Sharing& mine = *sharing_;
  mine.direct = true;  // what is still kept for the client goes out
  if (mine.reader.reads()) feed_client();
  share_answerer();
  mine.broadcast->end(end, std::move(failure));
  mine.role = Sharing::Role::none;
}

// The exchange is over.
void Machine::end_sharing(Ending ending) {
  if (leads()) {
    Broadcast::Failure failure{report_.fault, report_.fault, row(report_.fault.kind).status, {}};
    const bool own = report_.fault && is_leaders_own(report_.fault.kind);
    const bool cut = ending == Ending::cut;
    end_leading(own && (cut || committed_ != Committed::content) ? Broadcast::End::abandoned
                : cut                                            ? Broadcast::End::cut
                                                                 : Broadcast::End::whole,
                std::move(failure));
  } else if (follows()) {
    // What was sent in this step stands in the kept bytes.
    if (!sharing_->reader.holds()) sharing_->reader.leave();
  }
}

}  // namespace signalbox::exchange
