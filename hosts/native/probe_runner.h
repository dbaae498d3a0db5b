// Asks lanes that are cooling whether they serve again (probes.every_ms): exchanges without a client, on one thread for
// all. Which lane and when is the core's to say (Gateway::next_probe); this one looks now and then, because coolings come
// with any request and from other threads.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "performer.h"

namespace signalbox::native {

class ProbeRunner {
 public:
  explicit ProbeRunner(PerformerHost& host);

  // Begins where the configuration asks for it, else rests. After each change of it.
  void adopt();
  // Nothing new is asked.
  void stop() { timer_.disarm(); }

 private:
  // At a time: a provider that hangs must not keep the others waiting.
  static constexpr size_t probes_max = 4;

  struct Asker {
    explicit Asker(PerformerHost& host) : performer(host, nullptr) {}
    std::string target;  // shown until the exchange has ended
    Performer performer;
  };

  void look();
  void ask(Asker& asker, std::string_view lane);

  PerformerHost& host_;
  std::array<std::unique_ptr<Asker>, probes_max> askers_;  // made when they are first needed
  Timer timer_;
};

}  // namespace signalbox::native
