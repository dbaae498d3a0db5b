#include "listen.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "config/problem.h"
#include "config/rules.h"

namespace signalbox::native {

namespace {

// Connections may arrive faster than a busy turn of the loop takes them.
constexpr int backlog = 1024;

enum class Share : uint8_t { alone, port };

int open_socket(const addrinfo& where, Share share) {
  const int fd = socket(where.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (where.ai_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  if (share == Share::port) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  if (bind(fd, where.ai_addr, where.ai_addrlen) == 0 && ::listen(fd, backlog) == 0) return fd;
  const int why = errno;
  close(fd);
  errno = why;
  return -1;
}

std::string text_of(const sockaddr_storage& a, socklen_t size) {
  char host[NI_MAXHOST], port[NI_MAXSERV];
  if (getnameinfo(reinterpret_cast<const sockaddr*>(&a), size, host, sizeof host, port, sizeof port,
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return "?";
  return a.ss_family == AF_INET6 ? std::string("[") + host + "]:" + port : std::string(host) + ":" + port;
}

std::string why_not(std::string_view address, int error) {
  std::string s = "Cannot listen on ";
  s.append(address).append(": ");
  if (error == EADDRINUSE) s.append("another program is listening there. Choose another address with --listen.");
  else if (error == EACCES) s.append("ports below 1024 need more rights. Choose another address with --listen.");
  else if (error == EADDRNOTAVAIL) s.append("this machine has no such address.");
  else s.append(std::strerror(error)).append(".");
  return s;
}

}  // namespace

Listening listen_on(std::string_view address, size_t count) {
  Listening out;
  if (std::string fault = config::rule_listen(address); !fault.empty()) {
    out.problem = "Cannot listen on " + config::quoted(address) + ": it " + fault + ".";
    return out;
  }
  const size_t colon = address.rfind(':');
  std::string host(address.substr(0, colon));
  const std::string port(address.substr(colon + 1));
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | AI_PASSIVE;
  addrinfo* where = nullptr;
  if (int e = getaddrinfo(host.c_str(), port.c_str(), &hints, &where); e != 0) {
    out.problem = "Cannot listen on " + std::string(address) + ": " + gai_strerror(e) +
                  ". An address is written 127.0.0.1:8484 or [::1]:8484.";
    return out;
  }
  sockaddr_storage bound{};
  std::memcpy(&bound, where->ai_addr, where->ai_addrlen);
  socklen_t size = where->ai_addrlen;
  where->ai_addr = reinterpret_cast<sockaddr*>(&bound);

  // Sockets that share a port would also share it with another Signalbox, each getting half of the
  // connections: one that does not share finds out whether the port is free.
  int probe = open_socket(*where, Share::alone);
  if (probe >= 0) {
    getsockname(probe, reinterpret_cast<sockaddr*>(&bound), &size);
    close(probe);
  }
  int error = probe < 0 ? errno : 0;
  while (!error && out.sockets.size() < count) {
    const int fd = open_socket(*where, Share::port);
    if (fd < 0) error = errno;
    else out.sockets.push_back(fd);
  }
  if (error) {
    for (int fd : out.sockets) close(fd);
    out.sockets.clear();
    out.problem = why_not(address, error);
  } else {
    out.address = text_of(bound, size);
  }
  where->ai_addr = nullptr;
  freeaddrinfo(where);
  return out;
}

std::string fault_of_listen_option(std::string_view address, const Config& config) {
  std::string fault = config::rule_listen(address);
  if (!fault.empty()) return fault + " (not " + config::quoted(address) + ")";
  if (open_without_keys({std::string(address)}, config)) return std::string(config::open_listen_fault);
  return {};
}

bool open_without_keys(const std::vector<std::string>& addresses, const Config& config) {
  if (!config.server.client_keys.empty()) return false;
  for (const std::string& address : addresses)
    if (!config::is_loopback(address)) return true;
  return false;
}

}  // namespace signalbox::native
