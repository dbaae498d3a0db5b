#include "dialects/canonical/stop_matcher.h"

#include <algorithm>

#include "base/utf8.h"

namespace signalbox::canonical {
namespace {

// The bytes that a unit of text means.
std::string_view bytes_of(const json::Unit& unit, std::string_view inside, std::string& room) {
  if (inside.front() != '\\') return inside.substr(0, 1);
  room.clear();
  const bool lone_half = unit.value >= 0xd800 && unit.value <= 0xdfff;
  lone_half ? void(room = base::utf8_replacement) : base::append_utf8(unit.value, room);
  return room;
}

// Where in `inside` its `plain_bytes`th byte of meaning begins.
size_t place_of(size_t plain_bytes, std::string_view inside) {
  std::string room;
  size_t at = 0;
  while (plain_bytes && at < inside.size()) {
    const json::Unit unit = json::first_unit(inside.substr(at));
    if (!unit.bytes) break;
    plain_bytes -= std::min(plain_bytes, bytes_of(unit, inside.substr(at), room).size());
    at += unit.bytes;
  }
  return at;
}

}  // namespace

void leave_stop(Escaped sequence, const WriteContext& context) {
  std::vector<Escaped>* const left = context.stops_left;
  const bool bounded = left && left->size() < stops_left_max && sequence.size() <= stop_bytes_max;
  if (bounded && !sequence.empty()) left->push_back(sequence);
  else context.losses.add("stop_sequences");
}

StopMatcher::StopMatcher(std::span<const Escaped> sequences) {
  for (const Escaped sequence : sequences) {
    Pattern pattern;
    pattern.said = sequence.inside;
    json::unescape(sequence, pattern.plain);
    if (pattern.plain.empty()) continue;
    const std::string& plain = pattern.plain;
    pattern.back.resize(plain.size() + 1);
    for (size_t i = 1, at = 0; i < plain.size(); ++i) {
      while (at && plain[at] != plain[i]) at = pattern.back[at];
      if (plain[at] == plain[i]) ++at;
      pattern.back[i + 1] = uint16_t(at);
    }
    first_.set(static_cast<unsigned char>(plain.front()));
    patterns_.push_back(std::move(pattern));
  }
}

void StopMatcher::take(const std::vector<Delta>& in, Deltas& out) {
  for (const Delta& delta : in) {
    if (matched_) {
      if (std::holds_alternative<UsageSeen>(delta)) out.push(delta);
      continue;
    }
    if (auto* begin = std::get_if<BlockBegin>(&delta); begin && begin->kind == BlockKind::text) {
      in_text_ = true;  // its begin goes out with the first of its text, for a sequence may stand before all of it
    } else if (auto* fragment = std::get_if<Fragment>(&delta); fragment && in_text_) {
      take_text(fragment->text, out);
      if (matched_) out.push(Stopped{StopReason::stop_sequence, {matched_->said}});
    } else {
      if (in_text_ && std::holds_alternative<BlockEnd>(delta)) end_text(out);
      out.push(delta);
    }
  }
  if (matched_) out.push(AnswerEnd{});
}

// How much of the text's end may become a sequence.
size_t StopMatcher::begun() const {
  size_t most = 0;
  for (const Pattern& pattern : patterns_) most = std::max(most, pattern.at);
  return most;
}

// Takes one byte of meaning. Whether it completes a sequence.
bool StopMatcher::step(char byte) {
  for (Pattern& pattern : patterns_) {
    while (pattern.at && pattern.plain[pattern.at] != byte) pattern.at = pattern.back[pattern.at];
    if (pattern.plain[pattern.at] == byte) ++pattern.at;
    if (pattern.at < pattern.plain.size()) continue;
    if (!matched_ || matched_->plain.size() < pattern.plain.size()) matched_ = &pattern;
  }
  return matched_ != nullptr;
}

void StopMatcher::take_text(Escaped piece, Deltas& out) {
  std::string_view window = piece.inside;
  if (!held_.empty()) {
    held_ += piece.inside;
    window = out.keep(held_);
  }
  // Half of a pair means nothing before its other half.
  const size_t end = window.size() - (json::ends_inside_pair({window}) ? 6 : 0);
  size_t plain = seen_plain_;
  size_t possible = begun();
  std::string room;
  for (size_t at = seen_; at < end && !matched_;) {
    if (!possible && window[at] != '\\' && !first_[static_cast<unsigned char>(window[at])]) {
      ++plain, ++at;
      continue;
    }
    const json::Unit unit = json::first_unit(window.substr(at));
    if (!unit.bytes) break;
    for (const char byte : bytes_of(unit, window.substr(at), room)) {
      ++plain;
      if (step(byte)) break;
    }
    at += unit.bytes;
    possible = begun();
  }
  if (matched_) {
    give(window.substr(0, place_of(plain - matched_->plain.size(), window)), out);
    if (text_begun_) out.push(BlockEnd{});
    return;
  }
  const size_t kept_from = possible ? place_of(plain - possible, window) : end;
  give(window.substr(0, kept_from), out);
  held_.assign(window.substr(kept_from));
  seen_plain_ = possible;
  seen_ = end - kept_from;
}

void StopMatcher::give(std::string_view text, Deltas& out) {
  if (text.empty()) return;
  if (!text_begun_) out.push(BlockBegin{});
  text_begun_ = true;
  out.push(Fragment{{text}});
}

// The open text ends without a sequence.
void StopMatcher::end_text(Deltas& out) {
  give(out.keep(held_), out);
  if (!text_begun_) out.push(BlockBegin{});
  held_.clear();
  seen_plain_ = seen_ = 0;
  for (Pattern& pattern : patterns_) pattern.at = 0;
  in_text_ = text_begun_ = false;
}

}  // namespace signalbox::canonical
