// The messages of a Chat body (translation.md sections 2 and 3, columns C).
//
//   system                one message; under system_role: user, text of the first user message
//   user                  its tool results first, a tool message each, in order; then everything else, with
//                         the media of the results before it, in one message
//   assistant             one message: all its text, then all its calls, whatever stood where
//
// Each turn is written from itself alone, so what was written stays when a conversation grows.
#include <algorithm>
#include <cstring>

#include "base/arena.h"
#include "base/sha256.h"
#include "base/text.h"
#include "dialects/gemini_signature.h"
#include "dialects/openai_chat/content_parts.h"
#include "dialects/openai_chat/writing.h"

namespace signalbox::dialects::openai_chat {
namespace {

using canonical::Block;
using canonical::Message;
using canonical::Role;
using canonical::Text;
using canonical::Thinking;
using canonical::ToolCall;
using canonical::ToolResult;
using openai::add_parts;
using openai::new_line;
using openai::paragraph;
using openai::write_pieces;

constexpr size_t id_bytes_max = 40;
constexpr size_t mistral_id_bytes = 9;

// What takes the user's place in front of an answer that nobody asked for.
constexpr Escaped conversation_begins{"(the conversation begins here)"};
// What stands between results and the user's own words on lanes that refuse the one behind the other
// (Mistral: "Unexpected role 'user' after role 'tool'").
constexpr Escaped results_read{"(results read)"};

bool is_letter_or_digit(char c) { return (c >= '0' && c <= '9') || (base::lower(c) >= 'a' && base::lower(c) <= 'z'); }

// Mistral takes nine letters and digits exactly; 53 bits of a hash keep the ids of a conversation apart.
void append_mistral_id(std::string& out, std::string_view id) {
  if (id.size() == mistral_id_bytes && std::all_of(id.begin(), id.end(), is_letter_or_digit)) {
    out += id;
    return;
  }
  static constexpr char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const Sha256 digest = base::sha256(id);
  uint64_t number = 0;
  for (size_t i = 0; i < sizeof number; ++i) number = number << 8 | digest[i];
  for (size_t i = 0; i < mistral_id_bytes; ++i, number /= 62) out += digits[number % 62];
}

class Messages {
 public:
  explicit Messages(const Writing& to) : to_(to), w_(to.w) {}

  void write(Escaped instruction) {
    w_.key("messages").begin_array();
    write_system(instruction);
    const auto messages = to_.request.messages;
    if (!messages.empty() && messages[0].role == Role::assistant && to_.flags().strict_alternation) {
      Part part;
      part.text = conversation_begins;
      user_.push_back(part);
    }
    for (size_t i = 0; i < messages.size(); ++i) {
      switch (messages[i].role) {
        case Role::system: add_system(messages[i]); break;
        case Role::user: add_user(messages[i]); break;
        case Role::assistant: add_assistant(messages[i], i + 1 == messages.size()); break;
      }
    }
    flush_user();
    w_.end_array();
  }

 private:
  void begin(std::string_view role) { w_.begin_object().key("role").string(role).key("content"); }

  bool system_is_user() const { return to_.flags().system_role == SystemRole::user; }
  std::string_view system_word() const {
    return to_.flags().system_role == SystemRole::developer ? "developer" : "system";
  }

  // What a user message has gathered so far goes out. Between messages of the request that happens anyway,
  // unless the lane refuses two of the user's in a row.
  void flush_user() {
    if (user_.empty()) return;
    if (behind_result_ && to_.flags().strict_alternation) {
      begin("assistant");
      w_.string(results_read).end_object();
    }
    behind_result_ = false;
    begin("user");
    write_content(w_, user_, paragraph);
    w_.end_object();
    user_.clear();
  }
  void part_user() {
    if (!to_.flags().strict_alternation) flush_user();
  }

  void write_system(Escaped instruction) {
    Parts parts = openai::system_parts(to_, instruction);
    if (parts.empty()) return;
    if (!system_is_user()) {
      begin(system_word());
      write_content(w_, parts, paragraph);
      w_.end_object();
      return;
    }
    openai::wrap_as_reminder(parts);
    user_ = std::move(parts);
  }

  // A system message in the middle of the conversation.
  void add_system(const Message& message) {
    Parts parts;
    for (const Block& block : message.blocks)
      if (block.as<Text>()) add_parts(to_, block, parts);
    if (parts.empty()) return;
    part_user();
    if (to_.flags().system_anywhere && !system_is_user()) {
      flush_user();
      begin(system_word());
      write_content(w_, parts, paragraph);
      w_.end_object();
      return;
    }
    openai::wrap_as_reminder(parts);
    user_.insert(user_.end(), parts.begin(), parts.end());
  }

  void add_user(const Message& message) {
    part_user();
    size_t media_count = 0;
    Parts media;
    for (const Block& block : message.blocks) {
      const ToolResult* result = block.as<ToolResult>();
      if (!result) continue;
      flush_user();
      write_result(*result, block, media, media_count);
    }
    user_.insert(user_.end(), media.begin(), media.end());
    for (const Block& block : message.blocks)
      if (!block.as<ToolResult>()) add_parts(to_, block, user_);
  }

