// Makes one orderly sequence of blocks of pieces that come in any order: the one owner of opening and
// closing blocks for dialects whose frames do not say it (translation.md section 11.2).
//
//   pieces                       deltas
//   text "a"                     begin text, "a"
//   call 0 "Bash" {"x            end, begin tool_call, {"x
//   call 1 "Read" {"y"           (held)
//   call 0 ":1}                  ":1}, end, begin tool_call Read, {"y"
//   text "b"                     (held, behind the call)
//   close                        ...
//
// The lowest open call is streamed live, later ones and texts behind it are held and follow in order. A
// call ends when its arguments are a whole object and something else is waiting. What is held is bounded.
//
// A text of nothing but blanks is none: what a text begins with is held until something else comes in it.
// Models put such texts before their calls, and Anthropic refuses histories that have them.
//
// Arguments go out live once they are seen to begin an object; whatever else they are is known only at
// the end (arguments.h). A lane with repair_tool_json holds all of them until then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/canonical/arguments.h"
#include "dialects/canonical/delta.h"
#include "dialects/canonical/parts.h"

namespace signalbox::canonical {

// How the model stopped, as far as calls are concerned: in the midst of arguments is no fault where the
// bound on the answer's length was reached (translation.md section 9).
enum class Ending : uint8_t { complete, truncated };

class BlockSequencer {
 public:
  // So many calls are told apart in one answer; more is a fault. Agents make tens at a time.
  static constexpr size_t calls_max = 1024;

  // The context's references outlive this.
  explicit BlockSequencer(const DecodeContext& context) : context_(context) {}

  // Pieces, in the order of arrival; empty ones are nothing. Each appends what can be said now.
  void text(BlockKind kind, Escaped piece, Deltas& out);  // text, refusal, thinking
  // `index`: which call of the answer, as the upstream counts; -1 when it does not. `id`, `name`: plain,
  // empty when this piece does not say. `arguments`: more of the JSON text, escaped; pieces that each
  // repeat all that came before are taken for what they add. Another id or name under the same index
  // is another call, where a name is said or the arguments were whole; the same without an index.
  void call(int64_t index, std::string_view id, std::string_view name, Escaped arguments, Deltas& out);

  // All arguments of the call `index`, said once more at their end: what its pieces did not bring is taken from them.
  void whole_arguments(int64_t index, Escaped arguments, Deltas& out);
  // What comes next begins a block of its own, be it of the same kind.
  void next_block(Deltas& out);

  // The state that belongs to the reasoning said last, which ends with it. Where reasoning is not what was said last, a
  // block of its own carries it, as reasoning that is not shown.
  void state(const Provenance& from, Deltas& out);
  // A search of the web, which stands between blocks.
  void search(const WebSearch& search, Deltas& out);

  // What is known to be wrong so far; from then on pieces are nothing.
  const Fault& fault() const { return fault_; }

  // No more pieces: closes and gives out everything. A call whose arguments are no JSON object, or whose
  // name never came, is a fault (upstream_broken), and then nothing more is said. Of a truncated answer
  // arguments go out as far as they came, and a call without a name does not.
  Fault close(Ending ending, Deltas& out);

  // Whether anything was said that a client would call content, and whether a call was among it.
  bool any_content() const { return any_content_; }
  bool any_call() const { return any_call_; }

 private:
  static constexpr size_t none = size_t(-1);

  // What a call's pieces have shown themselves to be.
  enum class Pieces : uint8_t { unknown, added, repeated };
  struct Call {
    int64_t index = -1;
    std::string id;
    std::string name;
    std::string arguments;  // all of them so far
    ArgumentsScan scan;
    Pieces pieces = Pieces::unknown;
    std::string doubt;   // a piece of which `pieces` does not say what it is
    size_t sent = 0;     // bytes of arguments that went out
    bool begun = false;  // its BlockBegin went out
    bool ended = false;
  };
  // What waits behind the live call.
  struct Waiting {
    enum class What : uint8_t { text, state, call, search };
    What what = What::text;
    BlockKind kind = BlockKind::text;  // of text
    size_t call = none;
    std::string text{};           // of text; the state; what was searched for
    Dialect vendor{};             // of a state
    std::string id{}, sources{};  // of a search
    bool failed = false;          // of a search
  };

  // Whether something must wait behind the live call. Ends that where it is whole and nothing waits.
  bool must_wait(Deltas& out);
  void give_state(const Provenance& from, Deltas& out);
  bool hold(size_t bytes);
  void fail(std::string_view why);
  size_t call_of(int64_t index, std::string_view id) const;
  bool is_another(const Call& call, std::string_view id, std::string_view name, Escaped arguments) const;
  size_t add_call(int64_t index, Deltas& out);
  void grow(size_t at, Escaped arguments, Deltas& out);
  void take(size_t at, Escaped arguments, Deltas& out);
  void append(Call& call, Escaped arguments);
  bool repeats(Call& call, Escaped arguments);
  void settle_doubt(Call& call, Escaped next);
  void give(Call& call, Escaped last_piece, Deltas& out);
  bool finished(const Call& call) const { return call.begun && call.scan.whole(); }
  void begin_call(Call& call, Deltas& out);
  void end_call(Ending ending, Deltas& out);
  void leave_nameless(Ending ending);
  void open_text(BlockKind kind);
  void give_text(Escaped piece, Deltas& out);
  void end_text(Deltas& out);
  void take_waiting(Deltas& out);
  void advance(Deltas& out);
  Repair repair() const { return context_.flags.repair_tool_json ? Repair::yes : Repair::no; }

  DecodeContext context_;
  Fault fault_;
  std::vector<Call> calls_;
  std::vector<Waiting> waiting_;
  size_t waiting_at_ = 0;    // the first that still waits
  size_t live_ = none;       // the call that is open, or would be if its name were known
  bool text_open_ = false;   // a text has come that has not ended
  bool text_begun_ = false;  // and its BlockBegin went out
  BlockKind text_kind_ = BlockKind::text;
  std::string blanks_;     // what the open text has said before it was begun
  std::string half_pair_;  // an escape whose other half is in the next piece of the open text
  size_t held_bytes_ = 0;
  bool any_content_ = false;
  bool any_call_ = false;
};

}  // namespace signalbox::canonical
