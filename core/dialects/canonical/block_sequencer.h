// Makes one orderly sequence of blocks of pieces that come in any order: the one owner of opening and
// closing blocks for dialects whose frames do not say it (translation.md section 11.2).
//
//   pieces                       deltas
//   text "a"                     begin text, "a"
//   call 0 "Bash" {"x            end, begin tool_call, {"x
//   call 1 "Read" {"y"           (held)
//   call 0 ":1}                  ":1}
//   text "b"                     (held, behind the calls)
//   close                        end, begin tool_call Read, {"y"..., end, begin text, "b", end
//
// The lowest open call is streamed live, later ones are held and follow in order. Held bytes are bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/canonical/delta.h"
#include "dialects/canonical/parts.h"

namespace signalbox::canonical {

class BlockSequencer {
 public:
  explicit BlockSequencer(const DecodeContext& context);

  // Pieces, in the order of arrival; empty ones are nothing. Each appends what can be said now.
  void text(BlockKind kind, Escaped piece, Deltas& out);  // text, refusal, thinking
  // `index`: which call of the answer, as the upstream counts; -1 when it does not. `id`, `name`: plain,
  // empty when this piece does not say. `arguments`: more of the JSON text, escaped.
  void call(int64_t index, std::string_view id, std::string_view name, Escaped arguments, Deltas& out);

  // The state of the thinking block that is open or was closed last goes out with its end.
  void thinking_state(const Provenance& from);

  // No more pieces: closes and gives out everything. A call whose arguments are no JSON object, or whose
  // name never came, is a fault (upstream_broken), and then nothing more is said.
  Fault close(Deltas& out);

  // Whether anything was said that a client would call content, and whether a call was among it.
  bool any_content() const;
  bool any_call() const;

 private:
  // Left to block_sequencer.cpp's author.
};

}  // namespace signalbox::canonical
