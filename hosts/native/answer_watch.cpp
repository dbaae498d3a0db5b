#include "answer_watch.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string_view>

namespace signalbox::native {

namespace {

// False where the kernel does not count them.
bool count_segments(curl_socket_t fd, uint32_t& out) {
  tcp_info info{};
  socklen_t size = sizeof info;
  constexpr size_t needed = offsetof(tcp_info, tcpi_data_segs_in) + sizeof info.tcpi_data_segs_in;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 || size < needed) return false;
  out = info.tcpi_data_segs_in;
  return true;
}

bool is_quiet(curl_socket_t fd) {
  char byte;
  return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

std::string name_of(const char* local_ip, int local_port, const char* remote_ip, int remote_port) {
  return std::string(local_ip) + ' ' + std::to_string(local_port) + ' ' + remote_ip + ' ' + std::to_string(remote_port);
}

// Writes the address as libcurl does; answers its port, or -1.
int read_address(const sockaddr_storage& address, char (&text)[INET6_ADDRSTRLEN]) {
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return ntohs(v4.sin_port);
  }
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    return ntohs(v6.sin6_port);
  }
  return -1;
}

// Empty as long as it is not connected.
std::string name_of(curl_socket_t fd) {
  sockaddr_storage local{}, remote{};
  socklen_t local_size = sizeof local, remote_size = sizeof remote;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&local), &local_size) != 0) return {};
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&remote), &remote_size) != 0) return {};
  char local_ip[INET6_ADDRSTRLEN] = {}, remote_ip[INET6_ADDRSTRLEN] = {};
  const int local_port = read_address(local, local_ip), remote_port = read_address(remote, remote_ip);
  return name_of(local_ip, local_port, remote_ip, remote_port);
}

bool is_http_2(SSL* tls) {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(tls, &name, &size);
  return std::string_view(reinterpret_cast<const char*>(name), size) == "h2";
}

}  // namespace

void AnswerWatches::install(CURL* easy) {
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &AnswerWatches::on_close);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, &AnswerWatches::on_tls_context);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, this);
}

curl_socket_t AnswerWatches::open_socket(const curl_sockaddr& address) {
  const int fd = socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  unnamed_.push_back(fd);
  return fd;
}

curl_socket_t AnswerWatches::find(const std::string& ends) {
  for (size_t i = 0; i < unnamed_.size();) {
    const curl_socket_t fd = unnamed_[i];
    std::string name = name_of(fd);
    if (name.empty()) {
      ++i;  // on its way
      continue;
    }
    by_ends_[name] = fd;
    named_[fd] = std::move(name);
    unnamed_[i] = unnamed_.back();
    unnamed_.pop_back();
  }
  auto found = by_ends_.find(ends);
  return found == by_ends_.end() ? CURL_SOCKET_BAD : found->second;
}

int AnswerWatches::on_close(void* self_pointer, curl_socket_t fd) {
  auto* self = static_cast<AnswerWatches*>(self_pointer);
  auto found = self->sockets_.find(fd);
  if (found != self->sockets_.end()) found->second->stop();
  auto named = self->named_.find(fd);
  if (named != self->named_.end()) {
    auto by_ends = self->by_ends_.find(named->second);
    if (by_ends != self->by_ends_.end() && by_ends->second == fd) self->by_ends_.erase(by_ends);
    self->named_.erase(named);
  } else {
    auto& unnamed = self->unnamed_;
    unnamed.erase(std::remove(unnamed.begin(), unnamed.end(), fd), unnamed.end());
  }
  return ::close(fd);
}

CURLcode AnswerWatches::on_tls_context(CURL*, void* context, void* self) {
  auto* tls_context = static_cast<SSL_CTX*>(context);
  SSL_CTX_set_msg_callback(tls_context, &AnswerWatches::on_tls_record);
  SSL_CTX_set_msg_callback_arg(tls_context, self);
  return CURLE_OK;
}

void AnswerWatches::on_tls_record(int written, int version, int type, const void* bytes, size_t size, ssl_st* tls,
                                  void* self_pointer) {
  auto* self = static_cast<AnswerWatches*>(self_pointer);
  if (written || self->tls_.empty() || size == 0) return;
  // TLS 1.3 calls every encrypted record application data and tells its real type within.
  const bool tells_type = type == SSL3_RT_INNER_CONTENT_TYPE ||
                          (type == SSL3_RT_HEADER && version != TLS1_3_VERSION && SSL_version(tls) != TLS1_3_VERSION);
  if (!tells_type || *static_cast<const unsigned char*>(bytes) != SSL3_RT_APPLICATION_DATA) return;
  auto found = self->tls_.find(tls);
  if (found == self->tls_.end()) return;
  found->second->came_ = true;
  found->second->stop();
}

bool AnswerWatch::begin(CURL* easy, const Ends& ends, Connection connection) {
  stop();
  came_ = false;
  const curl_socket_t fd = watches_.find(name_of(ends.local_ip, ends.local_port, ends.remote_ip, ends.remote_port));
  if (fd == CURL_SOCKET_BAD) {
    came_ = true;
    return true;
  }
  curl_tlssessioninfo* session = nullptr;
  curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &session);
  auto* tls = session && session->backend == CURLSSLBACKEND_OPENSSL ? static_cast<SSL*>(session->internals) : nullptr;
  if (tls && is_http_2(tls)) return true;
  if (connection == Connection::kept && (!is_quiet(fd) || (tls && SSL_pending(tls) > 0))) return false;
  if (tls) {
    tls_ = tls;
    watches_.tls_[tls] = this;
  } else if (count_segments(fd, segments_before_)) {
    socket_ = fd;
    watches_.sockets_[fd] = this;
  } else {
    came_ = true;
  }
  return true;
}

void AnswerWatch::look() {
  if (socket_ == CURL_SOCKET_BAD || came_) return;
  uint32_t segments = 0;
  came_ = !count_segments(socket_, segments) || segments != segments_before_;
}

bool AnswerWatch::byte_came() {
  look();
  return came_;
}

void AnswerWatch::stop() {
  look();
  if (socket_ != CURL_SOCKET_BAD) watches_.sockets_.erase(socket_);
  if (tls_) watches_.tls_.erase(tls_);
  socket_ = CURL_SOCKET_BAD;
  tls_ = nullptr;
}

}  // namespace signalbox::native
