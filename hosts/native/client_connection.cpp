#include "client_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace signalbox::native {

// How long one who is turned away may take to say for which path: his answer is in the words of its dialect. Then he
// gets one all the same.
static constexpr int64_t turned_away_head_ms_max = 500;

ClientConnection::ClientConnection(ConnectionHost& host, int fd, PeerScope peer, Address address, Welcome welcome)
    : host_(host),
      loop_(host.loop()),
      fd_(fd),
      peer_(peer),
      welcome_(welcome),
      address_(address),
      timer_(loop_, [this] { on_due(); }) {
  int one = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  // The kernel alone sees whether a client takes bytes: a socket says that there is room when a third of it is free.
  const auto stalled_ms = unsigned(host.limits().client_stalled_ms_max);
  if (stalled_ms > 0) setsockopt(fd_, IPPROTO_TCP, TCP_USER_TIMEOUT, &stalled_ms, sizeof stalled_ms);
}

ClientConnection::~ClientConnection() {
  if (fd_ >= 0) ::close(fd_);
  handler_.reset();
  host_.buffers().give_back(buffer_);
}

bool ClientConnection::start() {
  if (welcome_ == Welcome::served) handler_ = host_.make_handler(*this);
  idle_since_ms_ = loop_.now().monotonic_ms;
  rearm();
  return loop_.add(*this, fd_);
}

void ClientConnection::on_ready(uint32_t epoll_events) {
  if (is_gone()) return;
  if ((epoll_events & EPOLLOUT) && blocked_) {
    blocked_ = false;
    loop_.settle_later(*this);
  }
  if (epoll_events & (EPOLLHUP | EPOLLERR)) reset_ = true;
  if (reset_ || (epoll_events & EPOLLRDHUP)) peer_closed_ = true;
  if (peer_closed_ || (epoll_events & EPOLLIN)) readable_ = true;
  switch (state_) {
    case State::head:
    case State::body: return pump();
    case State::answering:
      if (peer_closed_) lost();
      return;
    case State::closing:
      if (epoll_events & (EPOLLHUP | EPOLLERR)) close(Goodbye::fin);
      return;
    case State::lingering: return drop_rest();
    case State::left:
    case State::closed: return;
  }
}

void ClientConnection::on_settled() {
  if (is_gone()) return;
  const size_t unsent_before = unsent();
  flush();
  if (broken_) return lost();
  // A client that is still taking the last answer is not idle.
  if (unsent() < unsent_before) idle_since_ms_ = loop_.now().monotonic_ms;
  if (told_backed_up_ && unsent() < size_t(host_.limits().client_unsent_bytes_max) / 2) {
    told_backed_up_ = false;
    handler_->on_client_taking();
    if (state_ == State::closed) return;
  }
  if (state_ == State::closing) return end_when_sent();
  if (state_ == State::head) {
    if (begin_ < end_ || readable_) pump();
    else rearm();
  }
}

void ClientConnection::pump() {
  if (pumping_) return;
  pumping_ = true;
  while (state_ == State::head || state_ == State::body) {
    const Progress progress = state_ == State::head ? read_head() : read_body();
    if (progress == Progress::more) continue;
    if (progress == Progress::enough) break;
    if (!readable_ || released_ || (state_ != State::head && state_ != State::body)) break;
    if (!receive()) break;
  }
  pumping_ = false;
  if (is_gone()) return;
  if (state_ == State::head && begin_ == end_) drop_input();
  rearm();
  if (state_ == State::answering && peer_closed_) lost();
}

