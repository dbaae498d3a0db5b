// What a Messages body must lose on its way to Anthropic itself: thinking that holds another vendor's
// state, and what was refused (translation.md section 5, "Signature provenance", and the last rows of
// section 2). Everything else stays byte for byte.
#include <algorithm>
#include <vector>

#include "dialects/anthropic/reading.h"
#include "dialects/anthropic/request.h"
#include "dialects/canonical/envelope.h"
#include "dialects/member_removal.h"
#include "json/walk.h"

namespace signalbox::dialects::anthropic {
namespace {

using json::Token;

constexpr std::string_view thinking_path = "messages.thinking";
constexpr std::string_view context_management = "context_management";
constexpr std::string_view disabled = R"({"type":"disabled"})";

// Which blocks of the assistant's go: thinking whose state is an envelope, or all thinking.
enum class Going : uint8_t { foreign, all };

struct BlockKind {
  bool thinking = false;
  bool foreign = false;  // thinking whose state is an envelope
  bool result = false;
  bool blank = false;        // a text of nothing but blanks
  std::string_view content;  // of a result
  bool is_error = false;
};

// What goes of a body's blocks.
struct Goal {
  Going thinking = Going::foreign;
  bool blank_texts = false;
};

bool is_string(std::string_view value, std::string_view plain) {
  return !value.empty() && value.front() == '"' && json::equals(json::escaped(value), plain);
}

bool is_blank_string(std::string_view value) {
  return !value.empty() && value.front() == '"' && json::is_blank(json::escaped(value));
}

BlockKind kind_of(std::string_view block) {
  BlockKind kind;
  std::string_view type, signature, data, text;
  json::each_member(block, [&](std::string_view key, std::string_view value) {
    if (json::equals(key, "type")) type = value;
    else if (json::equals(key, "signature")) signature = value;
    else if (json::equals(key, "data")) data = value;
    else if (json::equals(key, "text")) text = value;
    else if (json::equals(key, "content")) kind.content = value;
    else if (json::equals(key, "is_error")) kind.is_error = value == "true";
  });
  const bool shown = is_string(type, "thinking"), redacted = is_string(type, "redacted_thinking");
  kind.thinking = shown || redacted;
  kind.foreign = kind.thinking && canonical::is_envelope(json::escaped(shown ? signature : data));
  kind.result = is_string(type, "tool_result");
  kind.blank = is_string(type, "text") && is_blank_string(text);
  return kind;
}

// What is left to do where thinking is put off: Anthropic refuses to clear thinking from a context then.
enum class Clearing : uint8_t { none, all_there_is };

// Makes the edits that take blocks out, as they come by: a body may have millions of blocks, and only those
// that go are worth memory.
class BlockEdits {
 public:
  BlockEdits(std::string_view body, const Goal& goal, std::vector<Edit>& edits)
      : body_(body), goal_(goal), edits_(edits) {}

  // False when the body is not JSON.
  bool run() {
    json::Reader reader(body_);
    if (reader.next() != Token::begin_object) return false;
    Token token;
    while ((token = reader.next()) == Token::key) {
      const bool is_messages = json::equals(reader.raw(), "messages");
      const bool is_thinking = json::equals(reader.raw(), "thinking");
      const bool is_system = json::equals(reader.raw(), "system");
      const bool is_context_management = json::equals(reader.raw(), context_management);
      const auto value = reader.skip_value();
      if (!value) return false;
      if (is_messages) read_history(*value);
      if (is_thinking) thinking_ = *value;
      if (is_system && goal_.blank_texts) read_texts(*value, "[]");
      if (is_context_management) context_management_ = *value;
    }
    if (token != Token::end_object || reader.next() != Token::end) return false;
    // With a budget a turn must begin with its thinking, or is refused.
    if (turn_loses_thinking_ && is_string(json::member(thinking_, "type"), "enabled")) {
      replace("thinking", thinking_, disabled);
      read_clearing();
    }
    return true;
  }

  // Whether what manages the context has nothing to do any more, and should go whole.
  Clearing clearing() const { return clearing_; }

 private:
  void replace(std::string_view path, std::string_view value, std::string_view by) {
    edits_.push_back({path, offset_of(value), offset_of(value) + value.size(), by});
  }

  // The list of a container's elements; none is left where its edits are dropped for something larger.
  template <class PathOf>
  bool read_list(std::string_view array, PathOf&& path_of) {
    const size_t edits_before = edits_.size();
    bool any_goes = false, any_stays = false;
    Listing list(edits_);
    json::each_element(array, [&](std::string_view element) {
      const std::string_view path = path_of(element);
      (path.empty() ? any_stays : any_goes) = true;
      list.add(offset_of(element), offset_of(element) + element.size(), path);
    });
    list.close();
    if (!any_goes || any_stays) return false;
    edits_.resize(edits_before);
    return true;
  }

