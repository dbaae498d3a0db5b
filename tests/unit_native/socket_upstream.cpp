// The sockets and threads of a scripted upstream.
#include "socket_upstream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace transport_test {

bool Peer::read_head() {
  size_t end;
  while ((end = pending_.find("\r\n\r\n")) == std::string::npos)
    if (!fill()) return false;
  head = pending_.substr(0, end + 4);
  pending_.erase(0, end + 4);
  return true;
}

bool Peer::read_request() {
  if (!read_head()) return false;
  size_t at = head.find("Content-Length: ");
  size_t size = at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
  while (pending_.size() < size)
    if (!fill()) return false;
  body = pending_.substr(0, size);
  pending_.erase(0, size);
  return true;
}

void Peer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    bytes.remove_prefix(size_t(n));
  }
}

void Peer::send_bytewise(std::string_view bytes) {
  for (char c : bytes) {
    send({&c, 1});
    std::this_thread::yield();
  }
}

void Peer::wait_for_close() {
  while (fill()) pending_.clear();
}

void Peer::reset_on_close() {
  linger l{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &l, sizeof l);
}

bool Peer::fill() {
  char buffer[65536];
  ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
  if (n <= 0) return false;
  pending_.append(buffer, size_t(n));
  return true;
}

int listen_anywhere(int backlog, int& port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(listen(fd, backlog) == 0);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return fd;
}

Upstream::Upstream(Script script) : script_(std::move(script)) {
  listener_ = listen_anywhere(128, port_);
  acceptor_ = std::thread([this] { accept_all(); });
}

Upstream::~Upstream() {
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  {
    std::lock_guard<std::mutex> guard(mutex_);
    for (int fd : open_) shutdown(fd, SHUT_RDWR);
  }
  for (auto& thread : threads_) thread.join();
}

std::string Upstream::url(std::string_view target) const {
  return "http://127.0.0.1:" + std::to_string(port_) + std::string(target);
}

void Upstream::accept_all() {
  for (;;) {
    int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int number = ++count_;
    std::lock_guard<std::mutex> guard(mutex_);
    open_.push_back(fd);
    threads_.emplace_back([this, fd, number] {
      Peer peer(fd, number);
      script_(peer);
      std::lock_guard<std::mutex> inner(mutex_);
      std::erase(open_, fd);
      close(fd);
      ++closed_;
    });
  }
}

std::string whole(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

Upstream::Script answering(std::string answer, Then then) {
  return [answer, then](Peer& peer) {
    while (peer.read_request()) {
      peer.send(answer);
      if (then == Then::close) return;
    }
  };
}

}  // namespace transport_test
