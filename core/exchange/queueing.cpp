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
// other, and so is one that rests where a place at a better one may be waited for.
const Choice* Machine::with_place(const Choice& wanted) {
  const Choice* found_out = nullptr;
  for (const Choice* choice = &wanted; choice; choice = next_choice(decision_, *choice, arena_)) {
    if (!could_serve(wanted, *choice)) continue;
    if (!passed_over_.empty() && rests(*choice) && rather_waits()) {
      pass_over(*choice);
      continue;
    }
    if (choice->lane->half_open && asks_upstream(*choice) &&
        !gateway_.places().take_probe(choice->lane->key, now_.monotonic_ms, probe_)) {
      if (!found_out) found_out = choice;
      pass_over(*choice);  // its turn comes again if those behind it fail
      continue;
    }
    if (take_it(wanted, *choice)) return choice;
    probe_.end();
  }
  if (!found_out) return nullptr;
  return !rather_waits() && take_it(wanted, *found_out) ? found_out : nullptr;
}

// Whether a lane behind `wanted` may take its turn.
bool Machine::could_serve(const Choice& wanted, const Choice& choice) const {
  if (&choice == &wanted) return true;
  if (choice.service == Service::none || has_had_its_turn(choice)) return false;
  return failures_.empty() || (may_do_better(failures_.back(), choice) && has_time(choice));
}

bool Machine::take_it(const Choice& wanted, const Choice& choice) {
  if (!take_place(choice)) {
    pass_over(choice);
    return false;
  }
  if (&choice != &wanted && has_failed(choice.lane->provider) && !pays_for(choice)) {
    place_.give_back();
    return false;
  }
  passed_over_.erase(std::remove(passed_over_.begin(), passed_over_.end(), &choice), passed_over_.end());
  return true;
}

void Machine::pass_over(const Choice& choice) {
  if (std::find(passed_over_.begin(), passed_over_.end(), &choice) == passed_over_.end())
    passed_over_.push_back(&choice);
}

// Whether something speaks against the lane now: it cools down, or an attempt is finding out whether it serves again.
bool Machine::rests(const Choice& choice) const {
  if (gateway_.health().empty() || !asks_upstream(choice)) return false;
  const routing::Standing standing = gateway_.health().standing(choice.lane->key, now_.unix_ms);
  return standing.until_unix_ms > 0 || standing.probing;
}

// Whether the route has a queue, and a place to wait at.
bool Machine::may_wait() const {
  const Route& route = *decision_.plan.route;
  return route.queue.places_max > 0 && gateway_.capabilities().gives_turns &&
         gateway_.places().waiting(route.label()) < route.queue.places_max;
}

// Whether a place is better waited for than had at a lane that rests: where one of those that are full does not.
bool Machine::rather_waits() const {
  return may_wait() && std::any_of(passed_over_.begin(), passed_over_.end(), [&](const Choice* choice) {
           return is_waited_for(*choice) && !choice->lane->half_open && !rests(*choice);
         });
}

// A place of all that bounds the lane. Nobody takes one ahead of those who wait for it.
bool Machine::take_place(const Choice& choice) {
  if (!asks_upstream(choice)) return true;
  return !others_wait_for(choice) && gateway_.places().take(choice.lane->bounds, place_);
}

bool Machine::others_wait_for(const Choice& choice) const {
  const Route& route = *decision_.plan.route;
  return !choice.lane->bounds.empty() && !waiting_.in_queue() && route.queue.places_max > 0 &&
         gateway_.places().waiting(route.label()) > 0;
}

// Whether the lane can be asked by who has failed elsewhere: at once, or behind a wait where that is said.
bool Machine::is_to_be_had(const Choice& choice, WhereFull full) const {
  if (!asks_upstream(choice) || choice.lane->bounds.empty()) return true;
  if (!others_wait_for(choice) && gateway_.places().has_room(choice.lane->bounds, place_)) return true;
  return full == WhereFull::waits && may_wait();
}

// All lanes are full, or rest beside full ones. Waits for a place where the route lets it, and says so at once where it does
// not.
void Machine::await_place() {
  const Queue& queue = decision_.plan.route->queue;
  const bool joined = may_wait() && gateway_.places().join(decision_.plan.route->label(), queue.places_max, waiting_);
  if (!joined) return refuse_full();
  enter(Phase::queueing);
  if (phase_ != Phase::queueing) return;
  waits_since_ms_ = now_.monotonic_ms;
  emit(AwaitTurn{waiting_.ticket()});
  if (leads()) lead_by(waiting_.ticket());
  if (!finished()) on_turn();
}

