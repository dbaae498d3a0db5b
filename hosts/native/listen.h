// Listening sockets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace signalbox::native {

// `count` sockets on one address, all of them one port, between which the kernel spreads connections.
struct Listening {
  std::vector<int> sockets;
  std::string address;  // as bound
  std::string problem;  // a sentence; empty when all is well, and then only
};

// Binds "127.0.0.1:8484", "[::1]:8484", "localhost:0", ":8484" (every IPv4 address). An address on which
// somebody listens already, another Signalbox included, is a problem.
Listening listen_on(std::string_view address, size_t count);

}  // namespace signalbox::native
