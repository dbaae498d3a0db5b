#include "routing/health.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "base/mix.h"

namespace signalbox::routing {
namespace {

// A row of failures longer ago than this says nothing of the next one.
constexpr int64_t step_ms_max = 3'600'000;
constexpr uint8_t step_max = 16;

}  // namespace

std::string_view name_of(Why why) {
  switch (why) {
    case Why::unknown: return "unknown";
    case Why::hiccup: return "hiccup";
    case Why::limited: return "limited";
    case Why::exhausted: return "exhausted";
    case Why::refused: return "refused";
    case Why::model_missing: return "model_missing";
    case Why::doubtful: return "doubtful";
    case Why::unreachable: return "unreachable";
    case Why::breaker: return "breaker";
    case Why::asked: return "asked";
    case Why::breaker_asked: return "breaker";
    case Why::no_credential: return "no_credential";
    case Why::let_in: return "let_in";
  }
  return "unknown";
}

std::string_view name_of(Scope scope) {
  switch (scope) {
    case Scope::lane: return "lane";
    case Scope::credential: return "credential";
    case Scope::provider: return "provider";
  }
  return "lane";
}

std::string_view scoped(std::string_view lane, Scope scope) {
  if (scope == Scope::lane) return lane;
  if (lane.substr(0, 1) == "*") lane.remove_prefix(1);
  const size_t first = lane.find('/');
  if (scope == Scope::provider || first == lane.npos) return lane.substr(0, first);
  return lane.substr(0, lane.find('/', first + 1));
}

namespace {

constexpr uint64_t mark_seed = 0x6c616e652d6d6172u;
constexpr size_t mark_count = 32 * 64;

uint16_t mark_of(std::string_view name) { return uint16_t(base::mix_text(name, mark_seed) % mark_count); }

}  // namespace

Marks marks_of(std::string_view lane) {
  Marks marks;
  for (size_t i = 0; i < scope_count; ++i) marks[i] = mark_of(scoped(lane, Scope(i)));
  return marks;
}

void Health::mark(std::string_view name) {
  static_assert(mark_count == std::tuple_size_v<decltype(marked_)> * 64);
  const uint16_t mark = mark_of(name);
  uint64_t& word = marked_[mark / 64];
  const uint64_t before = word;
  word |= uint64_t(1) << (mark % 64);
  marks_version_ += word != before;
}

void Health::mark_anew() {
  marked_ = {};
  ++marks_version_;
  lifted_count_ = 0;
  for (const auto& [name, held] : lanes_)
    if (held.until_unix_ms != 0 && !is_switch(name)) mark(name);
}

bool Health::less(const Register& a, const Register& b) {
  return std::tie(a.generation, a.until_unix_ms, a.stamp_unix_ms, a.writer, a.step, a.why, a.misled) <
         std::tie(b.generation, b.until_unix_ms, b.stamp_unix_ms, b.writer, b.step, b.why, b.misled);
}

// The caller has seen to it that this is greater than what `held` was.
void Health::set(Register& held, uint32_t generation, int64_t until_unix_ms, int64_t now_unix_ms, Why why,
                 uint8_t step) {
  held.why = uint8_t(why);
  held.step = step;
  held.misled = false;
  held.generation = generation;
  held.until_unix_ms = until_unix_ms;
  held.stamp_unix_ms = now_unix_ms;
  held.writer = writer_;
  if (!held.untold) ++untold_count_;
  held.untold = true;
}

Health::Register* Health::find(std::string_view name) {
  const auto place = lanes_.find(name);
  return place == lanes_.end() ? nullptr : &place->second;
}

const Health::Register* Health::find(std::string_view name) const {
  const auto place = lanes_.find(name);
  return place == lanes_.end() ? nullptr : &place->second;
}

// The caller sees to the bound once the register says something.
Health::Lanes::iterator Health::add(std::string_view name) {
  const uint32_t generation = first_generation(name);
  const auto place = lanes_.emplace(std::string(name), Register()).first;
  place->second.generation = place->second.window_generation = generation;
  if (is_switch(name)) ++switch_count_;
  if (is_wild(name)) ++wild_count_;
  return place;
}

void Health::cool(std::string_view lane, int64_t until_unix_ms, int64_t now_unix_ms, Why why, uint8_t step,
                  Witness witness) {
  if (lane.empty() || lane.size() > lane_bytes_max || now_unix_ms < 0 || now_unix_ms > unix_ms_max) return;
  if (until_unix_ms <= now_unix_ms) return;
  until_unix_ms = std::min(until_unix_ms, now_unix_ms + cool_ms_max);
  mark(lane);
  auto place = lanes_.find(lane);
  if (place == lanes_.end()) {
    place = add(lane);
    set(place->second, place->second.generation, until_unix_ms, now_unix_ms, why, step);
    drop_least(lane);
    return;
  }
  Register& held = place->second;
  if (believed_until(held, now_unix_ms) >= until_unix_ms) return;
  // Only one that is not believed ends later than this, and within its generation it would prevail.
  bool contradicts = held.until_unix_ms > until_unix_ms;
  if (contradicts && held.generation == UINT32_MAX) return;
  // Until a probe fails as requests do: then it can be believed again.
  const bool misled = witness == Witness::request && step > 0 && (held.misled || is_let_in(held));
  set(held, held.generation + (contradicts ? 1 : 0), until_unix_ms, now_unix_ms, why, step);
  held.misled = misled;
}

uint8_t Health::next_step(std::string_view lane, int64_t began_unix_ms, int64_t now_unix_ms) const {
  const Register* held = find(lane);
  if (!held || held->until_unix_ms == 0) return 0;
  if (now_unix_ms - held->until_unix_ms > step_ms_max) return 0;
  const bool counted = began_unix_ms < held->stamp_unix_ms;
  return counted ? held->step : uint8_t(std::min<int>(held->step + 1, step_max));
}

bool Health::count(std::string_view lane, Counted what, const BreakerRule& rule, int64_t now_unix_ms) {
  if (what == Counted::success && lanes_.empty()) return false;
  if (rule.failure_percent <= 0 || lane.empty() || lane.size() > lane_bytes_max) return false;
  auto place = lanes_.find(lane);
  if (place == lanes_.end()) {
    if (what == Counted::success) return false;
    // At the bound there is no window for a lane that nothing else is known of.
    if (full(lane)) return false;
    place = add(lane);
  }
  Register& held = place->second;
  if (held.window_generation != held.generation) {
    held.window.forget();
    held.window_generation = held.generation;
  }
  held.window.count(what, now_unix_ms, rule.window_ms);
  if (what == Counted::success || !held.window.trips(rule, now_unix_ms)) return false;
  held.window.forget();
  return true;
}

Window::Sums Health::counted(std::string_view lane, int64_t window_ms, int64_t now_unix_ms) const {
  const Register* held = find(lane);
  if (!held || held->window_generation != held->generation) return {};
  return held->window.sums(now_unix_ms, window_ms);
}

Standing Health::standing(std::string_view lane, int64_t now_unix_ms) const {
  Standing standing;
  if (lanes_.empty()) return standing;
  for (size_t i = 0; i < scope_count; ++i) {
    const Register* held = find(scoped(lane, Scope(i)));
    if (!held || held->until_unix_ms == 0) continue;
    standing.known[i] = held->until_unix_ms;
    const int64_t until = believed_until(*held, now_unix_ms);
    if (until > standing.until_unix_ms) {
      standing.until_unix_ms = until;
      standing.why = Why(held->why);
      standing.scope = Scope(i);
    }
    if (Scope(i) == Scope::lane && until == 0 && is_of_breaker(*held)) {
      standing.half_open = true;
      standing.probing = held->probing;
    }
  }
  return standing;
}

void Health::succeed(std::string_view lane, const std::array<int64_t, scope_count>& known, int64_t now_unix_ms,
                     Witness witness) {
  for (size_t i = 0; i < scope_count; ++i) {
    if (known[i] == 0) continue;
    Register* held = find(scoped(lane, Scope(i)));
    if (!held || held->until_unix_ms != known[i]) continue;
    witness == Witness::request ? lift(*held, now_unix_ms) : let_in(*held, now_unix_ms);
  }
}

void Health::begin_probe(std::string_view lane) {
  if (Register* held = find(lane)) held->probing = true;
}

void Health::end_probe(std::string_view lane) {
  if (Register* held = find(lane)) held->probing = false;
}

Health::Looked Health::looked(std::string_view name) const {
  const Register* held = find(name);
  return held ? Looked{held->stamp_unix_ms, held->probed_unix_ms, held->misled} : Looked{};
}

void Health::note_probe(std::string_view name, int64_t now_unix_ms) {
  if (Register* held = find(name)) held->probed_unix_ms = now_unix_ms;
}

void Health::hold(std::string_view name, int64_t until_unix_ms, int64_t now_unix_ms) {
  Register* held = find(name);
  if (!held) return;
  const bool misled = held->misled;
  cool(name, until_unix_ms, now_unix_ms, Why(held->why), held->step);
  held->misled = misled;
}

void Health::unhold(std::string_view name, int64_t held_until_unix_ms, int64_t until_unix_ms, int64_t now_unix_ms) {
  Register* held = find(name);
  if (!held || held->until_unix_ms != held_until_unix_ms || held->generation == UINT32_MAX) return;
  const bool same_window = held->window_generation == held->generation;
  const bool misled = held->misled;
  set(*held, held->generation + 1, until_unix_ms, now_unix_ms, Why(held->why), held->step);
  held->misled = misled;
  if (same_window) held->window_generation = held->generation;
}

void Health::lift(Register& held, int64_t now_unix_ms) {
  // There is no later generation: the cooling ends by itself. A lane is not cleared four billion times.
  if (held.generation == UINT32_MAX) return;
  // One success between failures is what the window is there to see: only that of a half-open lane begins anew.
  const bool keeps_window = held.window_generation == held.generation && !is_of_breaker(held);
  set(held, held.generation + 1, 0, now_unix_ms);
  if (keeps_window) held.window_generation = held.generation;
  if (++lifted_count_ >= lifted_max) mark_anew();
}

// A cooling that is over by any clock, and counts for the next one's length.
void Health::let_in(Register& held, int64_t now_unix_ms) {
  if (held.generation == UINT32_MAX || is_let_in(held)) return;
  const bool keeps_window = held.window_generation == held.generation && !is_of_breaker(held);
  set(held, held.generation + 1, std::max<int64_t>(now_unix_ms - skew_ms_max, 1), now_unix_ms, Why::let_in, held.step);
  if (keeps_window) held.window_generation = held.generation;
}

void Health::clear(std::string_view lane, int64_t planned_until_unix_ms, int64_t now_unix_ms) {
  int64_t until_unix_ms = cooled_until(lane, now_unix_ms);
  if (until_unix_ms == 0 || until_unix_ms != planned_until_unix_ms) return;
  lift(*find(lane), now_unix_ms);
}

int64_t Health::believed_until(const Register& held, int64_t now_unix_ms) {
  const int64_t until = held.until_unix_ms;
  const bool believed = until > now_unix_ms && until - now_unix_ms <= cool_ms_max + skew_ms_max;
  return believed ? until : 0;
}

int64_t Health::cooled_until(std::string_view lane, int64_t now_unix_ms) const {
  if (lanes_.empty()) return 0;
  const Register* held = find(lane);
  return held ? believed_until(*held, now_unix_ms) : 0;
}

std::pair<Health::Lanes::const_iterator, Health::Lanes::const_iterator> Health::part_of(std::string_view name) const {
  if (!is_wild(name)) return {lanes_.begin(), lanes_.end()};
  return {lanes_.lower_bound(std::string_view("*")), lanes_.lower_bound(std::string_view("+"))};
}

bool Health::full(std::string_view name) const {
  return is_wild(name) ? wild_count_ >= wild_lanes_max : lanes_.size() - wild_count_ >= lanes_max;
}

uint32_t Health::first_generation(std::string_view name) const {
  if (!full(name)) return 0;
  uint32_t least = UINT32_MAX;
  const auto [begin, end] = part_of(name);
  for (auto place = begin; place != end; ++place)
    if (is_wild(place->first) == is_wild(name)) least = std::min(least, place->second.generation);
  return least;
}

void Health::drop_least(std::string_view name) {
  const size_t count = is_wild(name) ? wild_count_ : lanes_.size() - wild_count_;
  const size_t most = is_wild(name) ? wild_lanes_max : lanes_max;
  if (count <= most) return;
  const auto [begin, end] = part_of(name);
  const size_t excess = count - most;
  std::vector<Lanes::const_iterator> order;
  order.reserve(count);
  for (auto place = begin; place != end; ++place)
    if (is_wild(place->first) == is_wild(name)) order.push_back(place);
  const auto kept = order.begin() + ptrdiff_t(excess);
  // The lane's name decides between equal registers, so that all gateways drop the same ones. What was switched off by
  // hand does not come back for want of room.
  std::nth_element(order.begin(), kept, order.end(), [](auto a, auto b) {
    if (is_switch(a->first) != is_switch(b->first)) return is_switch(b->first);
    if (less(a->second, b->second)) return true;
    if (less(b->second, a->second)) return false;
    return a->first < b->first;
  });
  for (auto dropped = order.begin(); dropped != kept; ++dropped) {
    if ((*dropped)->second.untold) --untold_count_;
    if (is_switch((*dropped)->first)) --switch_count_;
    if (is_wild((*dropped)->first)) --wild_count_;
    lanes_.erase(*dropped);
  }
}

}  // namespace signalbox::routing
