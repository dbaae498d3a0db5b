// The commit point (translation.md section 0.6). It has two steps: the head, after which only keep-alives
// have been sent and another lane may still answer, and the content, after which nothing can be taken back.
#include <algorithm>

#include "exchange/machine.h"

namespace signalbox::exchange {

// From here on this attempt's answer is the client's, whatever comes.
void Machine::commit() {
  if (probed_) return end_probe(nullptr);
  const bool piped = attempt_.handling == Handling::unseen;
  enter(piped ? Phase::piping : Phase::streaming);
  if (finished()) return;
  attempt_.content_ms = now_.monotonic_ms;
  if (committed_ == Committed::nothing) {
    const bool translated = attempt_.translated != nullptr;
    if (translated) list_if_asked(attempt_.translated->out());
    const bool streamed = attempt_.handling == Handling::frames || (translated && report_.streamed);
    // A stream may need an honest ending of ours behind it, so its length is not promised.
    const int64_t body_bytes = streamed     ? -1
                               : translated ? int64_t(attempt_.translated->out().size())
                                            : attempt_.body_bytes;
    send_head(attempt_.status, attempt_.head, body_bytes,
              piped        ? BodyMode::pass
              : translated ? BodyMode::rewrite
                           : BodyMode::observe);
  }
  committed_ = Committed::content;
  if (leads()) {
    share_answerer();
    Broadcast& broadcast = *sharing_->broadcast;
    broadcast.content_from = std::min(broadcast.content_from, broadcast.end_offset());
  }
  timers_.disarm(Timer::gate);
  timers_.disarm(Timer::error_body);
  const bool of_frames = attempt_.handling == Handling::frames || attempt_.handling == Handling::translated_frames;
  if (report_.streamed && of_frames && failover().keep_alive_ms > 0)
    timers_.arm(Timer::keep_alive, last_sent_ms_ + failover().keep_alive_ms);  // the head may be long gone
  if (piped) timers_.disarm(Timer::keep_alive);
  release_request_if_done();
}

// The client has waited long enough to take silence for death: it gets its head, and signs of life. Which
// lane will answer is still open, so nothing is said of it, and what fails from here on is an event.
void Machine::commit_head() {
  if (committed_ != Committed::nothing) return;
  std::span<Header> headers = arena_.array<Header>(1);
  headers[0] = {"content-type", "text/event-stream; charset=utf-8"};
  send_head(200, headers, -1, BodyMode::rewrite, Answerer::open);
  send_now(client_dialect().keep_alive_before);
  if (failover().keep_alive_ms > 0) timers_.arm(Timer::keep_alive, last_sent_ms_ + failover().keep_alive_ms);
}

void Machine::send_head(int status, std::span<const Header> headers, int64_t body_bytes, BodyMode mode,
                        Answerer answerer) {
  if (leads()) share_head(status, headers, body_bytes, answerer);
  committed_ = Committed::head;
  if (client_left_) return;
  std::span<Header> all = arena_.array<Header>(headers.size() + own_headers_max);
  std::copy(headers.begin(), headers.end(), all.begin());
  const size_t filled = add_own_headers(all, headers.size(), answerer);

  SendClientHead send;
  send.status = status;
  send.headers = all.first(filled);
  send.body_bytes = body_bytes;
  send.mode = mode;
  send.attempt = attempt_.number;
  emit(send);
  report_.status = status;
  report_.first_byte_ms = now_.monotonic_ms - began_.monotonic_ms;
  last_sent_ms_ = now_.monotonic_ms;
}

// Each frame of a translated answer comes by here.
inline void Machine::put(std::string_view bytes) {
  emit(SendClientBody{bytes});
  report_.answer_bytes += bytes.size();
  last_sent_ms_ = now_.monotonic_ms;
}

// Bytes of our own, next in the client's body; they must stand until the next event.
void Machine::send(std::string_view bytes) {
  if (bytes.empty()) return;
  if (leads()) return send_shared(bytes);
  if (client_left_) return;
  put(bytes);
}

// The same for this client alone, whoever else follows.
void Machine::send_now(std::string_view bytes) {
  if (!client_left_) put(bytes);
}

// What the translation has ready. A step that sends twice copies what comes second.
void Machine::send_translated() {
  std::string& out = attempt_.translated->out();
  std::string_view bytes;
  if (sent_.empty()) {
    sent_.swap(out);
    bytes = sent_;
  } else {
    bytes = arena_.copy(out);
    out.clear();
  }
  send(bytes);
}

// A sign of life at a frame's border, when the client has heard nothing for long. The timer is not moved
// with every frame, which would cost each of them, so it may come too early.
void Machine::keep_alive() {
  const int64_t every_ms = failover().keep_alive_ms;
  const bool due = now_.monotonic_ms - last_sent_ms_ >= every_ms;
  if (due && may_send_sign()) {
    const dialects::DialectRow& dialect = client_dialect();
    // A gate may open for the sheer number of frames, none of which says anything yet.
    const bool of_attempt = attempt_.translated ? attempt_.translated->begun() : attempt_.released_bytes > 0;
    const bool begun = committed_ == Committed::content && (follows() || of_attempt);
    send_now(begun ? dialect.keep_alive_within : dialect.keep_alive_before);
  }
  timers_.arm(Timer::keep_alive, (due ? now_.monotonic_ms : last_sent_ms_) + every_ms);
}

// Lets the oldest bytes of the answer's window go.
void Machine::release(size_t bytes, ReleaseTo to) {
  if (!bytes) return;
  if (leads()) to = share_released(bytes, to);
  emit(ReleaseBody{attempt_.number, bytes, to});
  attempt_.released_bytes += bytes;
  attempt_.skimmed_bytes -= std::min(attempt_.skimmed_bytes, bytes);
  if (to == ReleaseTo::nobody) return;
  report_.answer_bytes += bytes;
  last_sent_ms_ = now_.monotonic_ms;
}

void Machine::release_request_if_done() {
  if (committed_ == Committed::content && attempt_.sent && !request_released_) release_request();
}

void Machine::release_request() {
  request_released_ = true;
  body_ = {};
  head_ = {};
  endpoint_.query = endpoint_.model_id = {};
  if (translation_) {
    retired_body_.swap(translation_->body);  // the host has it until it has performed this
    translation_->release();
  }
  emit(ReleaseRequest{});
}

}  // namespace signalbox::exchange