  // A content of texts, or a text. Where nothing but blanks is in it, it becomes `otherwise`.
  void read_texts(std::string_view content, std::string_view otherwise) {
    const auto path_of = [](std::string_view block) {
      return kind_of(block).blank ? blank_text_path : std::string_view();
    };
    if (is_blank_string(content) || read_list(content, path_of)) replace(blank_text_path, content, otherwise);
  }

  void read_clearing() {
    const bool all = read_list(json::member(context_management_, "edits"), [](std::string_view element) {
      std::string type;  // a date is behind it
      json::unescape(json::escaped(json::member(element, "type")), type);
      return type.rfind("clear_thinking_", 0) == 0 ? context_management : std::string_view();
    });
    if (all) clearing_ = Clearing::all_there_is;
  }

  size_t offset_of(std::string_view part) const { return size_t(part.data() - body_.data()); }

  bool thinking_goes(const BlockKind& block) const {
    return goal_.thinking == Going::all ? block.thinking : block.foreign;
  }

  // Of duplicates the last is the history that counts, but none may hold what goes.
  void read_history(std::string_view history) {
    bool turn = false;        // a message of the assistant's has been seen,
    bool turn_loses = false;  // which does not begin with its thinking any more,
    bool answered = false;    // and results of its tools behind it
    Listing messages(edits_);
    json::each_element(history, [&](std::string_view message) {
      std::string_view role, content;
      json::each_member(message, [&](std::string_view key, std::string_view value) {
        if (json::equals(key, "role")) role = value;
        else if (json::equals(key, "content")) content = value;
      });
      Message read{is_string(role, "assistant"), {}, false, false};
      if (read.assistant || goal_.blank_texts || (turn && !answered)) read_blocks(content, read);
      if (read.assistant) {
        turn = true;
        answered = false;
        turn_loses = read.loses_thinking;
      } else if (turn) {
        answered = answered || read.has_result;
      }
      if (goal_.blank_texts && is_blank_string(content)) read.goes_as = blank_text_path;
      const size_t begin = offset_of(message);
      messages.add(begin, begin + message.size(), read.goes_as);
    });
    messages.close();
    turn_loses_thinking_ = turn && answered && (goal_.thinking == Going::all || turn_loses);
  }

  struct Message {
    bool assistant = false;
    std::string_view goes_as;  // the path, where no block of it is left
    bool loses_thinking = false;
    bool has_result = false;
  };

  void read_blocks(std::string_view content, Message& message) {
    bool thinking_goes_here = false, any_stays = false, begins_with_thinking = false;
    // A result never goes, so that what its own content loses is made after the list that it stands in.
    const bool empty = read_list(content, [&](std::string_view block) {
      const BlockKind kind = kind_of(block);
      message.has_result = message.has_result || kind.result;
      std::string_view path;
      if (message.assistant && thinking_goes(kind)) path = thinking_path;
      else if (goal_.blank_texts && kind.blank) path = blank_text_path;
      if (path == thinking_path) thinking_goes_here = true;
      if (!path.empty()) return path;
      if (!any_stays) begins_with_thinking = kind.thinking;
      any_stays = true;
      return path;
    });
    message.loses_thinking = thinking_goes_here && !begins_with_thinking;
    if (empty) message.goes_as = thinking_goes_here ? thinking_path : blank_text_path;
    if (!goal_.blank_texts || !message.has_result) return;
    json::each_element(content, [&](std::string_view block) {
      const BlockKind kind = kind_of(block);
      // Anthropic wants to know what went wrong.
      if (kind.result) read_texts(kind.content, kind.is_error ? R"("error")" : R"("")");
    });
  }

  std::string_view body_;
  const Goal goal_;
  std::vector<Edit>& edits_;
  std::string_view thinking_;  // the body's own member
  std::string_view context_management_;
  bool turn_loses_thinking_ = false;
  Clearing clearing_ = Clearing::none;
};

}  // namespace

std::span<const Edit> removals(std::string_view body, const Unwanted& unwanted, Arena& arena) {
  std::vector<Edit> blocks;
  std::vector<std::string_view> paths;
  BlockEdits edits(body, {unwanted.thinking ? Going::all : Going::foreign, unwanted.blank_texts}, blocks);
  if (!edits.run()) return {};
  if (edits.clearing() == Clearing::all_there_is) paths.push_back(context_management);
  // All members in one go, so that neighbours do not take the same comma. Who names a member counts.
  paths.insert(paths.end(), unwanted.members.begin(), unwanted.members.end());
  return with_member_removals(body, blocks, paths, kept, arena);
}

}  // namespace signalbox::dialects::anthropic
