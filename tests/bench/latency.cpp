// One connection at a time on 127.0.0.1: what a gateway adds to the way there and back, to a slow frame, and to memory
// while streams are quiet. Times are CLOCK_MONOTONIC of this machine, read on both ends; results are lines of JSON.
//
//   bench_latency exchanges REQUEST COUNT NAME=PORT...   whole exchanges, the targets in turn
//   bench_latency serve GAP_MS FRAMES                    an upstream that stamps each frame; prints its port
//   bench_latency frames REQUEST STREAMS NAME=PORT...    streams from it, one at a time, the targets in turn
//   bench_latency hold REQUEST COUNT PORT                COUNT open streams, until standard input ends
//
// A tool of the bench: it trusts the servers it talks to and stops at the first thing that is wrong.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

// Neither side may wait for more to send (Nagle): 40 ms would drown everything that is measured.
void send_at_once(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int connect_to(int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(port);
  if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
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

// The value of content-length in a head of ours or of a server here; -1 when there is none.
long content_length(std::string_view head) {
  std::string lower(head);
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  size_t at = lower.find("\r\ncontent-length:");
  return at == std::string::npos ? -1 : std::atol(lower.c_str() + at + 17);
}

struct Target {
  std::string name;
  int port = 0;
  int fd = -1;
  std::vector<int64_t> first_ns, whole_ns;
};

std::vector<Target> targets_from(char** arguments, int count) {
  std::vector<Target> targets;
  for (int i = 0; i < count; ++i) {
    std::string_view text = arguments[i];
    size_t equals = text.find('=');
    if (equals == std::string_view::npos) fail("NAME=PORT");
    Target target;
    target.name = text.substr(0, equals);
    target.port = std::atoi(arguments[i] + equals + 1);
    targets.push_back(std::move(target));
  }
  return targets;
}

double us(std::vector<int64_t>& values, double part) {
  if (values.empty()) return -1;
  std::sort(values.begin(), values.end());
  return double(values[std::min(values.size() - 1, size_t(part * double(values.size())))]) / 1000;
}

void print(std::vector<Target>& targets) {
  for (Target& t : targets) {
    std::printf("{\"name\":\"%s\",\"count\":%zu,\"first_p50\":%.1f,\"first_p99\":%.1f,\"p50\":%.1f,\"p99\":%.1f}\n",
                t.name.c_str(), t.whole_ns.size(), us(t.first_ns, 0.5), us(t.first_ns, 0.99), us(t.whole_ns, 0.5),
                us(t.whole_ns, 0.99));
  }
}

// Sends the request and reads the whole answer on the target's kept connection.
void exchange_once(Target& target, const std::string& request, bool counted) {
  if (target.fd < 0) target.fd = connect_to(target.port);
  static std::string answer;
  answer.clear();
  int64_t began = now_ns(), first = 0;
  if (!send_all(target.fd, request)) fail("send");
  size_t head_end = 0;
  long length = -1;
  for (;;) {
    char piece[1 << 16];
    ssize_t n = recv(target.fd, piece, sizeof piece, 0);
    if (n <= 0) fail(target.name.c_str());
    if (!first) first = now_ns();
    answer.append(piece, size_t(n));
    if (!head_end) {
      size_t at = answer.find("\r\n\r\n");
      if (at == std::string::npos) continue;
      head_end = at + 4;
      if (!answer.starts_with("HTTP/1.1 200")) {
        std::fprintf(stderr, "%s answered: %s\n", target.name.c_str(), answer.c_str());
        std::exit(1);
      }
      length = content_length(answer.substr(0, head_end));
    }
    if (length >= 0 ? answer.size() >= head_end + size_t(length) : answer.ends_with("\r\n0\r\n\r\n")) break;
  }
  if (!counted) return;
  target.first_ns.push_back(first - began);
  target.whole_ns.push_back(now_ns() - began);
}

int exchanges(const std::string& body, int count, std::vector<Target> targets) {
  for (int i = -count / 10; i < count; ++i) {  // the first tenth warms caches and connections
    for (Target& target : targets) exchange_once(target, request_for(body, target.port), i >= 0);
  }
  print(targets);
  return 0;
}

// ---- the slow upstream

constexpr std::string_view stamp_mark = "sent=";
constexpr size_t stamp_digits = 20;

std::string chunk(std::string_view bytes) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + std::string(bytes) + "\r\n";
}

std::string stamped_frame() {
  char text[200];
  std::snprintf(text, sizeof text,
                "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":"
                "{\"type\":\"text_delta\",\"text\":\"sent=%020lld \"}}\n\n",
                static_cast<long long>(now_ns()));
  return chunk(text);
}

// The next request, read and thrown away. False at the connection's end.
bool read_request(int fd) {
  std::string request;
  char piece[1 << 16];
  for (;;) {
    size_t at = request.find("\r\n\r\n");
    if (at != std::string::npos) {
      long length = std::max(0L, content_length(request.substr(0, at + 4)));
      if (request.size() >= at + 4 + size_t(length)) return true;
    }
    ssize_t n = recv(fd, piece, sizeof piece, 0);
    if (n <= 0) return false;
    request.append(piece, size_t(n));
  }
}

void serve_connection(int fd, int64_t gap_ms, int frames) {
  send_at_once(fd);
  const std::string head =
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n" +
      chunk(
          "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_01\",\"type\":"
          "\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"stop_reason\":null,"
          "\"stop_sequence\":null,\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n") +
      chunk(
          "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":"
          "{\"type\":\"text\",\"text\":\"\"}}\n\n");
  const std::string tail =
      chunk("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n") +
      chunk(
          "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\","
          "\"stop_sequence\":null},\"usage\":{\"output_tokens\":1}}\n\n") +
      chunk("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n") + "0\r\n\r\n";
  bool open = true;
  while (open && read_request(fd)) {
    open = send_all(fd, head);
    for (int i = 0; open && i < frames; ++i) {
      if (i) std::this_thread::sleep_for(std::chrono::milliseconds(gap_ms));
      open = send_all(fd, stamped_frame());
    }
    open = open && send_all(fd, tail);
  }
  close(fd);
}

int serve(int64_t gap_ms, int frames) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener, 4096) != 0) fail("listen");
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  for (;;) {
    int fd = accept(listener, nullptr, nullptr);
    if (fd < 0) fail("accept");
    std::thread(serve_connection, fd, gap_ms, frames).detach();
  }
}

