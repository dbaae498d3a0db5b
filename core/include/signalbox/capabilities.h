// What a host can do. The core asks for nothing else and never for the host's name.
#pragma once

#include <cstdint>

namespace signalbox {

struct Capabilities {
  int64_t request_bytes_max = int64_t(32) << 20;  // the largest request body the host can hold
  bool upstream_proxies = true;                   // OpenUpstream::proxy
  bool own_ca_files = true;                       // OpenUpstream::ca_file
};

}  // namespace signalbox
