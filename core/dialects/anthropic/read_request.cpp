// A Messages body as a canonical request, in one pass over it. What stands within a block is read a second
// time where its type decides what it is.
#include <algorithm>

#include "base/text.h"
#include "dialects/anthropic/reading.h"
#include "dialects/anthropic/request.h"
#include "dialects/canonical/effort.h"
#include "dialects/canonical/normal_form.h"
#include "json/walk.h"

namespace signalbox::dialects::anthropic {
namespace {

using canonical::Block;
using canonical::Effort;
using canonical::Message;
using canonical::OutputFormat;
using canonical::Request;
using canonical::Role;
using canonical::ToolChoice;
using json::Escaped;
using json::Token;

class RequestReader {
 public:
  RequestReader(std::string_view body, Arena& arena, canonical::Losses& losses)
      : reading_{body, arena, losses}, reader_(body) {}

  canonical::ReadResult run() {
    const bool whole = read_body() && settle();
    if (!whole) return {{}, std::move(reading_.fault())};
    return {request_, {}};
  }

 private:
  bool read_body() {
    Token token = reader_.next();
    if (token == Token::error) return reading_.bad_json(reader_.error());
    if (token != Token::begin_object) return reading_.wrong_at({nullptr, "the body"}, "an object", reader_.offset());
    while ((token = reader_.next()) == Token::key) {
      const std::string_view name = reader_.escaped() ? reading_.plain({reader_.raw()}) : reader_.raw();
      // The bulk of a body is read where it stands: skipping it first would be a second pass.
      if (name == "messages" || name == "system" || name == "tools") {
        if (!(name == "messages" ? read_messages() : name == "system" ? read_system() : read_tools())) return false;
        continue;
      }
      const auto value = reader_.skip_value();
      if (!value) return reading_.bad_json(reader_.error());
      if (!read_member(name, *value)) return false;
    }
    if (token == Token::end_object) token = reader_.next();
    return token == Token::end || reading_.bad_json(reader_.error());
  }

  bool read_messages() {
    const Place place{nullptr, "messages"};
    messages_.clear();
    messages_seen_ = true;
    Token token = reader_.next();
    if (token == Token::error) return reading_.bad_json(reader_.error());
    if (token != Token::begin_array) return reading_.wrong_at(place, "a list", reader_.offset());
    for (int64_t index = 0; (token = reader_.next()) == Token::begin_object; ++index) {
      if (!reading_.may_have(size_t(index) + 1, "messages")) return false;
      if (!read_message({&place, {}, index}, reader_.offset())) return false;
    }
    if (token == Token::error) return reading_.bad_json(reader_.error());
    const Place element{&place, {}, int64_t(messages_.size())};
    return token == Token::end_array || reading_.wrong_at(element, "an object", reader_.offset());
  }

  bool read_message(const Place& place, size_t begin) {
    std::string_view role_value;
    blocks_.clear();
    Token token;
    while ((token = reader_.next()) == Token::key) {
      if (json::equals(reader_.raw(), "content")) {
        if (!read_message_content({&place, "content"})) return false;
        continue;
      }
      const std::string_view key = reader_.raw();
      const auto value = reader_.skip_value();
      if (!value) return reading_.bad_json(reader_.error());
      if (json::equals(key, "role")) role_value = *value;
      else reading_.lose("messages", key, *value);
    }
    if (token != Token::end_object) return reading_.bad_json(reader_.error());
    const Place role_place{&place, "role"};
    if (role_value.empty()) return reading_.wrong_at(place, "a message with a role", begin);
    Escaped word;
    if (!reading_.need_string(role_value, role_place, word)) return false;
    Message message;
    if (json::equals(word, "assistant")) {
      message.role = Role::assistant;
    } else if (json::equals(word, "system")) {
      message.role = Role::system;
    } else if (!json::equals(word, "user")) {
      return reading_.wrong(role_place, "\"user\", \"assistant\" or \"system\"", role_value);
    }
    message.blocks = take_blocks(blocks_, 0, reading_.arena());
    messages_.push_back(message);
    return true;
  }

