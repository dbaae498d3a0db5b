// Contents and their parts.
//
// Ids join calls and results, and Gemini's need none: a call without an id gets one of its place, and a result that
// names no call by its id is given to the first call of its name that still waits.
//
// Signatures: an envelope of ours is opened, and what it holds stands before the part. A signature of Gemini's own
// becomes state that says on which part it stood (signature.h).
#include <algorithm>

#include "dialects/canonical/envelope.h"
#include "dialects/gemini/open_calls.h"
#include "dialects/gemini/reading.h"
#include "dialects/gemini_signature.h"
#include "json/walk.h"
#include "json/writer.h"

namespace signalbox::dialects::gemini {
namespace {

using canonical::Message;
using canonical::Role;
using canonical::Text;
using canonical::Thinking;
using canonical::ToolCall;
using json::Token;

// The members of a part that mean something, raw.
struct RawPart {
  std::string_view place;
  std::string_view text, thought, signature, bytes, file, call, response, code, output;
};

class ContentReader {
 public:
  ContentReader(Reading& reading, std::vector<Message>& messages) : reading_(reading), messages_(messages) {}

  bool read(json::Reader& reader) {
    Token token = reader.next();
    if (token == Token::error) return reading_.bad_json(reader.error());
    if (token != Token::begin_array) return reading_.wrong("contents", "a list", reading_.from(reader.offset()));
    for (; (token = reader.next()) == Token::begin_object; ++index_) {
      if (!reading_.may_have(index_ + 1, "contents") || !read_content(reader)) return false;
    }
    if (token == Token::error) return reading_.bad_json(reader.error());
    end_turn(blocks_.size());
    return token == Token::end_array || reading_.wrong("contents", "a list of objects", reading_.from(reader.offset()));
  }

 private:
  bool read_content(json::Reader& reader) {
    const std::string_view place = reading_.from(reader.offset());
    std::string_view role;
    const size_t begin = blocks_.size();
    part_index_ = 0;
    Token token;
    while ((token = reader.next()) == Token::key) {
      const std::string_view key = reading_.plain({reader.raw()});
      if (key == "parts") {
        if (!read_parts(reader)) return false;
        continue;
      }
      const auto value = reader.skip_value();
      if (!value) return reading_.bad_json(reader.error());
      if (key == "role") role = *value;
      else reading_.lose("messages", key, *value);
    }
    if (token == Token::error) return reading_.bad_json(reader.error());
    Message message;
    if (is_word(role, "MODEL") || is_word(role, "ASSISTANT")) {
      message.role = Role::assistant;
    } else if (is_word(role, "SYSTEM")) {
      message.role = Role::system;
    } else if (is_said(role) && !is_word(role, "USER") && !is_word(role, "FUNCTION") && role != "\"\"") {
      return reading_.wrong("role", "\"user\" or \"model\"", place);
    }
    if (message.role == Role::assistant) return true;
    end_turn(std::min(begin, blocks_.size()));  // an envelope in it may have put others in their place
    user_spoke_ = user_spoke_ || message.role == Role::user;
    for (Block& block : blocks_)
      if (Text* text = std::get_if<Text>(&block.what)) text->continues = false;
    message.blocks = reading_.keep_blocks(blocks_);
    messages_.push_back(message);
    blocks_.clear();
    fresh_ = text_end_ = 0;
    return true;
  }

  // The model's turn, which is the first `count` blocks, is over: the next content is another's. What a client kept of
  // a stream it may give back in pieces, each in a part or even a content of its own; they are one text.
  void end_turn(size_t count) {
    if (count == 0) return;
    std::vector<Block> turn;
    std::string thought;
    for (size_t i = 0, end; i < count; i = end) {
      end = i + 1;
      turn.push_back(blocks_[i]);
      if (!is_unsigned(blocks_[i])) continue;
      for (thought.clear(); end < count && is_unsigned(blocks_[end]); ++end) thought += text_of(blocks_[end]);
      if (thought.empty()) continue;
      thought.insert(0, text_of(blocks_[i]));
      std::get_if<Thinking>(&turn.back().what)->text.inside = reading_.arena().copy(thought);
    }
    blocks_.erase(blocks_.begin(), blocks_.begin() + std::ptrdiff_t(count));
    Message message;
    message.role = Role::assistant;
    message.blocks = reading_.keep_blocks(turn);
    messages_.push_back(message);
  }

  static std::string_view text_of(const Block& thought) { return thought.as<Thinking>()->text.inside; }

