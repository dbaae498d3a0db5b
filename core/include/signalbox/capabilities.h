// What a host can do. The core asks for nothing else and never for the host's name.
#pragma once

#include <cstdint>

namespace signalbox {

struct Capabilities {
  int64_t request_bytes_max = int64_t(32) << 20;  // the largest request body the host can hold
  bool knows_peer = true;   // the host sees where a client comes from, so "loopback only" can be kept
  bool writes_files = true;
  bool background_work = true;
  bool websocket = false;
};

}  // namespace signalbox
