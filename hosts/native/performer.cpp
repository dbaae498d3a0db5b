#include "performer.h"

#include <utility>

namespace signalbox::native {

namespace {

// One request has one attempt open, two when a slow one is given a rival.
constexpr size_t voices_kept_max = 2;

}  // namespace

Performer::Performer(PerformerHost& host, ClientConnection* client)
    : host_(host), client_(client), wake_(host.loop(), [this] { tell(Woken{}); }) {}

Performer::~Performer() {
  if (turn_) host_.forget_turn(turn_);
  for (auto& voice : voices_)
    if (voice->attempt_) voice->attempt_->cancel();
}

void Performer::on_client_head(const ClientHead& head) {
  exchange_.emplace(host_.gateway());
  secrets_ = host_.secrets();
  ClientHead told = head;
  told.random = host_.random();
  tell(told);
}

void Performer::on_client_body(const ClientBody& body) { tell(body); }

void Performer::on_client_failed(const ClientFailed& failed) { tell(failed); }

void Performer::on_client_gone() { tell(ClientGone{}); }

void Performer::on_client_taking() {
  for (auto& voice : voices_) {
    if (!voice->paused_) continue;
    voice->paused_ = false;
    if (voice->attempt_) voice->attempt_->resume();
  }
  if (taking_ != Taking::awaited) return;
  taking_ = Taking::not_awaited;
  tell(ClientTaking{});
}

void Performer::tell(const Event& event) {
  if (!exchange_) return;  // late
  perform(exchange_->handle(event, host_.loop().now()));
  while ((!failures_.empty() || taking_ == Taking::due) && !ending_) {
    if (taking_ == Taking::due) {
      taking_ = Taking::not_awaited;
      perform(exchange_->handle(ClientTaking{}, host_.loop().now()));
      continue;
    }
    const UpstreamFailed failed = failures_.front();
    failures_.erase(failures_.begin());
    perform(exchange_->handle(failed, host_.loop().now()));
  }
  if (ending_) end();
}

void Performer::perform(const Step& step) {
  wake_.arm_at(step.wake_at_ms);
  for (const Effect& effect : step.effects) std::visit([this](const auto& e) { perform(e); }, effect);
}

void Performer::perform(const OpenUpstream& open) {
  Voice& voice = free_voice();
  voice.number_ = open.attempt;
  voice.mode_ = BodyMode::rewrite;
  voice.paused_ = false;
  voice.pace_ = Pace::of_client;
  voice.piped_bytes_ = 0;

  AttemptRequest request;
  request.method = open.method;
  request.url = open.url;
  request.headers = open.headers;
  request.body = open.body;
  request.timeouts = open.timeouts;
  request.proxy = open.proxy;
  request.ca_file = open.ca_file;
  std::string bearer;
  if (open.credential.place != CredentialPlace::none) {
    const std::optional<std::string_view> found = (*secrets_)(open.credential.provider, open.credential.credential);
    if (!found) {
      failures_.push_back({open.attempt, FaultKind::internal});
      return;
    }
    const std::string_view secret = *found;
    const bool behind_scheme = open.credential.place == CredentialPlace::bearer;
    if (behind_scheme) bearer.append("Bearer ").append(secret);
    request.credential = {header_of(open.credential.place), behind_scheme ? bearer : secret};
  }
  voice.attempt_ = host_.transport().open(request, voice);
  if (!voice.attempt_) failures_.push_back({open.attempt, FaultKind::upstream_connect});
}

void Performer::perform(const CancelUpstream& cancel) {
  Voice* voice = voice_of(cancel.attempt);
  if (!voice || !voice->attempt_) return;
  Attempt* attempt = voice->attempt_;
  voice->attempt_ = nullptr;
  attempt->cancel();
}

void Performer::perform(const SendClientHead& head) {
  if (Voice* voice = voice_of(head.attempt)) voice->mode_ = head.mode;
  if (client_) client_->send_head(head);
}

void Performer::perform(const SendClientBody& body) {
  if (client_) client_->send_body(body.bytes);
}

void Performer::perform(const ReleaseBody& release) {
  Voice* voice = voice_of(release.attempt);
  if (!voice || voice->window_.empty()) return;
  const std::string_view gone = voice->window_.substr(voice->released_, release.bytes);
  voice->released_ += gone.size();
  if (client_ && release.to == ReleaseTo::client) client_->send_body(gone);
}

void Performer::perform(const DecodeRequest& decode) {
  if (client_) client_->decode_request(decode);
}

void Performer::perform(const ReleaseRequest&) {
  if (client_) client_->release_request();
}

void Performer::perform(const ShareState& share) { host_.share(share.delta); }

void Performer::perform(const AwaitTurn& await) {
  if (turn_) host_.forget_turn(turn_);
  turn_ = await.turn;
  host_.await_turn(turn_, *this);
}

void Performer::perform(const GiveTurn& give) { host_.give_turn(give); }

void Performer::perform(const AwaitTaking&) {
  taking_ = client_ && client_->backed_up() ? Taking::awaited : Taking::due;
}

void Performer::perform(const SetPace& set) {
  Voice* voice = voice_of(set.attempt);
  if (!voice) return;
  voice->pace_ = set.pace;
  if (set.pace != Pace::free || !voice->paused_) return;
  voice->paused_ = false;
  if (voice->attempt_) voice->attempt_->resume();
}

// Never asked for: all threads have one Permits (hosts/capabilities.h).
void Performer::perform(const AskPlace&) { std::abort(); }

void Performer::perform(const Finish& finish) {
  if (finish.report) host_.on_report(*finish.report);
  ending_ = finish.ending;
}

// The exchange has said its last; everything of it goes, and the connection may take the next request.
void Performer::end() {
  const Ending ending = *ending_;
  ending_.reset();
  wake_.disarm();
  if (turn_) host_.forget_turn(std::exchange(turn_, 0));
  failures_.clear();
  taking_ = Taking::not_awaited;
  for (auto& voice : voices_) {
    voice->number_ = 0;
    if (!voice->attempt_) continue;
    Attempt* attempt = voice->attempt_;
    voice->attempt_ = nullptr;
    attempt->cancel();
  }
  exchange_.reset();
  secrets_.reset();
  if (client_) client_->finish(ending);
}

Performer::Voice* Performer::voice_of(uint32_t attempt) {
  if (attempt == 0) return nullptr;  // none; attempts are numbered from 1
  for (auto& voice : voices_)
    if (voice->number_ == attempt) return voice.get();
  return nullptr;
}

Performer::Voice& Performer::free_voice() {
  for (auto& voice : voices_)
    if (!voice->attempt_ && voice->window_.empty()) return *voice;
  if (voices_.capacity() == 0) voices_.reserve(voices_kept_max);
  voices_.push_back(std::make_unique<Voice>(*this));
  return *voices_.back();
}

// Pass mode: what is there goes on, and the core sees none of it.
void Performer::pipe(Voice& voice) {
  const std::string_view rest = voice.window_.substr(voice.released_);
  voice.released_ = voice.window_.size();
  voice.piped_bytes_ += rest.size();
  if (client_) client_->send_body(rest);
}

void Performer::slow_down() {
  if (!client_ || !client_->backed_up()) return;
  for (auto& voice : voices_) {
    if (!voice->attempt_ || voice->paused_ || voice->pace_ == Pace::free) continue;
    voice->paused_ = true;
    voice->attempt_->pause();
  }
}

void Performer::Voice::on_sent() { performer_.tell(UpstreamSent{number_}); }

void Performer::Voice::on_head(int status, std::span<const Header> headers) {
  performer_.tell(UpstreamHead{number_, status, headers});
}

size_t Performer::Voice::on_body(std::string_view window, size_t fresh_bytes) {
  window_ = window;
  released_ = 0;
  if (mode_ != BodyMode::pass) performer_.tell(UpstreamBody{number_, window, fresh_bytes});
  if (mode_ == BodyMode::pass && attempt_) performer_.pipe(*this);
  const size_t released = released_;
  window_ = {};
  if (attempt_) performer_.slow_down();
  return released;
}

void Performer::Voice::on_end(std::string_view window) {
  attempt_ = nullptr;
  window_ = window;
  released_ = 0;
  if (mode_ == BodyMode::pass) {
    performer_.pipe(*this);
    performer_.tell(UpstreamPiped{number_, piped_bytes_, true});
  } else {
    performer_.tell(UpstreamEnd{number_, window});
  }
  window_ = {};
}

void Performer::Voice::on_failed(FaultKind kind) {
  attempt_ = nullptr;
  if (mode_ == BodyMode::pass) performer_.tell(UpstreamPiped{number_, piped_bytes_, false});
  else if (kind == FaultKind::overloaded)
    performer_.tell(UpstreamFailed{number_, kind, performer_.host_.on_out_of_descriptors()});
  else performer_.tell(UpstreamFailed{number_, kind});
}

}  // namespace signalbox::native
