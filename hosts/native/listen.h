// Listening sockets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "signalbox/config.h"

namespace signalbox::native {

// `count` sockets on one address, all of them one port, between which the kernel spreads connections.
struct Listening {
  std::vector<int> sockets;
  std::string address;  // as bound
  std::string problem;  // a sentence; empty when all is well, and then only
};

// Binds "127.0.0.1:8484", "[::1]:8484", "localhost:0": what keeps config/rules.h's rule_listen, and nothing
// else, for the system reads "9000" as every address and 99999 as another port. An address on which somebody
// listens already, another Signalbox included, is a problem.
Listening listen_on(std::string_view address, size_t count);

// Why the command line's `address` must not stand in the place of server.listen, as in "must be ...": the
// file's own rules, for the same harm comes of both. Empty when it may.
std::string fault_of_listen_option(std::string_view address, const Config& config);

// Whether others than this machine can reach one of `addresses` while `config` asks them for no key.
bool open_without_keys(const std::vector<std::string>& addresses, const Config& config);

}  // namespace signalbox::native
