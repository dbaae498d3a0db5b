#include "multi_transfer.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "answer_watch.h"
#include "answer_window.h"
#include "attempt_clock.h"
#include "curl_fault.h"
#include "curl_multi.h"
#include "http1/chunked.h"
#include "http1/parser.h"
#include "upstream_request.h"

namespace signalbox::native {

namespace {

// Connections kept open for reuse, over all origins of one thread.
constexpr long connections_kept_max = 256;
// Easy handles kept for reuse; each holds some 10 KB.
constexpr size_t transfers_kept_max = 64;
// An upstream's own keep-alive is rarely shorter; providers close idle ones after 60 s and more.
constexpr long connection_idle_s_max = 60;
// The smallest libcurl takes: every open stream with an upload holds one.
constexpr long upload_buffer_bytes = 16 << 10;
// Interim answers (1xx) before the final one: one or two are usual.
constexpr int interim_answers_max = 16;

using Phase = AttemptClock::Phase;

class Transfer;

class MultiTransport final : public Transport, private CurlOwner {
 public:
  MultiTransport(Loop& loop, const TransportSettings& settings);
  ~MultiTransport() override;

  Attempt* open(const AttemptRequest& request, AttemptListener& listener) override;
  void adopt(const TransportSettings& settings) override { settings_ = settings; }

 private:
  friend class Transfer;
  void on_done(CURL* easy, CURLcode result) override;
  void on_outside() override;
  // Has `Transfer::on_news` called from the loop's top.
  void bring_news(Transfer& transfer);
  // Has one of the transfers on the connection from `local_port` run.
  void stir(int local_port);
  // Takes an ended transfer out of libcurl, at once or as soon as libcurl is off the stack.
  void drop(Transfer& transfer);

  Loop& loop_;
  TransportSettings settings_;
  BufferPool buffers_;
  AnswerWatches watches_;
  std::vector<std::unique_ptr<Transfer>> transfers_;  // all there are
  std::vector<Transfer*> free_;
  // What waits for libcurl to be off the stack, and a second list to walk while the first fills.
  std::vector<Transfer*> news_, dropped_, spent_, walked_;
  CurlMulti multi_;
};

class Transfer final : public Attempt {
 public:
  explicit Transfer(MultiTransport& transport);
  ~Transfer() override;

  void begin(const AttemptRequest& request, AttemptListener& listener);
  void cancel() override;
  void pause() override;
  void resume() override;

  void on_done(CURLcode result);
  void on_news();
  // Leaves libcurl, which must be off the stack.
  void leave();

 private:
  friend class MultiTransport;
  void set_fixed_options();
  void set_trust(std::string_view ca_file);
  void set_method(const AttemptRequest& request);
  void set_headers(const AttemptRequest& request);
  void add_header(std::string_view name, std::string_view value);

  static curl_socket_t on_open(void* self, curlsocktype, curl_sockaddr* address);
  static int on_connected(void* self, char*, char*, int, int);
  static size_t on_read(char* to, size_t, size_t room, void* self);
  static int on_seek(void* self, curl_off_t offset, int origin);
  static size_t on_header(char* line, size_t, size_t size, void* self);
  static size_t on_write(char* bytes, size_t, size_t size, void* self);

  size_t read_upload(char* to, size_t room);
  size_t take_header_line(std::string_view line);
  bool take_head();
  size_t take_body(std::string_view bytes);
  void handed_over();
  void tell_sent();
  void fail(FaultKind kind);
  bool may_repeat();
  void repeat();
  void end();
  void let_go();
  void give_up_stream();
  // Ends with a fault from within a callback, whose result this is.
  size_t refuse(FaultKind kind);
  bool over() const { return listener_ == nullptr; }

