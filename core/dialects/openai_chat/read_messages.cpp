// Messages of a Chat body (translation.md section 15, "C -> A").
//
// Ids join calls and results, and some clients have none: legacy function calls, and small servers' own.
// A call without an id gets one of its place, and a result without one is given to the first call of
// that name that still waits.
//
// What was thought before a call comes back beside it (envelope.h), or as the signature of Google's own
// OpenAI-compatible endpoint, which is Gemini's state beside a call. The reasoning that the message says then is the
// same once more.
#include <map>

#include "dialects/canonical/envelope.h"
#include "dialects/gemini_signature.h"
#include "dialects/openai_chat/reading.h"
#include "json/walk.h"

namespace signalbox::dialects::openai_chat {
namespace {

using canonical::Message;
using canonical::Role;
using canonical::ToolCall;
using json::Token;

enum class Speaker : uint8_t { unknown, system, user, assistant, tool, function };

Speaker speaker_of(std::string_view role) {
  const Escaped word = json::escaped(role);
  if (json::equals(word, "user")) return Speaker::user;
  if (json::equals(word, "assistant")) return Speaker::assistant;
  if (json::equals(word, "tool")) return Speaker::tool;
  if (json::equals(word, "system") || json::equals(word, "developer")) return Speaker::system;
  return json::equals(word, "function") ? Speaker::function : Speaker::unknown;
}

// One message, its members in whatever order they came; `content` is read already.
struct RawMessage {
  std::string_view place;
  Speaker speaker = Speaker::unknown;
  std::string_view name;
  std::string_view tool_call_id;
  std::string_view tool_calls;
  std::string_view function_call;
  std::string_view reasoning;
  std::string_view refusal;
  std::string_view cache_control;
};

class MessageReader {
 public:
  MessageReader(Reading& reading, std::vector<Block>& system, std::vector<Message>& messages)
      : reading_(reading), system_(system), messages_(messages) {}

  bool read(json::Reader& reader) {
    if (reader.next() != Token::begin_array) {
      if (reader.current() == Token::error) return reading_.bad_json(reader.error());
      return reading_.wrong("messages", "a list", reading_.from(reader.offset()));
    }
    Token token;
    for (; (token = reader.next()) == Token::begin_object; ++index_) {
      if (!reading_.may_have(index_ + 1, "messages")) return false;
      RawMessage raw;
      raw.place = reading_.from(reader.offset());
      content_.clear();
      if (!read_members(reader, raw) || !add(raw) || reading_.failed()) return false;
    }
    if (token == Token::error) return reading_.bad_json(reader.error());
    return token == Token::end_array || reading_.wrong("messages", "a list of objects", reading_.from(reader.offset()));
  }

 private:
  bool read_members(json::Reader& reader, RawMessage& raw) {
    while (reader.next() == Token::key) {
      const std::string_view key = reading_.plain({reader.raw()});
      if (key == "content") {
        content_.clear();
        if (!read_content(reader, reading_, content_)) return false;
        continue;
      }
      const auto value = reader.skip_value();
      if (!value) return reading_.bad_json(reader.error());
      if (key == "role") raw.speaker = speaker_of(*value);
      else if (key == "name") raw.name = *value;
      else if (key == "tool_call_id") raw.tool_call_id = *value;
      else if (key == "tool_calls") raw.tool_calls = *value;
      else if (key == "function_call") raw.function_call = *value;
      else if (key == "reasoning_content" || (key == "reasoning" && raw.reasoning.empty())) raw.reasoning = *value;
      else if (key == "refusal") raw.refusal = *value;
      else if (key == "cache_control") raw.cache_control = *value;
      else reading_.lose("messages", key, *value);
    }
    return reader.current() == Token::end_object || reading_.bad_json(reader.error());
  }

  bool add(const RawMessage& raw) {
    // Some clients ask for caching beside the content; that means its end.
    if (is_object(raw.cache_control) && !content_.empty()) content_.back().cache_control = raw.cache_control;
    if (raw.speaker == Speaker::tool || raw.speaker == Speaker::function) {
      add_result(raw);
      return true;
    }
    reading_.lose("messages", "name", raw.name);
    switch (raw.speaker) {
      case Speaker::system:
        for (const Block& block : content_)
          if (!block.as<canonical::Text>()) reading_.losses().add("messages.system");
        std::erase_if(content_, [](const Block& block) { return !block.as<canonical::Text>(); });
        if (messages_.empty()) {
          system_.insert(system_.end(), content_.begin(), content_.end());
        } else {
          messages_.push_back({Role::system, reading_.keep_blocks(content_)});
        }
        return true;
      case Speaker::user: messages_.push_back({Role::user, reading_.keep_blocks(content_)}); return true;
      case Speaker::assistant: return add_assistant(raw);
      default: return reading_.wrong("role", "system, developer, user, assistant or tool", raw.place);
    }
  }

