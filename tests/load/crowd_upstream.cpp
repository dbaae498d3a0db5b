#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "crowd.h"
#include "loopback.h"

namespace {

constexpr int frames_of_a_drip = 200;

std::string chunk(std::string_view bytes) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + std::string(bytes) + "\r\n";
}

std::string event(const std::string& type, const std::string& members) {
  return chunk("event: " + type + "\ndata: {\"type\":\"" + type + "\"" + members + "}\n\n");
}

std::string message(bool whole, const std::string& text) {
  return "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[" +
         (whole ? "{\"type\":\"text\",\"text\":\"" + text + "\"}" : std::string()) +
         "],\"stop_reason\":" + (whole ? "\"end_turn\"" : "null") +
         ",\"stop_sequence\":null,\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}";
}

std::string chat_chunk(const std::string& delta, const char* finish) {
  return chunk(
      "data: "
      "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,"
      "\"delta\":{" +
      delta + "},\"finish_reason\":" + finish + "}]}\n\n");
}

std::string stream_head(bool chat) {
  const std::string head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
  if (chat) return head + chat_chunk("\"role\":\"assistant\",\"content\":\"\"", "null");
  return head + event("message_start", ",\"message\":" + message(false, "")) +
         event("content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}");
}

std::string frame(bool chat, const std::string& text) {
  if (chat) return chat_chunk("\"content\":\"" + text + "\"", "null");
  return event("content_block_delta", ",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"" + text + "\"}");
}

std::string stream_end(bool chat) {
  if (chat) return chat_chunk("", "\"stop\"") + chunk("data: [DONE]\n\n") + "0\r\n\r\n";
  return event("content_block_stop", ",\"index\":0") +
         event("message_delta",
               ",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":1}") +
         event("message_stop", "") + "0\r\n\r\n";
}

std::string whole_answer(bool chat, const std::string& text) {
  const std::string body =
      chat ? "{\"id\":\"c\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,"
             "\"finish_reason\":\"stop\",\"message\":{\"role\":\"assistant\",\"content\":\"" +
                 text + "\"}}]}"
           : message(true, text);
  return "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

}  // namespace

struct CrowdUpstream::Connection {
  Peer* peer = nullptr;
  std::string request;
  bool chat = false, held = false;
  int frames_left = 0;
  long number = 0;

  std::string text() const { return "crowd-" + std::to_string(number) + "; "; }
};

Waiter::Waiter() : epoll_(epoll_create1(0)) {
  if (epoll_ < 0) fail("epoll_create1");
}

Peer& Waiter::add(int fd) {
  Peer* peer = new Peer;
  peer->fd = fd;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = peer;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
  return *peer;
}

void Waiter::drop(Peer& peer) {
  close(peer.fd);
  peer.fd = -1;
  gone_.emplace_back(&peer);
}

void Waiter::break_off(Peer& peer) {
  const linger at_once{1, 0};
  setsockopt(peer.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  drop(peer);
}

void Waiter::turn(int timeout_ms) {
  epoll_event events[512];
  int count = epoll_wait(epoll_, events, 512, timeout_ms);
  for (int i = 0; i < count; ++i) {
    Peer* peer = static_cast<Peer*>(events[i].data.ptr);
    if (peer->fd >= 0) peer->ready();
  }
  gone_.clear();
}

CrowdUpstream::CrowdUpstream(Waiter& waiter) : waiter_(waiter) {
  Peer& listener = waiter_.add(listen_on_loopback(port_));
  listener.ready = [this, &listener] {
    connections_.push_back(std::make_unique<Connection>());
    Connection& connection = *connections_.back();
    connection.peer = &waiter_.add(accept_at_once(listener.fd));
    connection.peer->ready = [this, &connection] { on_ready(connection); };
  };
}

CrowdUpstream::~CrowdUpstream() = default;

void CrowdUpstream::on_ready(Connection& connection) {
  char piece[1 << 16];
  ssize_t n = recv(connection.peer->fd, piece, sizeof piece, MSG_DONTWAIT);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) return gone(connection);
  connection.request.append(piece, size_t(n));
  size_t head_end = connection.request.find("\r\n\r\n");
  if (head_end == std::string::npos) return;
  long length = std::max(0L, content_length(std::string_view(connection.request).substr(0, head_end + 4)));
  if (connection.request.size() < head_end + 4 + size_t(length)) return;
  answer(connection);
  connection.request.clear();
  connection.request.shrink_to_fit();
}

void CrowdUpstream::answer(Connection& connection) {
  const std::string& request = connection.request;
  size_t at = request.find("crowd=");
  size_t plan_at = request.find("plan=", at);
  if (at == std::string::npos || plan_at == std::string::npos) fail("a request that is none of the crowd's");
  ++asked_;
  connection.number = std::atol(request.c_str() + at + 6);
  connection.chat = request.find("/chat/completions ") < request.find("\r\n");
  const std::string plan = request.substr(plan_at + 5, request.find(';', plan_at) - plan_at - 5);
  const std::string text = connection.text();
  std::string out = stream_head(connection.chat) + frame(connection.chat, text);
  if (plan == "hold") {
    connection.held = true;
    ++held_;
  } else if (plan == "drip") {
    connection.frames_left = frames_of_a_drip;
    dripping_.push_back(&connection);
  } else if (plan == "brief") {
    for (int i = 0; i < 20; ++i) out += frame(connection.chat, text);
    out += stream_end(connection.chat);
  } else {
    out = whole_answer(connection.chat, text);
  }
  send_all(connection.peer->fd, out);
}

void CrowdUpstream::release(long nth) {
  for (auto& connection : connections_) {
    if (!connection->held || connection->number % nth != 0) continue;
    connection->held = false;
    --held_;
    send_all(connection->peer->fd, frame(connection->chat, connection->text()) + stream_end(connection->chat));
  }
}

void CrowdUpstream::drip() {
  auto finished = [](Connection* connection) {
    const std::string out =
        --connection->frames_left > 0 ? frame(connection->chat, connection->text()) : stream_end(connection->chat);
    // What is held up now is dripped later; what is gone its own event tells.
    if (send(connection->peer->fd, out.data(), out.size(), MSG_DONTWAIT | MSG_NOSIGNAL) != ssize_t(out.size()))
      ++connection->frames_left;
    return connection->frames_left == 0;
  };
  dripping_.erase(std::remove_if(dripping_.begin(), dripping_.end(), finished), dripping_.end());
}

void CrowdUpstream::gone(Connection& connection) {
  auto dripping = std::find(dripping_.begin(), dripping_.end(), &connection);
  left_ += connection.held || dripping != dripping_.end();
  held_ -= connection.held;
  if (dripping != dripping_.end()) dripping_.erase(dripping);
  waiter_.drop(*connection.peer);
  auto its_own = std::find_if(connections_.begin(), connections_.end(),
                              [&](const auto& each) { return each.get() == &connection; });
  std::swap(*its_own, connections_.back());
  connections_.pop_back();
}
