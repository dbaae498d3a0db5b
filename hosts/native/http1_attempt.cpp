#include "http1_attempt.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>

#include "http1/write.h"

namespace signalbox::native {

namespace {

// Pieces per system call: a request is a head and a handful of slices of the client's own bytes.
constexpr size_t pieces_per_write = 16;
// Less room than this is not worth a system call.
constexpr size_t read_bytes_min = 4 << 10;
// Then the others get their turn: 1 MB of one answer at 64 KB a read.
constexpr int reads_per_turn = 16;
// The same for one upload.
constexpr size_t written_per_turn = 1 << 20;
// Interim answers (1xx) before the final one: one or two are usual.
constexpr int interim_answers_max = 16;

using Phase = AttemptClock::Phase;

bool has_body_by_method(std::string_view method) { return method == "POST" || method == "PUT" || method == "PATCH"; }

}  // namespace

Http1Attempt::Http1Attempt(Http1Surroundings& around)
    : around_(around),
      clock_(
          around.loop, [this] { tell_sent(); }, [this](FaultKind kind) { fail(kind); }),
      window_(around.buffers, around.settings.window_bytes_max) {}

void Http1Attempt::begin(const AttemptRequest& request, AttemptListener& listener) {
  listener_ = &listener;
  window_.set_bytes_max(around_.settings.window_bytes_max);
  answer_head_bytes_max_ = around_.settings.answer_head_bytes_max;
  scan_ = {};
  stage_ = Stage::head;
  verdict_ = FaultKind::none;
  interim_answers_ = 0;
  sent_told_ = upload_ended_ = answered_ = repeated_ = body_complete_ = excess_ = paused_ = false;
  clock_.begin(request.timeouts);
  UrlParts url;
  if (!can_be_sent(request) || !split_url(request.url, url) || url.scheme != Scheme::http) {
    verdict_ = FaultKind::internal;
    around_.bring_news(*this);
    return;
  }
  answer_to_ = request.method == "HEAD" ? http1::AnswerTo::head : http1::AnswerTo::other;
  write_head(request, url);
  origin_ = url.authority;
  connection_ = around_.connections.take(origin_, *this);
  if (connection_) write();
  else dial_ = around_.connections.dial(origin_, *this);
}

void Http1Attempt::write_head(const AttemptRequest& request, const UrlParts& url) {
  head_.clear();
  head_ += request.method;
  head_ += ' ';
  if (url.target.empty() || url.target[0] != '/') head_ += '/';
  head_ += url.target;
  head_ += " HTTP/1.1\r\n";
  http1::append_header(head_, "Host", url.authority);
  for (const Header& header : request.headers)
    if (!is_framing(header.name)) http1::append_header(head_, header.name, header.value);
  const Header& credential = request.credential;
  if (!credential.name.empty()) http1::append_header(head_, credential.name, credential.value);
  size_t body_bytes = 0;
  for (std::string_view piece : request.body) body_bytes += piece.size();
  if (body_bytes > 0 || has_body_by_method(request.method))
    http1::append_header(head_, "Content-Length", int64_t(body_bytes));
  head_ += "\r\n";
  upload_.assign(head_, request.body);
}

void Http1Attempt::let_go() {
  window_.clear();
  upload_.clear();
}

void Http1Attempt::cancel() {
  if (!over()) end();
}

void Http1Attempt::end() {
  listener_ = nullptr;
  clock_.stop();
  if (dial_) around_.connections.abandon(dial_);
  if (connection_) around_.connections.close(*connection_);
  dial_ = nullptr;
  connection_ = nullptr;
  around_.spend(*this);
}

void Http1Attempt::fail(FaultKind kind) {
  if (over()) return;
  AttemptListener& listener = *listener_;
  end();
  listener.on_failed(kind);
}

void Http1Attempt::finish() {
  AttemptListener& listener = *listener_;
  bool whole = upload_.done() && !excess_ && framing_ != http1::Framing::until_close;
  if (whole && persistence_ == http1::Persistence::keep) {
    around_.connections.keep(*connection_);
    connection_ = nullptr;
  }
  end();
  listener.on_end(window_.held());
}

void Http1Attempt::pause() {
  if (over() || paused_) return;
  paused_ = true;
  clock_.hold();
}

void Http1Attempt::resume() {
  if (over() || !paused_) return;
  paused_ = false;
  clock_.go_on();
  // Edges that came meanwhile are remembered in the connection. The listener may be who is calling,
  // so it is told later.
  if (connection_ && connection_->readable) around_.bring_news(*this);
}

void Http1Attempt::on_news() {
  if (over()) return;
  if (verdict_ != FaultKind::none) return fail(verdict_);
  on_ready();
}

void Http1Attempt::on_connected(UpstreamConnection& connection) {
  dial_ = nullptr;
  connection_ = &connection;
  write();
}

void Http1Attempt::on_connect_failed(FaultKind kind) {
  dial_ = nullptr;
  fail(kind);
}

void Http1Attempt::on_ready() {
  // An early refusal is read before more is sent.
  pump();
  if (!over() && connection_ && !upload_ended_) write();
}

void Http1Attempt::write() {
  size_t written = 0;
  while (!upload_.done()) {
    if (written >= written_per_turn) {
      around_.bring_news(*this);
      return;
    }
    std::array<std::string_view, pieces_per_write> pieces;
    std::array<iovec, pieces_per_write> vectors;
    size_t count = upload_.peek(pieces.data(), pieces.size());
    for (size_t i = 0; i < count; ++i) vectors[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    ssize_t sent = sendmsg(connection_->fd(), &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;  // an edge will tell
      // An answer may stand in the receive buffer all the same: reading finds it, or the end.
      upload_ended_ = true;
      connection_->readable = connection_->hung_up = true;
      around_.bring_news(*this);
      return;
    }
    upload_.advance(size_t(sent));
    written += size_t(sent);
    if (stage_ == Stage::head) clock_.enter(Phase::waiting);
  }
  upload_ended_ = true;
  if (connection_->reused && !answered_) clock_.begin_grace();
  else tell_sent();
}

void Http1Attempt::tell_sent() {
  if (over() || sent_told_) return;
  sent_told_ = true;
  clock_.end_grace();
  listener_->on_sent();
}

void Http1Attempt::pump() {
  int reads = 0;
  while (connection_ && connection_->readable && !paused_) {
    if (++reads > reads_per_turn) {
      around_.bring_news(*this);
      return;
    }
    if (!window_.reserve(read_bytes_min)) return fail(FaultKind::upstream_protocol);
    size_t room = window_.room_bytes();
    ssize_t got = recv(connection_->fd(), window_.room(), room, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return on_broken(false);
      connection_->readable = false;
      break;
    }
    if (got == 0) return on_broken(true);
    // Less than there was room for: it is drained, and a new edge will tell of more.
    if (size_t(got) < room && !connection_->hung_up) connection_->readable = false;
    answered_ = true;
    if (!take(size_t(got))) return;
  }
  if (!over()) window_.relax();
}

bool Http1Attempt::take(size_t fresh) {
  if (stage_ == Stage::body) return take_body(fresh);
  window_.grew(fresh);
  return take_head();
}

bool Http1Attempt::take_head() {
  for (;;) {
    http1::Outcome outcome = scan_.feed(window_.held(), answer_head_bytes_max_);
    if (outcome == http1::Outcome::need_more) return true;
    http1::Refusal refusal = scan_.refusal();
    http1::Head head;
    std::array<Header, http1::headers_max> storage;
    if (outcome == http1::Outcome::complete)
      refusal = http1::parse_answer(window_.held().substr(0, scan_.head_bytes()), answer_to_, storage, head);
    if (refusal != http1::Refusal::none) {
      bool too_large = refusal == http1::Refusal::head_too_large || refusal == http1::Refusal::too_many_headers;
      fail(too_large ? FaultKind::upstream_head_too_large : FaultKind::upstream_protocol);
      return false;
    }
    const size_t head_bytes = scan_.head_bytes();
    if (head.status < 200) {
      if (++interim_answers_ > interim_answers_max) {
        fail(FaultKind::upstream_protocol);
        return false;
      }
      window_.release(head_bytes);
      scan_ = {};
      continue;
    }
    stage_ = Stage::body;
    framing_ = head.framing;
    persistence_ = head.persistence;
    body_left_ = head.framing == http1::Framing::length ? head.length : 0;
    body_complete_ = framing_ == http1::Framing::none || (framing_ == http1::Framing::length && body_left_ == 0);
    chunks_ = {};
    clock_.enter(Phase::reading);
    if (upload_.done()) tell_sent();
    else if (head.status >= 300) upload_ended_ = true;
    if (over()) return false;
    listener_->on_head(head.status, head.headers);
    if (over()) return false;
    // What followed the head in the same read becomes room again, and is then taken like any read.
    const size_t rest = window_.held().size() - head_bytes;
    window_.shrink(rest);
    return take_body(rest);
  }
}

bool Http1Attempt::take_body(size_t fresh) {
  size_t content = fresh;
  bool bad_chunk = false;
  switch (framing_) {
    case http1::Framing::none:
      content = 0;
      excess_ = fresh > 0;
      break;
    case http1::Framing::length:
      content = size_t(std::min<int64_t>(body_left_, int64_t(fresh)));
      excess_ = fresh > content;
      body_left_ -= int64_t(content);
      body_complete_ = body_left_ == 0;
      break;
    case http1::Framing::chunked: {
      if (fresh == 0) break;
      auto result = chunks_.feed(window_.room(), fresh, window_.room());
      content = result.produced;
      bad_chunk = result.outcome == http1::Outcome::refused;
      body_complete_ = result.outcome == http1::Outcome::complete;
      excess_ = result.consumed < fresh;
      break;
    }
    case http1::Framing::until_close: break;
  }
  window_.grew(content);
  if (scan_.head_bytes() > 0) {
    // The head stood before the first of the body until now.
    window_.release(scan_.head_bytes());
    scan_ = {};
  }
  clock_.enter(Phase::reading);
  if (content > 0 && !show(content)) return false;
  if (bad_chunk) {
    // Not before the good bytes are shown: what is seen must not depend on how they were cut.
    fail(FaultKind::upstream_protocol);
    return false;
  }
  if (!body_complete_) return true;
  finish();
  return false;
}

bool Http1Attempt::show(size_t fresh) {
  size_t gone = listener_->on_body(window_.held(), fresh);
  if (over()) return false;
  window_.release(gone);
  return true;
}

void Http1Attempt::on_broken(bool clean_eof) {
  if (stage_ == Stage::body && framing_ == http1::Framing::until_close && clean_eof) return finish();
  if (!repeat()) fail(FaultKind::upstream_reset);
}

bool Http1Attempt::repeat() {
  if (!connection_->reused || answered_ || sent_told_ || repeated_) return false;
  repeated_ = true;
  around_.connections.close(*connection_);
  connection_ = nullptr;
  upload_.rewind();
  upload_ended_ = false;
  clock_.end_grace();
  clock_.enter(Phase::connecting);
  dial_ = around_.connections.dial(origin_, *this);
  return true;
}

}  // namespace signalbox::native
