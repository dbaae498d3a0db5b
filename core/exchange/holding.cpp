// An answer on its way to the commit point, and through it: frames are read, whole answers and errors are
// collected in the host's window, and before anything of them reaches the client they are judged. What
// fails here, another lane may still do better (translation.md sections 11.4, 11.5, 12).
#include <algorithm>

#include "base/masked.h"
#include "exchange/machine.h"
#include "exchange/unwanted.h"
#include "json/walk.h"
#include "routing/refusals.h"
#include "tokens/calibration.h"

namespace signalbox::exchange {
namespace {

// What is read of an error: real ones have a few hundred bytes.
constexpr size_t error_bytes_max = 64 << 10;

// An answer has said its end; its connection usually ends with it and can serve again. No client waits
// longer for that.
constexpr int64_t farewell_ms_max = 1'000;
// An answer could end, and its dialect has a word for that which does not come. Usage may still.
constexpr int64_t last_words_ms_max = 5'000;

// Whether the last event was cut within its data: no client can read it.
bool is_half(const sse::Frame& last) {
  return !last.data.empty() && last.data.front() == '{' && !json::is_whole_object(last.data);
}

}  // namespace

void Machine::on(const UpstreamBody& body) {
  if (body.fresh_bytes > body.window.size()) return poison("more fresh bytes than the window has");
  if (attempt_.skimmed_bytes > body.window.size()) return poison("a window that lost bytes");
  shown_ = body.window;
  switch (attempt_.handling) {
    case Handling::none:
    case Handling::unseen: return poison("a body of an answer that has none");
    case Handling::frames:
    case Handling::translated_frames: read_frames(body.window); return;
    case Handling::whole: {
      attempt_.skimmer->feed(body.window.substr(attempt_.skimmed_bytes));
      attempt_.skimmed_bytes = body.window.size();
      const auto held_bytes_max = failover().gate_bytes_max;
      if (phase_ == Phase::holding &&
          (int64_t(body.window.size()) > held_bytes_max || attempt_.body_bytes > held_bytes_max))
        commit();
      if (phase_ == Phase::streaming) release(body.window.size(), ReleaseTo::client);
      return;
    }
    case Handling::translated_whole:
      if (int64_t(body.window.size()) > config_->server.limits.frame_bytes_max)
        fail_attempt(FaultKind::upstream_answer_too_large);
      return;
    case Handling::error:
      if (body.window.size() > error_bytes_max) judge_error(body.window, BodyEnd::missing);
      return;
  }
}

void Machine::on(const UpstreamEnd& end) {
  if (attempt_.skimmed_bytes > end.window.size()) return poison("a window that lost bytes");
  attempt_.open = false;
  shown_ = end.window;
  timers_.disarm(Timer::error_body);
  timers_.disarm(Timer::farewell);
  switch (attempt_.handling) {
    case Handling::none:
    case Handling::unseen: return poison("an end of an answer that has none");
    case Handling::frames:
    case Handling::translated_frames: return end_frames(end.window);
    case Handling::whole: return end_whole(end.window);
    case Handling::translated_whole: return end_translated_whole(end.window);
    case Handling::error: return judge_error(end.window, BodyEnd::seen);
  }
}

// Reads the whole frames of the window and lets go of them, to the client once there is a commitment. A
// part of a frame waits in the host's window for its rest. False when the attempt has come to nothing;
// then another may be open already.
bool Machine::read_frames(std::string_view window) {
  sse::FrameReader& frames = *attempt_.frames;
  frames.feed(window);
  sse::Frame frame;
  for (size_t begin = 0; frames.next(frame); begin = frame.end) {
    if (!take(frame)) return false;
    if (shows_a_key(frame)) {
      release(begin, ReleaseTo::client);
      tell_without_key(frame);
      return false;
    }
  }
  if (frames.too_large()) {
    if (phase_ == Phase::holding) fail_attempt(FaultKind::upstream_frame_too_large);
    else cut_answer(FaultKind::upstream_frame_too_large);
    return false;
  }
  const size_t whole_bytes = frames.unfinished_at();
  // Pings and comments are not counted by the gate, but the host holds them all the same.
  if (phase_ == Phase::holding && !attempt_.translated && int64_t(whole_bytes) > config_->server.limits.frame_bytes_max)
    commit();
  if (finished()) return false;
  if (attempt_.translated) {
    release(whole_bytes, ReleaseTo::nobody);
    frames.released(whole_bytes);
    if (phase_ == Phase::streaming) send_translated();
  } else if (phase_ == Phase::streaming) {
    // What comes behind the end of an answer is not the client's: a second answer would be taken for the first.
    const size_t of_answer = std::min(whole_bytes, attempt_.ends_at);
    release(of_answer, ReleaseTo::client);
    release(whole_bytes - of_answer, ReleaseTo::nobody);
    frames.released(whole_bytes);
    if (attempt_.ends_at != Attempt::open_end) {
      attempt_.ends_at = 0;
      if (leads()) sharing_->broadcast->said_end = true;
    }
  }
  // What the client's own stop sequence has ended, the upstream need not go on with.
  if (phase_ == Phase::streaming && attempt_.translated && attempt_.translated->stopped_here()) {
    end_answer();
    return false;
  }
  wait_for_the_end();
  return true;
}

// The answer has said its end, or could end here: its connection need not say so too.
void Machine::wait_for_the_end() {
  const bool held_text = attempt_.translated && phase_ == Phase::holding;
  if (!attempt_.open || (phase_ != Phase::streaming && !held_text)) return;
  if (seen().terminal || seen().error) {
    if (!timers_.armed(Timer::farewell)) timers_.arm(Timer::farewell, now_.monotonic_ms + farewell_ms_max);
  } else if (seen().may_end) {
    timers_.arm(Timer::farewell, now_.monotonic_ms + last_words_ms_max);
  }
}

// Looks at one frame. False when that was the attempt's end.
bool Machine::take(const sse::Frame& frame) {
  if (!attempt_.translated) {
    upstream_dialect().observe_frame(frame, attempt_.seen);
    const bool over = attempt_.seen.terminal || attempt_.seen.error;
    if (over && attempt_.ends_at == Attempt::open_end) attempt_.ends_at = frame.end;
    return phase_ != Phase::holding || hold(frame);
  }
  attempt_.translated->feed(frame);
  if (too_much_at_once() || translation_failed()) return false;
  return phase_ != Phase::holding || hold(frame);
}

// Whether what was fed has shown that the answer is none; then the attempt is over.
bool Machine::translation_failed() {
  if (!attempt_.translated->fault()) return false;
  const Fault fault = attempt_.translated->fault();  // a copy: the attempt goes
  if (phase_ == Phase::holding) {
    fail_attempt(fault.kind, fault.detail);
  } else {
    send_translated();
    cut_answer(fault.kind, fault.detail);
  }
  return true;
}

// Whether this is an error event of an observed stream, committed, that quotes what looks like a key.
bool Machine::shows_a_key(const sse::Frame& frame) const {
  const bool own_bytes = phase_ == Phase::streaming && attempt_.handling == Handling::frames;
  return own_bytes && attempt_.seen.error && base::masked(frame.data) != frame.data;
}

void Machine::tell_without_key(const sse::Frame& frame) {
  Failure failure = failure_of(upstream_dialect().read_error(frame.data, arena_));
  failure.choice = attempt_.choice;
  end_with_error(failure);
}

// A frame of many small parts may come out several times as long; no host is given more at once than a
// frame may have, twice. And no stream makes its encoder keep more than one whole answer may have.
bool Machine::too_much_at_once() {
  std::string& out = attempt_.translated->out();
  const int64_t most = config_->server.limits.frame_bytes_max;
  if (int64_t(out.size()) <= 2 * most && int64_t(attempt_.translated->held_bytes()) <= most) return false;
  std::string().swap(out);
  if (phase_ == Phase::holding) fail_attempt(FaultKind::upstream_answer_too_large);
  else cut_answer(FaultKind::upstream_answer_too_large);
  return true;
}

// Before the commit point: goes through it, waits on, or gives the attempt up.
bool Machine::hold(const sse::Frame& frame) {
  if (attempt_.seen.error) {
    fail_attempt(failure_of(upstream_dialect().read_error(frame.data, arena_)));
    return false;
  }
  const bool whole_for_client = attempt_.translated && client_form() == canonical::Form::whole;
  if (seen().terminal) {
    if (next_for_silence()) return false;
    commit();
  } else if (whole_for_client) {
    // The client gets one text, and it is not before its end that it can be written.
    if (int64_t(attempt_.translated->said_bytes()) <= config_->server.limits.frame_bytes_max) return true;
    fail_attempt(FaultKind::upstream_answer_too_large);
    return false;
  } else if (seen().content) {
    commit();
  } else if (attempt_.translated) {
    // Frames that say nothing become nothing, and cost nothing to hold.
    if (int64_t(attempt_.translated->out().size()) > failover().gate_bytes_max) commit();
  } else if (frame.has_data && (frame.event.empty() || frame.event != upstream_dialect().ping_event)) {
    attempt_.held_bytes += frame.event.size() + frame.data.size();
    const Failover& limits = failover();
    if (int64_t(++attempt_.held_frames) >= limits.gate_frames_max ||
        int64_t(attempt_.held_bytes) > limits.gate_bytes_max)
      commit();
  }
  return !finished();
}

void Machine::end_frames(std::string_view window) {
  const uint64_t released_before = attempt_.released_bytes;
  if (!read_frames(window)) return;
  if (finished()) return;
  const std::string_view rest = window.substr(size_t(attempt_.released_bytes - released_before));
  // An event without its blank line is still one (translation.md section 11.1).
  sse::Frame last;
  attempt_.frames->feed(rest);
  const size_t whole_bytes = attempt_.frames->unfinished_at();  // none but those held until now
  // Half of one is no content: while the answer is held, another lane may still do better.
  const bool one_more = attempt_.frames->finish(last);
  const bool no_content = phase_ == Phase::holding && is_half(last);
  if (one_more && !no_content && !take(last)) return;
  if (attempt_.translated) {
    attempt_.translated->finish();
    if (translation_failed()) return;
  }
  if (phase_ == Phase::holding) {
    if (!seen().terminal && !seen().may_end) return fail_attempt(FaultKind::upstream_cut);
    if (next_for_silence()) return;
    commit();
    if (finished()) return;
  }
  if (!seen().terminal && !seen().may_end && !seen().error) return cut_answer(FaultKind::upstream_cut);
  if (attempt_.translated) {
    send_translated();
  } else {
    const bool useless = attempt_.ends_at == 0 || is_half(last);
    release(useless ? whole_bytes : rest.size(), ReleaseTo::client);
    release(useless ? rest.size() - whole_bytes : 0, ReleaseTo::nobody);
  }
  end_answer();
}

void Machine::end_whole(std::string_view window) {
  json::Skimmer& skimmer = *attempt_.skimmer;
  skimmer.feed(window.substr(attempt_.skimmed_bytes));
  attempt_.skimmed_bytes = window.size();
  if (phase_ == Phase::holding) {
    const bool listed = decision_.facts.listed && skimmer.follows() && !skimmer.is_object();
    if (!skimmer.follows() || !(skimmer.is_object() || listed)) return fail_attempt(FaultKind::upstream_broken);
    if (!skimmer.whole()) return fail_attempt(FaultKind::upstream_cut);
    listed ? see_list(window) : see_whole();
    if (attempt_.seen.error) return fail_attempt(failure_of(upstream_dialect().read_error(window, arena_)), window);
    if (listed && !attempt_.seen.may_end) return fail_attempt(FaultKind::upstream_cut);
    if (next_for_silence()) return;
    commit();
    if (finished()) return;
  } else if (!skimmer.whole()) {
    return cut_answer(FaultKind::upstream_cut);
  } else {
    see_whole();
  }
  release(window.size(), ReleaseTo::client);
  end_answer();
}

void Machine::end_translated_whole(std::string_view window) {
  TranslatedAnswer& answer = *attempt_.translated;
  answer.feed_whole(window);
  answer.finish();
  if (too_much_at_once() || translation_failed()) return;
  if (next_for_silence()) return;
  commit();
  if (finished()) return;
  send_translated();
  end_answer();
}

// An answer that ended well and says nothing: another lane may have something to say. Where there is none,
// it is what it is, and goes on; a made-up error would be worse, and so would made-up words.
bool Machine::next_for_silence() {
  const dialects::Observation& what = seen();
  const std::string_view by_itself =
      attempt_.translated ? canonical::name_of(canonical::StopReason::end_turn) : upstream_dialect().stopped_by_itself;
  const bool on_purpose = !what.stop_reason.empty() && what.stop_reason != by_itself;
  if (what.content || on_purpose || counting()) return false;
  return next_instead(FaultKind::upstream_empty);
}

// An error status, with as much of its body as there is.
void Machine::judge_error(std::string_view body, BodyEnd end) {
  const dialects::DialectRow& dialect = upstream_dialect();
  routing::UpstreamError error;
  if (!body.empty() && dialect.read_error) error = dialect.read_error(body, arena_);
  error.status = attempt_.status;
  Failure failure = failure_of(error);

  // An item of the history that is not found is a 404 of its own kind.
  const bool of_the_request = failure.kind == FaultKind::upstream_rejected || error.status == 404;
  if (of_the_request && repeat_without_refused(error)) return;
  // What is no error of its dialect a client cannot read.
  const bool goes_on = end == BodyEnd::seen && attempt_.error_can_go_on;
  fail_attempt(std::move(failure), goes_on ? body : std::string_view());
}

// Asks the lane once more without what it refused, where a request can be without that. An extra input is
// remembered, even when this exchange has had its second try: the next request goes out without it. Thinking
// is not, for what was refused there is one history's signature and says nothing of other histories.
bool Machine::repeat_without_refused(const routing::UpstreamError& error) {
  const dialects::DialectRow& dialect = upstream_dialect();
  if (!dialect.read_refusal) return false;
  const Choice& choice = *attempt_.choice;
  const bool foreign = choice.service == Service::translate;
  const dialects::Refusal refusal = dialect.read_refusal(foreign ? translation().body : body_, error, arena_);
  const bool anew = foreign && refusal.thinking && translate_without_thinking();
  const std::span<const Edit> edits = edits_now(refusal);
  const auto same = [](const Edit& a, const Edit& b) { return a.begin == b.begin && a.end == b.end; };
  if (!anew && std::equal(edits.begin(), edits.end(), attempt_.edits.begin(), attempt_.edits.end(), same)) return false;
  // Counting has fewer members than asking.
  if (!counting())
    for (const std::string_view path : refusal.everywhere)
      gateway_.refusals().remember(refuser(*choice.lane, dialect, head_.headers, arena_), path, now_.monotonic_ms);
  if (attempt_.repeated_after_refusal) return false;
  drop_attempt();
  routing::Place place = std::move(place_);  // nobody gets it in between
  routing::Probe probe = std::move(probe_);
  const Hold hold = std::exchange(hold_, {});
  const bool owners_alone = std::exchange(owners_alone_, false);
  close_attempt(routing::AttemptEnd::withdrawn);
  place_ = std::move(place);
  probe_ = std::move(probe);
  hold_ = hold;
  owners_alone_ = owners_alone;
  begin_attempt(choice);
  open_attempt(refusal);
  return true;
}

// Whether a request that was translated is another one without its thinking: what did not go upstream was not what was
// refused.
bool Machine::translate_without_thinking() {
  if (attempt_.repeated_after_refusal || decision_.plan.route->on_loss == OnLoss::reject) return false;
  TranslatedRequest& t = translation();
  const routing::Lane& lane = attempt_.lane();
  return t.write_without_thinking(lane, *config_, gateway_.calibration().estimate_for(lane.key, t.rough_tokens),
                                  retired_body_);
}

}  // namespace signalbox::exchange
