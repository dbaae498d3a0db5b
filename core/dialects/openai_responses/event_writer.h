// Writes the events of a streamed Response: their names, their numbers and where they belong. One item at a time, and
// one part of it at a time; what an item is made of is its caller's part. Source: the types of the openai SDK.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dialects/canonical/delta.h"

namespace signalbox::dialects::openai_responses {

class EventWriter {
 public:
  // The item that the next events speak of: the kind of its parts, whether it is a custom tool's call, its id and
  // its place in the output.
  struct Item {
    canonical::BlockKind kind = canonical::BlockKind::text;
    bool custom = false;
    std::string_view id;
    int64_t index = 0;
  };

  // "response.created" and the like; `response` is the whole Response, JSON.
  void lifecycle(std::string_view type, std::string_view response, std::string& out);

  // `item` as it begins, and as it is, JSON; `index` is its place in the output.
  void item_added(int64_t index, std::string_view item, std::string& out);
  void item_done(int64_t index, std::string_view item, std::string& out);

  // Part number `part` of the item, its pieces, and all that they said; escaped. Calls have one, without a number.
  void begin_part(const Item& at, int64_t part, std::string& out);
  void piece(json::Escaped text, std::string& out);
  void end_part(json::Escaped text, std::string& out);

  // An event that says nothing but its type and its item.
  void step(std::string_view type, const Item& at, std::string& out);

 private:
  static void begin(std::string_view type, std::string_view suffix, std::string& out);
  void begin_in_part(std::string_view type, std::string_view suffix, std::string& out) const;
  void end(std::string& out);
  void write_item(std::string_view suffix, int64_t index, std::string_view item, std::string& out);

  int64_t sequence_ = 0;     // of the next event
  Item at_;                  // of the open part
  std::string place_;        // the members that say where the open part is
  std::string piece_begin_;  // what stands before every piece of the open part
};

}  // namespace signalbox::dialects::openai_responses
