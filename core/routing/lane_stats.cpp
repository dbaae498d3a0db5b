#include "routing/lane_stats.h"

#include <algorithm>

#include "routing/health.h"

namespace signalbox::routing {
namespace {

int64_t mean_of(int64_t before, int64_t seen) {
  if (before < 0) return seen;
  return before + (seen - before) * mean_share_percent / 100;
}

// The entry called `name` of a list in the order of names. Not make_shared, whose block asks for a type's name.
template <class Entry, class Make>
std::shared_ptr<Entry> find_or_add(std::vector<std::shared_ptr<Entry>>& list, std::string_view name, Make make) {
  const auto place = std::lower_bound(list.begin(), list.end(), name,
                                      [](const auto& each, std::string_view wanted) { return each->name < wanted; });
  if (place != list.end() && (*place)->name == name) return *place;
  return *list.insert(place, std::shared_ptr<Entry>(make()));
}

template <class Entry>
void drop_unheld(std::vector<std::shared_ptr<Entry>>& list) {
  list.erase(std::remove_if(list.begin(), list.end(), [](const auto& each) { return each.use_count() == 1; }),
             list.end());
}

}  // namespace

std::shared_ptr<LaneStat> LaneStats::of(std::string_view name) {
  return find_or_add(lanes_, name, [&] { return new LaneStat(name); });
}

void LaneStats::forget_unheld() { drop_unheld(lanes_); }

void LaneStats::forget_limits(std::string_view name) {
  const bool of_lane = name.find('/') != name.npos;
  for (const auto& each : lanes_) {
    const std::string_view called = each->name;
    const std::string_view target = called.substr(0, called.size() - 1);  // "provider/credential/" of "…/*"
    const bool wild = called.substr(called.size() - 1) == "*" && name.substr(0, target.size()) == target;
    const bool meant = name.empty() || (of_lane ? called == name || wild : scoped(called, Scope::provider) == name);
    if (meant) each->headroom.forget();
  }
}

void LaneStats::learn(LaneStat& lane, const Lesson& lesson, int64_t now_ms) {
  // Longer than a day is a clock's error.
  constexpr int64_t latency_ms_max = 86'400'000;
  constexpr int64_t tokens_max = 100'000'000;
  if (lesson.first_content_ms >= 0) {
    // What is older than a half-life was another time's.
    const int64_t before = now_ms - lane.latency_at_ms < latency_half_life_ms ? lane.latency_ms : -1;
    lane.latency_ms = mean_of(before, std::min(lesson.first_content_ms, latency_ms_max));
    lane.latency_at_ms = now_ms;
  }
  const Usage& usage = lesson.usage;
  if (usage.output_tokens >= 0)
    lane.output_tokens = mean_of(lane.output_tokens, std::min(usage.output_tokens, tokens_max));
  if (usage.input_tokens > 0) {
    // Of a prompt (Usage): what came from the cache, what did not, and what went into it.
    const int64_t cached = std::clamp<int64_t>(usage.cache_read_tokens, 0, tokens_max);
    const int64_t written = std::clamp<int64_t>(usage.cache_creation_tokens, 0, tokens_max);
    const int64_t whole = std::min(usage.input_tokens, tokens_max) + cached + written;
    lane.cached_permille = mean_of(lane.cached_permille, cached * 1000 / whole);
  }
}

}  // namespace signalbox::routing
