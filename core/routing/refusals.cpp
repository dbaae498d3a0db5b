#include "routing/refusals.h"

#include <algorithm>

#include "base/arena.h"
#include "base/giving_way.h"

namespace signalbox::routing {

// The distance of any two instants fits when it has no sign.
bool Refusals::stands(const Refused& refused, int64_t now_monotonic_ms) {
  return now_monotonic_ms <= refused.at_ms ||
         uint64_t(now_monotonic_ms) - uint64_t(refused.at_ms) < uint64_t(remembered_ms);
}

void Refusals::remember(std::string_view lane, std::string_view path, int64_t now_monotonic_ms) {
  if (path.empty() || path.size() > path_bytes_max || lane.size() > lane_bytes_max) return;
  auto place = lanes_.find(lane);
  if (place == lanes_.end()) {
    if (lanes_.size() >= lanes_max)
      lanes_.erase(base::gives_way(lanes_, [](const std::vector<Refused>& paths) { return paths.back().at_ms; }));
    place = lanes_.emplace(std::string(lane), std::vector<Refused>()).first;
  }
  std::vector<Refused>& paths = place->second;
  const auto goes = [&](const Refused& refused) { return refused.path == path || !stands(refused, now_monotonic_ms); };
  paths.erase(std::remove_if(paths.begin(), paths.end(), goes), paths.end());
  if (paths.size() >= paths_max) paths.erase(paths.begin());
  paths.push_back({std::string(path), now_monotonic_ms});
}

std::span<const std::string_view> Refusals::of(std::string_view lane, int64_t now_monotonic_ms, Arena& arena) const {
  const auto place = lanes_.find(lane);
  if (place == lanes_.end()) return {};
  const std::span<std::string_view> paths = arena.array<std::string_view>(place->second.size());
  size_t filled = 0;
  for (const Refused& refused : place->second)
    if (stands(refused, now_monotonic_ms)) paths[filled++] = arena.copy(refused.path);
  return paths.first(filled);
}

}  // namespace signalbox::routing
