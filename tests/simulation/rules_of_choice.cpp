// What must hold of strategies, conversations, breakers and switches: docs/strategies.md, docs/health.md.
#include <algorithm>

#include "rules.h"

namespace signalbox::simulation {
namespace {

bool is_of_turns(const RouteSpec& route) {
  return route.strategy == "round_robin" || route.strategy == "weighted" || route.strategy == "random";
}

// Failures that count in a lane's window, and are the lane's alone.
bool counts(const Attempt& attempt) {
  const TroubleKind kind = attempt.script.trouble;
  return attempt.over && attempt.head_told && (kind == TroubleKind::failing || kind == TroubleKind::overloaded);
}

}  // namespace

const Asked::Standing* Rules::standing_of(const Asked& asked, const LaneId& lane) const {
  for (const auto& each : asked.standings)
    if (each.lane == lane) return &each;
  return nullptr;
}

// The last word holds; of which of several that is, and when another gateway has heard it, is not always certain.
Rules::Off Rules::is_off(int gateway, const LaneId& lane, int64_t now_ms) const {
  Off off = Off::no;
  const int64_t late_ms = plan_.hardships.deltas_late ? delta_late_ms_max : 0;
  for (const Flip& flip : plan_.flips) {
    if (!flip.there || flip.on || flip.at_ms > now_ms || flip.provider != lane.provider) continue;
    if (flip.credential >= 0 && flip.credential != lane.credential) continue;
    const bool contradicted = std::any_of(plan_.flips.begin(), plan_.flips.end(), [&](const Flip& other) {
      return other.there && other.on && other.provider == flip.provider && other.credential == flip.credential &&
             other.at_ms <= now_ms;
    });
    // What comes at the same instant comes before or after.
    const bool known = flip.at_ms < now_ms && (flip.gateway == gateway || flip.at_ms + late_ms < now_ms);
    if (known && !contradicted) return Off::surely;
    off = Off::perhaps;
  }
  return off;
}

// The attempt that was just opened.
void Rules::check_choice(const Asked& asked, int64_t now_ms) {
  if (asked.attempts.size() == 1 && asked.question().session) {
    check_stay(asked);
    check_home(asked);
  }
  if (setting(asked).touchy) check_probe(asked, now_ms);
}

// A conversation stays where it was answered last, at the same gateway, while nothing has ever failed there.
void Rules::check_stay(const Asked& asked) {
  const RouteSpec& route = setting(asked).route_of(asked.question());
  if (route.strategy.empty()) return;
  const Asked* before = nullptr;
  for (const auto& other : all_) {
    const bool same = other && other.get() != &asked && other->question().session == asked.question().session &&
                      other->client->gateway == asked.client->gateway;
    if (!same || other->decided_ms < 0) continue;
    if (other->finished_ms < 0 || other->finished_ms >= asked.decided_ms || other->setting != asked.setting) return;
    const bool same_route = setting(*other).route_of(other->question()).match == route.match;
    if (same_route && (!before || other->finished_ms > before->finished_ms)) before = other.get();
  }
  if (!before || !before->well) return;
  const LaneId& there = before->last()->lane;
  const Asked::Standing* standing = standing_of(asked, there);
  if (!standing || !standing->clean || standing->fits != Fits::surely) return;
  check(asked.attempts.back()->lane == there, "a conversation stays", asked,
        text_of(asked.attempts.back()->lane) + " although it was answered at " + text_of(there));
}

// Where lanes take turns a conversation has the same place at every gateway, while nothing has ever failed.
void Rules::check_home(const Asked& asked) {
  const RouteSpec& route = setting(asked).route_of(asked.question());
  const auto all_well = [&](const Asked& one) {
    return std::all_of(one.standings.begin(), one.standings.end(),
                       [&](const auto& each) { return each.clean && each.fits == Fits::surely; });
  };
  if (!is_of_turns(route) || !all_well(asked)) return;
  // One that a lane could not take may have moved it; and whoever was somewhere by another configuration stays there.
  for (const auto& other : all_)
    if (other && other->question().session == asked.question().session && other->decided_ms >= 0 &&
        (!all_well(*other) || other->setting != asked.setting))
      return;
  for (const auto& other : all_) {
    if (!other || other.get() == &asked || other->attempts.empty()) continue;
    if (other->question().session != asked.question().session) continue;
    if (setting(*other).route_of(other->question()).match != route.match) continue;
    check(other->attempts.front()->lane == asked.attempts.back()->lane, "a conversation begins at one place", asked,
          text_of(asked.attempts.back()->lane) + " and " + text_of(other->attempts.front()->lane));
  }
}

// Of a lane whose breaker was open for its time one attempt finds out, while there are others.
void Rules::check_probe(const Asked& asked, int64_t now_ms) {
  const Attempt& now = *asked.attempts.back();
  int64_t failed_ms = -1;
  for (const auto& other : all_) {
    if (!other) continue;
    for (const auto& attempt : other->attempts) {
      if (attempt->ended_ms < 0 || attempt->lane.provider != now.lane.provider) continue;
      if (attempt->lane == now.lane && counts(*attempt)) failed_ms = std::max(failed_ms, attempt->ended_ms);
    }
  }
  const int64_t half_open_ms = failed_ms + touchy_open_ms;
  if (failed_ms < 0 || now_ms < half_open_ms) return;
  const Asked* finding_out = nullptr;
  for (const auto& other : all_) {
    if (!other) continue;
    for (const auto& attempt : other->attempts) {
      if (attempt->lane.provider != now.lane.provider || attempt.get() == &now) continue;
      // Whatever else has happened there may have opened it longer, or closed it.
      if (attempt->ended_ms >= failed_ms && !(attempt->lane == now.lane && counts(*attempt))) return;
      if (attempt->open && attempt->lane == now.lane && other->decided_ms >= half_open_ms) finding_out = other.get();
    }
  }
  if (!finding_out) return;
  for (const auto& standing : asked.standings)
    check(!standing.clean || standing.lane == now.lane || has_cause_to_skip(asked, standing, now_ms),
          "one attempt finds out", asked,
          text_of(now.lane) + " beside client " + std::to_string(finding_out->question().nonce) + ", and " +
              text_of(standing.lane) + " was never asked");
}

}  // namespace signalbox::simulation
