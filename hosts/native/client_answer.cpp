// The output of a client's connection, and how it ends.
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "client_connection.h"
#include "http1/write.h"
#include "signalbox/error_body.h"

namespace signalbox::native {

namespace {

// Up to this size a copy costs less than a system call of its own: what follows, often the answer's end,
// leaves in the same write.
constexpr size_t copied_bytes_max = 16 << 10;

// More gathered text than this is written before the callback is over.
constexpr size_t gathered_bytes_max = 64 << 10;

// When one who is turned away may come again: as soon as SDKs would by themselves.
constexpr int64_t turned_away_retry_ms = 1'000;

// What an early answer waits for: long enough for a client to notice, short enough to be no burden.
constexpr int64_t linger_ms_max = 2'000;
constexpr size_t linger_bytes_max = 256 << 10;

// A handler that does not heed `backed_up` is ended: nothing grows without bound. Who does heed it may
// still give one whole frame at once; this is for what comes along with it.
constexpr int64_t unsent_beyond_frame_bytes_max = 16 << 20;

// The path in a request line that may be wrong in any way; it tells the error's dialect, nothing else.
std::string_view path_in(std::string_view head) {
  const std::string_view line = head.substr(0, head.find_first_of("\r\n"));
  const size_t space = line.find(' ');
  if (space == line.npos) return {};
  std::string_view target = line.substr(space + 1);
  target = target.substr(0, target.find(' '));
  if (const size_t scheme = target.find("://"); scheme != target.npos) target.remove_prefix(scheme + 3);
  const size_t slash = target.find('/');
  return slash == target.npos ? std::string_view{} : target.substr(slash);
}

bool is_framing(std::string_view name) {
  switch (name.size()) {
    case 4: return http1::same_name(name, "date");
    case 10: return http1::same_name(name, "connection") || http1::same_name(name, "keep-alive");
    case 14: return http1::same_name(name, "content-length");
    case 17: return http1::same_name(name, "transfer-encoding");
    default: return false;
  }
}

}  // namespace

std::string& ClientConnection::text() {
  if (!text_) {
    text_ = host_.buffers().take_text();
    text_sent_ = 0;
  }
  return *text_;
}

void ClientConnection::send_head(const SendClientHead& head) {
  if (is_gone() || head_sent_) return;
  head_sent_ = true;
  no_body_out_ = is_head_method_ || head.status == 204 || head.status == 304;
  std::string& out = text();
  http1::append_status_line(out, head.status);
  for (const Header& h : head.headers)
    if (!is_framing(h.name)) http1::append_header(out, h.name, h.value);
  http1::append_header(out, "date", host_.date());
  if (head.body_bytes >= 0) {
    // 204 has none, and to 304 a length would be that of the body not sent (RFC 9110 section 8.6).
    if (head.status != 204 && head.status != 304) http1::append_header(out, "content-length", head.body_bytes);
    if (!no_body_out_) out_left_ = head.body_bytes;
  } else if (!no_body_out_) {
    if (http_1_0_) {
      keep_ = false;  // its end is the connection's end
    } else {
      chunked_out_ = true;
      out.append("transfer-encoding: chunked\r\n");
    }
  }
  if (!request_whole() || host_.draining()) keep_ = false;
  if (!keep_) out.append("connection: close\r\n");
  else if (http_1_0_) out.append("connection: keep-alive\r\n");
  out.append("\r\n", 2);
  loop_.settle_later(*this);
}

void ClientConnection::send_body(std::string_view bytes) {
  if (is_gone() || broken_ || no_body_out_ || !head_sent_ || bytes.empty()) return;
  if (out_left_ >= 0) {
    bytes = bytes.substr(0, size_t(std::min<uint64_t>(bytes.size(), uint64_t(out_left_))));
    out_left_ -= int64_t(bytes.size());
  }
  if (chunked_out_) {
    char line[http1::chunk_line_bytes_max];
    write_through({line, http1::write_chunk_line(line, bytes.size())}, bytes, "\r\n");
  } else {
    write_through({}, bytes, {});
  }
  const Limits& limits = host_.limits();
  if (int64_t(unsent()) > limits.client_unsent_bytes_max + limits.frame_bytes_max + unsent_beyond_frame_bytes_max)
    broken_ = true;
  loop_.settle_later(*this);
}

// Writes what is gathered, then these, in one call where the socket takes it; the rest is gathered.
void ClientConnection::write_through(std::string_view line, std::string_view bytes, std::string_view end) {
  std::string& out = text();
  if (bytes.size() <= copied_bytes_max || blocked_) {
    if (text_sent_ > gathered_bytes_max && text_sent_ > out.size() / 2) {
      out.erase(0, text_sent_);
      text_sent_ = 0;
    }
    out.append(line).append(bytes).append(end);
    if (unsent() > gathered_bytes_max) flush();
    return;
  }
  iovec pieces[4] = {{out.data() + text_sent_, unsent()},
                     {const_cast<char*>(line.data()), line.size()},
                     {const_cast<char*>(bytes.data()), bytes.size()},
                     {const_cast<char*>(end.data()), end.size()}};
  msghdr message{};
  message.msg_iov = pieces;
  message.msg_iovlen = 4;
  size_t all = 0;
  for (const iovec& piece : pieces) all += piece.iov_len;
  const ssize_t n = sendmsg(fd_, &message, MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN && errno != EINTR) {
    broken_ = true;
    return;
  }
  size_t sent = n < 0 ? 0 : size_t(n);
  if (sent < all) blocked_ = n >= 0 || errno == EAGAIN;
  const size_t of_text = std::min(sent, unsent());
  text_sent_ += of_text;
  sent -= of_text;
  if (text_sent_ == out.size()) {
    out.clear();
    text_sent_ = 0;
  }
  for (std::string_view piece : {line, bytes, end}) {
    const size_t gone = std::min(sent, piece.size());
    out.append(piece.substr(gone));
    sent -= gone;
  }
}

void ClientConnection::flush() {
  while (unsent() > 0 && !blocked_ && !broken_) {
    const ssize_t n = send(fd_, text_->data() + text_sent_, unsent(), MSG_NOSIGNAL);
    if (n >= 0) text_sent_ += size_t(n);
    else if (errno == EAGAIN || errno == EWOULDBLOCK) blocked_ = true;
    else if (errno != EINTR) broken_ = true;
  }
  if (text_ && unsent() == 0) {
    host_.buffers().give_back(std::move(text_));
    text_sent_ = 0;
  }
}

bool ClientConnection::backed_up() {
  if (is_gone()) return false;
  if (int64_t(unsent()) > host_.limits().client_unsent_bytes_max) told_backed_up_ = true;
  return told_backed_up_;
}

void ClientConnection::finish(Ending ending) {
  if (!exchange_open_) return;
  exchange_open_ = false;
  if (state_ == State::closed) return;
  if (state_ == State::left) return close(Goodbye::fin);
  const bool whole = request_whole();
  if (!head_sent_ || out_left_ > 0) ending = Ending::cut;
  if (ending == Ending::cut) {
    flush();
    // Where only the connection's end delimits the body, a proper end would be a lie.
    const bool by_close = head_sent_ && !chunked_out_ && out_left_ < 0;
    return close(by_close ? Goodbye::reset : Goodbye::fin);
  }
  if (chunked_out_) text().append(http1::last_chunk);
  if (state_ == State::body && whole && !coded_body_) rest_ = content_ + uint32_t(length_);
  if (keep_ && whole && !host_.draining()) {
    next_request();
  } else {
    host_.buffers().give_back(std::move(body_));
    body_ = {};
    // Bytes that nobody has read would make the close a reset, and lose the answer on its way.
    quiet_input_ = whole && rest_ == end_ && !readable_;
    return close_when_sent();
  }
  loop_.settle_later(*this);
}

// No further request; what is unsent still leaves. `quiet_input_` is set by the caller.
void ClientConnection::close_when_sent() {
  drop_input();
  state_ = State::closing;
  // A stop has a bound of its own, and says so where it cuts anything off.
  if (host_.draining()) timer_.disarm();
  else timer_.arm_at(loop_.now().monotonic_ms + host_.limits().idle_connection_ms_max);
  loop_.settle_later(*this);
}

void ClientConnection::end_when_sent() {
  if (unsent() > 0) return;
  if (quiet_input_) close(Goodbye::fin);
  else linger();
}

void ClientConnection::linger() {
  state_ = State::lingering;
  shutdown(fd_, SHUT_WR);
  timer_.arm_at(loop_.now().monotonic_ms + linger_ms_max);
  drop_rest();
}

void ClientConnection::drop_rest() {
  static thread_local char nowhere[16 << 10];
  while (dropped_ < linger_bytes_max) {
    const ssize_t n = recv(fd_, nowhere, sizeof nowhere, 0);
    if (n > 0) dropped_ += size_t(n);
    else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    else if (n == 0 || errno != EINTR) break;
  }
  close(Goodbye::fin);
}

void ClientConnection::refuse(http1::Refusal refusal, std::string_view head_bytes) {
  const http1::RefusalRow& why = http1::row(refusal);
  const FaultKind kind = why.status == 431 ? FaultKind::head_too_large : FaultKind::bad_request;
  refuse(Fault{kind, std::string(why.message)}, why.status, why.name, head_bytes);
}

void ClientConnection::turn_away(std::string_view head_bytes) {
  const Fault fault{FaultKind::overloaded,
                    "The gateway has as many connections open as it takes (server.limits.connections_max).",
                    turned_away_retry_ms};
  refuse(fault, status_of(fault, path_in(head_bytes), {}), {}, head_bytes);
}

void ClientConnection::refuse(const Fault& fault, int status, std::string_view reason, std::string_view head_bytes) {
  const std::string_view target = path_in(head_bytes);
  const std::string id = host_.new_request_id();
  std::string body;
  write_error_body(body, target, {}, fault, id);
  std::string& out = text();
  http1::append_status_line(out, status);
  http1::append_header(out, "content-type", "application/json");
  http1::append_header(out, "request-id", id);
  if (fault.retry_after_ms >= 0) http1::append_header(out, "retry-after", base::seconds_up(fault.retry_after_ms));
  http1::append_header(out, "date", host_.date());
  http1::append_header(out, "content-length", int64_t(body.size()));
  out.append("connection: close\r\n\r\n");
  // To HEAD even an error has no body (RFC 9110 section 9.3.2).
  if (head_bytes.substr(0, 5) != "HEAD ") out.append(body);
  // Of a crowd that is turned away one line is said, and not by each.
  if (welcome_ == Welcome::served) host_.on_refused(reason, status, id);
  drop_input();
  keep_ = false;
  state_ = State::closing;
  timer_.arm_at(loop_.now().monotonic_ms + linger_ms_max);
  loop_.settle_later(*this);
}

// The socket is closed, and nothing more is sent.
void ClientConnection::hang_up(Goodbye goodbye) {
  timer_.disarm();
  if (fd_ < 0) return;
  if (goodbye == Goodbye::reset) {
    ::linger option{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &option, sizeof option);
  }
  ::close(fd_);
  fd_ = -1;
  if (text_) host_.buffers().give_back(std::move(text_));
}

void ClientConnection::close(Goodbye goodbye) {
  if (state_ == State::closed) return;
  state_ = State::closed;
  hang_up(goodbye);
  host_.on_closed(*this);
  loop_.bury(std::unique_ptr<Pollable>(this));
}

}  // namespace signalbox::native
