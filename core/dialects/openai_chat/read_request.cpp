// A Chat body as a canonical request (translation.md section 15, "C -> A", as far as no target matters).
// One pass; what is not JSON is bad_json, a needed member of a wrong type bad_request, with its place.
#include <array>
#include <string>

#include "dialects/canonical/effort.h"
#include "dialects/canonical/normal_form.h"
#include "dialects/openai_chat/openai_chat.h"
#include "dialects/openai_chat/reading.h"
#include "json/walk.h"

namespace signalbox::dialects::openai_chat {
namespace {

using canonical::Effort;
using canonical::Request;
using json::Token;

class BodyReader {
 public:
  explicit BodyReader(Reading& reading) : reading_(reading) {}

  bool read(json::Reader& reader) {
    Token token = reader.next();
    if (token == Token::error) return reading_.bad_json(reader.error());
    if (token != Token::begin_object) return reading_.wrong("the body", "an object", reading_.from(reader.offset()));
    while ((token = reader.next()) == Token::key) {
      const std::string_view key = reading_.plain({reader.raw()});
      if (key == "messages") {
        messages_seen_ = true;
        system_.clear();
        messages_.clear();
        if (!read_messages(reader, reading_, system_, messages_)) return false;
        continue;
      }
      const auto value = reader.skip_value();
      if (!value) return reading_.bad_json(reader.error());
      if (!take_plain(key, *value) && !take_structured(key, *value)) reading_.lose({}, key, *value);
      if (reading_.failed()) return false;
    }
    if (token == Token::error || reader.next() != Token::end) return reading_.bad_json(reader.error());
    if (!messages_seen_) return reading_.wrong("messages", "a list", reading_.from(0));
    return true;
  }

  Request finish() {
    if (completion_tokens_ >= 0) request_.max_tokens = completion_tokens_;
    if (request_.tool_choice.mode == canonical::ToolChoice::Mode::unset) request_.tool_choice = function_choice_;
    tools_.insert(tools_.end(), functions_.begin(), functions_.end());
    request_.tools = reading_.keep(tools_);
    request_.stop = reading_.keep(stop_);
    request_.system = reading_.keep_blocks(system_);
    request_.messages = canonical::in_normal_form(reading_.keep(messages_), reading_.arena(), reading_.losses());
    return request_;
  }

 private:
  // Members that are one number, word or flag.
  bool take_plain(std::string_view key, std::string_view value) {
    Request& r = request_;
    if (key == "model") return true;  // routing's
    if (key == "max_tokens") return reading_.take_count(key, value, r.max_tokens), true;
    if (key == "max_completion_tokens") return reading_.take_count(key, value, completion_tokens_), true;
    if (key == "temperature") return reading_.take_number(key, value, r.temperature), true;
    if (key == "top_p") return reading_.take_number(key, value, r.top_p), true;
    if (key == "top_k") return reading_.take_number(key, value, r.top_k), true;
    if (key == "stream") return reading_.take_flag(key, value, r.streamed), true;
    if (key == "user") return take_plain_text(key, value, r.user), true;
    if (key == "prompt_cache_key") return take_plain_text(key, value, r.session), true;
    if (key == "reasoning_effort") return take_effort(key, value), true;
    if (key == "service_tier") return take_service_tier(value), true;
    if (key == "parallel_tool_calls") {
      bool parallel = true;
      reading_.take_flag(key, value, parallel);
      if (is_said(value)) r.parallel_tool_calls = parallel;
      return true;
    }
    if (key == "n") {
      int64_t choices = 1;
      reading_.take_count(key, value, choices);
      if (choices > 1) reading_.wrong(key, "1: one answer is all that this gateway translates", value);
      return true;
    }
    return false;
  }