  bool read_parts(json::Reader& reader) {
    Token token = reader.next();
    if (token == Token::null_) return true;
    if (token == Token::error) return reading_.bad_json(reader.error());
    if (token != Token::begin_array) return reading_.wrong("parts", "a list", reading_.from(reader.offset()));
    while ((token = reader.next()) == Token::begin_object) {
      if (!reading_.may_have_block()) return false;
      RawPart raw;
      raw.place = reading_.from(reader.offset());
      while ((token = reader.next()) == Token::key) {
        const std::string_view key = reading_.plain({reader.raw()});
        const auto value = reader.skip_value();
        if (!value) return reading_.bad_json(reader.error());
        if (std::string_view* slot = slot_of(key, raw)) *slot = *value;
        else reading_.lose("messages", key, *value);
      }
      if (token == Token::error) return reading_.bad_json(reader.error());
      add(raw);
      ++part_index_;
      if (reading_.failed()) return false;
    }
    if (token == Token::error) return reading_.bad_json(reader.error());
    return token == Token::end_array || reading_.wrong("parts", "a list of objects", reading_.from(reader.offset()));
  }

  static std::string_view* slot_of(std::string_view key, RawPart& raw) {
    if (key == "text") return &raw.text;
    if (key == "thought") return &raw.thought;
    if (names(key, "thoughtSignature")) return &raw.signature;
    if (names(key, "inlineData")) return &raw.bytes;
    if (names(key, "fileData")) return &raw.file;
    if (names(key, "functionCall")) return &raw.call;
    if (names(key, "functionResponse")) return &raw.response;
    if (names(key, "executableCode")) return &raw.code;
    if (names(key, "codeExecutionResult")) return &raw.output;
    return nullptr;
  }

  void add(const RawPart& raw) {
    Escaped text, signature;
    reading_.take_text("parts.text", raw.text, text);
    reading_.take_text("parts.thoughtSignature", raw.signature, signature);
    if (json::equals(signature, sentinel)) signature = {};
    if (canonical::is_envelope(signature)) {
      add_carried(signature, raw.thought == "true");
      signature = {};
    }
    if (raw.thought == "true") {
      if (!text.empty() || !signature.empty()) add_thinking(text, Place::thought, signature);
      return;
    }
    if (is_said(raw.call)) {
      if (!signature.empty()) sign_call(signature);
      add_call(raw.call);
    } else if (is_said(raw.response)) {
      add_response(raw.response);
    } else if (is_said(raw.bytes)) {
      read_bytes(raw.bytes, reading_, blocks_);
    } else if (is_said(raw.file)) {
      read_file(raw.file, reading_, blocks_);
    } else if (is_said(raw.code) || is_said(raw.output)) {
      // Its own provider's alone.
      reading_.losses().add("messages.code_execution");
      blocks_.push_back(
          {Text{json::escaped(is_said(raw.code) ? json::member(raw.code, "code") : json::member(raw.output, "output"))},
           {}});
    } else {
      blocks_.push_back({Text{text, text_end_ > 0 && text_end_ == blocks_.size()}, {}});
      text_end_ = blocks_.size();
      if (!signature.empty()) add_thinking({}, Place::text, signature);
    }
  }

  Escaped state_of(Place place, Escaped signature) {
    return signature.empty() ? Escaped{} : Escaped{reading_.arena().concat({mark_of(place), signature.inside})};
  }

  void add_thinking(Escaped text, Place place, Escaped signature) {
    blocks_.push_back({Thinking{text, {Dialect::gemini, {}, state_of(place, signature)}, text.empty()}, {}});
  }

  static bool is_unsigned(const Block& block) {
    const Thinking* thinking = block.as<Thinking>();
    return thinking && thinking->from.vendor == Dialect::gemini && thinking->from.state.empty();
  }

  // On what was thought right before, or, where nothing was said of that, on a thought that is not shown.
  void sign_call(Escaped signature) {
    if (blocks_.empty() || !is_unsigned(blocks_.back())) return add_thinking({}, Place::call, signature);
    std::get_if<Thinking>(&blocks_.back().what)->from.state = state_of(Place::call, signature);
  }

