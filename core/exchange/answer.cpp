// The answer after the commit point, and its honest end: a cut answer never ends as a success
// (translation.md section 11.4).
#include "exchange/machine.h"
#include "routing/cooldown.h"
#include "routing/health.h"

namespace signalbox::exchange {

void Machine::on(const UpstreamBody& body) {
  if (body.fresh_bytes > body.window.size()) return poison("more fresh bytes than the window has");
  if (attempt_.watch == Watch::frames) return watch_frames(body.window);
  attempt_.skimmer->feed(body.window.substr(body.window.size() - body.fresh_bytes));
  release(body.window.size());
}

// Whole frames go on as they came; a part of one waits in the host's window for its rest.
void Machine::watch_frames(std::string_view window) {
  sse::FrameReader& frames = *attempt_.frames;
  frames.feed(window);
  sse::Frame frame;
  while (frames.next(frame)) upstream_dialect().observe_frame(frame, attempt_.seen);
  const size_t whole_bytes = frames.unfinished_at();
  release(whole_bytes);
  frames.released(whole_bytes);
  if (frames.too_large()) {
    drop_attempt();
    cut_answer(FaultKind::upstream_frame_too_large);
  }
}

void Machine::release(size_t bytes) {
  if (!bytes) return;
  emit(ReleaseBody{attempt_.number, bytes, ReleaseTo::client});
  report_.answer_bytes += bytes;
}

void Machine::on(const UpstreamEnd& end) {
  std::string_view rest = end.window;
  if (attempt_.watch == Watch::frames) {
    const uint64_t released_before = report_.answer_bytes;
    watch_frames(rest);
    if (finished()) return;
    rest.remove_prefix(size_t(report_.answer_bytes - released_before));
    // An event without its blank line is still one (translation.md section 11.1).
    sse::Frame last;
    attempt_.frames->feed(rest);
    if (attempt_.frames->finish(last)) upstream_dialect().observe_frame(last, attempt_.seen);
    if (!attempt_.seen.terminal && !attempt_.seen.error) return cut_answer(FaultKind::upstream_cut);
  } else {
    attempt_.skimmer->feed(rest);
    // What is no JSON at all is for its reader to judge; what began as JSON and stops is cut.
    const bool cut = attempt_.skimmer->follows() && !attempt_.skimmer->whole();
    if (report_.status < 300 && cut) return cut_answer(FaultKind::upstream_cut);
  }
  release(rest.size());
  end_answer();
}

void Machine::on(const UpstreamFailed& failed) {
  if (phase_ == Phase::opening) return fail_attempt({failed.kind, {}});
  cut_answer(failed.kind);
}

void Machine::on(const UpstreamPiped& piped) {
  report_.answer_bytes += piped.bytes;
  if (!piped.complete) return cut_answer(FaultKind::upstream_reset);
  end_answer();
}

// The upstream said everything it had to say.
void Machine::end_answer() {
  attempt_.open = false;
  dialects::Observation& seen = attempt_.seen;
  if (attempt_.watch == Watch::whole && attempt_.skimmer->is_object()) {
    const auto keys = upstream_dialect().whole_keys;
    std::span<std::string_view> values = arena_.array<std::string_view>(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) values[i] = attempt_.skimmer->value(i);
    upstream_dialect().observe_whole(values, seen);
  }
  if (seen.error && !report_.fault) {
    report_.fault = {FaultKind::upstream_error, {}};
    cool_lane(routing::cool_ms_for_fault(FaultKind::upstream_error));
  }
  // Only a whole answer shows that a lane has recovered.
  const routing::Lane& lane = *attempt_.lane;
  if (!report_.fault && lane.cooled_until_unix_ms)
    gateway_.health().clear(lane.name, lane.cooled_until_unix_ms, now_.unix_ms);
  finish(Ending::complete);
}

// The upstream broke off, or was broken off. After the dialect's own end that harms nobody; before it,
// a stream ends with an error event at a frame's border, and anything else with a broken connection.
void Machine::cut_answer(FaultKind kind) {
  if (attempt_.watch == Watch::frames && (attempt_.seen.terminal || attempt_.seen.error)) return end_answer();
  attempt_.open = false;
  report_.fault = {kind, {}};
  cool_lane(routing::cool_ms_for_fault(kind));
  if (attempt_.watch != Watch::frames) return finish(Ending::cut);
  std::string bytes;
  dialects::row_of(endpoint_.shape).write_error_frame(bytes, report_.fault, report_.request_id);
  emit(SendClientBody{arena_.copy(bytes)});
  report_.answer_bytes += bytes.size();
  finish(Ending::complete);
}

void Machine::release_request_if_done() {
  const bool committed = phase_ == Phase::streaming || phase_ == Phase::piping;
  if (!committed || !attempt_.sent || request_released_) return;
  request_released_ = true;
  body_ = {};
  head_ = {};
  endpoint_.query = endpoint_.model_id = {};
  emit(ReleaseRequest{});
}

}  // namespace signalbox::exchange