ClientConnection::Progress ClientConnection::read_head() {
  if (begin_ == end_) return Progress::stuck;
  std::string_view bytes(buffer_->bytes + begin_, end_ - begin_);
  if (scan_.head_bytes() == 0) {
    const size_t empty = http1::leading_empty_line_bytes(bytes, empty_line_bytes_);
    empty_line_bytes_ += empty;
    begin_ += uint32_t(empty);
    bytes.remove_prefix(empty);
    if (bytes.empty()) {
      head_began_ms_ = never_ms;  // what came was no more than an empty line
      return Progress::stuck;
    }
  }
  if (host_.draining()) {
    quiet_input_ = false;
    close_when_sent();
    return Progress::stuck;
  }
  const size_t bound =
      std::min(size_t(host_.limits().request_head_bytes_max), RequestBuffer::bytes_max - room_behind_head);
  switch (scan_.feed(bytes, bound)) {
    case http1::Outcome::need_more:
      if (head_began_ms_ == never_ms) head_began_ms_ = loop_.now().monotonic_ms;
      return Progress::stuck;
    case http1::Outcome::refused: refuse(scan_.refusal(), bytes); return Progress::stuck;
    case http1::Outcome::complete: break;
  }
  if (welcome_ == Welcome::turned_away) {
    turn_away(bytes);
    return Progress::stuck;
  }
  http1::Head head;
  std::string_view head_text = bytes.substr(0, scan_.head_bytes());
  http1::Refusal refusal = http1::parse_request(head_text, buffer_->headers, head);
  if (refusal != http1::Refusal::none) {
    refuse(refusal, head_text);
    return Progress::stuck;
  }
  // A request that would fit at the buffer's front goes there, before views on it leave this function.
  const size_t body = head.framing == http1::Framing::length ? size_t(head.length) : room_behind_head;
  const size_t size = head.head_bytes + std::min(body, RequestBuffer::bytes_max);
  if (begin_ > 0 && begin_ + size > RequestBuffer::bytes_max) {
    std::memmove(buffer_->bytes, buffer_->bytes + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    head_text = {buffer_->bytes, head_text.size()};
    http1::parse_request(head_text, buffer_->headers, head);
  }
  begin_request(head);
  return Progress::more;
}

void ClientConnection::begin_request(const http1::Head& head) {
  content_ = coded_ = begin_ + uint32_t(head.head_bytes);
  framing_ = head.framing;
  length_ = head.length;
  keep_ = head.persistence == http1::Persistence::keep;
  is_head_method_ = head.method == "HEAD";
  http_1_0_ = head.minor == 0;
  first_request_ = false;
  head_began_ms_ = never_ms;
  body_began_ms_ = loop_.now().monotonic_ms;
  exchange_open_ = true;
  const bool has_body = framing_ == http1::Framing::chunked || (framing_ == http1::Framing::length && length_ > 0);
  if (has_body) {
    state_ = State::body;
  } else {
    state_ = State::answering;
    rest_ = content_;
  }

  ClientHead told;
  told.method = head.method;
  told.target = head.target;
  told.headers = head.headers;
  told.body_bytes = framing_ == http1::Framing::chunked ? -1 : has_body ? length_ : 0;
  told.peer = peer_;
  told.address = address_;
  handler_->on_client_head(told);
  if (!exchange_open_) return;
  if (!has_body) return tell_body(true);
  if (!place_body()) return body_failed({FaultKind::overloaded});
  // Only now: whom the core has refused by the head alone need not send the body (RFC 9110 section 10.1.1).
  if (head.expects_continue && end_ == content_ && body_bytes_ == 0 && !head_sent_) {
    text().append("HTTP/1.1 100 Continue\r\n\r\n");
    loop_.settle_later(*this);
  }
}

bool ClientConnection::receive_into(char* to, size_t room, size_t& got) {
  const ssize_t n = recv(fd_, to, room, 0);
  if (n > 0) {
    got = size_t(n);
    // Drained when less came than was asked for; the end, if the peer has closed, is yet to be read.
    if (got < room && !peer_closed_) readable_ = false;
    return true;
  }
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
    readable_ = false;
    return false;
  }
  if (n < 0 && errno == EINTR) {
    got = 0;
    return true;
  }
  if (n < 0) broken_ = true;
  lost();
  return false;
}

