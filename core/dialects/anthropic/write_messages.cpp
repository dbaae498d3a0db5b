// The system prompt and the conversation as Anthropic takes them: one message of a role after another of the
// other, the user first (translation.md sections 3 and 15).
#include "dialects/anthropic/writing.h"
#include "dialects/canonical/billing.h"
#include "json/escaped.h"

namespace signalbox::dialects::anthropic {
namespace {

using canonical::Block;
using canonical::Message;
using canonical::Role;

// What is said where the conversation does not begin with the user, as Anthropic wants it.
constexpr Escaped opening_words{"Please begin."};

// `text` without blanks and line ends at its end.
Escaped without_trailing_blanks(Escaped text) {
  std::string_view rest = text.inside;
  for (;;) {
    if (!rest.empty() && rest.back() == ' ') {
      rest.remove_suffix(1);
      continue;
    }
    // An escape counts only where its backslash is not itself escaped.
    const size_t slashes_end = rest.empty() ? 0 : rest.size() - 1;
    size_t slashes = 0;
    while (slashes < slashes_end && rest[slashes_end - 1 - slashes] == '\\') ++slashes;
    if (slashes % 2 == 0 || (rest.back() != 'n' && rest.back() != 'r' && rest.back() != 't')) return {rest};
    rest.remove_suffix(2);
  }
}

class MessagesWriter {
 public:
  explicit MessagesWriter(Writing& to) : to_(to) {}

  void run() {
    to_.w.key("messages").begin_array();
    const std::span<const Message> messages = to_.request.messages;
    for (size_t i = 0; i < messages.size(); ++i) {
      const bool prefill = i + 1 == messages.size() && messages[i].role == Role::assistant;
      write_message(messages[i], prefill ? last_written(messages[i]) : nullptr);
    }
    if (!any_message_) write_opening();
    end_message();
    to_.w.end_array();
  }

 private:
  // Begins a message when the open one is of the other role: what is not written leaves no gap.
  void begin_block(Role role) {
    if (!any_message_ && role == Role::assistant) write_opening();
    if (any_message_ && role_ == role) return;
    end_message();
    any_message_ = true;
    role_ = role;
    to_.w.begin_object().key("role").string(role == Role::user ? "user" : "assistant").key("content").begin_array();
  }

  void end_message() {
    if (any_message_) to_.w.end_array().end_object();
  }

  void write_opening() {
    begin_block(Role::user);
    write_text(to_, opening_words, {});
  }

  static const Block* last_written(const Message& message) {
    const Block* last = nullptr;
    for (const Block& block : message.blocks)
      if (!is_blank_text(block)) last = &block;
    return last;
  }

  // `prefill`: the block with which the answer shall begin, if there is one.
  void write_message(const Message& message, const Block* prefill) {
    for (const Block& block : message.blocks) {
      if (is_blank_text(block)) continue;
      if (message.role == Role::system) {
        write_reminder(block);
      } else if (const auto* thinking = block.as<canonical::Thinking>()) {
        write_thinking_block(*thinking);
      } else if (const auto* text = block.as<canonical::Text>(); text && &block == prefill) {
        // Anthropic refuses a beginning of its answer that ends in a blank.
        const Escaped said = without_trailing_blanks(text->text);
        if (said.empty()) continue;
        begin_block(message.role);
        write_text(to_, said, block.cache_control);
      } else {
        begin_block(message.role);
        write_block(to_, block);
      }
    }
  }

  // Instructions in the midst of a conversation: Anthropic takes them there only behind a beta header.
  void write_reminder(const Block& block) {
    const canonical::Text* text = block.as<canonical::Text>();
    if (!text) return to_.lose("messages.system");
    begin_block(Role::user);
    to_.w.begin_object().key("type").string("text").key("text").begin_string();
    to_.w.piece("<system-reminder>\n").piece(text->text).piece("\n</system-reminder>").end_string();
    to_.write_cache_control(block.cache_control);
    to_.w.end_object();
  }

  void write_thinking_block(const canonical::Thinking& thinking) {
    if (!is_native(thinking, to_.context)) {
      to_.lose(thinking.redacted ? "messages.redacted_thinking" : "messages.thinking");
      return;
    }
    begin_block(Role::assistant);
    to_.w.begin_object();
    if (thinking.redacted) {
      to_.w.key("type").string("redacted_thinking").key("data").string(thinking.from.state);
    } else {
      to_.w.key("type").string("thinking").key("thinking").string(thinking.text);
      to_.w.key("signature").string(thinking.from.state);
    }
    to_.w.end_object();
  }

  Writing& to_;
  bool any_message_ = false;
  Role role_ = Role::user;
};

}  // namespace

void write_system(Writing& to) {
  const bool format = format_in_words(to);
  bool open = false;
  const auto begin = [&] {
    if (!open) to.w.key("system").begin_array();
    open = true;
  };
  for (size_t i = 0; i < to.request.system.size(); ++i) {
    const Block& block = to.request.system.first[i];
    const canonical::Text* text = block.as<canonical::Text>();
    if (!text) continue;
    const bool billing = i == 0 && to.flags().strip_billing;
    const Escaped said = billing ? canonical::without_billing(text->text) : text->text;
    if (json::is_blank(said)) continue;
    begin();
    write_text(to, said, block.cache_control);
  }
  if (format) {
    to.lose("response_format");
    begin();
    to.w.begin_object().key("type").string("text").key("text").begin_string();
    if (to.request.format.schema.empty()) {
      to.w.piece("Answer with one JSON object and nothing else.");
    } else {
      to.w.piece("Answer with JSON that fits this JSON Schema, and with nothing else:\n")
          .piece(to.request.format.schema);
    }
    to.w.end_string().end_object();
  }
  if (open) to.w.end_array();
}

void write_messages(Writing& to) { MessagesWriter(to).run(); }

}  // namespace signalbox::dialects::anthropic
