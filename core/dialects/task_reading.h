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

// Who says a part of the history.
enum class Speaker : uint8_t {
  user,
  result,  // what a tool has brought, which stands in the user's turn and chooses nobody
  assistant,
  system,
  other
};

struct Turn {
  Speaker speaker = Speaker::other;
  std::string_view content;  // raw
};

// What is read of one request, while it is read.
class TaskReading;

// How a dialect says what is asked about. One walk reads all of them (read_task_facts).
struct TaskWords {
  std::span<const RootMember> members;
  size_t history;  // which of them is the history: a list of turns, or one alone; anything else goes to `take`
  // Members of a turn that are looked at, turn_members_max at most, and whether a key is one of them.
  std::span<const std::string_view> of_turn;
  bool (*is_key)(std::string_view key, std::string_view name);
  // A turn, of the values of these members, raw; empty where there is none.
  Turn (*turn_of)(std::span<const std::string_view> values);
  Media (*media_of)(std::string_view content);
  // Any other of `members`, by its place there, with its value, raw.
  void (*take)(TaskReading& reading, size_t member, std::string_view value);
  Tags::Empty empty;  // a block of which a tag has left nothing
};

inline constexpr size_t turn_members_max = 4;

class TaskReading {
 public:
  TaskReading(std::string_view body, FactSet wanted, Arena& of, const TaskWords& by);

  // Tools of the OpenAI and Anthropic shape: objects with a "type".
  void take_tools(std::string_view value);
  // The higher one of several.
  void take_effort(std::string_view word);

  Arena& arena;
  routing::TaskFacts facts;
  Tags tags;
  bool thinking_off = false;  // whatever effort is said beside it

 private:
  friend routing::TaskFactsResult read_task_facts(const TaskWords& words, std::string_view body, FactSet wanted,
                                                  Arena& arena);

  bool read_turn(json::Reader& reader);
  bool read_history(json::Reader& reader);
  void take_turn(const Turn& turn);
  void finish();

  const TaskWords& words_;
  Media media_;
  std::vector<std::string_view> last_;  // the contents of the user's last turn, raw
  bool answered_ = false;               // and the assistant has answered to it
};

// The facts that are `wanted` of `body`, as DialectRow::read_task_facts.
routing::TaskFactsResult read_task_facts(const TaskWords& words, std::string_view body, FactSet wanted, Arena& arena);

// What the string `value` spells, in `arena`; empty where it is none.
std::string_view plain_string(std::string_view value, Arena& arena);

}  // namespace signalbox::dialects
