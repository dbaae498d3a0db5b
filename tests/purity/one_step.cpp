// The smallest module that holds the whole core: one exported function that makes a gateway and an
// exchange and tells it one event. scripts/check-imports looks at what the linked module still imports,
// which must be nothing.
#include <memory>

#include "signalbox/exchange.h"
#include "signalbox/gateway.h"

#define SIGNALBOX_EXPORT(name) extern "C" __attribute__((export_name(#name), used, visibility("default")))

// The status the client sees for a request whose path has `path_bytes` bytes at `path`.
SIGNALBOX_EXPORT(one_step) int one_step(const char* path, size_t path_bytes) {
  using namespace signalbox;
  Gateway gateway(std::make_shared<Config>(), Capabilities{}, 1);
  Exchange exchange(gateway);
  ClientHead head;
  head.method = "GET";
  head.target = {path, path_bytes};
  head.peer = PeerScope::loopback;
  const Step step = exchange.handle(head, Now{1, 1});
  for (const Effect& effect : step.effects)
    if (auto* answer = std::get_if<SendClientHead>(&effect)) return answer->status;
  return 0;
}
