// What exchanges share, in one file, so that it outlives a restart: server.state_file. The file's content is what
// Gateway::snapshot answers, the same bytes as in the stores of the other hosts.
//
// Rules: the file is never needed: whatever is wrong with it is a warning in the log, and serving goes on. It is only
// replaced when it is missing, empty, or a state that this version reads: a configuration may name anything. It is
// written whole under another name beside it and renamed, under a lock of its folder, and what it holds is merged
// first: so processes that share a file only add to it, and one that is killed leaves the old file or the new one.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "log.h"
#include "signalbox/gateway.h"

namespace signalbox::native {

// How long changes gather before they are written; also how often the disk is written at most.
inline constexpr int64_t state_write_after_ms = 2'000;
// When a file that could not be written is tried again.
inline constexpr int64_t state_retry_after_ms = 60'000;
// The largest state of the core is about 2 MB (lanes_max in core/routing/health.h).
inline constexpr size_t state_bytes_max = 4 << 20;
// What the new file is called until it is whole, behind the file's own name.
inline constexpr std::string_view state_passing_suffix = ".signalbox-new";

class StateFile {
 public:
  // `log` must outlive this.
  StateFile(std::string path, Log& log);

  // What the file holds, for every gateway at the start; empty when there is nothing. Warns of a file that will
  // not be replaced.
  std::string read();

  // Takes in a change. From any thread; touches no file. True when it is the first to wait: wait_ms() has changed.
  bool add(std::string_view delta);

  // How long until write_if_due() has something to do, for poll(2): -1 is never.
  int wait_ms() const;
  void write_if_due();
  // The end: writes what is waiting, due or not.
  void write_last();

 private:
  using Clock = std::chrono::steady_clock;

  void write();
  void warn(std::string reason);

  const std::string path_;
  Log& log_;
  std::string warned_;  // the last reason, so that it is not said every minute

  mutable std::mutex mutex_;
  Gateway told_;                          // under mutex_: all that add() has taken in
  std::optional<Clock::time_point> due_;  // under mutex_
};

// Why the file at `path` would not be kept, as far as can be told without writing: "is a directory". Empty when
// nothing speaks against it.
std::string fault_of_state_file(const std::string& path);

}  // namespace signalbox::native
