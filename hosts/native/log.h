// The log: one line an exchange and the host's own messages, to standard error. JSON lines when that is no
// terminal, sentences for a person when it is.
//
// No caller ever waits for it: lines are gathered in memory and written by a thread of its own; what does
// not fit is dropped and counted, and the count is logged.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "signalbox/config.h"
#include "signalbox/report.h"

namespace signalbox::native {

// What may wait to be written: seconds of work even at full load, were the reader to stall.
inline constexpr size_t log_waiting_bytes_max = 1 << 20;

// The longest line. A longer one is shortened and tells its length: no client's words may crowd out the
// lines of others.
inline constexpr size_t log_line_bytes_max = 16 << 10;

class Log {
 public:
  enum class Form : uint8_t { json, terminal };

  // Writes to descriptor `fd`, which stays the caller's.
  Log(int fd, Form form, LogLevel level);
  // Writes what is waiting.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // All of these from any thread.
  void exchange(const Report& report);
  // A request that never became an exchange.
  void refused(std::string_view reason, int status, std::string_view request_id);
  void message(LogLevel level, std::string_view text);
  void set_level(LogLevel level);

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

// A condition that may come many times a second: its first time is logged, and then at most one time a minute, with how
// many there have been between.
class RepeatedWarning {
 public:
  explicit RepeatedWarning(Log& log) : log_(log) {}

  // From any thread. `text` is whole sentences; `now_ms` is monotonic.
  void say(std::string_view text, int64_t now_ms);

 private:
  Log& log_;
  std::mutex mutex_;
  std::optional<int64_t> again_at_ms_;
  uint64_t unsaid_count_ = 0;
};

}  // namespace signalbox::native
