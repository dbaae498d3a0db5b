// What must hold of bounds (concurrent_max) and queues: docs/waiting.md.
#include <algorithm>

#include "rules.h"

namespace signalbox::simulation {
namespace {

// How long a place may stay free before the one who waits first has taken it: his turn's own lateness, and a little.
constexpr int64_t free_ms_max = turn_late_ms_max + 40;

// Nobody is told when a lane begins to rest, or rests no more: who waits first looks once a second.
constexpr int64_t look_ms_max = 1'000 + free_ms_max;

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
  if (most > 0 && open_attempts(lane.provider) >= most) return false;
  const Asked::Standing* standing = standing_of(asked, lane);
  return !standing || standing->concurrent_max == 0 || open_attempts(standing->entry) < standing->concurrent_max;
}

int64_t Rules::open_attempts(const std::string& entry) const {
  int64_t count = 0;
  for (const auto& asked : all_) {
    if (!asked || asked->attempts.empty() || !asked->last()->open) continue;
    const Asked::Standing* standing = standing_of(*asked, asked->last()->lane);
    count += standing && standing->entry == entry;
  }
  return count;
}

void Rules::waits(Asked& asked) {
  const RouteSpec& route = setting(asked).route_of(asked.question());
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
  const int64_t most_ms = setting(asked).route_of(asked.question()).queue_wait_ms_max;
  check(waited_ms <= most_ms + free_ms_max, "nobody waits beyond wait_ms_max", asked,
        std::to_string(waited_ms) + " ms");
}

int64_t Rules::others_in_queue(const Asked& asked) const {
  const std::string& queue = setting(asked).route_of(asked.question()).match;
  return std::count_if(all_.begin(), all_.end(), [&](const auto& each) {
    return each && each->waiting && each->queue == queue && each.get() != &asked;
  });
}

// Behind a wait in vain, be it that time is over for all lanes that could be waited for, a pause is made that a lane asked
// for before, and nothing is said of that.
void Rules::may_pause(Asked& asked, int64_t now_ms) const {
  if (!asked.waiting) return;
  const bool is_asked_for = std::any_of(asked.attempts.begin(), asked.attempts.end(),
                                        [](const auto& each) { return each->script.retry_after_ms >= 0; });
  const auto is_of_use = [&](const Asked::Standing& each) {
    const bool is_bounded =
        each.concurrent_max > 0 || setting(asked).providers[size_t(each.lane.provider)].concurrent_max > 0;
    return is_bounded && has_time(asked, each.lane, now_ms);
  };
  const bool has_any = std::any_of(asked.standings.begin(), asked.standings.end(), is_of_use);
  const int64_t most_ms = setting(asked).route_of(asked.question()).queue_wait_ms_max;
  if (is_asked_for && (!has_any || now_ms - asked.waits_since_ms >= most_ms)) asked.waiting = false;
}

// The attempt that was just opened: at no lane that rests while a place of a better one could be waited for.
void Rules::check_rest(const Asked& asked, int64_t now_ms) {
  const Attempt& now = *asked.attempts.back();
  const RouteSpec& route = setting(asked).route_of(asked.question());
  const int gateway = asked.client->gateway;
  if (!ledger_.rests(gateway, now.lane, now_ms) || others_in_queue(asked) >= route.queue_places_max) return;
  if (asked.waiting && now_ms - asked.waits_since_ms >= route.queue_wait_ms_max) return;
  bool is_behind = false;  // the order is the decision's: what was before it then was looked at
  for (const auto& other : asked.standings) {
    if (other.lane == now.lane) is_behind = !other.rests;
    const bool is_better = ledger_.clean(other.lane) && !has_room(asked, other.lane);
    if (!is_behind && !(other.lane == now.lane) && is_better && !is_out_of_question(asked, other, now_ms))
      check(
          false, "a better lane is waited for", asked,
          "p" + std::to_string(now.lane.provider) + " rests, and p" + std::to_string(other.lane.provider) + " is full");
  }
}

// The attempt that was just opened: within its bound, and ahead of nobody who waits.
void Rules::check_place(const Asked& asked, int64_t now_ms) {
  const Attempt& now = *asked.attempts.back();
  const int64_t most = setting(asked).providers[size_t(now.lane.provider)].concurrent_max;
  const Asked::Standing* standing = standing_of(asked, now.lane);
  if (standing && standing->concurrent_max > 0)
    check(open_attempts(standing->entry) <= standing->concurrent_max, "no lane above its bound", asked,
          standing->entry);
  if (most == 0 && (!standing || standing->concurrent_max == 0)) return;
  const int64_t open = open_attempts(now.lane.provider);
  check(most == 0 || open <= most, "no lane above its bound", asked,
        std::to_string(open) + " of " + std::to_string(most));
  const RouteSpec& route = setting(asked).route_of(asked.question());
  const std::string& queue = route.match;
  for (const auto& other : all_) {
    if (!other || !other->waiting || other->queue != queue || other.get() == &asked) continue;
    const bool later = asked.waiting && asked.queue == queue && other->turn > asked.turn;
    // Who has waited to the end may ask a lane that rests, which those before him would not.
    const bool at_the_end = asked.waiting && now_ms - asked.waits_since_ms >= route.queue_wait_ms_max;
    const bool rests = at_the_end && !ledger_.clean(now.lane);
    check(later || rests, "first come, first served", asked,
          "before client " + std::to_string(other->question().nonce) + ", who waits");
  }
}

void Rules::check_refused(const Asked& asked, int64_t now_ms) {
  if (!asked.attempts.empty()) return;
  const RouteSpec& route = setting(asked).route_of(asked.question());
  const int64_t others = others_in_queue(asked);
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
    if (is_first) check_free(*asked, now_ms);
  }
}

// Of who waits first: nobody waits while a place is free at a lane that is well, or at any lane that can take it where all
// lanes that are full rest as certainly as that one.
void Rules::check_free(Asked& asked, int64_t now_ms) {
  const auto free_since_ms = [&](const auto& standing) { return free_since_ms_[size_t(standing.lane.provider)]; };
  const bool may_be_better = std::any_of(asked.standings.begin(), asked.standings.end(), [&](const auto& standing) {
    return (free_since_ms(standing) < 0 || standing.concurrent_max > 0) && standing.fits != Fits::not_at_all &&
           !ledger_.rests(asked.client->gateway, standing.lane, now_ms);
  });
  if (may_be_better || asked.first_since_ms == now_ms) asked.nothing_better_since_ms = now_ms;
  for (const auto& standing : asked.standings) {
    const int64_t since_ms = std::max(free_since_ms(standing), asked.first_since_ms);
    if (free_since_ms(standing) < 0 || standing.concurrent_max > 0 || standing.fits != Fits::surely ||
        !has_time(asked, standing.lane, now_ms))
      continue;
    const bool is_well = ledger_.clean(standing.lane);
    const int64_t for_ms = now_ms - (is_well ? since_ms : std::max(since_ms, asked.nothing_better_since_ms));
    check(for_ms <= (is_well ? free_ms_max : look_ms_max), "nobody waits while a place is free", asked,
          "p" + std::to_string(standing.lane.provider) + " is free for " + std::to_string(for_ms) + " ms");
  }
}

}  // namespace signalbox::simulation
