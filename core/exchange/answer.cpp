// The answer after the commit point, and its honest end: a cut answer never ends as a success
// (translation.md section 11.4).
#include "exchange/machine.h"
#include "routing/cooldown.h"
#include "routing/health.h"

namespace signalbox::exchange {

void Machine::on(const UpstreamFailed& failed) {
  attempt_.open = false;
  if (attempt_.handling == Handling::error) return judge_error({}, BodyEnd::missing);
  if (phase_ == Phase::streaming || phase_ == Phase::piping) return cut_answer(failed.kind);
  if (attempt_.handling == Handling::translated_frames) {
    // What ended by its dialect's own rules is whole, however its connection ends.
    attempt_.translated->finish();
    if (seen().terminal) {
      if (next_for_silence()) return;
      commit();
      if (finished()) return;
      send_translated();
      return end_answer();
    }
  }
  fail_attempt(failed.kind);
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

// The upstream said everything it had to say.
void Machine::end_answer() {
  drop_attempt();
  if (attempt_.handling == Handling::frames && attempt_.seen.error) {
    report_.fault = {FaultKind::upstream_error, {}};
    cool_lane(FaultKind::upstream_error, -1);
  }
  // Only a whole answer shows that a lane has recovered.
  const routing::Lane& lane = attempt_.lane();
  if (!report_.fault && lane.cooled_until_unix_ms)
    gateway_.health().clear(lane.name, lane.cooled_until_unix_ms, now_.unix_ms);
  finish(Ending::complete);
}

// The upstream broke off, or was broken off. After the dialect's own end that harms nobody; before it, a
// stream ends with an error event at a frame's border, and anything else with a broken connection.
void Machine::cut_answer(FaultKind kind) {
  if (attempt_.translated && !attempt_.translated->fault()) attempt_.translated->finish();
  const bool of_frames = attempt_.handling == Handling::frames || attempt_.handling == Handling::translated_frames;
  if (of_frames && (seen().may_end || seen().terminal || seen().error)) {
    if (attempt_.translated) send_translated();
    return end_answer();
  }
  drop_attempt();
  report_.fault = {kind, {}};
  if (attempt_.translated && attempt_.translated->fault().kind == kind) report_.fault = attempt_.translated->fault();
  cool_lane(kind, -1);
  if (!of_frames) return finish(Ending::cut);
  if (attempt_.translated) {
    attempt_.translated->fail(report_.fault);
    send_translated();
  } else {
    std::string bytes;
    client_dialect().write_error_frame(bytes, report_.fault, report_.request_id);
    send(arena_.copy(bytes));
  }
  finish(Ending::complete);
}

}  // namespace signalbox::exchange