  bool read_message_content(const Place& place) {
    blocks_.clear();
    switch (reader_.next()) {
      case Token::string: blocks_.push_back({canonical::Text{{reader_.raw()}}, {}}); return true;
      case Token::begin_array: return read_blocks(reader_, place, reading_, blocks_);
      case Token::error: return reading_.bad_json(reader_.error());
      default: return reading_.wrong_at(place, "a string or a list", reader_.offset());
    }
  }

  bool read_member(std::string_view name, std::string_view value) {
    const Place place{nullptr, name};
    // Who the model is, the routing has read; caching of the whole body has no place of its own.
    if (is_absent(value) || name == "model" || name == "cache_control") return true;
    if (name == "max_tokens") return read_max_tokens(value, place);
    if (name == "temperature") return read_number(value, place, request_.temperature);
    if (name == "top_p") return read_number(value, place, request_.top_p);
    if (name == "top_k") return read_number(value, place, request_.top_k);
    if (name == "stop_sequences") return read_stop(value, place);
    if (name == "stream") return read_stream(value, place);
    if (name == "tool_choice") return read_tool_choice(value, place);
    if (name == "thinking") return read_thinking(value, place);
    if (name == "output_config") return read_output_config(value, place);
    if (name == "output_format") return read_format(value, place, legacy_format_);
    if (name == "metadata") return read_metadata(value, place);
    if (name == "service_tier") return reading_.take_string(value, place, request_.service_tier);
    reading_.lose({}, name, value);
    return true;
  }

  bool read_system() {
    const Place place{nullptr, "system"};
    blocks_.clear();
    switch (reader_.next()) {
      case Token::null_: return true;
      case Token::string: blocks_.push_back({canonical::Text{{reader_.raw()}}, {}}); break;
      case Token::begin_array:
        if (!read_blocks(reader_, place, reading_, blocks_)) return false;
        break;
      case Token::error: return reading_.bad_json(reader_.error());
      default: return reading_.wrong_at(place, "a string or a list", reader_.offset());
    }
    const auto goes = [this](const Block& block) {
      const canonical::Text* text = block.as<canonical::Text>();
      if (!text) reading_.losses().add("system.block");
      return !text || text->text.empty();
    };
    blocks_.erase(std::remove_if(blocks_.begin(), blocks_.end(), goes), blocks_.end());
    request_.system = take_blocks(blocks_, 0, reading_.arena());
    return true;
  }

  bool read_max_tokens(std::string_view value, const Place& place) {
    const auto number = json::to_int64(value);
    if (!number || *number < 0) return reading_.wrong(place, "a whole number, 0 or more", value);
    request_.max_tokens = *number;
    return true;
  }

  bool read_number(std::string_view value, const Place& place, std::string_view& out) {
    if (value.front() != '-' && (value.front() < '0' || value.front() > '9'))
      return reading_.wrong(place, "a number", value);
    out = value;
    return true;
  }

  bool read_stop(std::string_view value, const Place& place) {
    if (value.front() != '[') return reading_.wrong(place, "a list of strings", value);
    std::vector<Escaped> stop;
    bool strings = true;
    json::each_element(value, [&](std::string_view element) {
      Escaped text;
      const Place here{&place, {}, int64_t(stop.size())};
      strings =
          strings && reading_.may_have(stop.size() + 1, "stop sequences") && reading_.need_string(element, here, text);
      if (strings) stop.push_back(text);
    });
    const std::span<Escaped> kept = reading_.arena().array<Escaped>(stop.size());
    std::copy(stop.begin(), stop.end(), kept.begin());
    request_.stop = kept;
    return strings;
  }

  bool read_stream(std::string_view value, const Place& place) {
    if (value != "true" && value != "false") return reading_.wrong(place, "true or false", value);
    request_.streamed = value == "true";
    return true;
  }

