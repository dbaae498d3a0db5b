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

struct BlockPlace {
  size_t begin = 0;
  size_t end = 0;
  bool thinking = false;
  bool foreign = false;  // thinking whose state is an envelope
  bool result = false;
};

struct MessagePlace {
  size_t begin = 0;
  size_t end = 0;
  bool assistant = false;
  std::vector<BlockPlace> blocks;  // none where the content is no array
};

// Where the parts of a body are that an edit may concern.
struct BodyPlaces {
  std::vector<std::vector<MessagePlace>> histories;  // one for each member called "messages"
  size_t thinking_begin = 0;                         // of the value of "thinking"; 0: there is none
  size_t thinking_end = 0;
  bool thinking_enabled = false;  // with a budget: only then a turn must begin with its thinking
};

bool is_string(std::string_view value, std::string_view plain) {
  return !value.empty() && value.front() == '"' && json::equals(json::escaped(value), plain);
}

BlockPlace block_place(std::string_view body, std::string_view text) {
  BlockPlace place;
  place.begin = size_t(text.data() - body.data());
  place.end = place.begin + text.size();
  std::string_view type, signature, data;
  json::each_member(text, [&](std::string_view key, std::string_view value) {
    if (json::equals(key, "type")) type = value;
    else if (json::equals(key, "signature")) signature = value;
    else if (json::equals(key, "data")) data = value;
  });
  const bool shown = is_string(type, "thinking"), redacted = is_string(type, "redacted_thinking");
  place.thinking = shown || redacted;
  place.foreign = place.thinking && canonical::is_envelope(json::escaped(shown ? signature : data));
  place.result = is_string(type, "tool_result");
  return place;
}

// From the array's begin, which `reader` has just given. False when the text is not JSON.
bool read_history(json::Reader& reader, std::string_view body, std::vector<MessagePlace>& history) {
  Token token;
  while ((token = reader.next()) == Token::begin_object) {
    MessagePlace& message = history.emplace_back();
    message.begin = reader.offset();
    while ((token = reader.next()) == Token::key) {
      const bool is_content = json::equals(reader.raw(), "content"), is_role = json::equals(reader.raw(), "role");
      const auto value = reader.skip_value();
      if (!value) return false;
      if (is_role) message.assistant = is_string(*value, "assistant");
      if (!is_content) continue;
      message.blocks.clear();
      json::each_element(*value, [&](std::string_view block) { message.blocks.push_back(block_place(body, block)); });
    }
    if (token != Token::end_object) return false;
    message.end = reader.end_offset();
  }
  return token == Token::end_array;
}

bool read_places(std::string_view body, BodyPlaces& places) {
  json::Reader reader(body);
  if (reader.next() != Token::begin_object) return false;
  Token token;
  while ((token = reader.next()) == Token::key) {
    if (json::equals(reader.raw(), "messages")) {
      json::Reader at_value = reader;
      if (at_value.next() == Token::begin_array) {
        reader = at_value;
        if (!read_history(reader, body, places.histories.emplace_back())) return false;
        continue;
      }
    }
    const bool is_thinking = json::equals(reader.raw(), "thinking");
    const auto value = reader.skip_value();
    if (!value) return false;
    if (!is_thinking) continue;
    places.thinking_begin = size_t(value->data() - body.data());
    places.thinking_end = places.thinking_begin + value->size();
    places.thinking_enabled = is_string(json::member(*value, "type"), "enabled");
  }
  return token == Token::end_object && reader.next() == Token::end;
}

enum class Going : uint8_t { foreign, all };

bool goes(const MessagePlace& message, const BlockPlace& block, Going going) {
  return message.assistant && (going == Going::all ? block.thinking : block.foreign);
}

// The last message of the assistant's, where results of its tools follow; null where no loop is open.
const MessagePlace* open_turn(const std::vector<MessagePlace>& history) {
  bool results = false;
  for (auto message = history.rbegin(); message != history.rend(); ++message) {
    if (message->assistant) return results ? &*message : nullptr;
    results = results || std::any_of(message->blocks.begin(), message->blocks.end(),
                                     [](const BlockPlace& block) { return block.result; });
  }
  return nullptr;
}

// Whether the open turn will not begin with its thinking any more. With a budget that is refused.
bool turn_loses_thinking(const std::vector<MessagePlace>& history, Going going) {
  const MessagePlace* turn = open_turn(history);
  if (!turn) return false;
  if (going == Going::all) return true;
  const auto went = [&](const BlockPlace& block) { return goes(*turn, block, going); };
  const auto first = std::find_if_not(turn->blocks.begin(), turn->blocks.end(), went);
  const bool any = std::any_of(turn->blocks.begin(), turn->blocks.end(), went);
  return any && (first == turn->blocks.end() || !first->thinking);
}

void append_thinking_edits(const BodyPlaces& places, Going going, std::vector<Edit>& edits) {
  std::vector<Listed> list, messages;
  for (const std::vector<MessagePlace>& history : places.histories) {
    messages.clear();
    for (const MessagePlace& message : history) {
      const auto went = [&](const BlockPlace& block) { return goes(message, block, going); };
      const bool empty = !message.blocks.empty() && std::all_of(message.blocks.begin(), message.blocks.end(), went);
      messages.push_back({message.begin, message.end, empty ? thinking_path : std::string_view()});
      if (empty) continue;
      list.clear();
      for (const BlockPlace& block : message.blocks)
        list.push_back({block.begin, block.end, went(block) ? thinking_path : std::string_view()});
      append_removals(list, edits);
    }
    append_removals(messages, edits);
  }
  if (places.thinking_enabled && !places.histories.empty() && turn_loses_thinking(places.histories.back(), going))
    edits.push_back({"thinking", places.thinking_begin, places.thinking_end, disabled});
}

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
    BodyPlaces places;
    if (!read_places(body, places)) return {};
    append_thinking_edits(places, unwanted.thinking ? Going::all : Going::foreign, thinking);
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