// ---- its clients

// Reads one stream to its end and notes how long each stamped frame was on its way.
void watch_stream(Target& target, const std::string& request) {
  int fd = connect_to(target.port);
  if (!send_all(fd, request)) fail("send");
  std::string text;
  size_t seen = 0;
  while (!text.ends_with("\r\n0\r\n\r\n")) {
    char piece[1 << 14];
    ssize_t n = recv(fd, piece, sizeof piece, 0);
    int64_t arrived = now_ns();
    if (n <= 0) fail(target.name.c_str());
    text.append(piece, size_t(n));
    for (size_t at; (at = text.find(stamp_mark, seen)) != std::string::npos;) {
      at += stamp_mark.size();
      if (text.size() < at + stamp_digits) break;
      target.whole_ns.push_back(arrived - std::strtoll(text.substr(at, stamp_digits).c_str(), nullptr, 10));
      seen = at + stamp_digits;
    }
  }
  close(fd);
}

int frames(const std::string& body, int streams, std::vector<Target> targets) {
  for (int i = 0; i < streams; ++i) {
    for (Target& target : targets) watch_stream(target, request_for(body, target.port));
  }
  print(targets);
  return 0;
}

int hold(const std::string& body, int count, int port) {
  const std::string request = request_for(body, port);
  std::vector<int> open;
  for (int i = 0; i < count; ++i) {
    int fd = connect_to(port);
    if (!send_all(fd, request)) fail("send");
    std::string text;
    while (text.find(stamp_mark) == std::string::npos) {  // the first frame: the stream stands
      char piece[1 << 14];
      ssize_t n = recv(fd, piece, sizeof piece, 0);
      if (n <= 0) fail("hold");
      text.append(piece, size_t(n));
    }
    open.push_back(fd);
  }
  std::printf("{\"held\":%zu}\n", open.size());
  std::fflush(stdout);
  while (getchar() != EOF) {
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "exchanges" && argc > 4) {
    return exchanges(read_file(argv[2]), std::atoi(argv[3]), targets_from(argv + 4, argc - 4));
  }
  if (mode == "serve" && argc == 4) return serve(std::atol(argv[2]), std::atoi(argv[3]));
  if (mode == "frames" && argc > 4) {
    return frames(read_file(argv[2]), std::atoi(argv[3]), targets_from(argv + 4, argc - 4));
  }
  if (mode == "hold" && argc == 5) return hold(read_file(argv[2]), std::atoi(argv[3]), std::atoi(argv[4]));
  std::fprintf(stderr, "bench_latency exchanges|serve|frames|hold ...: see the top of latency.cpp\n");
  return 2;
}
