#include "probe_runner.h"

#include <algorithm>

namespace signalbox::native {

ProbeRunner::ProbeRunner(PerformerHost& host) : host_(host), timer_(host.loop(), [this] { look(); }) {}

void ProbeRunner::adopt() {
  const int64_t every_ms = host_.gateway().config()->probes.every_ms;
  if (every_ms <= 0) return timer_.disarm();
  // Twice within the time in which a lane is asked before its cooling ends (core/routing/probing.h).
  const int64_t look_every_ms = std::clamp<int64_t>(every_ms / 2, 25, 500);
  timer_.arm_at(host_.loop().now().monotonic_ms + look_every_ms);
}

void ProbeRunner::look() {
  const Now now = host_.loop().now();
  for (std::unique_ptr<Asker>& asker : askers_) {
    if (asker && asker->performer.busy()) continue;
    const DueProbe due = host_.gateway().next_probe(now.unix_ms);
    if (due.at_unix_ms > now.unix_ms) break;
    if (!asker) asker = std::make_unique<Asker>(host_);
    ask(*asker, due.lane);
  }
  adopt();
}

void ProbeRunner::ask(Asker& asker, std::string_view lane) {
  static constexpr char hex[] = "0123456789ABCDEF";
  asker.target = "/signalbox/probe?lane=";
  for (const char c : lane) {
    const auto byte = static_cast<unsigned char>(c);
    asker.target += '%';
    asker.target += hex[byte >> 4];
    asker.target += hex[byte & 15];
  }
  static constexpr Header ours[] = {{"host", "localhost"}};
  ClientHead head;
  head.method = "POST";
  head.target = asker.target;
  head.headers = ours;
  head.body_bytes = 0;
  head.peer = PeerScope::host;
  asker.performer.on_client_head(head);
  asker.performer.on_client_body({{}, true});
}

}  // namespace signalbox::native
