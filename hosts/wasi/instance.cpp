#include "instance.h"

#include <cstring>

#include "base/text.h"
#include "hosts/capabilities.h"
#include "surroundings.h"

namespace signalbox::wasi {

namespace {

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
    : loaded_(load_config(environment(), hosts::wasi)),
      gateway_(loaded_.config, hosts::wasi, writer_of(random)),
      log_(loaded_.config->server.log_level),
      state_(digits_of(random)) {
  for (const std::string& warning : loaded_.warnings) log_.message(LogLevel::warn, warning);
  for (const std::string& problem : loaded_.problems) log_.message(LogLevel::error, problem);
}

}  // namespace signalbox::wasi
