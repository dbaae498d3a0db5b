#include "state_folder.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace signalbox::wasi {

namespace {

constexpr std::string_view snapshot_name = "snapshot";
constexpr std::string_view delta_prefix = "delta-";
constexpr std::string_view passing_prefix = "new-";
constexpr std::string_view folding_name = "folding";

// More deltas than this are folded: each costs its reader about as much as the snapshot.
constexpr size_t deltas_max = 8;
// What is looked at in a folder that nobody folds, or that somebody else fills.
constexpr size_t names_max = 256;
// The largest snapshot of the core is about 2 MB (lanes_max in core/routing/health.h).
constexpr size_t file_bytes_max = 4 << 20;
// Folding takes milliseconds; this long only somebody who died at it.
constexpr int64_t folding_ms_max = 10'000;

bool begins(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

}  // namespace

void StateFolder::read(Gateway& gateway) {
  if (!folder_) return;
  // The deltas first: one that is folded meanwhile is then in the snapshot.
  std::vector<std::string> names = folder_->names(names_max);
  for (const std::string& name : names) {
    if (!begins(name, delta_prefix) || std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    if (const auto delta = folder_->read(name, file_bytes_max)) gateway.merge(*delta);
  }
  known_ = std::move(names);
  const auto written = folder_->written_unix_ms(snapshot_name);
  if (!written || written == snapshot_written_unix_ms_) return;
  if (const auto snapshot = folder_->read(snapshot_name, file_bytes_max)) gateway.merge(*snapshot);
  snapshot_written_unix_ms_ = written;
}

void StateFolder::write(Gateway& gateway, std::string_view delta, int64_t now_unix_ms) {
  if (!folder_ || delta.empty()) return;
  std::string own = writer_ + "-";
  base::append_decimal(own, ++written_);
  folder_->write(std::string(delta_prefix) + own, delta, std::string(passing_prefix) + own);
  fold(gateway, now_unix_ms);
}

void StateFolder::fold(Gateway& gateway, int64_t now_unix_ms) {
  std::vector<std::string> deltas, passing;
  for (std::string& name : folder_->names(names_max)) {
    if (begins(name, delta_prefix)) deltas.push_back(std::move(name));
    else if (begins(name, passing_prefix)) passing.push_back(std::move(name));
  }
  if (deltas.size() + passing.size() <= deltas_max) return;
  if (!folder_->create(folding_name)) {
    const auto since = folder_->written_unix_ms(folding_name);
    if (since && now_unix_ms - *since > folding_ms_max) folder_->remove(folding_name);  // for the next one
    return;
  }
  for (const std::string& name : deltas)
    if (const auto delta = folder_->read(name, file_bytes_max)) gateway.merge(*delta);
  if (const auto snapshot = folder_->read(snapshot_name, file_bytes_max)) gateway.merge(*snapshot);
  if (folder_->write(snapshot_name, gateway.snapshot(), std::string(passing_prefix) + writer_)) {
    for (const std::string& name : deltas) folder_->remove(name);
    // What never became a file is a dead writer's; a living one's is younger.
    for (const std::string& name : passing) {
      const auto since = folder_->written_unix_ms(name);
      if (since && now_unix_ms - *since > folding_ms_max) folder_->remove(name);
    }
  }
  folder_->remove(folding_name);
}

}  // namespace signalbox::wasi
