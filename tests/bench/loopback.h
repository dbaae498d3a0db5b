// What the modes of bench_latency share: sockets on 127.0.0.1, requests, the servers that are measured, and their times.
// A tool of the bench: it trusts the servers it talks to and stops at the first thing that is wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Says `what` and errno, and ends the program.
[[noreturn]] void fail(const char* what);

// CLOCK_MONOTONIC, the same in every process of this machine.
int64_t now_ns();

// Sockets are the caller's to close, blocking, and never wait for more to send (Nagle): 40 ms would drown everything that
// is measured.
int connect_to(int port);
int listen_on_loopback(int& port);
int accept_at_once(int listener);
bool send_all(int fd, std::string_view bytes);

std::string read_file(const char* path);
std::string request_for(const std::string& body, int port);

// The value of content-length in a head of ours or of a server here; -1 when there is none.
long content_length(std::string_view head);

// A server that is measured, and what was found.
struct Target {
  std::string name;
  int port = 0;
  int fd = -1;
  std::vector<int64_t> first_ns, whole_ns;
};

std::vector<Target> targets_from(const std::vector<std::string>& words);  // each NAME=PORT

// One line of JSON for each target, in microseconds.
void print(std::vector<Target>& targets);