// Whether a lane that had no place may be asked when it has one. A further try at a provider that has failed is paid from
// its budget before it is waited for, once: whoever looks for a place looks many times.
bool Machine::is_waited_for(const Choice& choice) const {
  if (!has_time(choice)) return false;
  if (failures_.empty()) return true;
  const bool paid = &choice == paid_for_ || !has_failed(choice.lane->provider);
  return paid && may_do_better(failures_.back(), choice);
}

// It may be this exchange's turn: the one that has waited longest, and one that was told to, looks for a place. Lanes that
// rest are for when no other is waited for, and for whoever has waited to the end.
void Machine::on_turn() {
  const bool is_over = now_.monotonic_ms >= waits_until_ms_;
  bool in_vain = true, only_resting = true;
  for (const Choice* choice : passed_over_) {
    if (!is_waited_for(*choice)) continue;
    in_vain = false;
    only_resting = only_resting && rests(*choice);
  }
  const Choice* got = waiting_.is_first() ? take_passed_over(Among::those_well) : nullptr;
  if (!got && (is_over || (only_resting && waiting_.is_first()))) got = take_passed_over(Among::all);
  if (got) {
    leave_queue();
    return serve_now(*got);
  }
  if (in_vain || is_over) return refuse_full();
  timers_.arm(Timer::pause, std::min(waits_until_ms_, now_.monotonic_ms + look_every_ms));
}

// One of the lanes that were passed over, with a place; null when none of these has one. A further try at a provider that has
// failed is paid here where nobody has waited for it, since it rested.
const Choice* Machine::take_passed_over(Among among) {
  const bool is_first = !waiting_.in_queue() || waiting_.is_first();
  for (size_t i = 0; i < passed_over_.size(); ++i) {
    const Choice& choice = *passed_over_[i];
    // What is waited for is for who waits first; what rests only for who has waited to the end.
    if (rests(choice) ? among == Among::those_well : !is_first && !choice.lane->bounds.empty()) continue;
    const bool unpaid = !is_waited_for(choice);
    // Before a place is taken: one that is given back is told to those who wait, and this may be the first of them.
    if (unpaid && (!has_time(choice) || !may_do_better(failures_.back(), choice) || !can_pay_for(choice))) continue;
    // What was half-open when this was planned may have been found out by now.
    const bool finds_out = choice.lane->half_open && asks_upstream(choice) &&
                           gateway_.health().standing(choice.lane->key, now_.unix_ms).half_open;
    if (finds_out && !gateway_.places().take_probe(choice.lane->key, now_.monotonic_ms, probe_)) continue;
    if (!take_place(choice)) {
      probe_.end();
      continue;
    }
    if (unpaid) pays_for(choice);
    passed_over_.erase(passed_over_.begin() + std::ptrdiff_t(i));
    return &choice;
  }
  return nullptr;
}

void Machine::leave_queue() {
  if (!waiting_.in_queue()) return;
  waiting_.leave();
  timers_.disarm(Timer::pause);
  report_.queued_ms = std::max<int64_t>(report_.queued_ms, 0) + now_.monotonic_ms - waits_since_ms_;
}

// No lane has a place, and none is waited for any longer. One that rests and was passed over for others is asked then. What
// lanes that were asked have said, a pause that one of them named among it, is worth more than saying so.
void Machine::refuse_full() {
  leave_queue();
  // Where places have an owner outside it has been asked for those that rest.
  if (!gateway_.capabilities().asks_for_places)
    if (const Choice* resting = take_passed_over(Among::all)) return serve_now(*resting);
  if (!failures_.empty()) {
    if (Failure* asked = worth_a_pause()) return pause(*asked);
    return give_up();
  }
  report_.fault = {FaultKind::lanes_full, {}};
  if (report_.queued_ms >= 0) {
    report_.fault.detail = "Every lane of this route was at its bound for ";
    base::append_decimal(report_.fault.detail, report_.queued_ms);
    report_.fault.detail += " ms; try again.";
  }
  const Header extra[] = {{"retry-after", retry_after_s}};
  tell_error(report_.fault, row(FaultKind::lanes_full).status, extra);
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