  // What an answer of ours said of reasoning since the last envelope and the client gives back. Some clients give back
  // the thoughts, too, that they were shown: they are the same, and say where it stood.
  void add_carried(Escaped envelope, bool on_thought) {
    const auto carried = canonical::open_carried(envelope, reading_.arena());
    if (carried.empty()) return reading_.losses().add("messages.thinking");
    auto place = blocks_.end();
    const bool behind_text = text_end_ == blocks_.size();
    if (!on_thought) {
      const auto fresh = blocks_.begin() + std::ptrdiff_t(fresh_);
      const auto shown = std::find_if(fresh, blocks_.end(), is_unsigned) - blocks_.begin();
      blocks_.erase(std::remove_if(fresh, blocks_.end(), is_unsigned), blocks_.end());
      place = blocks_.begin() + std::ptrdiff_t(std::min(size_t(shown), blocks_.size()));
    }
    std::vector<Block> thought;
    for (const Thinking& thinking : carried) {
      if (!reading_.may_have_block()) return;
      thought.push_back({thinking, {}});
    }
    blocks_.insert(place, thought.begin(), thought.end());
    fresh_ = blocks_.size();
    text_end_ = behind_text && blocks_.back().as<Text>() ? blocks_.size() : 0;
  }

  void add_call(std::string_view value) {
    std::string_view id, name, args;
    json::each_member(value, [&](std::string_view key, std::string_view member) {
      if (key == "id") id = member;
      else if (key == "name") name = member;
      else if (key == "args") args = member;
      else reading_.lose("messages.functionCall", key, member);
    });
    ToolCall call;
    reading_.take_plain("functionCall.id", id, call.id);
    reading_.take_plain("functionCall.name", name, call.name);
    if (call.name.empty()) {
      reading_.wrong("functionCall", "an object with a \"name\"", value);
      return;
    }
    if (is_said(args) && !is_object(args)) {
      reading_.wrong("functionCall.args", "an object", args);
      return;
    }
    call.input = is_said(args) ? args : "{}";
    if (call.id.empty()) call.id = reading_.made_call_id(index_, part_index_);
    // A call behind the user's words begins a new turn, to which no older call belongs.
    if (user_spoke_) open_calls_.clear();
    user_spoke_ = false;
    open_calls_.add(call.id, call.name);
    blocks_.push_back({call, {}});
  }

  void add_response(std::string_view value) {
    std::string_view id, name, response, parts;
    json::each_member(value, [&](std::string_view key, std::string_view member) {
      if (key == "id") id = member;
      else if (key == "name") name = member;
      else if (key == "response") response = member;
      else if (key == "parts") parts = member;
      else reading_.lose("messages.functionResponse", key, member);
    });
    canonical::ToolResult result;
    std::string_view said_id, said_name;
    reading_.take_plain("functionResponse.id", id, said_id);
    reading_.take_plain("functionResponse.name", name, said_name);
    result.id = open_calls_.answer(said_id, said_name);
    std::vector<Block> content;
    add_outcome(response, result.is_error, content);
    json::each_element(parts, [&](std::string_view part) {
      if (!reading_.may_have_block()) return;
      json::each_member(part, [&](std::string_view key, std::string_view member) {
        if (names(key, "inlineData")) read_bytes(member, reading_, content);
        else if (names(key, "fileData")) read_file(member, reading_, content);
        else reading_.lose("messages.functionResponse", key, member);
      });
    });
    result.content = reading_.keep_blocks(content);
    blocks_.push_back({result, {}});
  }

  // What a response says. "output" (in older clients "result") and "error" are what came of the call when they stand
  // alone; anything else is said as it is.
  void add_outcome(std::string_view response, bool& is_error, std::vector<Block>& out) {
    std::string_view output, error;
    bool others = false;
    json::each_member(response, [&](std::string_view key, std::string_view member) {
      if (key == "output" || key == "result") {
        others = others || !output.empty();
        output = member;
      } else if (key == "error") {
        error = member;
      } else {
        others = true;
      }
    });
    is_error = is_said(error) && error != "\"\"" && error != "false";
    std::string_view said = response;
    if (!others && output.empty() && is_error) said = error;
    else if (!others && !output.empty() && !is_error) said = output;
    if (!is_said(said) || said == "{}") return;
    Escaped text = json::escaped(said);
    if (!is_text(said)) {
      std::string escaped;
      json::escape(said, escaped);
      text = {reading_.arena().copy(escaped)};
    }
    out.push_back({Text{text}, {}});
  }

  Reading& reading_;
  std::vector<Message>& messages_;
  std::vector<Block> blocks_;  // of the model's turn that goes on, and of the content being read
  size_t fresh_ = 0;           // the first block behind the last envelope
  size_t text_end_ = 0;        // behind the last text, 0 where there is none
  size_t index_ = 0;
  size_t part_index_ = 0;
  bool user_spoke_ = false;  // since the last call
  OpenCalls open_calls_;
};

}  // namespace

bool read_contents(json::Reader& reader, Reading& reading, std::vector<Message>& messages) {
  return ContentReader(reading, messages).read(reader);
}

}  // namespace signalbox::dialects::gemini
