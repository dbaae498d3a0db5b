// Places and probes that belong to an owner outside (Capabilities::asks_for_places): one question names every lane that
// could serve, in the order of trying, and the owner gives the first that has room or waits for one. Where the owner is not
// to be had, queueing.cpp goes by what this gateway knows. What is got is counted here as well, for that case and for explain.
#include <algorithm>

#include "exchange/machine.h"

namespace signalbox::exchange {

// Half-open lanes stand twice: with their one probe, and behind all others without it, as with_place has it. Where a place
// at a lane that is well may be waited for, those that rest are asked for behind the wait.
void Machine::ask_for_place(const Choice& wanted, Among among) {
  const Route& route = *decision_.plan.route;
  const bool waits = among == Among::those_well && route.queue.places_max > 0;
  bool one_is_well = false;
  asked_.clear();
  place_bounds_.clear();
  asked_among_ = Among::all;
  for (size_t round = 0; round < 2; ++round) {
    for (const Choice* choice = &wanted; choice; choice = next_choice(decision_, *choice, arena_)) {
      const bool finds_out = choice->lane->half_open && asks_upstream(*choice);
      if (!could_serve(wanted, *choice) || (round > 0 && !finds_out)) continue;
      if (waits && one_is_well && (round > 0 || rests(*choice))) {
        asked_among_ = Among::those_well;
        continue;
      }
      const size_t before = place_bounds_.size();
      const uint32_t option = uint32_t(asked_.size());
      asked_.push_back(choice);
      if (asks_upstream(*choice))
        for (const routing::Bound& bound : choice->lane->bounds)
          place_bounds_.push_back({option, bound.name, bound.most});
      if (finds_out && round == 0)
        place_bounds_.push_back({option, arena_.copy(routing::probe_name(choice->lane->key)), 1});
      one_is_well = one_is_well || (!finds_out && !rests(*choice));
      if (place_bounds_.size() == before) break;  // has room always: nobody comes to those behind it
    }
    if (round == 0) asked_with_probe_ = asked_.size();
  }
  if (place_bounds_.empty()) return serve_now(wanted);
  enter(Phase::queueing);
  if (phase_ != Phase::queueing) return;
  waits_since_ms_ = now_.monotonic_ms;
  emit(AskPlace{uint32_t(asked_.size()), place_bounds_, route.label(), waits ? route.queue.places_max : 0,
                std::max<int64_t>(waits_until_ms_ - now_.monotonic_ms, 0)});
}

void Machine::on(const PlaceTold& told) {
  if (asked_.empty()) return;
  const std::vector<const Choice*> asked = std::move(asked_);
  asked_.clear();
  const Choice& wanted = *asked.front();
  if (decision_.plan.route->queue.places_max > 0)
    report_.queued_ms = std::max<int64_t>(report_.queued_ms, 0) + now_.monotonic_ms - waits_since_ms_;
  if (told.option == PlaceTold::alone) {
    const Choice* with_room = with_place(wanted);
    return with_room ? serve_now(*with_room) : await_place();
  }
  if (told.option >= asked.size())
    return asked_among_ == Among::those_well ? ask_for_place(wanted, Among::all) : refuse_full();
  const Choice& choice = *asked[told.option];
  for (uint32_t i = 0; i < told.option; ++i) pass_over(*asked[i]);
  passed_over_.erase(std::remove(passed_over_.begin(), passed_over_.end(), &choice), passed_over_.end());
  const bool may_be_asked =
      has_time(choice) && (&choice == &wanted || !has_failed(choice.lane->provider) || pays_for(choice));
  if (!may_be_asked) {
    emit(AskPlace{});  // others need not wait for what is made of it, which may be a pause
    return refuse_full();
  }
  if (asks_upstream(choice) && !gateway_.places().take(choice.lane->bounds, place_)) {
    // What this gateway gave away while the owner was not to be had still goes on: by its own count there may be another.
    emit(AskPlace{});
    const Choice* with_room = with_place(wanted);
    return with_room ? serve_now(*with_room) : await_place();
  }
  if (told.option < asked_with_probe_ && choice.lane->half_open)
    owners_alone_ = !gateway_.places().take_probe(choice.lane->key, now_.monotonic_ms, probe_);
  serve_now(choice);
}

}  // namespace signalbox::exchange
