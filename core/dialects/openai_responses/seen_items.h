// Which items of an answer have been seen, and what of them has been said: an item comes in pieces, as a whole, and
// once more in the last event, and some servers leave out any of the three.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/fnv.h"
#include "json/escaped.h"

namespace signalbox::dialects::openai_responses {

enum class ItemKind : uint8_t { message, reasoning, function_call, custom_call, search, other };

ItemKind item_kind(std::string_view type);

// A hash of an id, never 0; 0 where there is none. Ids can be long, and only their likeness counts.
uint64_t hash_of(json::Escaped id);

struct SeenItem {
  ItemKind kind = ItemKind::other;
  int64_t index = -1;  // its place in the output, as the upstream counts; -1: not said
  uint64_t id = 0;
  uint64_t call_id = 0;
  uint64_t parts = 0;      // one bit for each part of which something was said
  int64_t far_part = -1;   // of those that have no bit, the last of which something was said
  int64_t last_part = -1;  // the one of which something was said last; -1: none
  size_t said_bytes = 0;   // of that part, escaped as it came
  uint64_t said_hash = base::fnv1a_begin;
  bool named = false;   // of calls: id and name were said
  bool done = false;    // all of it was said
  bool listed = false;  // it was found in the list of the last event

  bool has_said(int64_t part) const { return part < bits ? (parts >> bit_of(part) & 1) != 0 : part <= far_part; }
  void say(int64_t part, json::Escaped text);
  // What of the part was not said yet, `whole` being all of it: the end, where it begins with what was said.
  json::Escaped unsaid(int64_t part, json::Escaped whole) const;

 private:
  static constexpr int64_t bits = 64;
  static unsigned bit_of(int64_t part) { return unsigned(std::max<int64_t>(part, 0)); }
};

class SeenItems {
 public:
  // So many are told apart in one answer. Agents make tens of calls at a time, each with reasoning before it.
  static constexpr size_t count_max = 4096;
  static constexpr size_t none = size_t(-1);

  SeenItem& operator[](size_t at) { return items_[at]; }
  size_t size() const { return items_.size(); }

  // The item that an event speaks of: the newest with this id; else the newest at this index, for some servers give
  // an item another id in each event; where neither is said, the newest that is not done.
  size_t find(ItemKind kind, uint64_t id, int64_t index) const;
  // The one that begins here, where it has been heard of; none where the index has gone to another.
  size_t find_begun(ItemKind kind, uint64_t id, int64_t index) const;
  // The one that is here said whole; none where it is another call.
  size_t find_whole(ItemKind kind, uint64_t id, int64_t index, uint64_t call_id) const;
  // The first that is not listed yet and has this id, or as a call this call_id.
  size_t find_unlisted(ItemKind kind, uint64_t id, uint64_t call_id) const;
  // The first of all that are not listed yet.
  size_t find_unlisted(ItemKind kind) const;

  // None when there are too many.
  size_t add(ItemKind kind, uint64_t id, int64_t index);

 private:
  std::vector<SeenItem> items_;
};

}  // namespace signalbox::dialects::openai_responses
