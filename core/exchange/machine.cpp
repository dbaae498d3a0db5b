#include "exchange/machine.h"

#include <variant>

#include "routing/health.h"
#include "routing/places.h"

namespace signalbox {

Exchange::Exchange(Gateway& gateway) : gateway_(gateway), workspace_(gateway.take_workspace()) {
  workspace_->machine.emplace(gateway, *workspace_);
}

Exchange::~Exchange() {
  workspace_->machine.reset();
  workspace_->effects.clear();
  workspace_->arena.reset();
  gateway_.keep_workspace(std::move(workspace_));
}

Step Exchange::handle(const Event& event, Now now) { return workspace_->machine->handle(event, now); }
bool Exchange::finished() const { return workspace_->machine->finished(); }

namespace exchange {
namespace {

// The attempt an event speaks of; 0 for the client's events.
uint32_t attempt_of(const Event& event) {
  if (auto* e = std::get_if<UpstreamSent>(&event)) return e->attempt;
  if (auto* e = std::get_if<UpstreamHead>(&event)) return e->attempt;
  if (auto* e = std::get_if<UpstreamBody>(&event)) return e->attempt;
  if (auto* e = std::get_if<UpstreamEnd>(&event)) return e->attempt;
  if (auto* e = std::get_if<UpstreamFailed>(&event)) return e->attempt;
  if (auto* e = std::get_if<UpstreamPiped>(&event)) return e->attempt;
  return 0;
}

}  // namespace

Machine::Machine(Gateway& gateway, Workspace& workspace)
    : gateway_(gateway),
      config_(gateway.config()),
      lane_table_(gateway.lane_table()),
      arena_(workspace.arena),
      effects_(workspace.effects) {
  effects_.reserve(8);
}

Machine::~Machine() {
  close_attempt(routing::AttemptEnd::client_left);
  count_request();
}

Step Machine::handle(const Event& event, Now now) {
  effects_.clear();
  sent_.clear();
  if (!retired_body_.empty()) std::string().swap(retired_body_);
  now_ = now;
  const auto kind = EventKind(event.index());
  const uint32_t attempt = attempt_of(event);
  // Of an attempt that is not the current one, or that has ended, only a leftover can come.
  const bool upstream_event = kind >= EventKind::upstream_sent && kind <= EventKind::upstream_piped;
  const bool leftover = upstream_event && attempt != 0 && (attempt != attempt_.number || !attempt_.open);
  if (upstream_event && attempt == 0) {
    poison("an attempt without a number");
  } else if (!leftover) {
    switch (verdict(phase_, kind)) {
      case Verdict::accept: dispatch(event); break;
      case Verdict::late: break;
      case Verdict::bug: poison(event_names[size_t(kind)]); break;
    }
  }
  // Where all is well nothing is known, and there is nothing to tell.
  routing::Health& health = gateway_.health();
  if (std::string_view delta = health.empty() ? std::string_view() : health.take_delta(); !delta.empty()) {
    // Before Finish, which is last: what others should know goes out with what caused it.
    ShareState share{arena_.copy(delta)};
    const bool ends = !effects_.empty() && std::holds_alternative<Finish>(effects_.back());
    effects_.insert(ends ? effects_.end() - 1 : effects_.end(), Effect(share));
  }
  if (!gateway_.places().turns().empty()) give_turns();
  return {effects_, finished() ? never_ms : timers_.next_ms()};
}

void Machine::dispatch(const Event& event) {
  std::visit([this](const auto& e) { on(e); }, event);
}

// The one place that assigns a phase.
void Machine::enter(Phase next) {
  if (!may_follow(phase_, next)) {
    if (next != Phase::finished) poison(phase_names[size_t(next)]);
    return;
  }
  phase_ = next;
}

void Machine::on(const Woken&) {
  const int64_t now = now_.monotonic_ms;
  // Who waits for a place has left the lane whose time this is; is_waited_for knows the others'.
  if (timers_.take(Timer::total, now) && phase_ != Phase::queueing) {
    phase_ == Phase::streaming || phase_ == Phase::piping ? cut_answer(FaultKind::upstream_total_timeout)
                                                          : fail_attempt(FaultKind::upstream_total_timeout);
  }
  if (!finished() && timers_.take(Timer::farewell, now) && !ends_by_its_own_words())
    cut_answer(FaultKind::upstream_cut);
  if (!finished() && timers_.take(Timer::error_body, now)) judge_error({}, BodyEnd::missing);
  const bool pause_over = !finished() && timers_.take(Timer::pause, now);
  if (phase_ == Phase::queueing) on_turn();
  else if (pause_over) ask_again();
  if (!finished() && timers_.take(Timer::gate, now)) commit_head();
  if (!finished() && timers_.take(Timer::keep_alive, now)) keep_alive();
}

// A broken invariant ends this exchange, and this exchange alone, with an honest ending.
void Machine::poison(std::string_view broken_rule) {
  Fault fault{FaultKind::internal, {}};
  fault.detail = "The gateway broke one of its own rules (";
  fault.detail += broken_rule;
  fault.detail += " in phase ";
  fault.detail += phase_names[size_t(phase_)];
  fault.detail += "); please report it.";
  if (finished()) return;
  drop_attempt();
  if (committed_ != Committed::nothing) {
    report_.fault = std::move(fault);
    finish(Ending::cut);
  } else {
    refuse(std::move(fault));
  }
}

}  // namespace exchange
}  // namespace signalbox
