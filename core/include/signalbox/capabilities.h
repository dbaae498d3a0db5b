// What a host can do. The core asks for nothing else and never for the host's name.
#pragma once

#include <cstdint>

namespace signalbox {

struct Capabilities {
  int64_t request_bytes_max = int64_t(32) << 20;  // the largest request body the host can hold
};

}  // namespace signalbox
