#include "routing/probing.h"

#include <algorithm>
#include <string>

#include "routing/configured_lanes.h"

namespace signalbox::routing {

bool is_probed(const Provider& provider, std::string_view key) {
  const bool wild = key.substr(0, 1) == "*" || key.substr(key.size() - 2) == "/*";
  return !wild && !provider.mock && !provider.passthrough && provider.probes;
}

int64_t probe_lead_ms(int64_t every_ms) { return std::clamp<int64_t>(every_ms, 50, 1'000); }

bool ends_by_itself(Why why) {
  return why == Why::limited || why == Why::exhausted || why == Why::asked || why == Why::breaker_asked;
}

int64_t probe_at(const Health& health, std::string_view lane, const Standing& standing, int64_t every_ms) {
  if (standing.probing || (standing.until_unix_ms == 0 && !standing.half_open)) return never_ms;
  if (standing.until_unix_ms != 0 && ends_by_itself(standing.why)) return never_ms;
  const Health::Looked looked = health.looked(scoped(lane, standing.scope));
  const int64_t soonest = looked.probed_unix_ms + probe_lead_ms(every_ms);
  if (standing.until_unix_ms == 0) return std::max(looked.probed_unix_ms + every_ms, soonest);  // half-open: it waits
  const bool seldom = standing.why == Why::refused || standing.why == Why::model_missing;
  const int64_t pause_ms = seldom ? std::max(every_ms, seldom_ms) : every_ms;
  // Whose probes are answered while requests fail is asked as its cooling ends, which is longer each time.
  const int64_t regular = looked.misled ? never_ms : std::max(looked.cooled_unix_ms, looked.probed_unix_ms) + pause_ms;
  return std::max(std::min(regular, standing.until_unix_ms - probe_lead_ms(every_ms)), soonest);
}

DueProbe next_probe(const Config& config, const Health& health, std::string_view provider, int64_t every_ms,
                    int64_t now_unix_ms) {
  DueProbe next;
  if (health.empty()) return next;
  each_lane(config, [&](const Provider& its, std::string_view credential, std::string_view, std::string_view key) {
    if (!is_probed(its, key) || (!provider.empty() && its.name != provider)) return;
    const auto of = std::find_if(its.credentials.begin(), its.credentials.end(),
                                 [&](const Credential& each) { return each.name == credential; });
    if (!health.enabled(its, credential, of == its.credentials.end() || of->enabled)) return;
    const Standing standing = health.standing(key, now_unix_ms);
    const int64_t at_unix_ms = probe_at(health, key, standing, every_ms);
    if (at_unix_ms < next.at_unix_ms) next = {std::string(key), at_unix_ms};
  });
  return next;
}

}  // namespace signalbox::routing
