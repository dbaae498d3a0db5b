#include "streams.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <thread>

#include "loopback.h"

namespace {

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

std::string stream_head() {
  return "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n" +
         chunk(
             "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_01\",\"type\":"
             "\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"stop_reason\":null,"
             "\"stop_sequence\":null,\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n") +
         chunk(
             "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":"
             "{\"type\":\"text\",\"text\":\"\"}}\n\n");
}

void serve_connection(int fd, int64_t gap_ms, int frames) {
  const std::string head = stream_head();
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

// Reads until a stream stands.
void wait_for_first_frame(int fd) {
  std::string text;
  while (text.find(stamp_mark) == std::string::npos) {
    char piece[1 << 14];
    ssize_t n = recv(fd, piece, sizeof piece, 0);
    if (n <= 0) fail("a stream ended early");
    text.append(piece, size_t(n));
  }
}

// A stream that stands still after its first frame, until its reader is gone: then the time goes into `seen`, a pipe.
void serve_until_gone(int fd, int seen) {
  char byte;
  while (read_request(fd)) {
    if (!send_all(fd, stream_head()) || !send_all(fd, stamped_frame())) break;
    if (recv(fd, &byte, 1, 0) > 0) fail("more than a request");
    const int64_t now = now_ns();
    if (write(seen, &now, sizeof now) != sizeof now) fail("pipe");
    break;
  }
  close(fd);
}

}  // namespace

int serve(int64_t gap_ms, int frames) {
  int port = 0;
  const int listener = listen_on_loopback(port);
  std::printf("%d\n", port);
  std::fflush(stdout);
  for (;;) std::thread(serve_connection, accept_at_once(listener), gap_ms, frames).detach();
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
    wait_for_first_frame(fd);
    open.push_back(fd);
  }
  std::printf("{\"held\":%zu}\n", open.size());
  std::fflush(stdout);
  while (getchar() != EOF) {
  }
  return 0;
}

int gone(const std::string& body, int count) {
  int port = 0, seen[2];
  const int listener = listen_on_loopback(port);
  if (pipe(seen) != 0) fail("pipe");
  std::thread([listener, to = seen[1]] {
    for (;;) std::thread(serve_until_gone, accept_at_once(listener), to).detach();
  }).detach();
  std::printf("%d\n", port);
  std::fflush(stdout);
  std::vector<std::string> words;
  for (std::string word; std::cin >> word;) words.push_back(word);
  std::vector<Target> targets = targets_from(words);
  for (int i = 0; i < count; ++i) {
    for (Target& target : targets) {
      const int fd = connect_to(target.port);
      if (!send_all(fd, request_for(body, target.port))) fail("send");
      wait_for_first_frame(fd);
      const int64_t left = now_ns();
      close(fd);
      int64_t noticed = 0;
      if (read(seen[0], &noticed, sizeof noticed) != sizeof noticed) fail("pipe");
      target.whole_ns.push_back(noticed - left);
    }
  }
  print(targets);
  std::fflush(stdout);
  std::_Exit(0);  // the upstream's threads end with the process
}
