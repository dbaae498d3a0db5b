// The input of a Responses body: items, of which some together are what other dialects call a message (translation.md
// section 15, "R -> A/C/G"). The normal form joins what neighbouring items of one role say.
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "dialects/canonical/envelope.h"
#include "dialects/openai_responses/openai_responses.h"
#include "dialects/openai_responses/reading.h"
#include "json/walk.h"
#include "json/writer.h"

namespace signalbox::dialects::openai_responses {
namespace {

using canonical::Role;
using canonical::Text;
using canonical::Thinking;
using canonical::ToolCall;
using canonical::ToolResult;
using json::Token;

// The members of an item that mean something, raw; "content" and "output" are read as they come.
enum Member : size_t {
  type,
  role,
  id,
  call_id,
  name,
  group,
  arguments,
  input,
  action,
  operation,
  status,
  summary,
  encrypted_content,
  tools,
  member_count
};
constexpr std::array<std::string_view, member_count> member_names = {
    "type",  "role",   "id",        "call_id", "name",    "namespace",         "arguments",
    "input", "action", "operation", "status",  "summary", "encrypted_content", "tools"};

// Calls and what came of them by the types of their items. `tool` is the name of the tool where the item has none,
// and `said` where the arguments stand.
struct CallType {
  std::string_view type;
  std::string_view tool;
  Member said;
};
constexpr CallType call_types[] = {{"function_call", {}, arguments},
                                   {"custom_tool_call", {}, input},
                                   {"local_shell_call", "local_shell", action},
                                   {"shell_call", "shell", action},
                                   {"apply_patch_call", "apply_patch", operation}};
// A history that OpenAI made shorter, which nobody else can read.
constexpr std::string_view compaction_types[] = {"compaction", "compaction_summary", "context_compaction"};
bool is_compaction(std::string_view type, std::string_view state) {
  const bool known =
      std::find(std::begin(compaction_types), std::end(compaction_types), type) != std::end(compaction_types);
  return known && !json::escaped(state).empty();
}
constexpr std::string_view result_types[] = {"function_call_output", "custom_tool_call_output",
                                             "local_shell_call_output", "shell_call_output", "apply_patch_call_output"};

class ItemReader {
 public:
  ItemReader(Reading& reading, Input& out) : reading_(reading), out_(out) {}

  bool read(json::Reader& reader) {
    Token token;
    size_t count = 0;
    while ((token = reader.next()) == Token::begin_object) {
      if (!reading_.may_have(++count, "input items") || !reading_.may_have_block()) return false;
      begin_ = reader.offset();
      if (!read_members(reader)) return false;
      end_ = reader.end_offset();
      if (!add() || reading_.failed()) return false;
    }
    if (token == Token::error) return reading_.bad_json(reader.error());
    return token == Token::end_array || reading_.wrong("input", "a list of items", reading_.from(reader.offset()));
  }

 private:
  bool read_members(json::Reader& reader) {
    values_ = {};
    others_.clear();
    content_.clear();
    Token token;
    while ((token = reader.next()) == Token::key) {
      const std::string_view key = reading_.plain({reader.raw()});
      if (key == "content" || key == "output") {
        if (!read_content(reader, reading_, content_)) return false;
        continue;
      }
      const auto value = reader.skip_value();
      if (!value) return reading_.bad_json(reader.error());
      const auto known = std::find(member_names.begin(), member_names.end(), key);
      if (known == member_names.end()) others_.emplace_back(key, *value);
      else values_[size_t(known - member_names.begin())] = *value;
    }
    return token == Token::end_object || reading_.bad_json(reader.error());
  }

  std::string_view place() const { return reading_.from(begin_); }
  std::string_view plain(Member member) { return reading_.plain(json::escaped(values_[member])); }

  bool add() {
    const std::string_view kind = plain(type);
    if (kind == "message" || (kind.empty() && !values_[role].empty())) return lose_others(), add_message();
    if (kind == "reasoning") return add_reasoning();
    for (const CallType& call : call_types)
      if (call.type == kind) return lose_others(), add_call(call);
    for (const std::string_view result : result_types)
      if (result == kind) return lose_others(), add_result();
    if (kind == "item_reference" || (kind.empty() && !values_[id].empty()))
      return reading_.wrong("input", "the items themselves: none are kept here that could be referred to", place());
    if (kind.empty()) return reading_.wrong("input", "a list of items, each with a \"type\"", place());
    if (is_compaction(kind, values_[encrypted_content])) return refuse_compaction(kind);
    if (kind == "additional_tools" || kind == "tool_search_output") {
      json::Reader list(values_[tools]);
      return values_[tools].empty() || read_tools(list, reading_, out_.tools);
    }
    if (kind == "tool_search_call") return true;
    if (kind == "web_search_call") add_search();
    reading_.losses().add("messages", kind);
    return true;
  }

  // Without it another question would be answered, as with a history that is kept elsewhere.
  bool refuse_compaction(std::string_view kind) {
    return reading_.wrong(
        "input",
        reading_.arena().concat({"the history in words: the \"", kind,
                                 "\" item holds it encrypted for the provider that made it; ask for a "
                                 "model of that provider, or begin a new conversation"}),
        place());
  }

  // Of an item that is lost as a whole they are not named.
  void lose_others() {
    for (const auto& [key, value] : others_) reading_.lose("messages", key, value);
  }