  // A tool message holds text only. Its media go behind all results, where `media` gathers them, each
  // under the number that the text names (LightLLM #1407).
  void write_result(const ToolResult& result, const Block& block, Parts& media, size_t& media_count) {
    Parts parts;
    for (const Block& inner : result.content) add_parts(to_, inner, parts);
    for (Part& part : parts) {
      if (part.is_text()) continue;
      std::string label = part.image ? "[image #" : "[document #";
      base::append_decimal(label, int64_t(++media_count));
      Part title;
      title.text = {to_.context.arena.concat({label, "]"})};
      media.push_back(title);
      media.push_back(part);
      part = {};
      part.text = {to_.context.arena.concat({label, " below]"})};
    }
    behind_result_ = true;
    w_.begin_object().key("role").string("tool").key("tool_call_id");
    write_id(result.id);
    w_.key("content");
    const std::string_view cache_control = cache_control_of(block, parts);
    if (!cache_control.empty()) w_.begin_array().begin_object().key("type").string("text").key("text");
    w_.begin_string();
    if (result.is_error) w_.piece(Escaped{"[error] "});
    write_pieces(w_, parts, new_line);
    w_.end_string();
    if (!cache_control.empty()) w_.key("cache_control").raw(cache_control).end_object().end_array();
    w_.end_object();
  }

  // Where a result, or the last that says so of its texts, asks for caching.
  std::string_view cache_control_of(const Block& block, const Parts& parts) const {
    if (!to_.flags().cache_control) return {};
    std::string_view found = block.cache_control;
    for (const Part& part : parts)
      if (!part.cache_control.empty()) found = part.cache_control;
    return found;
  }

  void add_assistant(const Message& message, bool last) {
    Parts texts, thoughts;
    size_t call_count = 0;
    for (const Block& block : message.blocks) {
      if (const Thinking* thinking = block.as<Thinking>()) {
        add_thinking(*thinking, thoughts);
      } else if (block.as<ToolCall>()) {
        ++call_count;
      } else {
        const size_t first = texts.size();
        add_parts(to_, block, texts);
        const Text* text = block.as<Text>();
        if (first > 0 && texts.size() > first && !(text && text->continues)) texts[first].before = paragraph;
      }
    }
    if (last && call_count == 0 && !texts.empty() && !to_.flags().prefill) return to_.lose("messages.prefill");
    const bool echoes = to_.flags().needs_reasoning_content;
    if (texts.empty() && call_count == 0 && !(echoes && !thoughts.empty())) return;
    flush_user();
    behind_result_ = false;
    begin("assistant");
    if (!texts.empty()) {
      write_content(w_, texts, {});
    } else if (call_count > 0) {
      w_.null();
    } else {
      w_.string("");
    }
    if (echoes) {
      // An assistant message without it is refused, so what was not kept is stood in for by a blank
      // (cc-switch, injects_placeholder_reasoning_content_when_missing).
      to_.flags().reasoning_field == ReasoningField::reasoning ? w_.key("reasoning") : w_.key("reasoning_content");
      w_.begin_string();
      thoughts.empty() ? w_.piece(Escaped{" "}) : (write_pieces(w_, thoughts, paragraph), w_);
      w_.end_string();
    }
    if (call_count > 0) write_calls(message);
    w_.end_object();
  }

  // The signature that the lane's own vendor has left on a call, where it is Google that speaks Chat there. One that
  // says nobody's name is a client's of Gemini, and this lane need not be Google's.
  Escaped own_signature(const Thinking& thinking) const {
    const canonical::Provenance& from = thinking.from;
    if (from.vendor != Dialect::gemini || from.scope.empty() || !to_.context.is_home_of(from)) return {};
    const gemini::Signature signature = gemini::signature_of(from.state);
    return signature.place == gemini::Place::call ? signature.text : Escaped{};
  }

  // Chat has no place for thinking, and a model of its own does not want it back, so only another vendor's
  // is a loss.
  void add_thinking(const Thinking& thinking, Parts& thoughts) {
    const bool echoes = to_.flags().needs_reasoning_content && !thinking.text.empty();
    if (echoes) {
      Part part;
      part.text = thinking.text;
      thoughts.push_back(part);
    } else if ((thinking.from.vendor != Dialect::openai_chat || !to_.context.is_home_of(thinking.from)) &&
               own_signature(thinking).empty()) {
      to_.lose(thinking.redacted ? "messages.redacted_thinking" : "messages.thinking");
    }
  }

  void write_calls(const Message& message) {
    w_.key("tool_calls").begin_array();
    Escaped signature;  // for the next call
    for (const Block& block : message.blocks) {
      if (const Thinking* thinking = block.as<Thinking>()) signature = own_signature(*thinking);
      const ToolCall* call = block.as<ToolCall>();
      if (!call) continue;
      w_.begin_object().key("id");
      write_id(call->id);
      w_.key("type").string("function");
      if (!signature.empty()) {
        w_.key("extra_content").begin_object().key("google").begin_object();
        w_.key("thought_signature").string(signature).end_object().end_object();
      }
      signature = {};
      w_.key("function").begin_object();
      w_.key("name").string(to_.context.names.sent(call->name));
      w_.key("arguments").string(call->input).end_object().end_object();
    }
    w_.end_array();
  }

  void write_id(std::string_view id) {
    id_.clear();
    if (to_.flags().tool_id_style == ToolIdStyle::mistral) {
      append_mistral_id(id_, id);
    } else {
      canonical::append_tool_id(id_, id, "call_", id_bytes_max);
    }
    w_.string(id_);
  }

  const Writing& to_;
  json::Writer& w_;
  Parts user_;                  // of the user message that is not yet written
  bool behind_result_ = false;  // the message written last is a tool's
  std::string id_;
};

}  // namespace

void write_messages(const Writing& to, Escaped instruction) { Messages(to).write(instruction); }

}  // namespace signalbox::dialects::openai_chat