  bool add_assistant(const RawMessage& raw) {
    std::vector<Block> blocks;
    carried_ = false;
    const bool reasons = is_text(raw.reasoning) && raw.reasoning.size() > 2;
    if (reasons) {
      canonical::Thinking thinking;
      thinking.text = json::escaped(raw.reasoning);
      thinking.from.vendor = Dialect::openai_chat;
      blocks.push_back({thinking, {}});
    } else {
      reading_.lose("messages", "reasoning", raw.reasoning);
    }
    blocks.insert(blocks.end(), content_.begin(), content_.end());
    if (is_text(raw.refusal)) blocks.push_back({canonical::Text{json::escaped(raw.refusal)}, {}});
    waiting_.clear();
    by_name_.clear();
    next_waiting_ = 0;
    if (is_list(raw.tool_calls)) {
      json::each_element(raw.tool_calls, [&](std::string_view call) { add_call(call, blocks); });
    } else if (is_said(raw.tool_calls)) {
      return reading_.wrong("tool_calls", "a list", raw.tool_calls);
    }
    if (is_object(raw.function_call)) add_function(raw.function_call, {}, raw.function_call, blocks);
    if (carried_ && reasons) blocks.erase(blocks.begin());
    messages_.push_back({Role::assistant, reading_.keep_blocks(blocks)});
    return true;
  }

  void add_call(std::string_view call, std::vector<Block>& blocks) {
    if (!reading_.may_have_block()) return;
    std::string_view id, function, custom, extra;
    json::each_member(call, [&](std::string_view key, std::string_view value) {
      if (key == "id") id = value;
      else if (key == "function") function = value;
      else if (key == "custom") custom = value;
      else if (key == "extra_content") extra = value;
      else if (key != "type" && key != "index") reading_.lose("messages.tool_calls", key, value);
    });
    const Escaped signature = json::escaped(json::member(json::member(extra, "google"), "thought_signature"));
    if (!signature.empty()) add_state(signature, blocks);
    if (is_object(custom)) {
      add_function(custom, id, call, blocks);
    } else {
      add_function(function, id, call, blocks);
    }
  }

  void add_state(Escaped signature, std::vector<Block>& blocks) {
    if (!canonical::is_envelope(signature)) {
      const std::string_view state = reading_.arena().concat({gemini::mark_of(gemini::Place::call), signature.inside});
      blocks.push_back({canonical::Thinking{{}, {Dialect::gemini, {}, {state}}, true}, {}});
      return;
    }
    const auto thinkings = canonical::open_carried(signature, reading_.arena());
    if (thinkings.empty()) reading_.losses().add("messages.thinking");
    for (const canonical::Thinking& thinking : thinkings) {
      if (!reading_.may_have_block()) return;
      blocks.push_back({thinking, {}});
      carried_ = true;
    }
  }

  void add_function(std::string_view function, std::string_view id, std::string_view place,
                    std::vector<Block>& blocks) {
    std::string_view name, arguments, input;
    json::each_member(function, [&](std::string_view key, std::string_view value) {
      if (key == "name") name = value;
      else if (key == "arguments") arguments = value;
      else if (key == "input") input = value;
      else reading_.lose("messages.tool_calls", key, value);
    });
    if (!is_text(name)) {
      reading_.wrong("tool_calls", "a list of calls of a function with a \"name\"", place);
      return;
    }
    ToolCall call;
    call.id = reading_.plain(json::escaped(id));
    if (call.id.empty()) call.id = reading_.made_call_id(index_, blocks.size());
    call.name = reading_.plain(json::escaped(name));
    call.input =
        is_text(input) ? openai::free_text_input(input, reading_) : openai::read_arguments(arguments, reading_);
    waiting_.push_back({call.id, call.name, false});
    blocks.push_back({call, {}});
  }

  void add_result(const RawMessage& raw) {
    canonical::ToolResult result;
    result.id = reading_.plain(json::escaped(raw.tool_call_id));
    if (result.id.empty()) result.id = waiting_for(reading_.plain(json::escaped(raw.name)));
    Block block;
    if (!content_.empty()) {  // caching up to a result's last part is caching up to the result
      block.cache_control = content_.back().cache_control;
      content_.back().cache_control = {};
    }
    result.content = reading_.keep_blocks(content_);
    block.what = result;
    const std::span<Block> kept = reading_.arena().array<Block>(1);
    kept[0] = block;
    messages_.push_back({Role::user, {kept.data(), 1}});
  }

  // The call of the last assistant message that a result without an id is for: the first that waits, of
  // `name` if that is said. Where none does, it comes of nobody, and the normal form makes text of it.
  std::string_view waiting_for(std::string_view name) {
    if (name.empty()) {
      while (next_waiting_ < waiting_.size() && waiting_[next_waiting_].answered) ++next_waiting_;
      return next_waiting_ < waiting_.size() ? waiting_[next_waiting_++].id : std::string_view();
    }
    if (by_name_.empty()) {
      for (size_t i = next_waiting_; i < waiting_.size(); ++i) by_name_.emplace(waiting_[i].name, i);
    }
    const auto found = by_name_.lower_bound(name);
    if (found == by_name_.end() || found->first != name) return {};
    Waiting& call = waiting_[found->second];
    by_name_.erase(found);
    call.answered = true;
    return call.id;
  }

  struct Waiting {
    std::string_view id;
    std::string_view name;
    bool answered = false;
  };

  Reading& reading_;
  std::vector<Block>& system_;
  std::vector<Message>& messages_;
  std::vector<Block> content_;
  std::vector<Waiting> waiting_;
  std::multimap<std::string_view, size_t> by_name_;  // of waiting_; made when a result needs it
  size_t next_waiting_ = 0;
  bool carried_ = false;  // the message has brought its reasoning beside its calls
  size_t index_ = 0;
};

}  // namespace

bool read_messages(json::Reader& reader, Reading& reading, std::vector<Block>& system,
                   std::vector<canonical::Message>& messages) {
  return MessageReader(reading, system, messages).read(reader);
}

}  // namespace signalbox::dialects::openai_chat
