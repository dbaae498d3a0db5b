// The system prompt and the conversation as Gemini takes them: one content of a role after another of the other,
// the user first (translation.md sections 3 and 5, columns G).
//
// A signature goes back on the part on which it came (canonical Thinking, whose state says which): beside a call,
// on a text, or on the thought itself. The first call of each content must have one; where none is known stands
// the word that Google's own client sends then.
#include <vector>

#include "dialects/canonical/billing.h"
#include "dialects/gemini/writing.h"
#include "dialects/gemini_signature.h"

namespace signalbox::dialects::gemini {
namespace {

using canonical::Block;
using canonical::Blocks;
using canonical::Message;
using canonical::Role;
using canonical::Text;
using canonical::Thinking;
using canonical::ToolCall;

constexpr Escaped no_signature{sentinel};
// What is said where the conversation does not begin with the user, as calls must be preceded by something.
constexpr Escaped opening_words{"Please begin."};

class Contents {
 public:
  explicit Contents(const Writing& to) : to_(to), w_(to.w) {}

  void write() {
    w_.key("contents").begin_array();
    const std::span<const Message> messages = to_.request.messages;
    for (size_t i = 0; i < messages.size(); ++i) {
      switch (messages[i].role) {
        case Role::system: add_reminders(messages[i].blocks); break;
        case Role::user: add_user(messages[i].blocks); break;
        case Role::assistant: add_model(messages[i].blocks, i + 1 == messages.size()); break;
      }
    }
    if (!open_) write_opening();
    w_.end_array().end_object().end_array();
  }

 private:
  // Begins a content when the open one is of the other role: what is not written leaves no gap.
  void begin(Role role) {
    if (!open_ && role == Role::assistant) write_opening();
    if (open_ && role_ == role) return;
    if (open_) w_.end_array().end_object();
    open_ = true;
    role_ = role;
    w_.begin_object().key("role").string(role == Role::user ? "user" : "model").key("parts").begin_array();
  }

  void write_opening() {
    begin(Role::user);
    w_.begin_object().key("text").string(opening_words).end_object();
  }

  // Instructions in the midst of a conversation: there is no such role.
  void add_reminders(Blocks blocks) {
    for (const Block& block : blocks) {
      const Text* text = block.as<Text>();
      if (!text) {
        to_.lose("messages.system");
        continue;
      }
      begin(Role::user);
      w_.begin_object().key("text").begin_string();
      w_.piece("<system-reminder>\n").piece(text->text).piece("\n</system-reminder>").end_string().end_object();
    }
  }

  // The n-th result answers the n-th call of the message before.
  void add_user(Blocks blocks) {
    size_t answered = 0;
    for (const Block& block : blocks) {
      begin(Role::user);
      if (const auto* result = block.as<canonical::ToolResult>()) {
        write_result(to_, *result, answered < names_.size() ? names_[answered] : std::string_view());
        ++answered;
      } else {
        write_parts(to_, block);
      }
    }
  }

  void add_model(Blocks blocks, bool last) {
    names_.clear();
    first_call_ = last_call_ = blocks.size();
    for (size_t i = 0; i < blocks.size(); ++i) {
      const ToolCall* call = blocks.first[i].as<ToolCall>();
      if (!call) continue;
      if (names_.empty()) first_call_ = i;
      last_call_ = i;
      names_.push_back(call->name);
    }
    if (last && names_.empty() && !to_.flags().prefill) {
      if (!blocks.empty()) to_.lose("messages.prefill");
      return;
    }
    signature_ = {};
    for (size_t i = 0; i < blocks.size(); ++i)
      if (!is_between_calls(blocks, i)) add_said(blocks, i);
    // What stood between the calls of one batch comes behind them.
    for (size_t i = first_call_; i < last_call_; ++i)
      if (is_between_calls(blocks, i)) add_said(blocks, i);
    if (!signature_.empty()) to_.lose("messages.thinking");
  }

