// One client request with its response: a step function. The host tells it an event and the time, it
// answers with what to do, in order, and when it wants to be woken. Nothing else crosses.
#pragma once

#include <memory>
#include <span>

#include "signalbox/effect.h"
#include "signalbox/event.h"
#include "signalbox/instant.h"

namespace signalbox {

class Gateway;
namespace exchange {
struct Workspace;
}

// What the host does now. `effects` is valid until the next `handle`.
struct Step {
  std::span<const Effect> effects;
  int64_t wake_at_ms = never_ms;  // monotonic; tell Woken once it has come
};

class Exchange {
 public:
  // Begins an exchange that keeps the configuration the gateway has now, whatever is loaded later.
  // `gateway` must outlive it.
  explicit Exchange(Gateway& gateway);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Tells one event. The first is ClientHead. After the batch with Finish every event is legal and
  // answered with nothing. A broken invariant ends this exchange alone, honestly, as Fault::internal.
  Step handle(const Event& event, Now now);

  bool finished() const;

 private:
  Gateway& gateway_;
  std::unique_ptr<exchange::Workspace> workspace_;
};

}  // namespace signalbox
