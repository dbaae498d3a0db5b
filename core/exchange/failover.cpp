// An attempt came to nothing before the commit point. One table says what follows (the fault's row): the
// next lane at once, the same one after a pause that it asked for itself, or the best error there is.
#include <algorithm>

#include "base/masked.h"
#include "base/text.h"
#include "exchange/machine.h"
#include "http/forward.h"
#include "http/header_list.h"
#include "routing/cooldown.h"
#include "routing/retry_budget.h"

namespace signalbox::exchange {
namespace {

// What an upstream says of an error goes to the client; a page of it helps nobody.
constexpr size_t said_bytes_max = 2'000;

// Who says "again at once" behind a refusal gets a breath all the same.
constexpr int64_t pause_ms_min = 100;

// Which of several failures a client is told (translation.md section 12, last rows): a limit first, because
// it says when to come back; then what may pass by itself; a refusal of the request last, since it may be
// the last lane's alone.
int rank(FaultKind kind) {
  if (kind == FaultKind::upstream_rate_limited || kind == FaultKind::upstream_exhausted) return 3;
  if (kind == FaultKind::upstream_unpaid) return 2;
  const FaultRow& r = row(kind);
  const bool about_the_request = r.cooling == Cooling::model_missing || r.cooling == Cooling::doubtful;
  if (r.source == FaultSource::upstream && r.cooling != Cooling::refused && !about_the_request) return 2;
  return r.source == FaultSource::upstream ? 1 : 0;
}

// A refusal of a credential of ours is not the client's own.
bool refuses_us(FaultKind kind) {
  return kind == FaultKind::upstream_credential_refused || kind == FaultKind::upstream_forbidden;
}

bool is_used_up(FaultKind kind) { return kind == FaultKind::upstream_exhausted || kind == FaultKind::upstream_unpaid; }

bool is_status_of_its_own(FaultKind kind) {
  return kind >= FaultKind::upstream_rate_limited && kind <= FaultKind::upstream_redirect;
}

}  // namespace

routing::CredentialOwner Machine::credential_owner() const {
  if (provider().passthrough) return routing::CredentialOwner::client;
  return attempt_.lane().credential.empty() ? routing::CredentialOwner::nobody : routing::CredentialOwner::ours;
}

routing::ModelNamed Machine::model_named() const {
  const bool by_client = attempt_.lane().upstream_model == routing::own_name(*config_, decision_.facts.model);
  return by_client ? routing::ModelNamed::by_client : routing::ModelNamed::by_configuration;
}

// What an upstream's error, by status or inside an answer, means for this exchange.
Machine::Failure Machine::failure_of(const routing::UpstreamError& error) {
  Failure failure;
  failure.kind = as_users_say(routing::kind_of(error, credential_owner(), model_named()), error);
  failure.status = routing::status_for(failure.kind, error.status);
  failure.asked_ms = std::max(attempt_.asked_ms, error.retry_after_ms);  // a plan's reset time stands in the body
  failure.said = error.message.substr(0, said_bytes_max);
  return failure;
}

// What the user counts is the lane's fault where the table blames the request. Words may be the request's own, quoted
// back, and so cost the lane its turn and little more.
FaultKind Machine::as_users_say(FaultKind kind, const routing::UpstreamError& error) const {
  if (kind != FaultKind::upstream_rejected && kind != FaultKind::upstream_in_doubt) return kind;
  const routing::Sign sign =
      std::max(routing::sign_of(provider().failures, error), routing::sign_of(failures().signs, error));
  switch (sign) {
    case routing::Sign::status: return FaultKind::upstream_error;
    case routing::Sign::words: return FaultKind::upstream_in_doubt;
    case routing::Sign::none: break;
  }
  return kind;
}

void Machine::fail_attempt(FaultKind kind, std::string said) {
  Failure failure;
  failure.kind = kind;
  failure.said = std::move(said);
  fail_attempt(std::move(failure));
}

// `original`: the error's own body, whole and in the client's dialect, still in the host's window.
void Machine::fail_attempt(Failure failure, std::string_view original) {
  note_failure(std::move(failure));
  if (probed_) return end_probe(&failures_.back());
  if (const Choice* next = take_next(failures_.back(), WhereFull::waits)) {
    drop_attempt();
    return serve(*next);
  }
  if (Failure* asked = worth_a_pause()) {
    drop_attempt();
    return pause(*asked);
  }
  // Whatever quotes a key is for nobody.
  const bool alone = failures_.size() == 1 && committed_ == Committed::nothing && !refuses_us(failures_.back().kind);
  if (alone && !original.empty() && base::masked(original) == original) return relay_error(original);
  drop_attempt();
  give_up();
}

// For an answer that another lane may do better and that is good enough without one. False where no lane is left that can be
// asked at once; then nothing has happened to it.
bool Machine::next_instead(FaultKind kind, std::string said) {
  Failure failure;
  failure.kind = kind;
  failure.said = std::move(said);
  failure.choice = attempt_.choice;
  const Choice* next = take_next(failure, WhereFull::absent);
  if (!next) return false;
  note_failure(std::move(failure));
  drop_attempt();
  serve(*next);
  return true;
}

void Machine::note_failure(Failure failure) {
  if (failure.status == 0) failure.status = row(failure.kind).status;
  failure.choice = attempt_.choice;
  failure.at_ms = now_.monotonic_ms;
  failure.head = attempt_.head;
  failure.upstream_status = attempt_.status;
  failure.not_again = attempt_.not_again;
  close_attempt(routing::AttemptEnd::failed, failure.kind, failure.asked_ms);

  std::string tried = provider().name;
  tried += ": ";
  tried += row(failure.kind).name;
  report_.tried.push_back(std::move(tried));
  failures_.push_back(std::move(failure));
}

// The next lane that may do better than the one that failed; null when there is none, or no more tries. A
// further try at a provider that has failed already is paid from its budget. A lane that is full and cannot be waited for
// is none: what would be done without it is done.
const Choice* Machine::take_next(const Failure& failure, WhereFull full) {
  const RetryClass retry = row(failure.kind).retry;
  const Failover& limits = failover();
  if (retry == RetryClass::never || int64_t(attempt_.number) >= limits.attempts_max) return nullptr;
  // `failure` need not be noted yet.
  const auto is_further = [&](const Choice& choice) {
    return choice.lane->provider == failure.choice->lane->provider || has_failed(choice.lane->provider);
  };
  const auto behind = [&](const Choice& choice) { return next_choice(decision_, choice, arena_); };
  for (const Choice* choice = behind(*failure.choice); choice; choice = behind(*choice)) {
    // Behind a pause stand lanes that have had their turn: they too are asked again only after the pause they asked for.
    if (!may_do_better(failure, *choice) || has_had_its_turn(*choice) || !has_time(*choice)) continue;
    if (!is_to_be_had(*choice, full)) {
      pass_over(*choice);
      continue;
    }
    if (is_further(*choice) && !pays_for(*choice)) continue;
    return choice;
  }
  // Those that had no place before may have one by now, or are worth waiting for.
  for (const Choice* choice : passed_over_)
    if (may_do_better(failure, *choice) && has_time(*choice) && is_to_be_had(*choice, full) &&
        (!is_further(*choice) || pays_for(*choice)))
      return choice;
  return nullptr;
}

// Whether a lane that has not been asked yet may do better than the one that failed.
bool Machine::may_do_better(const Failure& failure, const Choice& choice) const {
  if (choice.service == Service::none) return false;
  const int64_t larger_than = failure.choice->lane->context_tokens_max;
  return row(failure.kind).retry != RetryClass::larger_lane || choice.lane->context_tokens_max > larger_than;
}

bool Machine::has_failed(uint32_t provider) const {
  return std::any_of(failures_.begin(), failures_.end(),
                     [&](const Failure& failure) { return failure.choice->lane->provider == provider; });
}

// Whether its provider's total_ms leaves an attempt any time: one that is over as it begins would only be blamed for it.
bool Machine::has_time(const Choice& choice) const {
  const int64_t total_ms = timeouts_of(config_->providers[choice.lane->provider]).total_ms;
  return total_ms <= 0 || now_.monotonic_ms - began_.monotonic_ms < total_ms;
}

bool Machine::has_had_its_turn(const Choice& choice) const {
  return std::any_of(failures_.begin(), failures_.end(),
                     [&](const Failure& failure) { return failure.choice == &choice; });
}

bool Machine::can_pay_for(const Choice& choice) {
  return gateway_.retry_budget().has(config_->providers[choice.lane->provider].name, failover().retry_budget_percent,
                                     now_.monotonic_ms);
}

bool Machine::pays_for(const Choice& choice) {
  if (!gateway_.retry_budget().take(config_->providers[choice.lane->provider].name, failover().retry_budget_percent,
                                    now_.monotonic_ms))
    return false;
  paid_for_ = &choice;
  return true;
}

// The failed lane that may be asked again soonest: it named a pause when it failed last, and all pauses of
// this exchange together are short enough.
Machine::Failure* Machine::worth_a_pause() {
  const Failover& limits = failover();
  if (int64_t(attempt_.number) >= limits.attempts_max) return nullptr;
  if (row(failures_.back().kind).retry != RetryClass::next_lane) return nullptr;
  Failure* soonest = nullptr;
  for (Failure& failure : failures_) {
    const Failure* const end = failures_.data() + failures_.size();
    const Failure* const next = &failure + 1;
    const bool last_of_lane =
        std::none_of(next, end, [&](const Failure& later) { return later.choice == failure.choice; });
    // Some of it may have passed with what else was tried.
    const int64_t left_ms = std::max<int64_t>(failure.at_ms + failure.asked_ms - now_.monotonic_ms, 0);
    const bool again = last_of_lane && !failure.not_again && !failure.waited_out && failure.asked_ms >= 0 &&
                       row(failure.kind).retry == RetryClass::next_lane &&
                       paused_ms_ + left_ms <= limits.retry_wait_ms_max;
    if (!again) continue;
    if (!soonest || failure.at_ms + failure.asked_ms < soonest->at_ms + soonest->asked_ms) soonest = &failure;
  }
  if (soonest && !pays_for(*soonest->choice)) return nullptr;
  return soonest;
}

void Machine::pause(Failure& failure) {
  if (phase_ != Phase::pausing) enter(Phase::pausing);  // behind another lane's pause, which was full when it was over
  if (phase_ != Phase::pausing) return;
  failure.waited_out = true;
  attempt_.choice = failure.choice;
  const int64_t until_ms = std::max(failure.at_ms + failure.asked_ms, now_.monotonic_ms + pause_ms_min);
  paused_ms_ += until_ms - now_.monotonic_ms;
  timers_.arm(Timer::pause, until_ms);
}

void Machine::ask_again() {
  if (phase_ == Phase::pausing) serve(*attempt_.choice);
}

const Machine::Failure& Machine::best_failure() const {
  const Failure* best = &failures_.front();
  for (const Failure& failure : failures_)
    if (rank(failure.kind) > rank(best->kind)) best = &failure;
  return *best;
}

// What happened, in our own words: fit for the log, because nothing of the upstream's is in it.
std::string Machine::sentence(const Failure& failure) const {
  const routing::Lane& lane = *failure.choice->lane;
  const std::string& name = config_->providers[lane.provider].name;
  std::string text;
  if (failure.kind == FaultKind::upstream_credential_refused) {
    text = lane.credential.empty() ? "The upstream wants a credential, and none is configured for provider \""
                                   : "The upstream refused the credential \"";
    if (!lane.credential.empty()) {
      text += lane.credential;
      text += "\" of provider \"";
    }
    text += name;
    text += "\" (status ";
    base::append_decimal(text, failure.upstream_status);
    text += ").";
    return text;
  }
  if (row(failure.kind).source == FaultSource::client && !failure.said.empty() && !is_status_of_its_own(failure.kind)) {
    return failure.said;  // about the client's own request, by us
  }
  if (row(failure.kind).source == FaultSource::gateway)  // no provider's doing
    return failure.said.empty() ? std::string(row(failure.kind).message) : failure.said;
  text = "Provider \"";
  text += name;
  text += "\"";
  if (failure.upstream_status >= 300) {
    text += " answered with status ";
    base::append_decimal(text, failure.upstream_status);
  }
  text += ": ";
  if (!is_status_of_its_own(failure.kind) && !failure.said.empty()) text += failure.said;
  else if (failure.kind == FaultKind::upstream_rejected && failure.upstream_status == 404)
    text += "The upstream finds no such model, path or item.";
  else text += row(failure.kind).message;
  return text;
}

// The same for the log, with the address where it is the address that is in doubt: it is the
// administrator's to know, and not every client's.
Fault Machine::logged(const Failure& failure) const {
  Fault fault{failure.kind, sentence(failure)};
  const bool where =
      (failure.kind >= FaultKind::upstream_resolve && failure.kind <= FaultKind::upstream_connect_timeout) ||
      failure.kind == FaultKind::upstream_bad_type || failure.kind == FaultKind::upstream_redirect;
  if (!where) return fault;
  fault.detail += " (";
  fault.detail += config_->providers[failure.choice->lane->provider].base_url;
  fault.detail += ")";
  return fault;
}

// What the client is told: the upstream's own words where it had any, because they say what to do about it.
Fault Machine::told(const Failure& failure) const {
  const bool in_their_words = is_status_of_its_own(failure.kind) && !failure.said.empty() &&
                              failure.kind != FaultKind::upstream_credential_refused;
  // A credential of ours may be quoted in them.
  return {failure.kind, in_their_words ? base::masked(failure.said) : sentence(failure)};
}

// Every lane has failed. One failure stands for all, and the others are named with it.
void Machine::give_up() {
  const Failure& best = best_failure();
  name_lane(*best.choice->lane);
  report_.fault = logged(best);
  Fault fault = told(best);
  if (failures_.size() > 1) {
    fault.detail += " (Tried: ";
    for (size_t i = 0; i < report_.tried.size(); ++i) {
      if (i) fault.detail += ", ";
      fault.detail += report_.tried[i];
    }
    fault.detail += ".)";
  }

  // Same status, and what tells the client when to come back.
  std::span<Header> extra = arena_.array<Header>(best.head.size() + 2);
  size_t filled = 0;
  for (const Header& header : best.head)
    if (http::speaks_of_limits(header.name)) extra[filled++] = header;
  const bool limited = best.kind == FaultKind::upstream_rate_limited || is_used_up(best.kind);
  if (limited && !http::find(extra.first(filled), "retry-after")) {
    // Who says nothing is asked again when its lane has rested.
    const int64_t wait_ms =
        best.asked_ms >= 0 ? best.asked_ms : routing::cool_ms(best.kind, routing::CredentialOwner::ours, -1);
    std::string seconds;
    base::append_decimal(seconds, (wait_ms + 999) / 1000);
    extra[filled++] = {"retry-after", arena_.copy(seconds)};
  }
  if (row(best.kind).repeating == Repeating::hopeless && !http::find(extra.first(filled), "x-should-retry"))
    extra[filled++] = {"x-should-retry", "false"};
  // No money is a limit among others, where there were others (translation.md section 12).
  const int status = is_used_up(best.kind) && failures_.size() > 1 ? 429 : best.status;
  tell_error(fault, status, extra.first(filled));
}

// The one lane there was answered with an error in the client's own dialect: it goes on byte by byte.
void Machine::relay_error(std::string_view original) {
  const Failure& failure = failures_.front();
  report_.fault = logged(failure);
  // An error inside a success gets the status that it should have had, and so does one under what is no status of
  // HTTP (RFC 9110 section 15): not every host could send it.
  const bool as_it_came = attempt_.status >= 400 && attempt_.status <= 599;
  const int status = as_it_came ? attempt_.status : failure.status;
  send_head(status, attempt_.head, int64_t(original.size()), BodyMode::observe);
  release(original.size(), ReleaseTo::client);
  finish(Ending::complete);
}

}  // namespace signalbox::exchange
