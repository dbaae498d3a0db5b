// The system prompt and the conversation as the items of a Responses body (translation.md sections 2, 3 and 5,
// columns R).
//
//   system      "instructions"; under another system_role, and where nothing else is said, an item
//   user        its tool results first, an item each, then everything else in one message
//   assistant   an item for each run of texts, each call and each state of reasoning, in the order in which they were
//
// Items that the gateway writes have no ids: nothing is stored, so there is nothing that they could name.
#include <string>
#include <vector>

#include "base/arena.h"
#include "dialects/canonical/envelope.h"
#include "dialects/openai_parts.h"
#include "dialects/openai_responses/writing.h"
#include "json/walk.h"

namespace signalbox::dialects::openai_responses {
namespace {

using canonical::Block;
using canonical::Message;
using canonical::Role;
using canonical::Text;
using canonical::Thinking;
using canonical::ToolCall;
using canonical::ToolResult;
using openai::Part;
using openai::Parts;

constexpr size_t id_bytes_max = 64;

class Input {
 public:
  explicit Input(const Writing& to) : to_(to), w_(to.w) {}

  void write(Escaped instruction) {
    const auto messages = to_.request.messages;
    Parts system = openai::system_parts(to_, instruction);
    const SystemRole role = to_.flags().system_role;
    // A request without any input is refused.
    const bool as_instructions = role == SystemRole::system && !messages.empty();
    if (!system.empty() && as_instructions) {
      w_.key("instructions").begin_string();
      openai::write_pieces(w_, system, openai::paragraph);
      w_.end_string();
    }
    w_.key("input").begin_array();
    if (!system.empty() && !as_instructions) write_system(system);
    for (size_t i = 0; i < messages.size(); ++i) {
      switch (messages[i].role) {
        case Role::system: add_system(messages[i]); break;
        case Role::user: add_user(messages[i]); break;
        case Role::assistant: add_assistant(messages[i], i + 1 == messages.size()); break;
      }
    }
    w_.end_array();
  }

 private:
  void begin_message(std::string_view role) {
    w_.begin_object().key("type").string("message").key("role").string(role).key("content").begin_array();
  }
  void end_message() { w_.end_array().end_object(); }

  void write_system(Parts& parts) {
    const bool user = to_.flags().system_role == SystemRole::user;
    if (user) openai::wrap_as_reminder(parts);
    begin_message(user ? "user" : "developer");
    for (const Part& part : parts) write_part(part);
    end_message();
  }

  // A system message in the middle of the conversation.
  void add_system(const Message& message) {
    Parts parts;
    for (const Block& block : message.blocks)
      if (block.as<Text>()) openai::add_parts(to_, block, parts);
    if (parts.empty()) return;
    if (to_.flags().system_anywhere) return write_system(parts);
    openai::wrap_as_reminder(parts);
    begin_message("user");
    for (const Part& part : parts) write_part(part);
    end_message();
  }

  void add_user(const Message& message) {
    Parts parts;
    for (const Block& block : message.blocks) {
      if (const ToolResult* result = block.as<ToolResult>()) {
        write_result(*result);
      } else {
        openai::add_parts(to_, block, parts);
      }
    }
    if (parts.empty()) return;
    begin_message("user");
    for (const Part& part : parts) write_part(part);
    end_message();
  }

  void write_part(const Part& part) {
    w_.begin_object();
    if (part.image) {
      w_.key("type").string("input_image").key("image_url");
      openai::write_image_url(w_, *part.image);
      w_.key("detail");
      part.image->detail.empty() ? w_.string("auto") : w_.string(part.image->detail);
    } else if (part.document) {
      w_.key("type").string("input_file");
      if (part.document->source == canonical::Source::url) {
        w_.key("file_url").string(part.document->data);
      } else {
        openai::write_file_data(w_, *part.document);
      }
    } else {
      w_.key("type").string("input_text").key("text").begin_string();
      w_.piece(part.before).piece(part.text).piece(part.after).end_string();
    }
    w_.end_object();
  }

