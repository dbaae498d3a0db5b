#include "performer.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <variant>

namespace signalbox::example {

namespace {

std::vector<Header> views_of(const Fields& fields) {
  std::vector<Header> views;
  for (const auto& [name, value] : fields) views.push_back({name, value});
  return views;
}

}  // namespace

Performer::Performer(Instance& instance, const Request& request)
    : instance_(instance),
      request_(request),
      request_headers_(views_of(request.headers)),
      exchange_(instance.gateway()),
      began_ms_(instance.now.monotonic_ms) {}

Answer Performer::serve() {
  tell_request();
  while (!finished_ && next()) {
  }
  return std::move(answer_);
}

void Performer::tell_request() {
  ClientHead head;
  head.method = request_.method;
  head.target = request_.target;
  head.headers = request_headers_;
  head.peer = request_.peer;
  head.random = request_.random;
  tell(head);
  // The window is the whole body so far; a request without one is told as one empty, last event.
  if (request_.body.empty() && request_.upload_fault == FaultKind::none) tell(ClientBody{{}, true});
  for (size_t i = 0; i < request_.body.size() && !finished_; ++i) {
    request_window_ += request_.body[i];
    const bool last = i + 1 == request_.body.size() && request_.upload_fault == FaultKind::none;
    tell(ClientBody{request_window_, last});
  }
  if (request_.upload_fault != FaultKind::none) tell(ClientFailed{request_.upload_fault});
}

// What an attempt will do and when, with the deadlines that the transport keeps.
std::deque<Performer::News> Performer::schedule(const UpstreamAnswer& answer, const TransportTimeouts& timeouts,
                                                int64_t now_ms) {
  std::deque<News> news = {{News::Kind::sent, now_ms}};
  const auto runs_out = [](int64_t ms, int64_t ms_max) { return ms_max > 0 && ms > ms_max; };
  const auto fail = [&](int64_t at_ms, FaultKind fault) {
    news.push_back({News::Kind::failed, at_ms, {}, fault});
    return news;
  };
  if (runs_out(answer.silent_ms, timeouts.first_byte_ms))
    return fail(now_ms + timeouts.first_byte_ms, FaultKind::upstream_first_byte_timeout);
  int64_t at_ms = now_ms + answer.silent_ms;
  if (answer.status == 0) return fail(at_ms, answer.fault);
  news.push_back({News::Kind::head, at_ms});
  for (const std::string& piece : answer.body) {
    if (runs_out(answer.between_pieces_ms, timeouts.idle_ms))
      return fail(at_ms + timeouts.idle_ms, FaultKind::upstream_idle_timeout);
    at_ms += answer.between_pieces_ms;
    news.push_back({News::Kind::body, at_ms, piece});
  }
  if (answer.fault != FaultKind::none) return fail(at_ms, answer.fault);
  news.push_back({News::Kind::end, at_ms});
  return news;
}

// Lets the first thing happen that is due; false when nothing ever will.
bool Performer::next() {
  const int64_t late_ms = instance_.timer == Timer::late && wake_at_ms_ != never_ms ? 1'000 : 0;
  const int64_t leaves_at_ms = request_.leaves_after_ms == never_ms ? never_ms : began_ms_ + request_.leaves_after_ms;
  int64_t at_ms = std::min(wake_at_ms_ + late_ms, leaves_at_ms);
  uint32_t speaks = 0;
  for (const auto& [number, attempt] : attempts_) {
    if (attempt.news.empty() || attempt.news.front().at_ms > at_ms) continue;
    at_ms = attempt.news.front().at_ms;
    speaks = number;
  }
  if (at_ms == never_ms) return false;
  const int64_t passed_ms = std::max<int64_t>(at_ms - instance_.now.monotonic_ms, 0);
  instance_.now.monotonic_ms += passed_ms;
  instance_.now.unix_ms += passed_ms;
  if (speaks) hear(speaks);
  else if (at_ms == leaves_at_ms) tell(ClientGone{});
  else tell(Woken{});
  if (instance_.timer == Timer::early) tell(Woken{});
  return true;
}

void Performer::hear(uint32_t number) {
  Attempt& attempt = attempts_.at(number);
  const News news = std::move(attempt.news.front());
  attempt.news.pop_front();
  if (attempt.mode == BodyMode::pass) return pipe(number, news);
  attempt.window += news.bytes;
  switch (news.kind) {
    case News::Kind::sent: tell(UpstreamSent{number}); break;
    case News::Kind::head: {
      const std::vector<Header> headers = views_of(attempt.answer.headers);
      tell(UpstreamHead{number, attempt.answer.status, headers});
      break;
    }
    case News::Kind::body: tell(UpstreamBody{number, attempt.window, news.bytes.size()}); break;
    case News::Kind::end: tell(UpstreamEnd{number, attempt.window}); break;
    case News::Kind::failed: tell(UpstreamFailed{number, news.fault}); break;
  }
  if (news.kind == News::Kind::end || news.kind == News::Kind::failed) attempts_.erase(number);
}

// Pass mode: what comes goes on, and the core sees the end alone.
void Performer::pipe(uint32_t number, const News& news) {
  Attempt& attempt = attempts_.at(number);
  attempt.window += news.bytes;  // what was there before the pipe goes first
  attempt.piped_bytes += attempt.window.size();
  write(std::exchange(attempt.window, {}));
  if (news.kind == News::Kind::sent) tell(UpstreamSent{number});
  if (news.kind != News::Kind::end && news.kind != News::Kind::failed) return;
  tell(UpstreamPiped{number, attempt.piped_bytes, news.kind == News::Kind::end});
  attempts_.erase(number);
}

void Performer::tell(const Event& event) {
  if (finished_) return;  // late
  perform(exchange_.handle(event, instance_.now));
  // Nothing shows the windows any more: what was released goes, and so do attempts that were cancelled.
  for (auto& [number, attempt] : attempts_) attempt.window.erase(0, std::exchange(attempt.released, 0));
  for (const uint32_t number : std::exchange(cancelled_, {})) attempts_.erase(number);
  if (failures_.empty()) return;
  const UpstreamFailed failed = failures_.front();
  failures_.pop_front();
  tell(failed);
}

void Performer::perform(const Step& step) {
  wake_at_ms_ = step.wake_at_ms;
  for (const Effect& effect : step.effects) std::visit([this](const auto& e) { perform(e); }, effect);
}

void Performer::perform(const OpenUpstream& open) {
  Attempt attempt;
  attempt.request = {std::string(open.method), std::string(open.url), {}, {}};
  for (const Header& header : open.headers) attempt.request.headers.emplace_back(header.name, header.value);
  for (const std::string_view piece : open.body) attempt.request.body += piece;
  attempt.request.headers.emplace_back("content-length", std::to_string(attempt.request.body.size()));
  if (open.credential.place != CredentialPlace::none) {
    const std::string* secret = instance_.secret(open.credential.provider, open.credential.credential);
    if (!secret) return failures_.push_back({open.attempt, FaultKind::internal});
    Fields& to = attempt.request.headers;
    const bool behind_scheme = open.credential.place == CredentialPlace::bearer;
    to.emplace_back(header_of(open.credential.place), behind_scheme ? "Bearer " + *secret : *secret);
  }
  const Upstream* upstream = instance_.upstream_of(open.url);
  if (!upstream) return failures_.push_back({open.attempt, FaultKind::upstream_resolve});
  attempt.answer = (*upstream)(attempt.request);
  attempt.news = schedule(attempt.answer, open.timeouts, instance_.now.monotonic_ms);
  attempts_[open.attempt] = std::move(attempt);
}

void Performer::perform(const CancelUpstream& cancel) { cancelled_.push_back(cancel.attempt); }

void Performer::perform(const SendClientHead& head) {
  answer_.status = head.status;
  for (const Header& header : head.headers) answer_.headers.emplace_back(header.name, header.value);
  const auto attempt = attempts_.find(head.attempt);
  if (attempt != attempts_.end()) attempt->second.mode = head.mode;
}

void Performer::perform(const SendClientBody& body) { write(body.bytes); }

void Performer::perform(const ReleaseBody& release) {
  const auto found = attempts_.find(release.attempt);
  if (found == attempts_.end()) return;
  Attempt& attempt = found->second;
  const std::string_view gone = std::string_view(attempt.window).substr(attempt.released, release.bytes);
  attempt.released += gone.size();
  if (release.to == ReleaseTo::client) write(gone);
}

void Performer::perform(const ReleaseRequest&) { std::string().swap(request_window_); }

void Performer::perform(const ShareState& share) { deltas_.emplace_back(share.delta); }

// Never asked for: this host has one exchange at a time, and its Capabilities say so.
void Performer::perform(const AwaitTurn&) { std::abort(); }
void Performer::perform(const GiveTurn&) { std::abort(); }
void Performer::perform(const AwaitTaking&) { std::abort(); }
void Performer::perform(const SetPace&) { std::abort(); }
void Performer::perform(const AskPlace&) { std::abort(); }

void Performer::perform(const Finish& finish) {
  finished_ = true;
  answer_.ending = finish.ending;
  answer_.report = *finish.report;
}

// An answer to HEAD comes from the core with its body; the framing, and so the leaving out, is the host's.
void Performer::write(std::string_view bytes) {
  if (request_.method != "HEAD") answer_.body += bytes;
}

}  // namespace signalbox::example
