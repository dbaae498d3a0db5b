// What one instance of the component has for all the requests it serves, one after the other: configuration,
// secrets, gateway, log and the way to what other instances know. With an instance per request it is made anew for each.
#pragma once

#include <string>
#include <string_view>

#include "config_source.h"
#include "log.h"
#include "signalbox/gateway.h"
#include "state_folder.h"

namespace signalbox::wasi {

class Instance {
 public:
  // The one there is, made at the first call.
  static Instance& get();

  Gateway& gateway() { return gateway_; }
  const Secrets& secrets() const { return *loaded_.secrets; }
  const Log& log() const { return log_; }
  const Limits& limits() const { return gateway_.config()->server.limits; }
  StateFolder& state() { return state_; }

 private:
  explicit Instance(std::array<uint8_t, 16> random);

  LoadedConfig loaded_;
  Gateway gateway_;
  Log log_;
  StateFolder state_;
};

}  // namespace signalbox::wasi
