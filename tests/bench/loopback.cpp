#include "loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>

void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

void send_at_once(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

int connect_to(int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(port);
  if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
  send_at_once(fd);
  return fd;
}

int listen_on_loopback(int& port) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener, 4096) != 0) fail("listen");
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return listener;
}

int accept_at_once(int listener) {
  int fd = accept(listener, nullptr, nullptr);
  if (fd < 0) fail("accept");
  send_at_once(fd);
  return fd;
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(size_t(n));
  }
  return true;
}

std::string read_file(const char* path) {
  FILE* file = std::fopen(path, "rb");
  if (!file) fail(path);
  std::string text;
  char piece[1 << 16];
  while (size_t n = std::fread(piece, 1, sizeof piece, file)) text.append(piece, n);
  std::fclose(file);
  return text;
}

std::string request_for(const std::string& body, int port) {
  return "POST /v1/messages?beta=true HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
         "\r\ncontent-type: application/json\r\nanthropic-version: 2023-06-01\r\nx-api-key: bench-client\r\n"
         "content-length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

long content_length(std::string_view head) {
  std::string lower(head);
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  size_t at = lower.find("\r\ncontent-length:");
  return at == std::string::npos ? -1 : std::atol(lower.c_str() + at + 17);
}

std::vector<Target> targets_from(const std::vector<std::string>& words) {
  std::vector<Target> targets;
  for (const std::string& word : words) {
    size_t equals = word.find('=');
    if (equals == std::string::npos) fail("NAME=PORT");
    Target target;
    target.name = word.substr(0, equals);
    target.port = std::atoi(word.c_str() + equals + 1);
    targets.push_back(std::move(target));
  }
  return targets;
}

namespace {

double us(std::vector<int64_t>& values, double part) {
  if (values.empty()) return -1;
  std::sort(values.begin(), values.end());
  return double(values[std::min(values.size() - 1, size_t(part * double(values.size())))]) / 1000;
}

}  // namespace

void print(std::vector<Target>& targets) {
  for (Target& t : targets) {
    std::printf("{\"name\":\"%s\",\"count\":%zu,\"first_p50\":%.1f,\"first_p99\":%.1f,\"p50\":%.1f,\"p99\":%.1f}\n",
                t.name.c_str(), t.whole_ns.size(), us(t.first_ns, 0.5), us(t.first_ns, 0.99), us(t.whole_ns, 0.5),
                us(t.whole_ns, 0.99));
  }
}