  MultiTransport& transport_;
  CURL* easy_;
  AttemptClock clock_;
  AnswerWindow window_;
  AnswerWatch watch_;
  AttemptListener* listener_ = nullptr;
  Upload upload_;
  curl_slist* headers_ = nullptr;
  std::string text_;       // for options that want a terminated string
  std::string ca_file_;
  std::string head_;       // the lines of the answer's head so far
  FaultKind verdict_ = FaultKind::none;  // ours, when a callback of ours ended the transfer
  http1::AnswerTo answer_to_ = http1::AnswerTo::other;
  size_t answer_head_bytes_max_ = 0;
  size_t trailer_bytes_ = 0;
  int interim_answers_ = 0;
  bool in_multi_ = false;
  bool secure_ = false;
  bool multiplexed_ = false;  // or may be: on a connection that others may share
  bool finished_ = false;     // libcurl is done with it, and was not made to be
  int local_port_ = 0;        // tells its connection from others
  bool connected_ = false;        // it has had a connection
  bool kept_ = false;             // which was used before
  bool resend_refused_ = false;   // libcurl found the connection dead and would have sent again
  bool repeated_ = false;
  bool handed_over_ = false;  // libcurl has the last byte of the request
  bool sent_told_ = false;
  bool headed_ = false;
  bool paused_ = false;
  bool curl_paused_ = false;  // libcurl knows
  char error_[CURL_ERROR_SIZE] = {};
};

Transfer::Transfer(MultiTransport& transport)
    : transport_(transport),
      easy_(curl_easy_init()),
      clock_(transport.loop_, [this] { tell_sent(); }, [this](FaultKind kind) { fail(kind); }),
      window_(transport.buffers_, transport.settings_.window_bytes_max),
      watch_(transport.watches_) {
  set_fixed_options();
}

Transfer::~Transfer() {
  if (in_multi_) transport_.multi_.remove(easy_);
  curl_easy_cleanup(easy_);
  curl_slist_free_all(headers_);
}

void Transfer::set_fixed_options() {
  set_common_options(easy_);
  transport_.watches_.install(easy_);
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_);
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, long(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy_, CURLOPT_HTTP09_ALLOWED, 0L);
  curl_easy_setopt(easy_, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  curl_easy_setopt(easy_, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy_, CURLOPT_HEADEROPT, long(CURLHEADER_SEPARATE));  // a proxy sees no credential
  curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy_, CURLOPT_MAXAGE_CONN, connection_idle_s_max);
  curl_easy_setopt(easy_, CURLOPT_UPLOAD_BUFFERSIZE, upload_buffer_bytes);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_open);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, &Transfer::on_connected);
  curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(easy_, CURLOPT_READFUNCTION, &Transfer::on_read);
  curl_easy_setopt(easy_, CURLOPT_READDATA, this);
  curl_easy_setopt(easy_, CURLOPT_SEEKFUNCTION, &Transfer::on_seek);
  curl_easy_setopt(easy_, CURLOPT_SEEKDATA, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Transfer::on_write);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
}

void Transfer::set_trust(std::string_view ca_file) {
  if (ca_file_ == ca_file) return;
  // Only a reset brings the system's own store back.
  curl_easy_reset(easy_);
  set_fixed_options();
  ca_file_ = ca_file;
  if (ca_file_.empty()) return;
  curl_easy_setopt(easy_, CURLOPT_CAINFO, ca_file_.c_str());
  curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);  // that file, and not the system's beside it
}

void Transfer::set_method(const AttemptRequest& request) {
  text_ = request.method;
  answer_to_ = request.method == "HEAD" ? http1::AnswerTo::head : http1::AnswerTo::other;
  if (upload_.body_bytes() > 0 || request.method == "POST" || request.method == "PUT" ||
      request.method == "PATCH") {
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 0L);
    curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(upload_.body_bytes()));
  } else {
    curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
    if (answer_to_ == http1::AnswerTo::head) curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
  }
  curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, text_.c_str());
}

void Transfer::add_header(std::string_view name, std::string_view value) {
  text_ = name;
  if (value.empty()) {
    text_ += ';';  // libcurl's way to say an empty value; a bare colon would take the header away
  } else {
    text_ += ": ";
    text_ += value;
  }
  headers_ = curl_slist_append(headers_, text_.c_str());
}

void Transfer::set_headers(const AttemptRequest& request) {
  curl_slist_free_all(headers_);
  headers_ = nullptr;
  bool has_accept = false, has_type = false;
  for (const Header& header : request.headers) {
    if (is_framing(header.name)) continue;
    has_accept |= http1::same_name(header.name, "accept");
    has_type |= http1::same_name(header.name, "content-type");
    add_header(header.name, header.value);
  }
  if (!request.credential.name.empty()) add_header(request.credential.name, request.credential.value);
  // What libcurl would add by itself.
  headers_ = curl_slist_append(headers_, "Expect:");
  if (!has_accept) headers_ = curl_slist_append(headers_, "Accept:");
  if (!has_type) headers_ = curl_slist_append(headers_, "Content-Type:");
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
}

