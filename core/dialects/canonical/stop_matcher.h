// Stop sequences that an upstream is not told, because its dialect has no member for them or takes fewer: the gateway
// looks for them itself, between decoder and encoder (translation.md section 2, "stop_sequences").
//
//   deltas ── StopMatcher ──> deltas, and where one of the sequences stands: end, stopped, end
//
// It looks at texts only, never at reasoning, refusals or arguments, and at what they mean, however they are escaped
// and cut. What may still become a sequence is held; no more than the longest of them. The sequence that is complete
// first counts, and of those the longest: what a model that stops by itself would have got to.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/canonical/parts.h"

namespace signalbox::canonical {

// How many sequences are looked for, and how long one may be as the client spells it. No provider that publishes a
// bound takes more, and each costs time with every byte of an answer.
inline constexpr size_t stops_left_max = 16;
inline constexpr size_t stop_bytes_max = 1024;

// For writers: leaves `sequence` to the gateway, or notes it as lost where nobody looks for it.
void leave_stop(Escaped sequence, const WriteContext& context);

class StopMatcher {
 public:
  // Copies the sequences. None: everything passes as it is.
  explicit StopMatcher(std::span<const Escaped> sequences);
  StopMatcher(const StopMatcher&) = delete;  // it points into itself
  StopMatcher& operator=(const StopMatcher&) = delete;

  bool looks() const { return !patterns_.empty(); }

  // Appends what the deltas of one step become. After a match only counts pass, and the step ends with
  // AnswerEnd. Views among what is appended live as long as `in`, `out` and this do.
  void take(const std::vector<Delta>& in, Deltas& out);

  // Whether the answer has been ended here.
  bool matched() const { return matched_ != nullptr; }

 private:
  struct Pattern {
    std::string said;            // as the client spells it, escaped
    std::string plain;           // what it means, as UTF-8
    std::vector<uint16_t> back;  // of each prefix: the longest shorter one that it ends with
    size_t at = 0;               // how much of `plain` the text ends with
  };

  void take_text(Escaped piece, Deltas& out);
  void give(std::string_view text, Deltas& out);
  void end_text(Deltas& out);
  bool step(char byte);
  size_t begun() const;

  std::vector<Pattern> patterns_;
  std::bitset<256> first_;  // what sequences begin with
  const Pattern* matched_ = nullptr;
  bool in_text_ = false;
  bool text_begun_ = false;  // its BlockBegin went out
  std::string held_;         // the end of the open text, escaped: what may become a sequence, and half a pair behind it
  size_t seen_ = 0;          // how much of it the patterns have seen, in bytes as it is spelled
  size_t seen_plain_ = 0;    // and in bytes of what that means
};

}  // namespace signalbox::canonical
