// An answer in the words that all dialects share, piece by piece as it comes. A decoder makes deltas of
// its dialect's frames or of a whole answer, an encoder makes frames or a whole answer of deltas.
//
// The order, which decoders keep and encoders may rely on:
//
//   AnswerBegin  ( BlockBegin Fragment* BlockEnd | WebSearch | UsageSeen )*  Stopped  UsageSeen*  AnswerEnd
//
// with AnswerFailed possible anywhere instead of what is due, as the last. Never two open blocks, never a
// fragment outside one, nothing after AnswerEnd or AnswerFailed. BlockSequencer (block_sequencer.h) brings
// dialects into this order that do not have it themselves.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/arena.h"
#include "dialects/canonical/request.h"
#include "signalbox/fault.h"
#include "signalbox/report.h"

namespace signalbox::canonical {

struct AnswerBegin {
  std::string_view id;  // the upstream's own, plain; empty when it gave none
};

enum class BlockKind : uint8_t { text, refusal, thinking, redacted_thinking, tool_call };

struct BlockBegin {
  BlockKind kind = BlockKind::text;
  std::string_view tool_id;    // of tool_call: as the upstream gave it, plain; empty when it gave none
  std::string_view tool_name;  // of tool_call: plain, the name the client knows, never empty
};

// More of the open block: of its text, or of the JSON text of a tool_call's arguments. Fragments of one
// tool_call together are one JSON object, or nothing where the call has no arguments. Never empty.
struct Fragment {
  Escaped text;
};

// `from` speaks of thinking and redacted_thinking only.
struct BlockEnd {
  Provenance from;
};

// A search of the web that the provider has run: what it asked, and what it found.
struct WebSearch {
  std::string_view id;       // plain; empty when the upstream gave none
  Escaped query;             // empty where it does not say
  std::string_view sources;  // a JSON array of {"url", "title", "page_age"}, strings all, all but url optional;
                             // empty where it does not say
  bool failed = false;
};

// Counts so far.
struct UsageSeen {
  Usage usage;
};

// Later figures that are not -1 replace earlier ones, each by itself (translation.md section 10).
void take_later(Usage& into, const Usage& later);

enum class StopReason : uint8_t { end_turn, tool_use, max_tokens, stop_sequence, refusal, pause_turn, context_full };

struct Stopped {
  StopReason reason = StopReason::end_turn;
  Escaped sequence;  // of stop_sequence: which one; empty when not said
};

struct AnswerEnd {};

struct AnswerFailed {
  Fault fault;
};

using Delta =
    std::variant<AnswerBegin, BlockBegin, Fragment, BlockEnd, WebSearch, UsageSeen, Stopped, AnswerEnd, AnswerFailed>;

// Whether `delta` is content: what a client has seen of it cannot be taken back, so it ends the time in
// which another lane may answer (translation.md section 11.5).
bool is_content(const Delta& delta);

// The deltas of one step, with the memory of those texts that stand nowhere else. Used again and again:
// clear() lets go of everything, and keeps the capacity.
class Deltas {
 public:
  // Any of the deltas; made in its place, because a frame of one word has time for little else.
  template <class Any>
  void push(Any&& delta) {
    items_.emplace_back(std::forward<Any>(delta));
  }

  // A copy of `text` that lives until clear().
  std::string_view keep(std::string_view text) { return texts_.copy(text); }

  const std::vector<Delta>& items() const { return items_; }
  void clear() {
    items_.clear();
    texts_.reset();
  }

 private:
  std::vector<Delta> items_;
  Arena texts_;
};

// The word for a reason in reports and logs, which is Anthropic's.
std::string_view name_of(StopReason reason);

}  // namespace signalbox::canonical
