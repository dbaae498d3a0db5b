// Puts the items of a Response into blocks: in pieces, as wholes, and as the last event has them. What its pieces said
// of an item is not said again when it comes whole; what they did not say is taken from there.
//
//   message           text and refusal
//   reasoning         thinking: its summary, the parts of which are joined by a blank line; its own text where there is
//                     no summary. With encrypted_content the whole item is the block's state
//   function_call     a call; a namespace is said before its name and "__", as requests say it
//   custom_tool_call  a call with the arguments {"input": "..."}
//   web_search_call   a search
// Others are named as lost.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dialects/canonical/block_sequencer.h"
#include "dialects/openai_responses/event.h"
#include "dialects/openai_responses/seen_items.h"

namespace signalbox::dialects::openai_responses {

// What an event's text is a part of.
struct PartKind {
  ItemKind item = ItemKind::other;
  canonical::BlockKind block = canonical::BlockKind::text;
  bool own_text = false;  // of reasoning: no part of its summary
};

class ItemReader {
 public:
  // The context's references outlive this.
  explicit ItemReader(const canonical::DecodeContext& context) : losses_(context.losses), blocks_(context) {}

  // event.delta is more of a part, `text` all of it.
  void piece(const PartKind& kind, const Event& event, canonical::Deltas& out);
  void part_end(const PartKind& kind, const Event& event, Escaped text, canonical::Deltas& out);
  // The same, of a part that comes as an object.
  void content_end(const Event& event, canonical::Deltas& out);

  // event.item, as it begins and as it is.
  void item_begin(const Event& event, canonical::Deltas& out);
  void item_end(const Event& event, canonical::Deltas& out);
  // The whole output once more, a list: what was not said so far.
  void output(std::string_view items, canonical::Deltas& out);

  // No more items: canonical::BlockSequencer::close.
  Fault close(canonical::Ending ending, canonical::Deltas& out);

  const Fault& fault() const { return fault_ ? fault_ : blocks_.fault(); }
  bool any_call() const { return blocks_.any_call(); }
  bool any_refusal() const { return any_refusal_; }

 private:
  struct Item;

  size_t item_of(const PartKind& kind, const Event& event);
  size_t add(ItemKind kind, uint64_t id, int64_t index);
  void take(size_t at, const Item& item, canonical::Deltas& out);
  void take_content(size_t at, std::string_view content, canonical::Deltas& out);
  void take_reasoning(size_t at, const Item& item, canonical::Deltas& out);
  void take_search(const Item& item, canonical::Deltas& out);
  void name_call(size_t at, const Item& item, canonical::Deltas& out);
  void say(size_t at, int64_t part, canonical::BlockKind kind, Escaped text, canonical::Deltas& out);
  void say_rest(size_t at, int64_t part, canonical::BlockKind kind, Escaped whole, canonical::Deltas& out);
  void say_input(size_t at, Escaped input, canonical::Deltas& out);
  void end_input(size_t at, Escaped input, canonical::Deltas& out);
  void speak(size_t at, canonical::Deltas& out);
  Escaped twice_escaped(std::string_view text, canonical::Deltas& out);

  canonical::Losses& losses_;
  canonical::BlockSequencer blocks_;
  SeenItems items_;
  Fault fault_;
  size_t speaker_ = SeenItems::none;  // the item that spoke last
  bool any_refusal_ = false;
  std::string scratch_;
};

}  // namespace signalbox::dialects::openai_responses
