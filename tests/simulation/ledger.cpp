#include "ledger.h"

#include <algorithm>

namespace signalbox::simulation {

std::string Ledger::key(const LaneId& lane) {
  return std::to_string(lane.provider) + "/" + std::to_string(lane.credential) + "/" + lane.model;
}

void Ledger::blame(int gateway, const LaneId& lane, int64_t now_ms, int64_t rest_ms, Rest rest) {
  blamed_.emplace(lane.provider, now_ms);
  // Rests that nobody named grow, and breakers open, for longer than this one may last: then it is a part of that, and is
  // lifted with it.
  Doubt& doubt = doubts_.try_emplace(key(lane), Doubt{now_ms, 0}).first->second;
  constexpr int may_open_breaker = 9;
  const int64_t since_ms = doubt.count >= may_open_breaker ? doubt.since_ms : now_ms;
  doubt.count += rest == Rest::at_least ? may_open_breaker : 1;
  if (rest_ms > 0) hear(gateway, {{key(lane), since_ms, now_ms + rest_ms, gateway}});
}

// What its request knew of. And what another gateway does not know to be newer: a clear begins a generation, and a cooling
// by who has not heard of it stays in the one before (core/routing/health.h).
bool Ledger::Praise::may_lift(const News& news) const {
  return news.since_ms <= decided_ms || (news.by != gateway && news.since_ms <= ended_ms + delta_late_ms_max);
}

void Ledger::hear(int gateway, const std::vector<News>& news) {
  auto& known = known_[size_t(gateway)];
  for (const News& one : news) {
    const auto praises = praised_.find(one.lane);
    const auto lifts = [&](const Praise& each) { return each.may_lift(one); };
    if (praises != praised_.end() && std::any_of(praises->second.begin(), praises->second.end(), lifts)) continue;
    const auto place =
        std::find_if(known.begin(), known.end(), [&](const News& each) { return each.lane == one.lane; });
    if (place == known.end()) known.push_back(one);
    else if (place->until_ms < one.until_ms) *place = one;
  }
}

// A delta holds what has changed since the one before, and nothing that was heard.
std::vector<Ledger::News> Ledger::take_news(int gateway) {
  std::vector<News> news;
  for (News& each : known_[size_t(gateway)]) {
    if (each.told || each.by != gateway) continue;
    each.told = true;
    news.push_back(each);
  }
  return news;
}

// A clear is a delta that goes by the others; so nobody is certain any more of what it may lift.
void Ledger::praise(int gateway, const LaneId& lane, int64_t decided_ms, int64_t now_ms) {
  const Praise praise{gateway, decided_ms, now_ms};
  const std::string name = key(lane);
  praised_[name].push_back(praise);
  for (auto& known : known_)
    std::erase_if(known, [&](const News& each) { return each.lane == name && praise.may_lift(each); });
}

bool Ledger::rests(int gateway, const LaneId& lane, int64_t now_ms) const {
  if (!clocks_agree_) return false;
  const std::string name = key(lane);
  const auto& known = known_[size_t(gateway)];
  return std::any_of(known.begin(), known.end(),
                     [&](const News& each) { return each.lane == name && now_ms < each.until_ms; });
}

void Ledger::count_attempt(int gateway, int provider, bool second, int64_t now_ms, int64_t percent) {
  Account& account = second_[size_t(gateway)].try_emplace(provider, Account{0, 0, now_ms}).first->second;
  if (second) ++account.second_count;
  else account.paid_in_percent += percent;
}

// translation.md and docs/configuration.md: ten to begin with, and one a second.
constexpr int64_t budget_at_first = 10;

bool Ledger::budget_left(int gateway, int provider, int64_t unseen) const {
  const auto place = second_[size_t(gateway)].find(provider);
  return (place == second_[size_t(gateway)].end() ? 0 : place->second.second_count) + unseen < budget_at_first;
}

bool Ledger::budget_exceeded(int gateway, int provider, int64_t now_ms) const {
  const auto place = second_[size_t(gateway)].find(provider);
  if (place == second_[size_t(gateway)].end()) return false;
  const Account& account = place->second;
  const int64_t hundredths = budget_at_first * 100 + (now_ms - account.since_ms) / 10 + account.paid_in_percent;
  return account.second_count * 100 > hundredths;
}

}  // namespace signalbox::simulation
