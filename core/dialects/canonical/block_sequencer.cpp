#include "dialects/canonical/block_sequencer.h"

#include <utility>

namespace signalbox::canonical {
namespace {

// What a call or a text that waits costs beside its bytes.
constexpr size_t entry_bytes = 128;

bool begins_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

}  // namespace

// ---- texts

void BlockSequencer::text(BlockKind kind, Escaped piece, Deltas& out) {
  if (piece.empty() || fault_) return;
  if (text_open_ && kind == text_kind_) return give_text(piece, out);  // almost every piece
  if (must_wait(out)) {
    if (!hold(piece.size())) return;
    if (waiting_at_ == waiting_.size() || waiting_.back().what != Waiting::What::text || waiting_.back().kind != kind) {
      if (!hold(entry_bytes)) return;
      waiting_.push_back({.kind = kind});
    }
    waiting_.back().text += piece.inside;
    return;
  }
  if (fault_) return;
  end_text(out);
  open_text(kind);
  give_text(piece, out);
}

bool BlockSequencer::must_wait(Deltas& out) {
  if (live_ == none) return false;
  if (waiting_at_ != waiting_.size() || !finished(calls_[live_])) return true;
  end_call(Ending::complete, out);
  return false;
}

void BlockSequencer::next_block(Deltas& out) {
  if (fault_) return;
  if (!must_wait(out)) return end_text(out);
  const bool behind_text = waiting_at_ != waiting_.size() && waiting_.back().what == Waiting::What::text;
  if (behind_text && hold(entry_bytes)) waiting_.push_back({.kind = waiting_.back().kind});
}

// ---- what is said once

void BlockSequencer::state(const Provenance& from, Deltas& out) {
  if (from.state.empty() || fault_) return;
  if (must_wait(out)) {
    if (hold(entry_bytes + from.state.size()))
      waiting_.push_back({.what = Waiting::What::state, .text = std::string(from.state.inside), .vendor = from.vendor});
    return;
  }
  if (!fault_) give_state(from, out);
}

void BlockSequencer::give_state(const Provenance& from, Deltas& out) {
  if (text_open_ && text_begun_ && text_kind_ == BlockKind::thinking) {
    if (!half_pair_.empty()) out.push(Fragment{{out.keep(half_pair_)}});
    half_pair_.clear();
    text_open_ = false;
  } else {
    end_text(out);
    out.push(BlockBegin{BlockKind::redacted_thinking, {}, {}});
  }
  out.push(BlockEnd{from});
}

void BlockSequencer::search(const WebSearch& search, Deltas& out) {
  if (fault_) return;
  if (must_wait(out)) {
    if (!hold(entry_bytes + search.id.size() + search.query.size() + search.sources.size())) return;
    waiting_.push_back({.what = Waiting::What::search,
                        .text = std::string(search.query.inside),
                        .id = std::string(search.id),
                        .sources = std::string(search.sources),
                        .failed = search.failed});
    return;
  }
  if (fault_) return;
  end_text(out);
  out.push(search);
  any_content_ = true;
}

// ---- texts, opened and closed

void BlockSequencer::open_text(BlockKind kind) {
  text_open_ = true;
  text_begun_ = false;
  text_kind_ = kind;
}

void BlockSequencer::give_text(Escaped piece, Deltas& out) {
  if (!text_begun_) {
    if (json::is_blank(piece)) {
      if (hold(piece.size())) blanks_ += piece.inside;
      return;
    }
    out.push(BlockBegin{text_kind_, {}, {}});
    text_begun_ = any_content_ = true;
    if (!blanks_.empty()) out.push(Fragment{{out.keep(blanks_)}});
    blanks_.clear();
  }
  if (!half_pair_.empty()) {
    half_pair_ += piece.inside;
    piece = {out.keep(half_pair_)};
    half_pair_.clear();
  }
  if (json::ends_inside_pair(piece)) {
    constexpr size_t escape_bytes = 6;
    half_pair_ = piece.inside.substr(piece.size() - escape_bytes);
    piece.inside.remove_suffix(escape_bytes);
  }
  if (!piece.empty()) out.push(Fragment{piece});
}

void BlockSequencer::end_text(Deltas& out) {
  if (!text_open_) return;
  text_open_ = false;
  blanks_.clear();
  if (!text_begun_) return;
  if (!half_pair_.empty()) out.push(Fragment{{out.keep(half_pair_)}});
  half_pair_.clear();
  out.push(BlockEnd{});
}

// ---- calls

void BlockSequencer::call(int64_t index, std::string_view id, std::string_view name, Escaped arguments, Deltas& out) {
  if (fault_) return;
  size_t at = call_of(index, id);
  if (at == none || is_another(calls_[at], id, name, arguments)) {
    at = add_call(index, out);
    if (at == none) return;
  }
  Call& call = calls_[at];
  // What is said first counts: a begun block cannot be renamed, and who repeats id or name says the same.
  if (call.id.empty() && !id.empty() && hold(id.size())) call.id = id;
  if (call.name.empty() && !name.empty() && hold(name.size())) call.name = name;
  grow(at, arguments, out);
}

void BlockSequencer::whole_arguments(int64_t index, Escaped arguments, Deltas& out) {
  const size_t at = call_of(index, {});
  if (fault_ || at == none) return;
  Call& call = calls_[at];
  settle_doubt(call, {});
  if (call.ended || call.scan.whole() || !begins_with(arguments.inside, call.arguments)) return;
  take(at, {arguments.inside.substr(call.arguments.size())}, out);
}

// The call that a piece belongs to, if it is not found to be another one: the newest of its index; of its
// id where there is no index; else the newest of all.
size_t BlockSequencer::call_of(int64_t index, std::string_view id) const {
  if (calls_.empty()) return none;
  if (index == -1 && id.empty()) return calls_.size() - 1;
  for (size_t at = calls_.size(); at-- > 0;) {
    if (index != -1 ? calls_[at].index == index : calls_[at].id == id) return at;
  }
  // An id that comes late, of a call without an index.
  if (index == -1 && calls_.back().index == -1 && calls_.back().id.empty()) return calls_.size() - 1;
  return none;
}

bool BlockSequencer::is_another(const Call& call, std::string_view id, std::string_view name, Escaped arguments) const {
  const bool other_id = !id.empty() && !call.id.empty() && id != call.id;
  const bool same_id = !id.empty() && id == call.id;
  const bool other_name = !name.empty() && !call.name.empty() && name != call.name;
  if (same_id) return false;
  if (!name.empty() && (other_id || other_name)) return true;
  // Some servers make up an id for every piece, others repeat the name: only what cannot belong to a
  // whole object any more makes another call of it.
  return (other_id || !name.empty()) && call.scan.whole() && !json::is_blank(arguments) &&
         !begins_with(arguments.inside, call.arguments);
}

size_t BlockSequencer::add_call(int64_t index, Deltas& out) {
  if (calls_.size() == calls_max) return fail("The answer has too many tool calls."), none;
  if (!hold(entry_bytes)) return none;
  const size_t at = calls_.size();
  calls_.emplace_back();
  calls_.back().index = index;
  if (live_ != none && waiting_at_ == waiting_.size() && finished(calls_[live_])) end_call(Ending::complete, out);
  if (fault_) return none;
  if (live_ != none) {
    waiting_.push_back({.what = Waiting::What::call, .call = at});
  } else {
    end_text(out);
    live_ = at;
  }
  return at;
}

// Takes more arguments in, and gives out what can be.
void BlockSequencer::grow(size_t at, Escaped arguments, Deltas& out) {
  if (fault_) return;
  Call& call = calls_[at];
  if (!arguments.empty()) settle_doubt(call, arguments);
  if (repeats(call, arguments)) arguments.inside.remove_prefix(call.arguments.size());
  if (call.ended) {
    if (!json::is_blank(arguments)) fail("Arguments of a tool call go on behind their end.");
    return;
  }
  if (call.doubt.empty()) take(at, arguments, out);
}

void BlockSequencer::take(size_t at, Escaped arguments, Deltas& out) {
  Call& call = calls_[at];
  append(call, arguments);
  if (fault_ || at != live_) return;
  give(call, arguments, out);
  if (waiting_at_ != waiting_.size() && finished(call)) advance(out);
}

void BlockSequencer::append(Call& call, Escaped arguments) {
  if (!hold(arguments.size())) return;
  call.scan.feed(arguments);
  call.arguments += arguments.inside;
}

// Whether `arguments` says all that came before once more, as some upstreams do with every piece
// (SHTUCodeProxy). Where an object may follow it can be one whose first key is that of the object around
// it; the piece is then kept as the call's doubt, unless other pieces have shown what they are.
bool BlockSequencer::repeats(Call& call, Escaped arguments) {
  if (!call.scan.begins_object() || arguments.empty()) return false;
  if (!begins_with(arguments.inside, call.arguments)) {
    if (call.pieces == Pieces::unknown) call.pieces = Pieces::added;
    return false;
  }
  if (!call.scan.object_may_follow()) {
    call.pieces = Pieces::repeated;
    return true;
  }
  if (call.pieces == Pieces::unknown && hold(arguments.size())) call.doubt = arguments.inside;
  return call.pieces == Pieces::repeated;
}

// Decides about the doubt by the piece that came next; where none came (empty), a repetition makes sense
// only if it was whole.
void BlockSequencer::settle_doubt(Call& call, Escaped next) {
  if (call.doubt.empty()) return;
  const std::string doubt = std::move(call.doubt);
  call.doubt.clear();
  ArgumentsScan alone;
  alone.feed({doubt});
  const bool repeated = next.empty() ? alone.whole() : begins_with(next.inside, doubt);
  call.pieces = repeated ? Pieces::repeated : Pieces::added;
  append(call, {std::string_view(doubt).substr(repeated ? call.arguments.size() : 0)});
}

void BlockSequencer::begin_call(Call& call, Deltas& out) {
  out.push(BlockBegin{BlockKind::tool_call, out.keep(call.id), out.keep(context_.names.asked(call.name))});
  call.begun = true;
  any_content_ = any_call_ = true;
}

// Gives out of the live call what may be said. `last_piece` is what its arguments end with: where only
// that is new, it goes out as it lies.
void BlockSequencer::give(Call& call, Escaped last_piece, Deltas& out) {
  if (!call.begun) {
    // An id may still come behind the name, but not behind the arguments.
    if (call.name.empty() || (call.id.empty() && call.arguments.empty())) return;
    begin_call(call, out);
  }
  if (!call.scan.begins_object() || repair() == Repair::yes) return;
  Escaped unsent{std::string_view(call.arguments).substr(call.sent)};
  const bool lies_outside = unsent.size() == last_piece.size();
  if (json::ends_inside_pair(unsent)) unsent.inside.remove_suffix(6);
  if (unsent.empty()) return;
  call.sent += unsent.size();
  out.push(Fragment{{lies_outside ? last_piece.inside.substr(0, unsent.size()) : out.keep(unsent.inside)}});
}

// Ends the live call, which has begun.
void BlockSequencer::end_call(Ending ending, Deltas& out) {
  Call& call = calls_[live_];
  settle_doubt(call, {});
  if (fault_) return;
  std::string object;
  const bool went_out = call.sent > 0;
  const bool mend = !went_out && ending == Ending::complete;
  const ArgumentsKind kind = read_arguments({call.arguments}, mend ? repair() : Repair::no, object);
  if (kind == ArgumentsKind::broken && ending == Ending::complete) {
    return fail("The arguments of a tool call are no JSON object.");
  }
  if (went_out) {
    if (call.sent < call.arguments.size()) {
      out.push(Fragment{{out.keep(std::string_view(call.arguments).substr(call.sent))}});
    }
  } else if (kind == ArgumentsKind::object) {
    out.push(Fragment{{out.keep(object)}});
  } else if (kind == ArgumentsKind::broken && call.scan.begins_object()) {
    out.push(Fragment{{out.keep(call.arguments)}});  // truncated, and held because they might have been mended
  }
  out.push(BlockEnd{});
  call.ended = true;
  live_ = none;
}

// The live call's name never came.
void BlockSequencer::leave_nameless(Ending ending) {
  const Call& call = calls_[live_];
  if (!call.scan.blank() && ending == Ending::complete) return fail("A tool call has no name.");
  if (!call.scan.blank() || !call.id.empty()) context_.losses.add("tool_calls.name");
  live_ = none;
}

// ---- what waits

// Makes the first of those that wait the open one. No call is open.
void BlockSequencer::take_waiting(Deltas& out) {
  Waiting next = std::move(waiting_[waiting_at_++]);
  if (waiting_at_ == waiting_.size()) {
    waiting_.clear();
    waiting_at_ = 0;
  }
  switch (next.what) {
    case Waiting::What::call:
      end_text(out);
      live_ = next.call;
      return give(calls_[live_], {}, out);
    case Waiting::What::state: return give_state({next.vendor, {}, {out.keep(next.text)}}, out);
    case Waiting::What::search:
      end_text(out);
      any_content_ = true;
      return out.push(WebSearch{out.keep(next.id), {out.keep(next.text)}, out.keep(next.sources), next.failed});
    case Waiting::What::text: break;
  }
  end_text(out);
  open_text(next.kind);
  give_text({out.keep(next.text)}, out);
}

// The live call is finished and something waits: goes on to the first that is not finished.
void BlockSequencer::advance(Deltas& out) {
  while (!fault_ && waiting_at_ != waiting_.size()) {
    if (live_ != none) {
      if (!finished(calls_[live_])) return;
      end_call(Ending::complete, out);
      if (fault_) return;
    }
    take_waiting(out);
  }
}

Fault BlockSequencer::close(Ending ending, Deltas& out) {
  while (!fault_) {
    if (live_ != none && calls_[live_].name.empty()) {
      leave_nameless(ending);
    } else if (live_ != none) {
      if (!calls_[live_].begun) begin_call(calls_[live_], out);
      end_call(ending, out);
    }
    if (fault_) break;
    if (waiting_at_ == waiting_.size()) {
      end_text(out);
      break;
    }
    take_waiting(out);
  }
  return fault_;
}

// ---- bounds

bool BlockSequencer::hold(size_t bytes) {
  if (bytes > context_.arguments_bytes_max - held_bytes_) {
    fail("Too much of the answer has to be held back.");
    return false;
  }
  held_bytes_ += bytes;
  return true;
}

void BlockSequencer::fail(std::string_view why) {
  if (!fault_) fault_ = {FaultKind::upstream_broken, std::string(why)};
}

}  // namespace signalbox::canonical
