// One attempt over libcurl, from its start to its end: what libcurl's callbacks tell becomes the listener's
// events. What libcurl is told of the request stands in multi_attempt_options.cpp.
#include "multi_attempt.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "curl_fault.h"
#include "http1/chunked.h"

namespace signalbox::native {

namespace {

// Interim answers (1xx) before the final one: one or two are usual.
constexpr int interim_answers_max = 16;

using Phase = AttemptClock::Phase;

}  // namespace

MultiAttempt::MultiAttempt(MultiSurroundings& around)
    : around_(around),
      easy_(curl_easy_init()),
      clock_(
          around_.loop, [this] { tell_sent(); }, [this](FaultKind kind) { fail(kind); }),
      window_(around_.buffers, around_.settings.window_bytes_max),
      watch_(around_.watches) {
  set_fixed_options();
}

MultiAttempt::~MultiAttempt() {
  if (in_multi_) around_.multi.remove(easy_);
  curl_easy_cleanup(easy_);
  curl_slist_free_all(headers_);
}

void MultiAttempt::begin(const AttemptRequest& request, AttemptListener& listener) {
  listener_ = &listener;
  window_.set_bytes_max(around_.settings.window_bytes_max);
  answer_head_bytes_max_ = around_.settings.answer_head_bytes_max;
  verdict_ = FaultKind::none;
  interim_answers_ = 0;
  trailer_bytes_ = 0;
  handed_over_ = sent_told_ = headed_ = paused_ = curl_paused_ = false;
  multiplexed_ = finished_ = connected_ = resend_refused_ = repeated_ = false;
  error_[0] = 0;
  head_.clear();
  clock_.begin(request.timeouts);
  UrlParts url;
  if (!can_be_sent(request) || !split_url(request.url, url)) {
    verdict_ = FaultKind::internal;  // told from the loop's top
    return;
  }
  secure_ = url.scheme == Scheme::https;
  upload_.assign({}, request.body);
  set_trust(request.ca_file);
  set_method(request);
  set_headers(request);
  text_ = request.url;
  curl_easy_setopt(easy_, CURLOPT_URL, text_.c_str());
  text_ = request.proxy;
  curl_easy_setopt(easy_, CURLOPT_PROXY, text_.c_str());
  curl_easy_setopt(easy_, CURLOPT_FORBID_REUSE, 0L);
  curl_easy_setopt(easy_, CURLOPT_FRESH_CONNECT, 0L);
}

// libcurl 7.88 queues the RST_STREAM of a stream that is given up, and writes it only when another
// stream of that connection has something to do; until then the upstream goes on for nobody. So a
// connection without other streams is closed with it, and one with others is made to do something.
void MultiAttempt::give_up_stream() {
  if (multiplexed_ && !finished_) curl_easy_setopt(easy_, CURLOPT_FORBID_REUSE, 1L);
}

void MultiAttempt::leave() {
  if (!in_multi_) return;
  around_.multi.remove(easy_);
  in_multi_ = false;
  if (multiplexed_ && !finished_) around_.stir(local_port_);
}

void MultiAttempt::stir() { around_.multi.stir(easy_, curl_paused_ ? CURLPAUSE_RECV : CURLPAUSE_CONT); }

void MultiAttempt::cancel() {
  if (over()) return;
  give_up_stream();
  end();
  around_.drop(*this);
}

void MultiAttempt::end() {
  listener_ = nullptr;
  clock_.stop();
  watch_.stop();
}

void MultiAttempt::let_go() {
  window_.clear();
  upload_.clear();
}

void MultiAttempt::pause() {
  if (over() || paused_) return;
  paused_ = true;
  clock_.hold();
}

void MultiAttempt::resume() {
  if (over() || !paused_) return;
  paused_ = false;
  clock_.go_on();
  // Unpausing may call the write callback, and with it the listener, before it returns.
  if (curl_paused_) around_.bring_news(*this);
}

void MultiAttempt::fail(FaultKind kind) {
  if (over()) return;
  AttemptListener& listener = *listener_;
  give_up_stream();
  end();
  around_.drop(*this);
  listener.on_failed(kind);
}

void MultiAttempt::on_news() {
  if (over()) return;
  if (!in_multi_) {
    if (verdict_ == FaultKind::none) in_multi_ = around_.multi.add(easy_);
    if (!in_multi_) fail(FaultKind::internal);
    return;
  }
  if (handed_over_ && !sent_told_) {
    // On a kept connection the request may have to be repeated yet.
    if (!kept_) tell_sent();
    else clock_.begin_grace();
    if (over()) return;
  }
  if (curl_paused_ && !paused_) {
    curl_paused_ = false;
    around_.multi.unpause(easy_);
  }
}

void MultiAttempt::on_done(CURLcode result) {
  if (over()) return;
  if (verdict_ != FaultKind::none) return fail(verdict_);
  finished_ = true;
  if (resend_refused_) return may_repeat() ? repeat() : fail(FaultKind::upstream_reset);
  if (result != CURLE_OK) return fail(fault_of(easy_, result, headed_ ? HeadTold::yes : HeadTold::no, error_));
  if (!headed_) return fail(FaultKind::upstream_reset);  // libcurl takes an end within the head for an answer
  AttemptListener& listener = *listener_;
  end();
  around_.drop(*this);
  listener.on_end(window_.held());
}

// libcurl sends again what failed on a kept connection, up to five times and also after a part of a status
// line. So whenever it is about to, it is stopped, and what attempt_clock.h allows is done here.
bool MultiAttempt::may_repeat() {
  return !repeated_ && !sent_told_ && !headed_ && head_.empty() && interim_answers_ == 0 && !watch_.byte_came();
}

void MultiAttempt::repeat() {
  around_.multi.remove(easy_);
  in_multi_ = false;
  repeated_ = true;
  resend_refused_ = connected_ = handed_over_ = multiplexed_ = finished_ = false;
  error_[0] = 0;
  watch_.stop();
  upload_.rewind();
  clock_.end_grace();
  clock_.enter(Phase::connecting);
  curl_easy_setopt(easy_, CURLOPT_FORBID_REUSE, 0L);
  curl_easy_setopt(easy_, CURLOPT_FRESH_CONNECT, 1L);
  around_.bring_news(*this);
}

curl_socket_t MultiAttempt::on_open(void* pointer, curlsocktype, curl_sockaddr* address) {
  auto* self = static_cast<MultiAttempt*>(pointer);
  if (!self->connected_) return self->around_.watches.open_socket(*address);
  self->resend_refused_ = true;
  return CURL_SOCKET_BAD;
}

int MultiAttempt::on_connected(void* pointer, char* remote_ip, char* local_ip, int remote_port, int local_port) {
  auto* self = static_cast<MultiAttempt*>(pointer);
  if (self->over()) return CURL_PREREQFUNC_ABORT;
  long connections_made = 0;
  curl_easy_getinfo(self->easy_, CURLINFO_NUM_CONNECTS, &connections_made);
  self->kept_ = connections_made == 0;
  // A second connection, another kept one, is libcurl's own repetition.
  const AnswerWatch::Ends ends{remote_ip, local_ip, remote_port, local_port};
  if (self->connected_ ||
      !self->watch_.begin(self->easy_, ends,
                          self->kept_ ? AnswerWatch::Connection::kept : AnswerWatch::Connection::fresh)) {
    self->resend_refused_ = true;
    curl_easy_setopt(self->easy_, CURLOPT_FORBID_REUSE, 1L);
    return CURL_PREREQFUNC_ABORT;
  }
  self->connected_ = true;
  self->multiplexed_ = self->secure_;
  self->local_port_ = local_port;
  self->clock_.enter(Phase::waiting);
  if (self->upload_.body_bytes() == 0) self->handed_over();
  return CURL_PREREQFUNC_OK;
}

size_t MultiAttempt::on_read(char* to, size_t, size_t room, void* self) {
  return static_cast<MultiAttempt*>(self)->read_upload(to, room);
}

size_t MultiAttempt::read_upload(char* to, size_t room) {
  if (over()) return CURL_READFUNC_ABORT;
  size_t size = 0;
  std::string_view piece;
  while (size < room && upload_.peek(&piece, 1) == 1) {
    piece = piece.substr(0, room - size);
    std::memcpy(to + size, piece.data(), piece.size());
    size += piece.size();
    upload_.advance(piece.size());
  }
  if (!headed_) clock_.enter(Phase::waiting);
  if (upload_.done()) handed_over();
  return size;
}

void MultiAttempt::handed_over() {
  if (handed_over_) return;
  handed_over_ = true;
  around_.bring_news(*this);
}

// Asked for to send again. libcurl remembers that over our own repetition, which has rewound already.
int MultiAttempt::on_seek(void* pointer, curl_off_t offset, int origin) {
  auto* self = static_cast<MultiAttempt*>(pointer);
  if (!self->connected_ && !self->upload_.started() && offset == 0 && origin == SEEK_SET) return CURL_SEEKFUNC_OK;
  self->resend_refused_ = true;
  return CURL_SEEKFUNC_FAIL;
}

void MultiAttempt::tell_sent() {
  if (over() || sent_told_) return;
  sent_told_ = true;
  clock_.end_grace();
  listener_->on_sent();
}

size_t MultiAttempt::refuse(FaultKind kind) {
  verdict_ = kind;
  give_up_stream();
  return 0;
}

size_t MultiAttempt::on_header(char* line, size_t, size_t size, void* self) {
  return static_cast<MultiAttempt*>(self)->take_header_line({line, size});
}

size_t MultiAttempt::take_header_line(std::string_view line) {
  if (over()) return 0;
  if (headed_) {  // trailers: nobody reads them
    trailer_bytes_ += line.size();
    return trailer_bytes_ <= http1::trailer_bytes_max ? line.size() : refuse(FaultKind::upstream_protocol);
  }
  if (head_.size() + line.size() > answer_head_bytes_max_) {
    return refuse(FaultKind::upstream_head_too_large);
  }
  if (head_.empty() && (line.starts_with("HTTP/2") || line.starts_with("HTTP/3"))) {
    // libcurl writes a status line for HTTP/2; only its status means anything.
    size_t space = line.find(' ');
    head_ = "HTTP/1.1";
    head_ += space == std::string_view::npos ? "" : line.substr(space);
  } else {
    head_ += line;
  }
  bool last = line == "\r\n" || line == "\n";
  return !last || take_head() ? line.size() : 0;
}

bool MultiAttempt::take_head() {
  http1::HeadScan scan;
  http1::Head head;
  std::array<Header, http1::headers_max> storage;
  if (scan.feed(head_, answer_head_bytes_max_) != http1::Outcome::complete ||
      http1::parse_answer(head_, answer_to_, storage, head) != http1::Refusal::none) {
    return refuse(FaultKind::upstream_protocol);
  }
  if (head.status < 200) {
    head_.clear();
    if (++interim_answers_ <= interim_answers_max) return true;
    return refuse(FaultKind::upstream_protocol);
  }
  headed_ = true;
  clock_.enter(Phase::reading);
  if (handed_over_) tell_sent();
  if (over()) return false;
  listener_->on_head(head.status, head.headers);
  return !over();
}

size_t MultiAttempt::on_write(char* bytes, size_t, size_t size, void* self) {
  return static_cast<MultiAttempt*>(self)->take_body({bytes, size});
}

size_t MultiAttempt::take_body(std::string_view bytes) {
  if (over() || !headed_) return 0;
  if (paused_) {
    curl_paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  if (bytes.empty()) return 0;
  clock_.enter(Phase::reading);
  size_t fresh = bytes.size();
  if (window_.empty()) {
    // Shown where libcurl has it; only what is held is copied.
    size_t gone = listener_->on_body(bytes, fresh);
    if (over()) return 0;
    bytes.remove_prefix(std::min(gone, fresh));
    if (bytes.empty()) return fresh;
  }
  bool shown = window_.empty();
  if (!window_.reserve(bytes.size())) {
    return refuse(FaultKind::upstream_protocol);  // one frame beyond any bound
  }
  std::memcpy(window_.room(), bytes.data(), bytes.size());
  window_.grew(bytes.size());
  if (shown) return fresh;
  size_t gone = listener_->on_body(window_.held(), fresh);
  if (over()) return 0;
  window_.release(gone);
  window_.relax();
  return fresh;
}

}  // namespace signalbox::native
