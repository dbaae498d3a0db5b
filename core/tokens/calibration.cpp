#include "tokens/calibration.h"

#include <algorithm>

#include "base/giving_way.h"

namespace signalbox::tokens {
namespace {

// No context is so long; below it, no product overflows.
constexpr int64_t tokens_max = int64_t(1) << 36;
constexpr int64_t lean_percent = 105;

int64_t divided_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

int64_t Calibration::estimate_for(std::string_view lane, int64_t estimate) const {
  estimate = std::clamp<int64_t>(estimate, 1, tokens_max);
  const auto place = lanes_.find(lane);
  if (place == lanes_.end()) return estimate;
  return divided_up(divided_up(estimate * place->second.ratio, one) * lean_percent, 100);
}

void Calibration::learn(std::string_view lane, int64_t estimate, int64_t actual) {
  if (lane.empty() || lane.size() > lane_bytes_max || estimate < estimate_min || actual <= 0) return;
  estimate = std::min(estimate, tokens_max);
  const int64_t ratio = std::clamp(std::min(actual, tokens_max) * one / estimate, ratio_min, ratio_max);
  auto place = lanes_.find(lane);
  if (place == lanes_.end()) {
    if (lanes_.size() >= lanes_max)
      lanes_.erase(base::gives_way(lanes_, [](const Learnt& learnt) { return learnt.at; }));
    place = lanes_.emplace(std::string(lane), Learnt{ratio, 0}).first;
  }
  Learnt& learnt = place->second;
  learnt.ratio += (ratio - learnt.ratio) / memory;
  learnt.at = ++lesson_count_;
}

}  // namespace signalbox::tokens
