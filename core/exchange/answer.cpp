// The answer after the commit point, and its honest end: a cut answer never ends as a success
// (translation.md section 11.4).
#include "exchange/machine.h"
#include "routing/cooldown.h"
#include "routing/health.h"

namespace signalbox::exchange {

void Machine::on(const UpstreamBody& body) {
  switch (watch_) {
    case Watch::frames: return watch_frames(body.window);
    case Watch::whole:
      skimmer_->feed(body.window.substr(body.window.size() - body.fresh_bytes));
      return release(body.window.size());
    case Watch::nothing: return release(body.window.size());
  }
}

// Whole frames go on as they came; a part of one waits in the host's window for its rest.
void Machine::watch_frames(std::string_view window) {
  frames_->feed(window);
  sse::Frame frame;
  size_t whole_frames_end = 0;
  while (frames_->next(frame)) {
    upstream_dialect().observe_frame(frame, seen_);
    whole_frames_end = frame.end;
  }
  if (whole_frames_end) {
    release(whole_frames_end);
    frames_->released(whole_frames_end);
  }
  if (frames_->too_large()) {
    drop_attempt();
    cut_answer(FaultKind::upstream_protocol);
  }
}

void Machine::release(size_t bytes) {
  if (!bytes) return;
  emit(ReleaseBody{attempt_, bytes});
  report_.answer_bytes += bytes;
}

void Machine::on(const UpstreamEnd& end) {
  if (watch_ == Watch::frames) {
    sse::Frame last;
    frames_->feed(end.window);
    if (frames_->finish(last)) upstream_dialect().observe_frame(last, seen_);
    if (!seen_.terminal && !seen_.error) return cut_answer(FaultKind::upstream_cut);
  } else if (watch_ == Watch::whole && report_.status < 300 && !skimmer_->whole()) {
    return cut_answer(FaultKind::upstream_cut);
  }
  release(end.window.size());  // e.g. a last event without its blank line
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
  attempt_open_ = false;
  if (watch_ == Watch::whole && skimmer_->is_object()) {
    const auto keys = upstream_dialect().whole_keys;
    std::span<std::string_view> values = arena_.array<std::string_view>(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) values[i] = skimmer_->value(i);
    upstream_dialect().observe_whole(values, seen_);
  }
  if (seen_.error && !report_.fault) {
    report_.fault = {FaultKind::upstream_error_event, {}};
    cool_lane(routing::cool_ms_for_fault(FaultKind::upstream_error_event));
  }
  finish(Ending::complete);
}

// The upstream broke off, or was broken off. After the dialect's own end that harms nobody; before it,
// a stream ends with an error event at a frame's border, and anything else with a broken connection.
void Machine::cut_answer(FaultKind kind) {
  if (watch_ == Watch::frames && (seen_.terminal || seen_.error)) return end_answer();
  attempt_open_ = false;
  report_.fault = {kind, {}};
  cool_lane(routing::cool_ms_for_fault(kind));
  if (watch_ != Watch::frames) return finish(Ending::cut);
  std::string bytes;
  dialects::row_of(endpoint_.shape).write_error_frame(bytes, report_.fault, report_.request_id);
  emit(SendClientBody{arena_.copy(bytes)});
  report_.answer_bytes += bytes.size();
  finish(Ending::complete);
}

void Machine::release_request_if_done() {
  const bool committed = phase_ == Phase::streaming || phase_ == Phase::piping;
  if (!committed || !sent_ || request_released_) return;
  request_released_ = true;
  body_ = {};
  head_.headers = {};
  head_.target = {};
  emit(ReleaseRequest{});
}

}  // namespace signalbox::exchange
