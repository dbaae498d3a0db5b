// What a Messages body must lose on its way to Anthropic itself: thinking that holds another vendor's
// state, and what was refused (translation.md section 5, "Signature provenance", and the last rows of
// section 2). Everything else stays byte for byte.
#include <algorithm>
#include <vector>

#include "dialects/anthropic/reading.h"
#include "dialects/anthropic/removal.h"
#include "dialects/anthropic/request.h"
#include "dialects/canonical/envelope.h"
#include "json/walk.h"

namespace signalbox::dialects::anthropic {
namespace {

using json::Token;

constexpr std::string_view thinking_path = "messages.thinking";
constexpr std::string_view disabled = R"({"type":"disabled"})";

// Which blocks of the assistant's go: thinking whose state is an envelope, or all thinking.
enum class Going : uint8_t { foreign, all };

struct BlockKind {
  bool thinking = false;
  bool foreign = false;  // thinking whose state is an envelope
  bool result = false;
};

bool is_string(std::string_view value, std::string_view plain) {
  return !value.empty() && value.front() == '"' && json::equals(json::escaped(value), plain);
}

BlockKind kind_of(std::string_view block) {
  BlockKind kind;
  std::string_view type, signature, data;
  json::each_member(block, [&](std::string_view key, std::string_view value) {
    if (json::equals(key, "type")) type = value;
    else if (json::equals(key, "signature")) signature = value;
    else if (json::equals(key, "data")) data = value;
  });
  const bool shown = is_string(type, "thinking"), redacted = is_string(type, "redacted_thinking");
  kind.thinking = shown || redacted;
  kind.foreign = kind.thinking && canonical::is_envelope(json::escaped(shown ? signature : data));
  kind.result = is_string(type, "tool_result");
  return kind;
}

// Makes the edits that take thinking out, as it comes by: a body may have millions of blocks, and only those
// that go are worth memory.
class ThinkingEdits {
 public:
  ThinkingEdits(std::string_view body, Going going, std::vector<Edit>& edits)
      : body_(body), going_(going), edits_(edits) {}

  // False when the body is not JSON.
  bool run() {
    json::Reader reader(body_);
    if (reader.next() != Token::begin_object) return false;
    Token token;
    while ((token = reader.next()) == Token::key) {
      const bool is_messages = json::equals(reader.raw(), "messages");
      const bool is_thinking = json::equals(reader.raw(), "thinking");
      const auto value = reader.skip_value();
      if (!value) return false;
      if (is_messages) read_history(*value);
      if (is_thinking) thinking_ = *value;
    }
    if (token != Token::end_object || reader.next() != Token::end) return false;
    // With a budget a turn must begin with its thinking, or is refused.
    if (turn_loses_thinking_ && is_string(json::member(thinking_, "type"), "enabled"))
      edits_.push_back({"thinking", offset_of(thinking_), offset_of(thinking_) + thinking_.size(), disabled});
    return true;
  }

 private:
  size_t offset_of(std::string_view part) const { return size_t(part.data() - body_.data()); }

  bool goes(const BlockKind& block) const { return going_ == Going::all ? block.thinking : block.foreign; }

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
      bool empty = false;
      if (is_string(role, "assistant")) {
        turn = true;
        answered = false;
        empty = read_blocks(content, turn_loses);
      } else if (turn && !answered) {
        json::each_element(content, [&](std::string_view block) { answered = answered || kind_of(block).result; });
      }
      const size_t begin = offset_of(message);
      messages.add(begin, begin + message.size(), empty ? thinking_path : std::string_view());
    });
    messages.close();
    turn_loses_thinking_ = turn && answered && (going_ == Going::all || turn_loses);
  }

  // The blocks of a message of the assistant's. True when none is left; then the message goes instead.
  bool read_blocks(std::string_view content, bool& turn_loses) {
    const size_t edits_before = edits_.size();
    bool any_goes = false, any_stays = false, begins_with_thinking = false;
    Listing blocks(edits_);
    json::each_element(content, [&](std::string_view block) {
      const BlockKind kind = kind_of(block);
      if (goes(kind)) {
        any_goes = true;
      } else if (!any_stays) {
        any_stays = true;
        begins_with_thinking = kind.thinking;
      }
      const size_t begin = offset_of(block);
      blocks.add(begin, begin + block.size(), goes(kind) ? thinking_path : std::string_view());
    });
    blocks.close();
    turn_loses = any_goes && !begins_with_thinking;
    if (!any_goes || any_stays) return false;
    edits_.resize(edits_before);
    return true;
  }

  std::string_view body_;
  Going going_;
  std::vector<Edit>& edits_;
  std::string_view thinking_;  // the body's own member
  bool turn_loses_thinking_ = false;
};

// Whether a string in `body` begins with the mark of an envelope. Dots are rarer than quotes.
bool has_envelope(std::string_view body) {
  constexpr std::string_view mark = "\"sb1.";
  static_assert(mark.substr(1) == canonical::envelope_mark);
  for (size_t dot = body.find('.'); dot != body.npos; dot = body.find('.', dot + 1))
    if (dot + 1 >= mark.size() && body.substr(dot + 1 - mark.size(), mark.size()) == mark) return true;
  return false;
}

// Both in one list. Where two overlap, the one that holds the other stays. Each list is in order.
std::vector<Edit> together(std::span<const Edit> members, std::span<const Edit> thinking) {
  std::vector<Edit> all;
  size_t m = 0, t = 0;
  while (m < members.size() && t < thinking.size()) {
    if (members[m].end <= thinking[t].begin) {
      all.push_back(members[m++]);
    } else if (thinking[t].end <= members[m].begin) {
      all.push_back(thinking[t++]);
    } else if (members[m].begin <= thinking[t].begin && thinking[t].end <= members[m].end) {
      ++t;
    } else {
      ++m;
    }
  }
  all.insert(all.end(), members.begin() + std::ptrdiff_t(m), members.end());
  all.insert(all.end(), thinking.begin() + std::ptrdiff_t(t), thinking.end());
  return all;
}

void put_in_order(std::vector<Edit>& edits) {
  std::sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) { return a.begin < b.begin; });
}

}  // namespace

std::span<const Edit> removals(std::string_view body, const Unwanted& unwanted, Arena& arena) {
  std::vector<Edit> thinking, members;
  if (unwanted.thinking || has_envelope(body)) {
    if (!ThinkingEdits(body, unwanted.thinking ? Going::all : Going::foreign, thinking).run()) return {};
    put_in_order(thinking);
  }
  append_member_removals(body, unwanted.members, members);
  put_in_order(members);
  const std::vector<Edit> all = together(members, thinking);
  const std::span<Edit> kept = arena.array<Edit>(all.size());
  std::copy(all.begin(), all.end(), kept.begin());
  return kept;
}

}  // namespace signalbox::dialects::anthropic
