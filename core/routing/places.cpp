#include "routing/places.h"

#include <algorithm>
#include <string>

#include "routing/health.h"

namespace signalbox::routing {
namespace {

// Longer than any attempt that still shows something: whoever has one ends it himself, and this is for one that is lost.
constexpr int64_t probe_ms_max = 600'000;

}  // namespace

void Place::give_back() {
  if (count_ == 0) return;
  Permits& permits = places_->permits();
  while (count_ > 0) permits.give_back(slots_[--count_]);
  places_->give_turns();
}

bool Place::holds(uint32_t slot) const {
  return std::find(slots_.begin(), slots_.begin() + count_, slot) != slots_.begin() + count_;
}

void Probe::end_at(int64_t ends_ms) {
  if (Places* const places = std::exchange(places_, nullptr)) places->permits().move_lease(slot_, until_ms_, ends_ms);
}

void Waiting::leave() {
  if (!places_) return;
  std::exchange(places_, nullptr)->leave(queue_, ticket_);
}

bool Waiting::is_first() const { return places_ && places_->permits().first(queue_).ticket == ticket_; }

Permits& Places::permits() {
  if (!share_.permits) share_.permits.reset(new Permits(share_.gateway + 1));
  return *share_.permits;
}

bool Places::take(std::span<const Bound> bounds, Place& place) {
  place.give_back();
  if (bounds.empty()) return true;
  // Most who find no room find it by looking, and then nothing was taken that another has missed meanwhile.
  if (!has_room(bounds)) return false;
  Permits& all = permits();
  Place taken;
  taken.places_ = this;
  for (const Bound& bound : bounds.first(std::min(bounds.size(), bounds_max))) {
    const uint32_t slot = all.slot_of(bound.name);
    if (!all.take(slot, bound.most)) return false;  // `taken` gives back what it has
    taken.slots_[taken.count_++] = slot;
  }
  place = std::move(taken);
  return true;
}

std::string probe_name(std::string_view key) {
  std::string name = "probe ";
  if (key.substr(0, 1) == "*") name.append(scoped(key, Scope::credential)).append("/*");
  else name += key;
  return name;
}

bool Places::take_probe(std::string_view key, int64_t now_ms, Probe& probe) {
  probe.end();
  const uint32_t slot = permits().slot_of(probe_name(key));
  if (!permits().lease(slot, now_ms, now_ms + probe_ms_max)) return false;
  probe.places_ = this;
  probe.slot_ = slot;
  probe.until_ms_ = now_ms + probe_ms_max;
  return true;
}

bool Places::has_room(std::span<const Bound> bounds, const Place& own) {
  for (const Bound& bound : bounds) {
    const uint32_t slot = permits().slot_of(bound.name);
    if (permits().held(slot) - (own.holds(slot) ? 1 : 0) >= bound.most) return false;
  }
  return true;
}

bool Places::join(std::string_view route, int64_t most, Waiting& waiting) {
  waiting.leave();
  const uint32_t queue = permits().queue_of(route);
  if (!permits().enter(queue, most)) return false;
  waiting.places_ = this;
  waiting.queue_ = queue;
  waiting.ticket_ = permits().next_ticket();
  Line& line = line_of(queue);
  line.tickets.push_back(waiting.ticket_);
  permits().set_first(queue, share_.gateway, line.tickets.front());
  return true;
}

int64_t Places::waiting(std::string_view route) {
  if (permits().waiting() == 0) return 0;
  return permits().waiting(permits().queue_of(route));
}

void Places::leave(uint32_t queue, uint64_t ticket) {
  Line& line = line_of(queue);
  const auto at = std::lower_bound(line.tickets.begin(), line.tickets.end(), ticket);
  if (at == line.tickets.end() || *at != ticket) return;
  line.tickets.erase(at);
  permits().set_first(queue, share_.gateway, line.tickets.empty() ? Permits::no_ticket : line.tickets.front());
  permits().leave(queue);
  give_turns();
}

Places::Line& Places::line_of(uint32_t queue) {
  for (Line& line : lines_)
    if (line.queue == queue) return line;
  lines_.push_back({queue, {}});
  return lines_.back();
}

// Of several queues, who came first is told first: a provider's place may be what all of them wait for.
void Places::give_turns() {
  if (permits().waiting() == 0) return;
  std::vector<Permits::Turn> firsts;
  for (uint32_t queue = 0; queue < Permits::queues_max; ++queue)
    if (permits().waiting(queue) > 0)
      if (const Permits::Turn turn = permits().first(queue); turn.ticket != Permits::no_ticket) {
        auto at = firsts.begin();
        while (at != firsts.end() && at->ticket < turn.ticket) ++at;
        firsts.insert(at, turn);
      }
  for (const Permits::Turn& turn : firsts) add_turn(turn);
}

void Places::add_turn(Permits::Turn turn) {
  const bool known = std::any_of(turns_.begin(), turns_.end(),
                                 [&](const Permits::Turn& other) { return other.ticket == turn.ticket; });
  if (!known) turns_.push_back(turn);
}

}  // namespace signalbox::routing
