// What the readers of task facts share (DialectRow::read_task_facts); each dialect's own stands in its folder.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "dialects/canonical/effort.h"
#include "dialects/tags.h"
#include "json/escaped.h"
#include "json/walk.h"
#include "json/walk_through.h"
#include "routing/facts.h"

namespace signalbox::dialects {

// Whether the JSON value `value` is the string `plain`, or one that begins with it; however it is escaped.
bool is_string(std::string_view value, std::string_view plain);
bool begins_string(std::string_view value, std::string_view plain);

// What media stand in a content.
struct Media {
  bool images = false;
  bool documents = false;

  void add(Media other) {
    images = images || other.images;
    documents = documents || other.documents;
  }
};

// The turns of a history as they come: what the user's last one holds.
class Turns {
 public:
  // The contents of the user's last turn, raw.
  const std::vector<std::string_view>& last() const { return last_; }

  void user(std::string_view content) {
    if (answered_) last_.clear();
    answered_ = false;
    last_.push_back(content);
  }
  void assistant() { answered_ = true; }

 private:
  std::vector<std::string_view> last_;
  bool answered_ = false;
};

// A member at a body's root, and the facts that hang on it.
struct RootMember {
  std::string_view name;
  FactSet facts;
};

// The values of such members; and the fault where one that is asked for stands twice, since two readers could then
// disagree.
class RootMembers {
 public:
  RootMembers(std::string_view body, std::span<const RootMember> members, FactSet wanted)
      : body_(body), members_(members), wanted_(wanted) {}

  // Which of them the key is; their count where it is none, or none that is asked for. Notes that it has been there.
  size_t which(std::string_view key);
  Fault fault;

 private:
  std::string_view body_;
  std::span<const RootMember> members_;
  FactSet wanted_;
  uint32_t seen_ = 0;
};

// What the string `value` spells, in `arena`; empty where it is none.
std::string_view plain_string(std::string_view value, Arena& arena);

}  // namespace signalbox::dialects