  void put(Role speaker, const std::vector<Block>& blocks) {
    out_.messages.push_back({speaker, reading_.keep_blocks(blocks)});
  }
  void put(Role speaker, const Block& block) {
    const std::span<Block> kept = reading_.arena().array<Block>(1);
    kept[0] = block;
    out_.messages.push_back({speaker, {kept.data(), 1}});
  }

  bool add_message() {
    const std::string_view speaker = plain(role);
    if (speaker == "user") return put(Role::user, content_), true;
    if (speaker == "assistant") return put(Role::assistant, content_), true;
    if (speaker != "system" && speaker != "developer")
      return reading_.wrong("role", "user, assistant, system or developer", place());
    const size_t said = content_.size();
    std::erase_if(content_, [](const Block& block) { return !block.as<Text>(); });
    if (content_.size() != said) reading_.losses().add("messages.system");
    if (out_.messages.empty()) {
      out_.system.insert(out_.system.end(), content_.begin(), content_.end());
    } else {
      put(Role::system, content_);
    }
    return true;
  }

  bool add_call(const CallType& kind) {
    ToolCall call;
    call.id = plain(values_[call_id].empty() ? id : call_id);
    call.name = kind.tool.empty() ? joined_name(plain(group), plain(name), reading_) : kind.tool;
    if (call.id.empty() || call.name.empty())
      return reading_.wrong("input", "calls with a \"call_id\" and a \"name\"", place());
    call.input = kind.said == input ? openai::free_text_input(values_[input], reading_)
                                    : openai::read_arguments(values_[kind.said], reading_);
    put(Role::assistant, {call, {}});
    return true;
  }

  bool add_result() {
    ToolResult result;
    result.id = plain(values_[call_id].empty() ? id : call_id);
    result.content = reading_.keep_blocks(content_);
    result.is_error = json::equals(json::escaped(values_[status]), "failed");
    put(Role::user, {result, {}});
    return true;
  }

  // What was searched for, in words: the search itself no other vendor takes.
  void add_search() {
    const std::string_view query = json::string_inside(json::member(values_[action], "query"));
    if (!query.empty()) put(Role::assistant, {Text{{reading_.arena().concat({"[web_search] ", query})}}, {}});
  }

  // An envelope of ours, or OpenAI's own, whose state is the whole item.
  bool add_reasoning() {
    const Escaped state = json::escaped(values_[encrypted_content]);
    const Escaped said = summary_text();
    if (canonical::is_envelope(state)) {
      // Alone, a state belongs to the text; in a list there are the words that it was given out without.
      if (const auto from = canonical::open_envelope(state, reading_.arena())) {
        put(Role::assistant, {Thinking{said, *from, false}, {}});
        return true;
      }
      const auto carried = canonical::open_carried(state, reading_.arena());
      for (const Thinking& thinking : carried) {
        if (!reading_.may_have_block()) return false;
        put(Role::assistant, {thinking, {}});
      }
      if (carried.empty() && !said.empty()) reading_.losses().add("messages.reasoning");
      return true;
    }
    Thinking thinking;
    thinking.text = said;
    thinking.from.vendor = Dialect::openai_responses;
    if (!state.empty()) {
      std::string item;
      json::escape(reading_.from(begin_).substr(0, end_ - begin_), item);
      thinking.from.state = {reading_.arena().copy(item)};
    }
    put(Role::assistant, {thinking, {}});
    return true;
  }

  // The parts of the summary, or where there is none the reasoning itself, a blank line between them.
  Escaped summary_text() {
    std::string text;
    std::string_view only;
    size_t count = 0;
    const auto add_piece = [&](std::string_view piece) {
      if (piece.empty()) return;
      if (count++ == 0) only = piece;
      else if (count == 2) text.append(only).append("\\n\\n").append(piece);
      else text.append("\\n\\n").append(piece);
    };
    json::each_element(values_[summary],
                       [&](std::string_view part) { add_piece(json::string_inside(json::member(part, "text"))); });
    if (count == 0)
      for (const Block& block : content_)
        if (const Text* piece = block.as<Text>()) add_piece(piece->text.inside);
    return {count < 2 ? only : reading_.arena().copy(text)};
  }

  Reading& reading_;
  Input& out_;
  std::array<std::string_view, member_count> values_{};
  std::vector<std::pair<std::string_view, std::string_view>> others_;  // members that nothing here reads
  std::vector<Block> content_;
  size_t begin_ = 0, end_ = 0;  // of the item, in the body
};

}  // namespace

// Most histories do not even have the word.
std::string_view kept_item(std::string_view body) {
  std::string_view found;
  if (body.find("compaction") == body.npos) return found;
  json::each_element(json::member(body, "input"), [&](std::string_view item) {
    const std::string_view type = json::string_inside(json::member(item, "type"));
    if (!is_compaction(type, json::member(item, "encrypted_content"))) return;
    found = *std::find(std::begin(compaction_types), std::end(compaction_types), type);
  });
  return found;
}

bool read_input(json::Reader& reader, Reading& reading, Input& out) {
  switch (reader.next()) {
    case Token::error: return reading.bad_json(reader.error());
    case Token::begin_array: return ItemReader(reading, out).read(reader);
    case Token::string: {
      const std::vector<Block> said = {{Text{{reader.raw()}}, {}}};
      out.messages.push_back({Role::user, reading.keep_blocks(said)});
      return true;
    }
    default: return reading.wrong("input", "a string or a list of items", reading.from(reader.offset()));
  }
}

}  // namespace signalbox::dialects::openai_responses
