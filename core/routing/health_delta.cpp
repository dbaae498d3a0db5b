// What health tells others and hears of them, as bytes: a version, a count, an entry for each register, a checksum.
#include <algorithm>
#include <utility>
#include <vector>

#include "routing/health.h"

namespace signalbox::routing {
namespace {

constexpr uint8_t version = 2;
constexpr size_t head_bytes = 1 + 2;
constexpr size_t entry_bytes = 2 + 4 + 8 + 8 + 4 + 1 + 1;  // without the lane
constexpr size_t entry_bytes_of_1 = entry_bytes - 2;
constexpr uint8_t misled_bit = 0x80;  // of a step in a delta
constexpr size_t checksum_bytes = 4;
constexpr size_t entries_max = lanes_max + wild_lanes_max;
constexpr size_t delta_bytes_max = head_bytes + entries_max * (entry_bytes + lane_bytes_max) + checksum_bytes;

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
  put(out, held.why);
  put(out, uint8_t(held.step | (held.misled ? misled_bit : 0)));
}

void end_delta(std::string& out) { put(out, fnv1a(out)); }

static_assert(entries_max <= UINT16_MAX && lane_bytes_max <= UINT16_MAX, "what the delta's fields hold");

}  // namespace

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
  size_t count = 0;
  for (const auto& place : lanes_) count += !says_nothing(place.second);
  begin_delta(out, count);
  for (const auto& place : lanes_)
    if (!says_nothing(place.second)) put_entry(out, place);
  end_delta(out);
  return out;
}

bool Health::merge(std::string_view delta) {
  resets_.clear();
  if (delta.size() < head_bytes + checksum_bytes || delta.size() > delta_bytes_max) return false;
  std::string_view rest = delta.substr(0, delta.size() - checksum_bytes);
  std::string_view checksum = delta.substr(rest.size());
  if (take<uint32_t>(checksum) != fnv1a(rest)) return false;
  const auto told_version = take<uint8_t>(rest);
  if (told_version != version && told_version != 1) return false;
  const size_t one_bytes = told_version == 1 ? entry_bytes_of_1 : entry_bytes;
  size_t entry_count = take<uint16_t>(rest);
  if (entry_count > entries_max) return false;

  // All of it is read before any of it counts.
  std::vector<std::pair<std::string_view, Register>> entries;
  entries.reserve(entry_count);
  for (size_t i = 0; i < entry_count; ++i) {
    if (rest.size() < one_bytes) return false;
    size_t lane_bytes = take<uint16_t>(rest);
    if (lane_bytes == 0 || lane_bytes > lane_bytes_max || rest.size() < lane_bytes + one_bytes - 2) return false;
    std::string_view lane = rest.substr(0, lane_bytes);
    rest.remove_prefix(lane_bytes);
    Register told;
    told.generation = take<uint32_t>(rest);
    told.until_unix_ms = take<int64_t>(rest);
    told.stamp_unix_ms = take<int64_t>(rest);
    told.writer = take<uint32_t>(rest);
    if (told_version != 1) {
      told.why = take<uint8_t>(rest);
      told.step = take<uint8_t>(rest);
      told.misled = (told.step & misled_bit) != 0;
      told.step &= uint8_t(~misled_bit);
    }
    if (told.until_unix_ms < 0 || told.stamp_unix_ms < 0 || told.stamp_unix_ms > unix_ms_max) return false;
    if (!entries.empty() && lane <= entries.back().first) return false;
    told.until_unix_ms = std::min(told.until_unix_ms, told.stamp_unix_ms + cool_ms_max);
    entries.emplace_back(lane, told);
  }
  if (!rest.empty()) return false;

  for (const auto& [lane, told] : entries) {
    mark(lane);
    auto place = lanes_.find(lane);
    if (is_reset(lane) && (place == lanes_.end() || less(place->second, told))) resets_.emplace_back(lane.substr(1));
    if (place == lanes_.end()) {
      lanes_.emplace(std::string(lane), told);
      switch_count_ += is_switch(lane);
      wild_count_ += is_wild(lane);
      continue;
    }
    Register& held = place->second;
    if (!less(held, told)) continue;
    // What was to be told of this lane is overtaken; its teller has told the rest of us.
    if (held.untold) --untold_count_;
    Register merged = told;
    merged.probing = held.probing;
    merged.probed_unix_ms = held.probed_unix_ms;
    merged.window = held.window;
    const bool ends_breaker = (told.until_unix_ms == 0 || is_let_in(told)) && is_of_breaker(held);
    const bool keeps_window = held.window_generation == held.generation && !ends_breaker;
    merged.window_generation = keeps_window ? merged.generation : held.window_generation;
    held = merged;
  }
  for (const std::string& name : resets_)
    for (auto& [each, held] : lanes_)
      if (is_meant(each, name)) held.window.forget();
  drop_least("");
  drop_least("*");
  // Others' lifts come so as well.
  if (lifted_count_ += entries.size(); lifted_count_ >= lifted_max) mark_anew();
  return true;
}

}  // namespace signalbox::routing
