// Lanes that are bounded (concurrent_max): a place for each attempt, the next lane where one is full, and waiting in
// order where all are (routes[].queue). docs/waiting.md tells users; routing/places.h says how turns are given.
#include <algorithm>

#include "base/text.h"
#include "exchange/machine.h"

namespace signalbox::exchange {
namespace {

// A turn that a host lost is missed for no longer than this: whoever waits looks by himself now and then.
constexpr int64_t look_every_ms = 1'000;

// What a client is told to wait before it asks again. A place comes free whenever an answer ends, and nobody knows when.
constexpr std::string_view retry_after_s = "1";

}  // namespace

// `wanted` with a place, or the next lane that has one; null when none of those that could serve has. Lanes that have none
// are remembered: they have not failed. A half-open lane that another thread is finding out about is for when there is no
// other.
const Choice* Machine::with_place(const Choice& wanted) {
  const Choice* const end = decision_.choices.data() + decision_.choices.size();
  const Choice* found_out = nullptr;
  for (const Choice* choice = &wanted; choice < end; ++choice) {
    const bool has_been_asked = std::any_of(failures_.begin(), failures_.end(),
                                            [&](const Failure& failure) { return failure.choice == choice; });
    if (choice != &wanted) {
      if (choice->service == Service::none || has_been_asked) continue;
      if (!failures_.empty() && (!may_do_better(failures_.back(), *choice) || !has_time(*choice))) continue;
    }
    if (choice->lane->half_open && asks_upstream(*choice) &&
        !gateway_.places().take_probe(choice->lane->key, now_.monotonic_ms, probe_)) {
      if (!found_out) found_out = choice;
      continue;
    }
    if (take_it(wanted, *choice)) return choice;
    probe_.end();
  }
  return found_out && take_it(wanted, *found_out) ? found_out : nullptr;
}

bool Machine::take_it(const Choice& wanted, const Choice& choice) {
  const auto known = std::find(passed_over_.begin(), passed_over_.end(), &choice);
  if (!take_place(choice)) {
    if (known == passed_over_.end()) passed_over_.push_back(&choice);
    return false;
  }
  if (&choice != &wanted && has_failed(choice.lane->provider) && !pays_for(choice)) {
    place_.give_back();
    return false;
  }
  if (known != passed_over_.end()) passed_over_.erase(known);
  return true;
}

// A place of all that bounds the lane. Nobody takes one ahead of those who wait for it.
bool Machine::take_place(const Choice& choice) {
  if (!asks_upstream(choice)) return true;
  const Route& route = *decision_.plan.route;
  const std::span<const routing::Bound> bounds = choice.lane->bounds;
  routing::Places& places = gateway_.places();
  const bool others_wait =
      !bounds.empty() && !waiting_.in_queue() && route.queue.places_max > 0 && places.waiting(route.label()) > 0;
  return !others_wait && places.take(bounds, place_);
}

// All lanes are full. Waits for a place where the route lets it, and says so at once where it does not.
void Machine::await_place() {
  const Queue& queue = decision_.plan.route->queue;
  const bool joined = queue.places_max > 0 && gateway_.capabilities().gives_turns &&
                      gateway_.places().join(decision_.plan.route->label(), queue.places_max, waiting_);
  if (!joined) return refuse_full();
  enter(Phase::queueing);
  if (phase_ != Phase::queueing) return;
  waits_since_ms_ = now_.monotonic_ms;
  emit(AwaitTurn{waiting_.ticket()});
  on_turn();
}

// Whether a lane that had no place may be asked when it has one. A further try at a provider that has failed is paid from
// its budget before it is waited for, once: whoever looks for a place looks many times.
bool Machine::is_waited_for(const Choice& choice) const {
  if (!has_time(choice)) return false;
  if (failures_.empty()) return true;
  const bool paid = &choice == paid_for_ || !has_failed(choice.lane->provider);
  return paid && may_do_better(failures_.back(), choice);
}

// It may be this exchange's turn: the one that has waited longest, and one that was told to, looks for a place.
void Machine::on_turn() {
  const int64_t until_ms = waits_since_ms_ + decision_.plan.route->queue.wait_ms_max;
  if (waiting_.is_first()) {
    for (size_t i = 0; i < passed_over_.size(); ++i) {
      const Choice& choice = *passed_over_[i];
      if (!is_waited_for(choice)) continue;
      // What was half-open when this was planned may have been found out by now.
      const bool finds_out = choice.lane->half_open && asks_upstream(choice) &&
                             gateway_.health().standing(choice.lane->key, now_.unix_ms).half_open;
      if (finds_out && !gateway_.places().take_probe(choice.lane->key, now_.monotonic_ms, probe_)) continue;
      if (!take_place(choice)) {
        probe_.end();
        continue;
      }
      passed_over_.erase(passed_over_.begin() + std::ptrdiff_t(i));
      leave_queue();
      return serve_now(choice);
    }
  }
  const bool in_vain = std::none_of(passed_over_.begin(), passed_over_.end(),
                                    [&](const Choice* choice) { return is_waited_for(*choice); });
  if (in_vain || now_.monotonic_ms >= until_ms) return refuse_full();
  timers_.arm(Timer::pause, std::min(until_ms, now_.monotonic_ms + look_every_ms));
}

void Machine::leave_queue() {
  if (!waiting_.in_queue()) return;
  waiting_.leave();
  timers_.disarm(Timer::pause);
  report_.queued_ms = std::max<int64_t>(report_.queued_ms, 0) + now_.monotonic_ms - waits_since_ms_;
}

// No lane has a place, and none is waited for any longer. What lanes that were asked have said is worth more than that.
void Machine::refuse_full() {
  leave_queue();
  if (!failures_.empty()) return give_up();
  report_.fault = {FaultKind::lanes_full, {}};
  if (report_.queued_ms >= 0) {
    report_.fault.detail = "Every lane of this route was at its bound for ";
    base::append_decimal(report_.fault.detail, report_.queued_ms);
    report_.fault.detail += " ms; try again.";
  }
  std::string body;
  if (committed_ != Committed::nothing) {
    client_dialect().write_error_frame(body, report_.fault, report_.request_id);
    send(arena_.copy(body));
    return finish(Ending::complete);
  }
  const int status = row(FaultKind::lanes_full).status;
  client_dialect().write_error(body, report_.fault, status, report_.request_id);
  const Header extra[] = {{"retry-after", retry_after_s}};
  reply(status, "application/json", body, extra);
}

// Whose turn has come, for the host to tell; before Finish, which is last.
void Machine::give_turns() {
  const bool ends = !effects_.empty() && std::holds_alternative<Finish>(effects_.back());
  const size_t at = effects_.size() - (ends ? 1 : 0);
  std::vector<Effect> turns;
  for (const Permits::Turn& turn : gateway_.places().turns()) turns.emplace_back(GiveTurn{turn.gateway, turn.ticket});
  effects_.insert(effects_.begin() + std::ptrdiff_t(at), turns.begin(), turns.end());
  gateway_.places().clear_turns();
}

}  // namespace signalbox::exchange
