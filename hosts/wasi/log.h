// The log: JSON lines on standard error, one an exchange and the host's own messages.
#pragma once

#include <string_view>

#include "signalbox/config.h"
#include "signalbox/report.h"

namespace signalbox::wasi {

// The longest line; of a longer one the beginning is told, and its length.
inline constexpr size_t log_line_bytes_max = 16 << 10;

class Log {
 public:
  explicit Log(LogLevel level) : level_(level) {}

  void exchange(const Report& report) const;
  void message(LogLevel level, std::string_view text) const;

 private:
  LogLevel level_;
};

}  // namespace signalbox::wasi
