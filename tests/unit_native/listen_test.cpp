// What may be listened on, and what the command line may say about it.
#include "listen.h"

#include <unistd.h>

#include <catch2/catch.hpp>

using namespace signalbox;
using namespace signalbox::native;

TEST_CASE("listen_on takes an address with a port and nothing that the system reads as another", "[listen]") {
  for (const char* address : {"", "9000", ":0", "*:0", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:99999",
                              "127.0.0.1:-1", "::1:0", "127.0.0.1:http"}) {
    INFO(address);
    const Listening listening = listen_on(address, 1);
    CHECK(listening.problem.find("must be an address and a port") != std::string::npos);
    CHECK(listening.sockets.empty());
    for (int fd : listening.sockets) close(fd);
  }
  const Listening good = listen_on("127.0.0.1:0", 2);
  CHECK(good.problem == "");
  CHECK(good.sockets.size() == 2);
  CHECK(good.address.find("127.0.0.1:") == 0);
  for (int fd : good.sockets) close(fd);
}

TEST_CASE("the command line's address keeps the rules of the file's", "[listen]") {
  Config config;
  for (const char* address : {"", "9000", ":9000", "127.0.0.1:99999"}) {
    INFO(address);
    const std::string fault = fault_of_listen_option(address, config);
    CHECK(fault.find("must be an address and a port, as in 127.0.0.1:") == 0);
    CHECK(fault.find("(not \"" + std::string(address) + "\")") != std::string::npos);
  }
  for (const char* open : {"0.0.0.0:9000", "[::]:9000", "192.0.2.1:9000", "gateway.lan:9000"}) {
    INFO(open);
    config.server.client_keys.clear();
    CHECK(fault_of_listen_option(open, config).find("server.client_keys is required") != std::string::npos);
    CHECK(open_without_keys({"127.0.0.1:1", open}, config));
    config.server.client_keys.resize(1);
    CHECK(fault_of_listen_option(open, config) == "");
    CHECK_FALSE(open_without_keys({open}, config));
  }
  config.server.client_keys.clear();
  for (const char* own : {"127.0.0.1:9000", "[::1]:0", "localhost:9000"})
    CHECK(fault_of_listen_option(own, config) == "");
  CHECK_FALSE(open_without_keys({"127.0.0.1:9000", "[::1]:9000"}, config));
}
