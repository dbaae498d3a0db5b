// Reasoning that comes inside the text, between <think> and </think>: for lanes with the flag think_tags.
// A tag may be cut anywhere between two pieces, and its letters may be escaped. Blanks behind a tag belong
// to the tag. A text that ends inside the reasoning was all reasoning; a </think> that nothing opened is
// text.
#pragma once

#include <string>

#include "dialects/canonical/block_sequencer.h"

namespace signalbox::dialects::openai_chat {

class ThinkTags {
 public:
  // Hands `piece` on to `blocks`, as text or as thinking, less what may be the beginning of a tag.
  void feed(json::Escaped piece, canonical::BlockSequencer& blocks, canonical::Deltas& out);

  // Hands on what was kept back: something else than text comes now, or nothing.
  void flush(canonical::BlockSequencer& blocks, canonical::Deltas& out);

 private:
  void say(std::string_view inside, canonical::BlockSequencer& blocks, canonical::Deltas& out) const;

  std::string begun_;  // what may be the beginning of a tag; shorter than one
  bool thinking_ = false;
  bool behind_tag_ = false;
};

}  // namespace signalbox::dialects::openai_chat