  bool take_structured(std::string_view key, std::string_view value) {
    Request& r = request_;
    if (key == "tools") return tools_.clear(), read_tools(value, ToolList::tools, reading_, tools_), true;
    if (key == "functions") return read_tools(value, ToolList::functions, reading_, functions_), true;
    if (key == "tool_choice") return read_choice(value, reading_, r.tool_choice), true;
    if (key == "function_call") return read_choice(value, reading_, function_choice_), true;
    if (key == "response_format") return read_format(value, reading_, r.format), true;
    if (key == "stop") return take_stop(value), true;
    if (key == "reasoning") return take_reasoning(value), true;
    if (key == "stream_options") return take_stream_options(value), true;
    return false;
  }

  void take_plain_text(std::string_view key, std::string_view value, std::string_view& out) {
    Escaped text;
    reading_.take_text(key, value, text);
    out = reading_.plain(text);
  }

  void take_effort(std::string_view key, std::string_view value) {
    Escaped word;
    reading_.take_text(key, value, word);
    if (word.empty()) return;
    request_.reasoning.effort = canonical::effort_of(word);
    if (request_.reasoning.effort == Effort::unset) reading_.wrong(key, "a word such as \"low\" or \"high\"", value);
  }

  // OpenRouter's: {"effort"}, {"max_tokens"} or {"enabled"}.
  void take_reasoning(std::string_view value) {
    if (is_said(value) && !is_object(value)) {
      reading_.wrong("reasoning", "an object", value);
      return;
    }
    canonical::Reasoning& reasoning = request_.reasoning;
    json::each_member(value, [&](std::string_view key, std::string_view member) {
      if (key == "effort") {
        take_effort("reasoning.effort", member);
      } else if (key == "max_tokens") {
        reading_.take_count("reasoning.max_tokens", member, reasoning.budget_tokens);
      } else if (key == "enabled") {
        bool enabled = true;
        reading_.take_flag("reasoning.enabled", member, enabled);
        if (!enabled) reasoning.effort = Effort::none;
      } else {
        reading_.lose("reasoning", key, member);
      }
    });
  }

  void take_stream_options(std::string_view value) {
    json::each_member(value, [&](std::string_view key, std::string_view member) {
      if (key == "include_usage") {
        reading_.take_flag("stream_options.include_usage", member, request_.usage_in_stream);
      } else if (key != "include_obfuscation") {  // about padding only
        reading_.lose("stream_options", key, member);
      }
    });
  }

  void take_stop(std::string_view value) {
    stop_.clear();
    if (is_text(value)) {
      stop_.push_back(json::escaped(value));
    } else if (is_list(value)) {
      json::each_element(value, [&](std::string_view element) {
        if (!reading_.may_have(stop_.size() + 1, "stop sequences")) return;
        if (is_text(element)) stop_.push_back(json::escaped(element));
        else reading_.wrong("stop", "a string or a list of strings", element);
      });
    } else if (is_said(value)) {
      reading_.wrong("stop", "a string or a list of strings", value);
    }
    std::erase_if(stop_, [](Escaped text) { return text.empty(); });
  }

  void take_service_tier(std::string_view value) {
    Escaped tier;
    reading_.take_text("service_tier", value, tier);
    if (json::equals(tier, "auto")) request_.service_tier = {"auto"};
    else if (json::equals(tier, "default")) request_.service_tier = {"standard_only"};
    else if (!tier.empty()) reading_.losses().add("service_tier");
  }

  Reading& reading_;
  Request request_ = [] {
    Request request;
    request.usage_in_stream = false;  // this dialect's default
    return request;
  }();
  int64_t completion_tokens_ = -1;
  canonical::ToolChoice function_choice_;
  std::vector<Block> system_;
  std::vector<canonical::Message> messages_;
  std::vector<canonical::Tool> tools_;
  std::vector<canonical::Tool> functions_;
  std::vector<Escaped> stop_;
  bool messages_seen_ = false;
};

}  // namespace

canonical::ReadResult read_request(std::string_view body, Arena& arena, canonical::Losses& losses) {
  Reading reading(body, arena, losses);
  json::Reader reader(body);
  BodyReader read(reading);
  canonical::ReadResult result;
  if (read.read(reader) && !reading.failed()) {
    result.request = read.finish();
  } else {
    result.fault = std::move(reading.fault());
  }
  return result;
}

}  // namespace signalbox::dialects::openai_chat
