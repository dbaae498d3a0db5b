#include "routing/health.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

namespace signalbox::routing {
namespace {

constexpr uint8_t version = 1;
constexpr size_t head_bytes = 1 + 2;
constexpr size_t entry_bytes = 2 + 4 + 8 + 8 + 4;  // without the lane
constexpr size_t checksum_bytes = 4;
constexpr size_t delta_bytes_max = head_bytes + lanes_max * (entry_bytes + lane_bytes_max) + checksum_bytes;
// The end of the year 9999. A stamp beyond it is damage; below it, adding a day never overflows.
constexpr int64_t unix_ms_max = 253'402'300'799'999;

uint32_t fnv1a(std::string_view bytes) {
  uint32_t hash = 2166136261u;
  for (char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619u;
  return hash;
}

template <class Integer>
void put(std::string& out, Integer number) {
  auto rest = uint64_t(number);
  for (size_t i = 0; i < sizeof number; ++i, rest >>= 8) out += char(rest & 0xff);
}

// Takes an integer off the front; the caller has checked the length.
template <class Integer>
Integer take(std::string_view& in) {
  uint64_t number = 0;
  for (size_t i = 0; i < sizeof(Integer); ++i) number |= uint64_t(static_cast<unsigned char>(in[i])) << (8 * i);
  in.remove_prefix(sizeof(Integer));
  return Integer(number);
}

void begin_delta(std::string& out, size_t count) {
  out.clear();
  out += char(version);
  put(out, uint16_t(count));
}

template <class Place>
void put_entry(std::string& out, const Place& place) {
  const auto& [lane, held] = place;
  put(out, uint16_t(lane.size()));
  out += lane;
  put(out, held.generation);
  put(out, held.until_unix_ms);
  put(out, held.stamp_unix_ms);
  put(out, held.writer);
}

void end_delta(std::string& out) { put(out, fnv1a(out)); }

}  // namespace

static_assert(lanes_max <= UINT16_MAX && lane_bytes_max <= UINT16_MAX, "what the delta's fields hold");

bool Health::less(const Register& a, const Register& b) {
  return std::tie(a.generation, a.until_unix_ms, a.stamp_unix_ms, a.writer) <
         std::tie(b.generation, b.until_unix_ms, b.stamp_unix_ms, b.writer);
}

// The caller has seen to it that this is greater than what `held` was.
void Health::set(Register& held, uint32_t generation, int64_t until_unix_ms, int64_t now_unix_ms) {
  held.generation = generation;
  held.until_unix_ms = until_unix_ms;
  held.stamp_unix_ms = now_unix_ms;
  held.writer = writer_;
  if (!held.untold) ++untold_count_;
  held.untold = true;
}

void Health::cool(std::string_view lane, int64_t until_unix_ms, int64_t now_unix_ms) {
  if (lane.empty() || lane.size() > lane_bytes_max || now_unix_ms < 0 || now_unix_ms > unix_ms_max) return;
  if (until_unix_ms <= now_unix_ms) return;
  until_unix_ms = std::min(until_unix_ms, now_unix_ms + cool_ms_max);
  auto place = lanes_.find(lane);
  if (place == lanes_.end()) {
    uint32_t generation = first_generation();
    place = lanes_.emplace(std::string(lane), Register()).first;
    set(place->second, generation, until_unix_ms, now_unix_ms);
    drop_least();
    return;
  }
  Register& held = place->second;
  if (cooled_until(lane, now_unix_ms) >= until_unix_ms) return;
  // Only one that is not believed ends later than this, and within its generation it would prevail.
  bool contradicts = held.until_unix_ms > until_unix_ms;
  if (contradicts && held.generation == UINT32_MAX) return;
  set(held, held.generation + (contradicts ? 1 : 0), until_unix_ms, now_unix_ms);
}

void Health::clear(std::string_view lane, int64_t planned_until_unix_ms, int64_t now_unix_ms) {
  int64_t until_unix_ms = cooled_until(lane, now_unix_ms);
  if (until_unix_ms == 0 || until_unix_ms != planned_until_unix_ms) return;
  Register& held = lanes_.find(lane)->second;
  // There is no later generation: the cooling ends by itself. A lane is not cleared four billion times.
  if (held.generation == UINT32_MAX) return;
  set(held, held.generation + 1, 0, now_unix_ms);
}

int64_t Health::cooled_until(std::string_view lane, int64_t now_unix_ms) const {
  if (lanes_.empty()) return 0;
  auto place = lanes_.find(lane);
  if (place == lanes_.end()) return 0;
  int64_t until = place->second.until_unix_ms;
  bool believed = until > now_unix_ms && until - now_unix_ms <= cool_ms_max + skew_ms_max;
  return believed ? until : 0;
}

uint32_t Health::first_generation() const {
  if (lanes_.size() < lanes_max) return 0;
  uint32_t least = UINT32_MAX;
  for (const auto& place : lanes_) least = std::min(least, place.second.generation);
  return least;
}

void Health::drop_least() {
  if (lanes_.size() <= lanes_max) return;
  std::vector<Lanes::iterator> order;
  order.reserve(lanes_.size());
  for (auto place = lanes_.begin(); place != lanes_.end(); ++place) order.push_back(place);
  auto kept = order.begin() + ptrdiff_t(lanes_.size() - lanes_max);
  // The lane's name decides between equal registers, so that all gateways drop the same ones.
  std::nth_element(order.begin(), kept, order.end(), [](auto a, auto b) {
    if (less(a->second, b->second)) return true;
    if (less(b->second, a->second)) return false;
    return a->first < b->first;
  });
  for (auto dropped = order.begin(); dropped != kept; ++dropped) {
    if ((*dropped)->second.untold) --untold_count_;
    lanes_.erase(*dropped);
  }
}

std::string_view Health::take_delta() {
  delta_.clear();
  if (untold_count_ == 0) return delta_;
  begin_delta(delta_, untold_count_);
  for (auto& place : lanes_) {
    if (!place.second.untold) continue;
    place.second.untold = false;
    put_entry(delta_, place);
  }
  untold_count_ = 0;
  end_delta(delta_);
  return delta_;
}

std::string Health::snapshot() const {
  std::string out;
  begin_delta(out, lanes_.size());
  for (const auto& place : lanes_) put_entry(out, place);
  end_delta(out);
  return out;
}

bool Health::merge(std::string_view delta) {
  if (delta.size() < head_bytes + checksum_bytes || delta.size() > delta_bytes_max) return false;
  std::string_view rest = delta.substr(0, delta.size() - checksum_bytes);
  std::string_view checksum = delta.substr(rest.size());
  if (take<uint32_t>(checksum) != fnv1a(rest)) return false;
  if (take<uint8_t>(rest) != version) return false;
  size_t entry_count = take<uint16_t>(rest);
  if (entry_count > lanes_max) return false;

  // All of it is read before any of it counts.
  std::vector<std::pair<std::string_view, Register>> entries;
  entries.reserve(entry_count);
  for (size_t i = 0; i < entry_count; ++i) {
    if (rest.size() < entry_bytes) return false;
    size_t lane_bytes = take<uint16_t>(rest);
    if (lane_bytes == 0 || lane_bytes > lane_bytes_max || rest.size() < lane_bytes + entry_bytes - 2) return false;
    std::string_view lane = rest.substr(0, lane_bytes);
    rest.remove_prefix(lane_bytes);
    Register told;
    told.generation = take<uint32_t>(rest);
    told.until_unix_ms = take<int64_t>(rest);
    told.stamp_unix_ms = take<int64_t>(rest);
    told.writer = take<uint32_t>(rest);
    if (told.until_unix_ms < 0 || told.stamp_unix_ms < 0 || told.stamp_unix_ms > unix_ms_max) return false;
    if (!entries.empty() && lane <= entries.back().first) return false;
    told.until_unix_ms = std::min(told.until_unix_ms, told.stamp_unix_ms + cool_ms_max);
    entries.emplace_back(lane, told);
  }
  if (!rest.empty()) return false;

  for (const auto& [lane, told] : entries) {
    auto place = lanes_.find(lane);
    if (place == lanes_.end()) {
      lanes_.emplace(std::string(lane), told);
      continue;
    }
    Register& held = place->second;
    if (!less(held, told)) continue;
    // What was to be told of this lane is overtaken; its teller has told the rest of us.
    if (held.untold) --untold_count_;
    held = told;
  }
  drop_least();
  return true;
}

}  // namespace signalbox::routing
