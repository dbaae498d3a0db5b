#include "performer.h"

#include <algorithm>
#include <cstdlib>

#include "error_codes.h"
#include "http_fields.h"
#include "surroundings.h"

namespace signalbox::wasi {

namespace {

// wasi:http tells nobody that a client has left: it is seen by looking, and nobody shall wait longer than a second for
// a silent upstream to be let go.
constexpr int64_t look_ms = 500;

}  // namespace

Performer::Performer(Instance& instance, abi::RawHandle request, abi::RawHandle outparam)
    : instance_(instance),
      request_(request),
      answer_(outparam, request_.is_head_method()),
      exchange_(instance.gateway()),
      now_(now()) {}

void Performer::serve() {
  instance_.state().read(instance_.gateway());
  body_began_ms_ = body_heard_ms_ = now_.monotonic_ms;
  ClientHead head = request_.head();
  head.random = random_bytes();
  tell(head);
  if (bytes_of(head.headers) > size_t(instance_.limits().request_head_bytes_max))
    tell(ClientFailed{FaultKind::head_too_large});
  // A request without a body is told as one empty, last event.
  if (!request_.open() && !finish_) tell(ClientBody{{}, true});
  while (!finish_) {
    now_ = now();
    bool heard = answer_.advance();
    if (answer_.gone()) tell(ClientGone{});
    heard = hear_client() || heard;
    // By index: an event may open another attempt.
    for (size_t i = 0; i < voices_.size() && !finish_; ++i) heard = hear(*voices_[i]) || heard;
    if (!finish_ && now_.monotonic_ms >= wake_at_ms_) {
      tell(Woken{});
      heard = true;
    }
    if (!heard && !finish_) wait();
  }
  voices_.clear();
  drain();
  answer_.finish(finish_->ending);
  for (const std::string& delta : deltas_) instance_.state().write(instance_.gateway(), delta, now().unix_ms);
  // Last of all: whoever sees the line knows that the exchange has left nothing undone.
  if (finish_->report) instance_.log().exchange(*finish_->report);
}

void Performer::tell(const Event& event) {
  if (finish_) return;  // late
  perform(exchange_.handle(event, now_));
  while (!failures_.empty() && !finish_) {
    const UpstreamFailed failed = failures_.front();
    failures_.erase(failures_.begin());
    perform(exchange_.handle(failed, now_));
  }
}

void Performer::perform(const Step& step) {
  wake_at_ms_ = step.wake_at_ms;
  for (const Effect& effect : step.effects) std::visit([this](const auto& e) { perform(e); }, effect);
}

void Performer::perform(const OpenUpstream& open) {
  Header credential;
  std::string bearer;
  if (open.credential.place != CredentialPlace::none) {
    const auto secret = instance_.secrets().find(open.credential.provider, open.credential.credential);
    if (!secret) return failures_.push_back({open.attempt, FaultKind::internal});
    const bool behind_scheme = open.credential.place == CredentialPlace::bearer;
    if (behind_scheme) bearer.append("Bearer ").append(*secret);
    credential = {header_of(open.credential.place), behind_scheme ? bearer : *secret};
  }
  auto voice = std::make_unique<Voice>();
  voice->number = open.attempt;
  voice->attempt = std::make_unique<UpstreamAttempt>(open, credential, instance_.limits(), now_.monotonic_ms);
  voices_.push_back(std::move(voice));
}

void Performer::perform(const CancelUpstream& cancel) {
  // The window may be on show: it goes when the event is over (hear).
  if (Voice* voice = voice_of(cancel.attempt)) voice->number = 0;
}

void Performer::perform(const SendClientHead& head) {
  if (Voice* voice = voice_of(head.attempt)) voice->mode = head.mode;
  answer_.send_head(head);
}

void Performer::perform(const SendClientBody& body) { answer_.send_body(body.bytes); }

void Performer::perform(const ReleaseBody& release) {
  Voice* voice = voice_of(release.attempt);
  if (!voice) return;
  const std::string_view gone = voice->window.substr(voice->released, release.bytes);
  voice->released += gone.size();
  if (release.to == ReleaseTo::client) answer_.send_body(gone);
}

// Never asked for: nothing here decodes (hosts/capabilities.h). Were it passed over, coded bytes would be read as JSON.
void Performer::perform(const DecodeRequest&) { std::abort(); }

void Performer::perform(const ReleaseRequest&) { request_.release(); }

void Performer::perform(const ShareState& share) { deltas_.emplace_back(share.delta); }

// Never asked for: there is no other exchange to wait for (hosts/capabilities.h).
void Performer::perform(const AwaitTurn&) { std::abort(); }
void Performer::perform(const GiveTurn&) { std::abort(); }
void Performer::perform(const AwaitTaking&) { std::abort(); }
void Performer::perform(const SetPace&) { std::abort(); }
void Performer::perform(const AskPlace&) { std::abort(); }

void Performer::perform(const Finish& finish) { finish_ = finish; }

bool Performer::hear_client() {
  if (!request_.open() || finish_) return false;
  const int64_t bytes_max =
      std::min(instance_.limits().request_bytes_max, instance_.gateway().capabilities().request_bytes_max);
  switch (request_.read(size_t(bytes_max))) {
    case ClientRequest::Reading::more:
      body_heard_ms_ = now_.monotonic_ms;
      tell(ClientBody{request_.window(), false});
      return true;
    case ClientRequest::Reading::whole: tell(ClientBody{request_.window(), true}); return true;
    case ClientRequest::Reading::broken: {
      const FaultKind fault = fault_of_client(request_.error_code());
      if (fault == FaultKind::client_gone) tell(ClientGone{});
      else tell(ClientFailed{fault});
      return true;
    }
    case ClientRequest::Reading::no_memory: tell(ClientFailed{FaultKind::overloaded}); return true;
    case ClientRequest::Reading::nothing: break;
  }
  if (now_.monotonic_ms < body_late_at_ms()) return false;
  tell(ClientFailed{FaultKind::request_timeout});
  return true;
}

bool Performer::hear(Voice& voice) {
  if (voice.number == 0) voice.attempt.reset();
  if (!voice.attempt) return false;
  const News news = voice.attempt->next(reader(), now_.monotonic_ms);
  voice.window = voice.attempt->window();
  voice.released = 0;
  const uint32_t number = voice.number;
  switch (news.kind) {
    case News::Kind::none: break;
    case News::Kind::sent: tell(UpstreamSent{number}); break;
    case News::Kind::head: tell(UpstreamHead{number, news.status, news.headers}); break;
    case News::Kind::body:
      if (voice.mode != BodyMode::pass) tell(UpstreamBody{number, voice.window, news.fresh_bytes});
      if (voice.mode == BodyMode::pass) pipe(voice);  // also the rest of a piece at which the core went over to passing
      break;
    case News::Kind::end:
      if (voice.mode == BodyMode::pass) {
        pipe(voice);
        tell(UpstreamPiped{number, voice.piped_bytes, true});
      } else {
        tell(UpstreamEnd{number, voice.window});
      }
      voice.number = 0;
      break;
    case News::Kind::failed:
      if (voice.mode == BodyMode::pass) tell(UpstreamPiped{number, voice.piped_bytes, false});
      else tell(UpstreamFailed{number, news.fault});
      voice.number = 0;
      break;
  }
  voice.window = {};
  if (voice.number == 0) voice.attempt.reset();
  else voice.attempt->release(voice.released);
  return news.kind != News::Kind::none;
}

// Pass mode: what is there goes on, and the core sees none of it.
void Performer::pipe(Voice& voice) {
  const std::string_view rest = voice.window.substr(voice.released);
  voice.released = voice.window.size();
  voice.piped_bytes += rest.size();
  answer_.send_body(rest);
}

int64_t Performer::body_late_at_ms() const {
  const Limits& limits = instance_.limits();
  return std::min(body_heard_ms_ + limits.request_body_idle_ms_max, body_began_ms_ + limits.request_body_ms_max);
}

void Performer::wait() {
  Wait wait;
  request_.wait_on(wait);
  if (request_.open()) wait.until(body_late_at_ms());
  answer_.wait_on(wait);
  for (const auto& voice : voices_)
    if (voice->attempt && voice->number) voice->attempt->wait_on(wait, reader());
  wait.until(wake_at_ms_);
  if (answer_.has_head()) wait.until(now_.monotonic_ms + look_ms);
  wait.wait();
}

// The exchange is over, the client may not have taken all of it yet. One that takes nothing for as long as a
// connection may lie idle has had its time.
void Performer::drain() {
  int64_t since_ms = now_.monotonic_ms;
  while (answer_.backed_up() && !answer_.gone()) {
    now_ = now();
    if (answer_.advance()) since_ms = now_.monotonic_ms;
    if (!answer_.backed_up() || now_.monotonic_ms - since_ms > instance_.limits().idle_connection_ms_max) return;
    Wait wait;
    answer_.wait_on(wait);
    wait.until(now_.monotonic_ms + look_ms);
    wait.wait();
  }
}

Performer::Voice* Performer::voice_of(uint32_t attempt) {
  if (attempt == 0) return nullptr;  // none; attempts are numbered from 1
  for (auto& voice : voices_)
    if (voice->number == attempt) return voice.get();
  return nullptr;
}

}  // namespace signalbox::wasi