  void write_result(const ToolResult& result) {
    Parts parts;
    bool only_text = true;
    for (const Block& inner : result.content) openai::add_parts(to_, inner, parts);
    for (const Part& part : parts) only_text = only_text && part.is_text();
    begin_item("function_call_output", result.id);
    w_.key("output");
    if (only_text) {
      w_.begin_string();
      if (result.is_error) w_.piece(Escaped{"[error] "});
      openai::write_pieces(w_, parts, openai::new_line);
      w_.end_string();
    } else {
      Part mark;
      mark.text = {"[error]"};
      w_.begin_array();
      if (result.is_error) write_part(mark);
      for (const Part& part : parts) write_part(part);
      w_.end_array();
    }
    w_.end_object();
  }

  // What the assistant says last is, where no call is in it, the beginning of the answer that is asked for.
  void add_assistant(const Message& message, bool last) {
    bool calls = false, texts = false;
    for (const Block& block : message.blocks) {
      calls = calls || block.as<ToolCall>();
      texts = texts || block.as<Text>();
    }
    if (last && !calls && !to_.flags().prefill) {
      if (texts) to_.lose("messages.prefill");
      return;
    }
    for (const Block& block : message.blocks) {
      if (const Thinking* thinking = block.as<Thinking>()) {
        add_state(*thinking);
      } else if (const Text* text = block.as<Text>()) {
        if (json::is_blank(text->text)) continue;
        begin_text(*text);
      } else if (const ToolCall* call = block.as<ToolCall>()) {
        write_call(*call);
      } else {
        to_.lose(block.as<canonical::Image>() ? "messages.image" : "messages.document");
      }
    }
    end_text();
    drop_states();
  }

  // One message for a run of texts, a part for each that is not the other's continuation.
  void begin_text(const Text& text) {
    if (text_open_ && text.continues) {
      w_.piece(text.text);
      return;
    }
    if (text_open_) {
      w_.end_string().end_object();
    } else {
      give_states();
      begin_message("assistant");
    }
    w_.begin_object().key("type").string("output_text").key("text").begin_string().piece(text.text);
    text_open_ = true;
  }

  void end_text() {
    if (!text_open_) return;
    w_.end_string().end_object();
    end_message();
    text_open_ = false;
  }

  void write_call(const ToolCall& call) {
    end_text();
    give_states();
    begin_item("function_call", call.id);
    w_.key("name").string(to_.context.names.sent(call.name));
    w_.key("arguments").string(call.input).end_object();
  }

  void begin_item(std::string_view type, std::string_view call_id) {
    id_.clear();
    canonical::append_tool_id(id_, call_id, "call_", id_bytes_max);
    w_.begin_object().key("type").string(type).key("call_id").string(id_);
  }

  // OpenAI refuses a state of reasoning behind which nothing of the same turn stands: so it waits for what
  // follows it, and goes with it or not at all.
  void add_state(const Thinking& thinking) {
    end_text();
    const std::string_view item = own_item(thinking.from);
    if (item.empty()) {
      to_.lose(thinking.redacted ? "messages.redacted_thinking" : "messages.thinking");
    } else {
      states_.push_back(item);
    }
  }

  void give_states() {
    for (const std::string_view item : states_) w_.raw(item);
    states_.clear();
  }

  void drop_states() {
    if (!states_.empty()) to_.lose("messages.thinking");
    states_.clear();
  }

  // The item that `from` holds, where the lane's own upstream gave it; empty otherwise. States are bound to the
  // account, and one whose content is empty, or is another vendor's, is refused.
  std::string_view own_item(const canonical::Provenance& from) {
    if (from.vendor != Dialect::openai_responses) return {};
    if (!from.scope.empty() && from.scope != to_.context.scope) return {};
    std::string plain;
    json::unescape(from.state, plain);
    if (!json::is_whole_object(plain)) return {};
    std::string_view type, content;
    json::each_member(plain, [&](std::string_view key, std::string_view value) {
      if (json::equals(key, "type")) type = value;
      else if (json::equals(key, "encrypted_content")) content = value;
    });
    const Escaped state = json::escaped(content);
    if (!json::equals(json::escaped(type), "reasoning") || state.empty() || canonical::is_envelope(state)) return {};
    return to_.context.arena.copy(plain);
  }

  const Writing& to_;
  json::Writer& w_;
  bool text_open_ = false;
  std::vector<std::string_view> states_;  // items of reasoning that wait for what follows them
  std::string id_;
};

}  // namespace

void write_input(const Writing& to, Escaped instruction) { Input(to).write(instruction); }

}  // namespace signalbox::dialects::openai_responses
