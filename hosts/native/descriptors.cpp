#include "descriptors.h"

#include <sys/resource.h>

namespace signalbox::native {

namespace {

// The listening sockets, each thread's own, lookups of names, and upstream connections kept for the next request.
constexpr int64_t spare = 256;

}  // namespace

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int64_t descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  return limit.rlim_cur > rlim_t(INT64_MAX) ? INT64_MAX : int64_t(limit.rlim_cur);
}

std::string descriptor_note(int64_t connections_max) {
  const int64_t limit = descriptor_limit(), needed = 2 * connections_max + spare;
  if (limit < 0 || limit >= needed) return {};
  return "This process may have " + std::to_string(limit) +
         " file descriptors, and server.limits.connections_max = " + std::to_string(connections_max) + " may need " +
         std::to_string(needed) +
         ": each open request takes two. Raise the hard limit (`ulimit -Hn`, LimitNOFILE), or lower connections_max.";
}

std::string out_of_descriptors() {
  return "The gateway has no file descriptor left for a connection (limit " + std::to_string(descriptor_limit()) +
         "; raise `ulimit -n`).";
}

}  // namespace signalbox::native
