// The answer after the commit point, and its honest end: a cut answer never ends as a success
// (translation.md section 11.4).
#include "exchange/machine.h"
#include "json/walk.h"

namespace signalbox::exchange {

void Machine::on(const UpstreamFailed& failed) {
  attempt_.open = false;
  if (attempt_.handling == Handling::error) return judge_error({}, BodyEnd::missing);
  if (phase_ == Phase::streaming || phase_ == Phase::piping) return cut_answer(failed.kind);
  if (!ends_by_its_own_words()) fail_attempt(failed.kind, std::string(failed.detail));
}

// Ends what is whole by its dialect's own rules, however its connection ends, if it ends. False when it is
// not whole; the attempt may have come to nothing over that, and then it is not for the caller any more.
bool Machine::ends_by_its_own_words() {
  // What an observed stream holds back is in the host's window, which only its own events show.
  const bool observed = attempt_.handling == Handling::frames && phase_ == Phase::streaming;
  if (!observed && attempt_.handling != Handling::translated_frames) return false;
  if (attempt_.translated) attempt_.translated->finish();
  if (!seen().may_end && !seen().error) return false;
  if (phase_ == Phase::holding) {
    if (next_for_silence()) return true;
    commit();
    if (finished()) return true;
  }
  if (attempt_.translated) send_translated();
  end_answer();
  return true;
}

void Machine::on(const UpstreamPiped& piped) {
  attempt_.open = false;
  report_.answer_bytes += piped.bytes;
  if (!piped.complete) return cut_answer(FaultKind::upstream_reset);
  end_answer();
}

// What the members of a whole answer say.
void Machine::see_whole() {
  const auto keys = upstream_dialect().whole_keys;
  std::span<std::string_view> values = arena_.array<std::string_view>(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    const json::Skimmer& skimmer = *attempt_.skimmer;
    values[i] = skimmer.too_long(i) ? dialects::too_long : skimmer.value(i);
  }
  upstream_dialect().observe_whole(values, attempt_.seen);
}

// What the elements of a listed answer say, each of which is what a frame would be.
void Machine::see_list(std::string_view list) {
  json::each_element(list, [&](std::string_view element) {
    sse::Frame frame;
    frame.data = element;
    frame.has_data = true;
    upstream_dialect().observe_frame(frame, attempt_.seen);
  });
}

// The upstream said everything it had to say.
void Machine::end_answer() {
  drop_attempt();
  const bool own_bytes = attempt_.handling == Handling::frames || attempt_.handling == Handling::whole;
  if (own_bytes && attempt_.seen.error) {
    report_.fault = {FaultKind::upstream_error, {}};
    close_attempt(routing::AttemptEnd::broken, FaultKind::upstream_error);
  } else {
    close_attempt(routing::AttemptEnd::answered);
  }
  finish(Ending::complete);
}

// The upstream broke off, or was broken off. After the dialect's own end that harms nobody; before it, a
// stream ends with an error event at a frame's border, and anything else with a broken connection.
void Machine::cut_answer(FaultKind kind, std::string said) {
  if (ends_by_its_own_words()) return;
  Failure failure;
  failure.kind = kind;
  failure.said = std::move(said);
  failure.choice = attempt_.choice;
  end_with_error(failure);
}

void Machine::end_with_error(const Failure& failure) {
  drop_attempt();
  report_.fault = logged(failure);
  close_attempt(routing::AttemptEnd::broken, failure.kind, failure.asked_ms);
  if (is_too_late_for_words(failure.kind)) return finish(Ending::cut);
  if (attempt_.handling == Handling::translated_frames) {
    attempt_.translated->fail(told(failure));
    send_translated();
  } else if (attempt_.handling == Handling::frames) {
    if (leads()) share_failure(told(failure), row(failure.kind).status, {});
    if (follows()) return;  // it is told behind what its client is still to take
    std::string bytes;
    client_dialect().write_error_frame(bytes, told(failure), report_.request_id);
    send(arena_.copy(bytes));
  } else {
    return finish(Ending::cut);
  }
  finish(Ending::complete);
}

}  // namespace signalbox::exchange
