#include "routing/affinity.h"

#include <algorithm>

#include "base/mix.h"

namespace signalbox::routing {

static_assert((conversations_max & (conversations_max - 1)) == 0);

const AffinityTable::Stay* AffinityTable::find(uint64_t session) const {
  if (stays_.empty() || session == 0) return nullptr;
  const Stay* const set = &stays_[base::mix(session) % (conversations_max / ways) * ways];
  const Stay* const found = std::find_if(set, set + ways, [&](const Stay& each) { return each.session == session; });
  return found == set + ways ? nullptr : found;
}

uint64_t AffinityTable::lane_of(uint64_t session, int64_t now_ms) const {
  const Stay* stay = find(session);
  return stay && stay->until_ms > now_ms ? stay->lane : 0;
}

int64_t AffinityTable::until_ms(uint64_t session, int64_t now_ms) const {
  const Stay* stay = find(session);
  return stay && stay->until_ms > now_ms ? stay->until_ms : 0;
}

void AffinityTable::remember(uint64_t session, uint64_t lane, int64_t until_ms, int64_t now_ms) {
  if (session == 0 || until_ms <= now_ms) return;
  if (stays_.empty()) stays_.resize(conversations_max);
  if (const Stay* known = find(session)) {
    Stay& stay = stays_[size_t(known - stays_.data())];
    stay = {session, lane, until_ms, stay.until_ms > now_ms};
    return;
  }
  Stay* const set = &stays_[base::mix(session) % (conversations_max / ways) * ways];
  const auto worth = [&](const Stay& stay) { return stay.until_ms <= now_ms ? 0 : stay.again ? 2 : 1; };
  *std::min_element(set, set + ways, [&](const Stay& a, const Stay& b) {
    return worth(a) != worth(b) ? worth(a) < worth(b) : a.until_ms < b.until_ms;
  }) = {session, lane, until_ms, false};
}

void AffinityTable::forget(uint64_t session) {
  if (const Stay* known = find(session)) stays_[size_t(known - stays_.data())] = {};
}

size_t AffinityTable::count(int64_t now_ms) const {
  return size_t(std::count_if(stays_.begin(), stays_.end(), [&](const Stay& each) { return each.until_ms > now_ms; }));
}

}  // namespace signalbox::routing
