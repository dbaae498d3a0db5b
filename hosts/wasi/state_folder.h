// What exchanges share, in a folder that all instances have: /state, when there is one.
//
//   snapshot          what was folded together last
//   delta-<name>      one change, written whole by the instance that made it, under a name nobody else uses
//   folding           there while somebody folds; older than folding_ms_max it is a dead one's
//
// Deltas merge in any order and any number of times, so a reader takes snapshot and deltas as it finds them, and
// nothing waits for anything. Whoever finds many deltas and can make `folding` is the owner who writes a new snapshot
// and removes the deltas that are in it. Every file is versioned and checksummed by the core: what is no delta is
// passed over, and removed with the next folding.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "signalbox/gateway.h"
#include "surroundings.h"

namespace signalbox::wasi {

inline constexpr std::string_view state_folder = "/state";

class StateFolder {
 public:
  // `writer`: digits that tell this instance's files from those of others.
  explicit StateFolder(std::string writer) : folder_(Folder::find(state_folder)), writer_(std::move(writer)) {}

  // Takes in what others have written since the last time.
  void read(Gateway& gateway);
  // Writes one change down. Not being able to is harmless: the others hear of it later or not at all.
  void write(Gateway& gateway, std::string_view delta, int64_t now_unix_ms);

 private:
  void fold(Gateway& gateway, int64_t now_unix_ms);

  std::optional<Folder> folder_;
  std::string writer_;
  uint32_t written_ = 0;
  std::vector<std::string> known_;  // what was in the folder the last time
  std::optional<int64_t> snapshot_written_unix_ms_;
};

}  // namespace signalbox::wasi