  bool read_tools() {
    const Place place{nullptr, "tools"};
    Token token = reader_.next();
    if (token == Token::null_) return true;
    if (token == Token::error) return reading_.bad_json(reader_.error());
    if (token != Token::begin_array) return reading_.wrong_at(place, "a list", reader_.offset());
    std::vector<canonical::Tool> tools;
    std::vector<canonical::ServerTool> server_tools;
    int64_t index = 0;
    for (; (token = reader_.next()) == Token::begin_object; ++index) {
      if (!reading_.may_have(size_t(index) + 1, "tools")) return false;
      if (!read_tool(reader_, {&place, {}, index}, reading_, tools, server_tools)) return false;
    }
    if (token == Token::error) return reading_.bad_json(reader_.error());
    if (token != Token::end_array) return reading_.wrong_at({&place, {}, index}, "an object", reader_.offset());
    const std::span<canonical::Tool> kept = reading_.arena().array<canonical::Tool>(tools.size());
    std::copy(tools.begin(), tools.end(), kept.begin());
    request_.tools = kept;
    const std::span<canonical::ServerTool> run = reading_.arena().array<canonical::ServerTool>(server_tools.size());
    std::copy(server_tools.begin(), server_tools.end(), run.begin());
    request_.server_tools = run;
    return true;
  }

  bool read_tool_choice(std::string_view value, const Place& place) {
    enum : size_t { type, name, no_parallel };
    constexpr std::array<std::string_view, 3> names = {"type", "name", "disable_parallel_tool_use"};
    if (value.front() != '{') return reading_.wrong(place, "an object", value);
    const auto members = members_of(value, names, reading_, "tool_choice");
    Escaped word;
    ToolChoice& choice = request_.tool_choice;
    if (!reading_.need_string(members[type], {&place, "type"}, word)) return false;
    if (json::equals(word, "auto")) {
      choice.mode = ToolChoice::Mode::automatic;
    } else if (json::equals(word, "any")) {
      choice.mode = ToolChoice::Mode::any;
    } else if (json::equals(word, "none")) {
      choice.mode = ToolChoice::Mode::none;
    } else if (json::equals(word, "tool")) {
      Escaped tool;
      if (!reading_.need_string(members[name], {&place, "name"}, tool)) return false;
      choice = {ToolChoice::Mode::named, reading_.plain(tool)};
    } else {
      return reading_.wrong({&place, "type"}, "\"auto\", \"any\", \"tool\" or \"none\"", members[type]);
    }
    if (members[no_parallel] == "true") request_.parallel_tool_calls = false;
    return true;
  }

  bool read_thinking(std::string_view value, const Place& place) {
    enum : size_t { type, budget, display };
    constexpr std::array<std::string_view, 3> names = {"type", "budget_tokens", "display"};
    if (value.front() != '{') return reading_.wrong(place, "an object", value);
    const auto members = members_of(value, names, reading_, "thinking");
    Escaped word;
    if (!reading_.need_string(members[type], {&place, "type"}, word)) return false;
    thinking_ = json::equals(word, "enabled")    ? Thinking::enabled
                : json::equals(word, "adaptive") ? Thinking::adaptive
                : json::equals(word, "disabled") ? Thinking::disabled
                                                 : Thinking::unset;
    if (thinking_ == Thinking::unset) reading_.losses().add("thinking.type");
    if (!reading_.take_string(members[display], {&place, "display"}, word)) return false;
    if (json::equals(word, "omitted")) request_.reasoning.shown = false;
    else if (json::equals(word, "summarized")) request_.reasoning.shown = true;
    if (thinking_ != Thinking::enabled || is_absent(members[budget])) return true;
    const auto tokens = json::to_int64(members[budget]);
    if (!tokens || *tokens < 0)
      return reading_.wrong({&place, "budget_tokens"}, "a whole number, 0 or more", members[budget]);
    budget_tokens_ = *tokens;
    return true;
  }

  bool read_output_config(std::string_view value, const Place& place) {
    if (value.front() != '{') return reading_.wrong(place, "an object", value);
    bool right = true;
    json::each_member(value, [&](std::string_view key, std::string_view part) {
      if (!right || is_absent(part)) return;
      if (json::equals(key, "effort")) {
        right = read_effort(part, {&place, "effort"});
      } else if (json::equals(key, "format")) {
        right = read_format(part, {&place, "format"}, request_.format);
      } else {
        reading_.losses().add("output_config", key);
      }
    });
    return right;
  }

