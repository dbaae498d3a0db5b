// One connection at a time on 127.0.0.1: what a gateway adds to the way there and back, to a slow frame, and to memory
// while streams are quiet. Times are CLOCK_MONOTONIC of this machine, read on both ends; results are lines of JSON.
//
//   bench_latency exchanges REQUEST COUNT NAME=PORT...   whole exchanges, the targets in turn
//   bench_latency serve GAP_MS FRAMES                    an upstream that stamps each frame; prints its port
//   bench_latency frames REQUEST STREAMS NAME=PORT...    streams from it, one at a time, the targets in turn
//   bench_latency hold REQUEST COUNT PORT                COUNT open streams, until standard input ends
//   bench_latency gone REQUEST COUNT                     prints the port of an upstream of its own, reads NAME=PORT... from
//                                                        standard input, and leaves COUNT streams of each, in turn: the
//                                                        time from close to the upstream's end of file
#include <sys/socket.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "loopback.h"
#include "streams.h"

namespace {

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
    const int64_t arrived = now_ns();
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
    // A stream begins with its first content, not with its head: a gateway may hold that back until content comes.
    if (!first && (length >= 0 || answer.find("content_block_delta") != std::string::npos)) first = arrived;
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

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> words(argv + 1, argv + argc);
  const std::string_view mode = words.empty() ? "" : std::string_view(words[0]);
  const auto targets = [&] { return targets_from({words.begin() + 3, words.end()}); };
  if (mode == "exchanges" && argc > 4) return exchanges(read_file(argv[2]), std::atoi(argv[3]), targets());
  if (mode == "serve" && argc == 4) return serve(std::atol(argv[2]), std::atoi(argv[3]));
  if (mode == "frames" && argc > 4) return frames(read_file(argv[2]), std::atoi(argv[3]), targets());
  if (mode == "hold" && argc == 5) return hold(read_file(argv[2]), std::atoi(argv[3]), std::atoi(argv[4]));
  if (mode == "gone" && argc == 4) return gone(read_file(argv[2]), std::atoi(argv[3]));
  std::fprintf(stderr, "bench_latency exchanges|serve|frames|hold|gone ...: see the top of latency.cpp\n");
  return 2;
}
