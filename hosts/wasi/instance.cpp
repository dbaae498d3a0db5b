#include "instance.h"

#include <cstring>

#include "base/text.h"
#include "surroundings.h"

namespace signalbox::wasi {

namespace {

Capabilities what_this_host_can() {
  Capabilities can;
  can.upstream_proxies = false;
  can.own_ca_files = false;
  return can;
}

uint32_t writer_of(const std::array<uint8_t, 16>& random) {
  uint32_t writer;
  std::memcpy(&writer, random.data(), sizeof writer);
  return writer;
}

// Names of files: a number of 63 bits, which no two instances share.
std::string digits_of(const std::array<uint8_t, 16>& random) {
  uint64_t number;
  std::memcpy(&number, random.data() + 4, sizeof number);
  std::string digits;
  base::append_decimal(digits, int64_t(number >> 1));
  return digits;
}

}  // namespace

Instance& Instance::get() {
  static Instance* const instance = new Instance(random_bytes());  // the end of an instance runs no destructors
  return *instance;
}

Instance::Instance(std::array<uint8_t, 16> random)
    : loaded_(load_config(environment(), what_this_host_can())),
      gateway_(loaded_.config, what_this_host_can(), writer_of(random)),
      log_(loaded_.config->server.log_level),
      state_(digits_of(random)) {
  for (const std::string& problem : loaded_.problems) log_.message(LogLevel::error, loaded_.source + ":" + problem);
}

}  // namespace signalbox::wasi