  bool read_effort(std::string_view value, const Place& place) {
    Escaped said;
    if (!reading_.need_string(value, place, said)) return false;
    effort_ = canonical::effort_of(said);
    if (effort_ != Effort::unset) return true;
    reading_.losses().add("output_config.effort");
    return true;
  }

  bool read_format(std::string_view value, const Place& place, OutputFormat& format) {
    enum : size_t { type, schema, name };
    constexpr std::array<std::string_view, 3> names = {"type", "schema", "name"};
    if (value.front() != '{') return reading_.wrong(place, "an object", value);
    const auto members = members_of(value, names, reading_, "output_config.format");
    Escaped word;
    if (!reading_.need_string(members[type], {&place, "type"}, word)) return false;
    if (!json::equals(word, "json_schema")) {
      reading_.losses().add("output_config.format");
      return true;
    }
    const std::string_view json = members[schema];
    if (json.empty() || json.front() != '{') return reading_.wrong({&place, "schema"}, "an object", json);
    format.kind = OutputFormat::Kind::json_schema;
    format.schema = json;
    return reading_.take_string(members[name], {&place, "name"}, format.name);
  }

  // The session stands inside the user's id: as a member of JSON, or, in older clients, behind a word.
  bool read_metadata(std::string_view value, const Place& place) {
    constexpr std::string_view session_mark = "_session_";
    if (value.front() != '{') return reading_.wrong(place, "an object", value);
    Escaped id;
    if (!reading_.take_string(json::member(value, "user_id"), {&place, "user_id"}, id)) return false;
    request_.user = reading_.plain(id);
    const std::string_view session = json::string_inside(json::member(request_.user, "session_id"));
    if (!session.empty()) {
      request_.session = reading_.plain({session});
    } else if (const size_t at = request_.user.rfind(session_mark); at != std::string_view::npos) {
      request_.session = request_.user.substr(at + session_mark.size());
    }
    return true;
  }

  // What can only be said when all members are known.
  bool settle() {
    if (!messages_seen_) return reading_.wrong({nullptr, "messages"}, "a list", {});
    request_.messages = canonical::in_normal_form(messages_, reading_.arena(), reading_.losses());
    if (request_.format.kind == OutputFormat::Kind::text) request_.format = legacy_format_;
    settle_reasoning();
    settle_tool_choice();
    return !reading_.failed();
  }

  // The order of precedence of translation.md section 5. Thinking that is switched off stays off, whatever
  // the effort: sent on, the two would contradict each other.
  void settle_reasoning() {
    canonical::Reasoning& reasoning = request_.reasoning;
    if (thinking_ == Thinking::disabled) {
      reasoning.effort = Effort::none;
    } else if (effort_ != Effort::unset) {
      reasoning.effort = effort_;
    } else if (budget_tokens_ >= 0) {
      reasoning.budget_tokens = budget_tokens_;
    } else if (thinking_ != Thinking::unset) {
      reasoning.effort = Effort::high;
    }
  }

  // A choice of a tool that was lost can force nothing. Claude Code forces the search of the web by its name.
  void settle_tool_choice() {
    ToolChoice& choice = request_.tool_choice;
    if (choice.mode != ToolChoice::Mode::named) return;
    if (canonical::names_search(request_)) return;
    const auto is_it = [&](const canonical::Tool& tool) { return tool.name == choice.name; };
    if (std::any_of(request_.tools.begin(), request_.tools.end(), is_it)) return;
    reading_.losses().add("tool_choice");
    choice = {ToolChoice::Mode::automatic, {}};
  }

  enum class Thinking : uint8_t { unset, disabled, enabled, adaptive };

  Reading reading_;
  json::Reader reader_;
  Request request_;
  std::vector<Message> messages_;
  bool messages_seen_ = false;
  std::vector<Block> blocks_;  // of the message being read
  Thinking thinking_ = Thinking::unset;
  int64_t budget_tokens_ = -1;
  Effort effort_ = Effort::unset;
  OutputFormat legacy_format_;
};

}  // namespace

canonical::ReadResult read_request(std::string_view body, Arena& arena, canonical::Losses& losses) {
  return RequestReader(body, arena, losses).run();
}

}  // namespace signalbox::dialects::anthropic