void Transfer::begin(const AttemptRequest& request, AttemptListener& listener) {
  listener_ = &listener;
  window_.set_bytes_max(transport_.settings_.window_bytes_max);
  answer_head_bytes_max_ = transport_.settings_.answer_head_bytes_max;
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
void Transfer::give_up_stream() {
  if (multiplexed_ && !finished_) curl_easy_setopt(easy_, CURLOPT_FORBID_REUSE, 1L);
}

void Transfer::leave() {
  if (!in_multi_) return;
  transport_.multi_.remove(easy_);
  in_multi_ = false;
  if (multiplexed_ && !finished_) transport_.stir(local_port_);
}

void Transfer::cancel() {
  if (over()) return;
  give_up_stream();
  end();
  transport_.drop(*this);
}

void Transfer::end() {
  listener_ = nullptr;
  clock_.stop();
  watch_.stop();
}

void Transfer::let_go() {
  window_.clear();
  upload_.clear();
}

void Transfer::pause() {
  if (over() || paused_) return;
  paused_ = true;
  clock_.hold();
}

void Transfer::resume() {
  if (over() || !paused_) return;
  paused_ = false;
  clock_.go_on();
  // Unpausing may call the write callback, and with it the listener, before it returns.
  if (curl_paused_) transport_.bring_news(*this);
}

void Transfer::fail(FaultKind kind) {
  if (over()) return;
  AttemptListener& listener = *listener_;
  give_up_stream();
  end();
  transport_.drop(*this);
  listener.on_failed(kind);
}

void Transfer::on_news() {
  if (over()) return;
  if (!in_multi_) {
    if (verdict_ == FaultKind::none) in_multi_ = transport_.multi_.add(easy_);
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
    transport_.multi_.unpause(easy_);
  }
}

void Transfer::on_done(CURLcode result) {
  if (over()) return;
  if (verdict_ != FaultKind::none) return fail(verdict_);
  finished_ = true;
  if (resend_refused_) return may_repeat() ? repeat() : fail(FaultKind::upstream_reset);
  if (result != CURLE_OK) return fail(fault_of(easy_, result, headed_ ? HeadTold::yes : HeadTold::no, error_));
  if (!headed_) return fail(FaultKind::upstream_reset);  // libcurl takes an end within the head for an answer
  AttemptListener& listener = *listener_;
  end();
  transport_.drop(*this);
  listener.on_end(window_.held());
}

// libcurl sends again what failed on a kept connection, up to five times and also after a part of a status
// line. So whenever it is about to, it is stopped, and what attempt_clock.h allows is done here.
bool Transfer::may_repeat() {
  return !repeated_ && !sent_told_ && !headed_ && head_.empty() && interim_answers_ == 0 && !watch_.byte_came();
}

void Transfer::repeat() {
  transport_.multi_.remove(easy_);
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
  transport_.bring_news(*this);
}

curl_socket_t Transfer::on_open(void* pointer, curlsocktype, curl_sockaddr* address) {
  auto* self = static_cast<Transfer*>(pointer);
  if (!self->connected_) return self->transport_.watches_.open_socket(*address);
  self->resend_refused_ = true;
  return CURL_SOCKET_BAD;
}

int Transfer::on_connected(void* pointer, char* remote_ip, char* local_ip, int remote_port, int local_port) {
  auto* self = static_cast<Transfer*>(pointer);
  if (self->over()) return CURL_PREREQFUNC_ABORT;
  long connections_made = 0;
  curl_easy_getinfo(self->easy_, CURLINFO_NUM_CONNECTS, &connections_made);
  self->kept_ = connections_made == 0;
  // A second connection, another kept one, is libcurl's own repetition.
  const AnswerWatch::Ends ends{remote_ip, local_ip, remote_port, local_port};
  if (self->connected_ ||
      !self->watch_.begin(self->easy_, ends, self->kept_ ? AnswerWatch::Connection::kept : AnswerWatch::Connection::fresh)) {
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

size_t Transfer::on_read(char* to, size_t, size_t room, void* self) {
  return static_cast<Transfer*>(self)->read_upload(to, room);
}

size_t Transfer::read_upload(char* to, size_t room) {
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

void Transfer::handed_over() {
  if (handed_over_) return;
  handed_over_ = true;
  transport_.bring_news(*this);
}

// Asked for to send again. libcurl remembers that over our own repetition, which has rewound already.
int Transfer::on_seek(void* pointer, curl_off_t offset, int origin) {
  auto* self = static_cast<Transfer*>(pointer);
  if (!self->connected_ && !self->upload_.started() && offset == 0 && origin == SEEK_SET) return CURL_SEEKFUNC_OK;
  self->resend_refused_ = true;
  return CURL_SEEKFUNC_FAIL;
}

void Transfer::tell_sent() {
  if (over() || sent_told_) return;
  sent_told_ = true;
  clock_.end_grace();
  listener_->on_sent();
}

size_t Transfer::refuse(FaultKind kind) {
  verdict_ = kind;
  give_up_stream();
  return 0;
}

size_t Transfer::on_header(char* line, size_t, size_t size, void* self) {
  return static_cast<Transfer*>(self)->take_header_line({line, size});
}

size_t Transfer::take_header_line(std::string_view line) {
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

bool Transfer::take_head() {
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

size_t Transfer::on_write(char* bytes, size_t, size_t size, void* self) {
  return static_cast<Transfer*>(self)->take_body({bytes, size});
}

size_t Transfer::take_body(std::string_view bytes) {
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

MultiTransport::MultiTransport(Loop& loop, const TransportSettings& settings)
    : loop_(loop), settings_(settings), multi_(loop, *this, connections_kept_max) {}

MultiTransport::~MultiTransport() {
  // Before the multi they are in.
  transfers_.clear();
}

Attempt* MultiTransport::open(const AttemptRequest& request, AttemptListener& listener) {
  if (free_.empty()) {
    transfers_.push_back(std::make_unique<Transfer>(*this));
    free_.push_back(transfers_.back().get());
  }
  Transfer* transfer = free_.back();
  free_.pop_back();
  transfer->begin(request, listener);
  bring_news(*transfer);
  return transfer;
}

void MultiTransport::bring_news(Transfer& transfer) {
  news_.push_back(&transfer);
  multi_.kick();
}

void MultiTransport::drop(Transfer& transfer) {
  if (multi_.inside()) {
    dropped_.push_back(&transfer);
  } else {
    transfer.leave();
    spent_.push_back(&transfer);
  }
  multi_.kick();
}

void MultiTransport::stir(int local_port) {
  Transfer* found = nullptr;
  for (auto& transfer : transfers_) {
    if (!transfer->in_multi_ || transfer->over() || transfer->local_port_ != local_port) continue;
    found = transfer.get();
    if (!found->curl_paused_) break;
  }
  if (found) multi_.stir(found->easy_, found->curl_paused_ ? CURLPAUSE_RECV : CURLPAUSE_CONT);
}

void MultiTransport::on_done(CURL* easy, CURLcode result) {
  Transfer* transfer = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
  transfer->on_done(result);
}

void MultiTransport::on_outside() {
  // Reused from now on: no frame of theirs is on the stack, and no list names them once the news,
  // which may, are told.
  std::vector<Transfer*> reusable;
  reusable.swap(spent_);
  for (Transfer* transfer : dropped_) {
    transfer->leave();
    reusable.push_back(transfer);
  }
  dropped_.clear();
  walked_.swap(news_);
  for (Transfer* transfer : walked_) transfer->on_news();
  walked_.clear();
  for (Transfer* transfer : reusable) {
    transfer->let_go();  // not before: what was shown last may still be read in the callback that ended it
    if (free_.size() < transfers_kept_max) {
      free_.push_back(transfer);
      continue;
    }
    auto gone = std::find_if(transfers_.begin(), transfers_.end(),
                             [&](const auto& owned) { return owned.get() == transfer; });
    std::swap(*gone, transfers_.back());
    transfers_.pop_back();
  }
}

}  // namespace

std::unique_ptr<Transport> make_multi_transport(Loop& loop, const TransportSettings& settings) {
  start_curl();
  return std::make_unique<MultiTransport>(loop, settings);
}

}  // namespace signalbox::native
