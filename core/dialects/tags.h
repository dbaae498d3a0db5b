// Tags in a client's texts that name who answers (translation.md section 14, docs/routing.md):
//
//   <CCR-SUBAGENT-MODEL>NAME</CCR-SUBAGENT-MODEL>
//
// Taken from the beginning of system texts, and as the very first of a message of the user's; never from what tools
// have brought, which anybody may have written. A tag is taken out wherever one is taken from; all other bytes stay.
// It may be spelled with JSON's escapes, for it is what it spells.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "dialects/dialect.h"
#include "routing/facts.h"

namespace signalbox::dialects {

// The longest name in a tag, in bytes as they stand: the longest name of a model with its provider's, and room for
// escapes. What is longer is text.
inline constexpr size_t tag_name_bytes_max = 512;
// How many tags are looked at in one request; what is beyond is text. A request has one, or one for each of some turns.
inline constexpr size_t tags_max = 16;
// How far into a system text a tag may begin: agents put their own words first, and what follows may quote others.
inline constexpr size_t tag_within_bytes = 4096;

class Tags {
 public:
  // What becomes of a block of which no text would be left.
  enum class Empty : uint8_t { stays, goes };

  // Of views into `body`, which outlives this; what is kept is in `arena`.
  Tags(std::string_view body, Arena& arena, Empty empty) : body_(body), arena_(arena), empty_(empty) {}

  // `content` is a value of the body, a string or a list of objects with a member "text": of a system prompt, or of a
  // message of the user's. Once each, in the order of the body.
  void look_in_system(std::string_view content);
  void look_in_user(std::string_view content);

  void tell(routing::TaskFacts& facts);

 private:
  enum class Where : uint8_t { system, user };
  enum class Left : uint8_t { all, some, none };  // of a text

  Left look(std::string_view string, Where where);
  bool take(std::string_view inside, size_t& at, Where where);

  std::string_view body_;
  Arena& arena_;
  Empty empty_;
  size_t count_ = 0;
  bool named_ = false, named_by_system_ = false;
  std::string_view name_;
  std::vector<Edit> cuts_, within_;
};

}  // namespace signalbox::dialects