// One read to where the next bytes belong. False when nothing more can be done now.
bool ClientConnection::receive() {
  size_t got = 0;
  if (state_ == State::body && body_ && !coded_body_) return receive_body();
  if (!buffer_) {
    buffer_ = host_.buffers().take();
    if (!buffer_) {
      close(Goodbye::reset);
      return false;
    }
    begin_ = end_ = 0;
  }
  if (state_ == State::head && begin_ > 0 && end_ == RequestBuffer::bytes_max) {
    std::memmove(buffer_->bytes, buffer_->bytes + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (state_ == State::body && framing_ == http1::Framing::chunked && !coded_body_ &&
      RequestBuffer::bytes_max - end_ < room_behind_head / 2)
    return move_body();
  if (!receive_into(buffer_->bytes + end_, RequestBuffer::bytes_max - end_, got)) return false;
  end_ += uint32_t(got);
  return true;
}

void ClientConnection::drop_input() {
  host_.buffers().give_back(buffer_);
  buffer_ = nullptr;
  begin_ = end_ = rest_ = content_ = coded_ = 0;
}

void ClientConnection::next_request() {
  host_.buffers().give_back(std::move(body_));
  body_ = {};
  coded_body_.reset();
  begin_ = rest_;
  if (begin_ == end_) drop_input();
  state_ = State::head;
  scan_ = {};
  decoder_ = {};
  framing_ = http1::Framing::none;
  length_ = -1;
  body_bytes_ = 0;
  empty_line_bytes_ = 0;
  idle_since_ms_ = loop_.now().monotonic_ms;
  released_ = head_sent_ = chunked_out_ = no_body_out_ = false;
  out_left_ = -1;
}

void ClientConnection::lost() {
  if (is_gone()) return;
  if (exchange_open_) {
    handler_->on_client_gone();
    if (exchange_open_) {
      state_ = State::left;
      return hang_up(Goodbye::fin);
    }
  } else {
    // A client may half-close after its last request and still read the answer.
    flush();
    if (unsent() > 0 && !broken_) {
      quiet_input_ = true;
      return close_when_sent();
    }
  }
  close(Goodbye::fin);
}

void ClientConnection::drain() {
  if (state_ == State::head) {
    flush();
    if (unsent() == 0 || broken_) return close(Goodbye::fin);
    quiet_input_ = begin_ == end_ && !readable_;
    close_when_sent();
  } else if (state_ == State::closing) {
    timer_.disarm();  // now it is the stop's bound that counts, and a stop that cuts says so
  }
}

void ClientConnection::close_now() {
  if (exchange_open_) handler_->on_client_gone();
  close(Goodbye::reset);
}

void ClientConnection::rearm() {
  const Limits& limits = host_.limits();
  const int64_t now = loop_.now().monotonic_ms;
  switch (state_) {
    case State::head:
      if (welcome_ == Welcome::turned_away) return timer_.arm_at(idle_since_ms_ + turned_away_head_ms_max);
      // A connection that never says anything gets no more time than a slow head.
      if (head_began_ms_ != never_ms) timer_.arm_at(head_began_ms_ + limits.request_head_ms_max);
      else
        timer_.arm_at(idle_since_ms_ + (first_request_ ? limits.request_head_ms_max : limits.idle_connection_ms_max));
      return;
    case State::body:
      if (decoding()) {
        // No pause: it is not the client that is waited for.
        timer_.arm_at(body_began_ms_ + limits.request_body_ms_max);
        return loop_.queue_piece(*this);
      }
      timer_.arm_at(std::min(now + limits.request_body_idle_ms_max, body_began_ms_ + limits.request_body_ms_max));
      return;
    case State::answering: timer_.disarm(); return;
    default: return;
  }
}

void ClientConnection::body_came_too_slowly() {
  const Limits& limits = host_.limits();
  const bool paused = loop_.now().monotonic_ms < body_began_ms_ + limits.request_body_ms_max;
  const std::string detail = paused
                                 ? "The request's body paused for " + std::to_string(limits.request_body_idle_ms_max) +
                                       " ms (server.limits.request_body_idle_ms_max)."
                                 : "The request's body took longer than " + std::to_string(limits.request_body_ms_max) +
                                       " ms (server.limits.request_body_ms_max).";
  body_failed({FaultKind::request_timeout, detail});
}

void ClientConnection::on_due() {
  switch (state_) {
    case State::head:
      if (welcome_ == Welcome::turned_away)
        return turn_away(buffer_ ? std::string_view(buffer_->bytes + begin_, end_ - begin_) : std::string_view{});
      if (head_began_ms_ == never_ms) return close(unsent() > 0 ? Goodbye::reset : Goodbye::fin);
      return refuse({FaultKind::request_timeout, "The request's head took longer than " +
                                                     std::to_string(host_.limits().request_head_ms_max) +
                                                     " ms (server.limits.request_head_ms_max)."},
                    row(FaultKind::request_timeout).status, "slow_head",
                    buffer_ ? std::string_view(buffer_->bytes + begin_, end_ - begin_) : std::string_view{});
    case State::body:
      if (released_) return;
      return body_came_too_slowly();
    case State::closing: return close(Goodbye::reset);
    case State::lingering: return close(Goodbye::fin);
    default: return;
  }
}

}  // namespace signalbox::native
