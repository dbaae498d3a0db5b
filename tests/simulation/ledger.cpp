#include "ledger.h"

#include <algorithm>

namespace signalbox::simulation {

std::string Ledger::key(const LaneId& lane) {
  return std::to_string(lane.provider) + "/" + std::to_string(lane.credential) + "/" + lane.model;
}

void Ledger::blame(int gateway, const LaneId& lane, int64_t now_ms, int64_t rest_ms) {
  blamed_.emplace(lane.provider, now_ms);
  if (rest_ms > 0) hear(gateway, {{key(lane), now_ms, now_ms + rest_ms}});
}

void Ledger::hear(int gateway, const std::vector<News>& news) {
  auto& known = known_[size_t(gateway)];
  for (const News& one : news) {
    // A late delta is overtaken by the clear that followed it.
    if (const auto praised = praised_.find(one.lane); praised != praised_.end() && one.since_ms <= praised->second)
      continue;
    const auto place =
        std::find_if(known.begin(), known.end(), [&](const News& each) { return each.lane == one.lane; });
    if (place == known.end()) known.push_back(one);
    else if (place->until_ms < one.until_ms) *place = one;
  }
}

// A clear is a delta that goes by the others; so nobody is certain any more of what was known at the decision.
void Ledger::praise(const LaneId& lane, int64_t decided_ms) {
  const std::string name = key(lane);
  int64_t& latest = praised_.emplace(name, decided_ms).first->second;
  latest = std::max(latest, decided_ms);
  for (auto& known : known_)
    std::erase_if(known, [&](const News& each) { return each.lane == name && each.since_ms <= decided_ms; });
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

bool Ledger::budget_left(int gateway, int provider) const {
  const auto place = second_[size_t(gateway)].find(provider);
  return place == second_[size_t(gateway)].end() || place->second.second_count < budget_at_first;
}

bool Ledger::budget_exceeded(int gateway, int provider, int64_t now_ms) const {
  const auto place = second_[size_t(gateway)].find(provider);
  if (place == second_[size_t(gateway)].end()) return false;
  const Account& account = place->second;
  const int64_t hundredths = budget_at_first * 100 + (now_ms - account.since_ms) / 10 + account.paid_in_percent;
  return account.second_count * 100 > hundredths;
}

}  // namespace signalbox::simulation
