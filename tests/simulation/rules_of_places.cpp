// What must hold of bounds (concurrent_max) and queues: docs/waiting.md.
#include <algorithm>

#include "rules.h"

namespace signalbox::simulation {
namespace {

// How long a place may stay free before the one who waits first has taken it: his turn's own lateness, and a little.
constexpr int64_t free_ms_max = turn_late_ms_max + 40;

}  // namespace

int64_t Rules::open_attempts(int provider) const {
  int64_t count = 0;
  for (const auto& asked : all_)
    if (asked)
      for (const auto& attempt : asked->attempts) count += attempt->open && attempt->lane.provider == provider;
  return count;
}

bool Rules::has_room(const Asked& asked, const LaneId& lane) const {
  const int64_t most = setting(asked).providers[size_t(lane.provider)].concurrent_max;
  return most == 0 || open_attempts(lane.provider) < most;
}

void Rules::waits(Asked& asked) {
  const RouteSpec& route = setting(asked).route_of(asked.question().model);
  asked.queue = route.match;
  asked.first_since_ms = -1;
  check(route.queue_places_max > 0, "nobody waits where nobody may", asked, "in " + route.match);
  const auto there = std::count_if(
      all_.begin(), all_.end(), [&](const auto& each) { return each && each->waiting && each->queue == asked.queue; });
  check(there <= route.queue_places_max, "no more wait than may", asked, std::to_string(there));
}

void Rules::waits_no_more(Asked& asked, int64_t now_ms) {
  if (!asked.waiting) return;
  asked.waiting = false;
  const int64_t waited_ms = now_ms - asked.waits_since_ms;
  const int64_t most_ms = setting(asked).route_of(asked.question().model).queue_wait_ms_max;
  check(waited_ms <= most_ms + free_ms_max, "nobody waits beyond wait_ms_max", asked,
        std::to_string(waited_ms) + " ms");
}

// The attempt that was just opened: within its bound, and ahead of nobody who waits.
void Rules::check_place(const Asked& asked) {
  const Attempt& now = *asked.attempts.back();
  const int64_t most = setting(asked).providers[size_t(now.lane.provider)].concurrent_max;
  if (most == 0) return;
  const int64_t open = open_attempts(now.lane.provider);
  check(open <= most, "no lane above its bound", asked, std::to_string(open) + " of " + std::to_string(most));
  const std::string& queue = setting(asked).route_of(asked.question().model).match;
  for (const auto& other : all_) {
    if (!other || !other->waiting || other->queue != queue || other.get() == &asked) continue;
    const bool later = asked.waiting && asked.queue == queue && other->turn > asked.turn;
    check(later, "first come, first served", asked,
          "before client " + std::to_string(other->question().nonce) + ", who waits");
  }
}

void Rules::check_refused(const Asked& asked, int64_t now_ms) {
  if (!asked.attempts.empty()) return;
  const RouteSpec& route = setting(asked).route_of(asked.question().model);
  const auto others = std::count_if(
      all_.begin(), all_.end(), [&](const auto& each) { return each && each->waiting && each->queue == route.match; });
  check(asked.waits_since_ms >= 0 || others >= route.queue_places_max, "nobody is refused who may wait", asked,
        std::to_string(others) + " wait");
  check(asked.head_sent && (asked.status == 529 || asked.status == 200), "who is refused is told so", asked,
        std::to_string(asked.status));
  for (const auto& standing : asked.standings)
    check(others > 0 || standing.fits != Fits::surely || !has_time(asked, standing.lane, now_ms) ||
              !has_room(asked, standing.lane),
          "nobody is refused while a place is free", asked, "at p" + std::to_string(standing.lane.provider));
}

void Rules::waiting(int64_t now_ms) {
  const Setting& first = plan_.settings[0];
  for (size_t p = 0; p < free_since_ms_.size(); ++p) {
    const int64_t most = first.providers[p].concurrent_max;
    const bool is_free = most == 0 || open_attempts(int(p)) < most;
    if (!is_free) free_since_ms_[p] = -1;
    else if (free_since_ms_[p] < 0) free_since_ms_[p] = now_ms;
  }
  for (const auto& asked : all_) {
    if (!asked || !asked->waiting || !asked->attempts.empty()) continue;
    const bool is_first = std::none_of(all_.begin(), all_.end(), [&](const auto& other) {
      return other && other->waiting && other->queue == asked->queue && other->turn < asked->turn;
    });
    if (!is_first) asked->first_since_ms = -1;
    else if (asked->first_since_ms < 0) asked->first_since_ms = now_ms;
    if (!is_first || now_ms - asked->first_since_ms <= free_ms_max) continue;
    for (const auto& standing : asked->standings) {
      const int64_t since_ms = free_since_ms_[size_t(standing.lane.provider)];
      if (standing.fits != Fits::surely || since_ms < 0 || !has_time(*asked, standing.lane, now_ms)) continue;
      check(now_ms - since_ms <= free_ms_max, "nobody waits while a place is free", *asked,
            "p" + std::to_string(standing.lane.provider) + " is free for " + std::to_string(now_ms - since_ms) + " ms");
    }
  }
}

}  // namespace signalbox::simulation
