#include "shrink.h"

#include <algorithm>

#include "world.h"

namespace signalbox::simulation {

Plan without(Plan plan, const std::vector<size_t>& omitted) {
  for (const size_t part : omitted) plan.leave_out(part);
  return plan;
}

std::vector<size_t> shrink(const Plan& plan, const std::string& rule) {
  std::vector<size_t> omitted;
  std::vector<size_t> left(plan.part_count());
  for (size_t i = 0; i < left.size(); ++i) left[i] = i;
  // Large bites first, then smaller ones, until none goes.
  for (size_t bite = std::max<size_t>(1, left.size() / 2); bite > 0;) {
    bool smaller = false;
    for (size_t at = 0; at < left.size();) {
      const size_t n = std::min(bite, left.size() - at);
      std::vector<size_t> more = omitted;
      more.insert(more.end(), left.begin() + ptrdiff_t(at), left.begin() + ptrdiff_t(at + n));
      if (play(without(plan, more)).broken.rule != rule) {
        at += n;
        continue;
      }
      omitted = std::move(more);
      left.erase(left.begin() + ptrdiff_t(at), left.begin() + ptrdiff_t(at + n));
      smaller = true;
    }
    if (!smaller || bite > 1) bite = bite == 1 && !smaller ? 0 : std::max<size_t>(1, bite / 2);
  }
  std::sort(omitted.begin(), omitted.end());
  return omitted;
}

}  // namespace signalbox::simulation