  bool is_between_calls(Blocks blocks, size_t at) const {
    if (at <= first_call_ || at >= last_call_) return false;
    const Block& block = blocks.first[at];
    return !block.as<ToolCall>() && signature_on(block, Place::call).empty();
  }

  // The signature that `block` holds for a part of the kind `place`; empty when it is no such.
  Escaped signature_on(const Block& block, Place place) const {
    const Thinking* thinking = block.as<Thinking>();
    if (!thinking || !is_own(*thinking)) return {};
    const Signature signature = signature_of(thinking->from.state);
    return signature.place == place ? signature.text : Escaped{};
  }

  bool is_own(const Thinking& thinking) const {
    return thinking.from.vendor == Dialect::gemini && to_.context.is_home_of(thinking.from);
  }

  void add_said(Blocks blocks, size_t at) {
    const Block& block = blocks.first[at];
    if (const Thinking* thinking = block.as<Thinking>()) {
      const bool taken = at > 0 && blocks.first[at - 1].as<Text>() && !signature_on(block, Place::text).empty();
      if (!taken) add_thinking(*thinking);
    } else if (const ToolCall* call = block.as<ToolCall>()) {
      add_call(*call, at == first_call_);
    } else if (const Text* text = block.as<Text>()) {
      const Escaped signature = at + 1 < blocks.size() ? signature_on(blocks.first[at + 1], Place::text) : Escaped{};
      add_text(text->text, signature);
    } else {
      begin(Role::assistant);
      write_parts(to_, block);
    }
  }

  // What the model has thought itself it does not want back but for the signature; what others have, it does not
  // take.
  void add_thinking(const Thinking& thinking) {
    if (!is_own(thinking)) {
      to_.lose(thinking.redacted ? "messages.redacted_thinking" : "messages.thinking");
      return;
    }
    const Signature signature = signature_of(thinking.from.state);
    switch (signature.place) {
      case Place::none: break;
      case Place::text: add_text({}, signature.text); break;
      case Place::call:
        if (!signature_.empty()) to_.lose("messages.thinking");
        signature_ = signature.text;
        break;
      case Place::thought:
        begin(Role::assistant);
        w_.begin_object().key("text").string(thinking.text).key("thought").boolean(true);
        w_.key("thoughtSignature").string(signature.text).end_object();
        break;
    }
  }

  void add_text(Escaped text, Escaped signature) {
    begin(Role::assistant);
    w_.begin_object().key("text").string(text);
    if (!signature.empty()) w_.key("thoughtSignature").string(signature);
    w_.end_object();
  }

  void add_call(const ToolCall& call, bool first) {
    begin(Role::assistant);
    w_.begin_object().key("functionCall").begin_object();
    if (to_.flags().tool_id_style != ToolIdStyle::none) w_.key("id").string(call.id);
    w_.key("name").string(to_.sent_name(call.name)).key("args").raw(call.input).end_object();
    if (first && signature_.empty()) signature_ = no_signature;
    if (!signature_.empty()) w_.key("thoughtSignature").string(signature_);
    signature_ = {};
    w_.end_object();
  }

  const Writing& to_;
  json::Writer& w_;
  bool open_ = false;
  Role role_ = Role::user;
  std::vector<std::string_view> names_;  // of the calls of the message before
  size_t first_call_ = 0;                // of the message that is being written
  size_t last_call_ = 0;
  Escaped signature_;  // for the next call
};

}  // namespace

void write_system(const Writing& to, Escaped instruction) {
  bool open = false;
  const auto write = [&](Escaped text) {
    if (json::is_blank(text)) return;
    if (!open) to.w.key("systemInstruction").begin_object().key("parts").begin_array();
    open = true;
    to.w.begin_object().key("text").string(text).end_object();
  };
  bool leading = to.flags().strip_billing;
  for (const Block& block : to.request.system) {
    const Text* text = block.as<Text>();
    if (text) write(leading ? canonical::without_billing(text->text) : text->text);
    leading = false;
  }
  write(instruction);
  if (open) to.w.end_array().end_object();
}

void write_contents(const Writing& to) { Contents(to).write(); }

}  // namespace signalbox::dialects::gemini
