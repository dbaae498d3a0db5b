// A Chat body as a canonical request (translation.md section 15, "C -> A", as far as no target matters).
// One pass; what is not JSON is bad_json, a needed member of a wrong type bad_request, with its place.
#include <optional>

#include "dialects/canonical/normal_form.h"
#include "dialects/openai_chat/openai_chat.h"
#include "dialects/openai_chat/reading.h"
#include "json/walk.h"

namespace signalbox::dialects::openai_chat {
namespace {

using canonical::Effort;
using canonical::Request;

class BodyReader {
 public:
  explicit BodyReader(Reading& reading) : reading_(reading) {}

  bool read(json::Reader& reader) {
    const auto read_long = [&](std::string_view key) { return read_list(key, reader); };
    return read_body(reader, reading_, "messages", read_long, [&](std::string_view key, std::string_view value) {
      if (!take_plain(key, value) && !take_structured(key, value)) reading_.lose({}, key, value);
    });
  }

  Request finish() {
    if (completion_tokens_ >= 0) request_.max_tokens = completion_tokens_;
    if (choice_.choice.mode == canonical::ToolChoice::Mode::unset) choice_ = function_choice_;
    tools_.insert(tools_.end(), functions_.begin(), functions_.end());
    request_.tool_choice = openai::settle(choice_, reading_, tools_, searches_);
    request_.tools = reading_.keep(tools_);
    request_.server_tools = reading_.keep(searches_);
    request_.stop = reading_.keep(stop_);
    request_.system = reading_.keep_blocks(system_);
    request_.messages = canonical::in_normal_form(reading_.keep(messages_), reading_.arena(), reading_.losses());
    return request_;
  }

 private:
  // The last list of a name is the one that counts.
  std::optional<bool> read_list(std::string_view key, json::Reader& reader) {
    if (key == "messages") {
      system_.clear();
      messages_.clear();
      return read_messages(reader, reading_, system_, messages_);
    }
    if (key == "tools") return tools_.clear(), read_tools(reader, reading_, tools_);
    if (key == "functions") return functions_.clear(), read_functions(reader, reading_, functions_);
    return std::nullopt;
  }

  // Members that are one number, word or flag.
  bool take_plain(std::string_view key, std::string_view value) {
    Request& r = request_;
    if (key == "model") return true;  // routing's
    if (key == "max_tokens") return reading_.take_count(key, value, r.max_tokens), true;
    if (key == "max_completion_tokens") return reading_.take_count(key, value, completion_tokens_), true;
    if (key == "temperature") return reading_.take_number(key, value, r.temperature), true;
    if (key == "top_p") return reading_.take_number(key, value, r.top_p), true;
    if (key == "top_k") return reading_.take_number(key, value, r.top_k), true;
    if (key == "seed") return reading_.take_number(key, value, r.seed), true;
    if (key == "presence_penalty") return reading_.take_number(key, value, r.presence_penalty), true;
    if (key == "frequency_penalty") return reading_.take_number(key, value, r.frequency_penalty), true;
    if (key == "verbosity") return reading_.take_text(key, value, r.verbosity), true;
    if (key == "stream") return reading_.take_flag(key, value, r.streamed), true;
    if (key == "user") return reading_.take_plain(key, value, r.user), true;
    if (key == "prompt_cache_key") return reading_.take_plain(key, value, r.session), true;
    if (key == "reasoning_effort") return reading_.take_effort(key, value, r.reasoning.effort), true;
    if (key == "service_tier") return openai::read_service_tier(value, reading_, r.service_tier), true;
    if (key == "parallel_tool_calls") return reading_.take_flag(key, value, r.parallel_tool_calls), true;
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
    if (key == "tool_choice") return openai::read_choice(value, reading_, choice_), true;
    if (key == "function_call") return openai::read_choice(value, reading_, function_choice_), true;
    if (key == "response_format") return read_format(value, reading_, r.format), true;
    if (key == "stop") return take_stop(value), true;
    if (key == "reasoning") return take_reasoning(value), true;
    if (key == "web_search_options") return take_search(value), true;
    if (key == "stream_options") return take_stream_options(value), true;
    return false;
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
        reading_.take_effort("reasoning.effort", member, reasoning.effort);
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

  // An empty object asks for a search too. The place is said a level deeper than in the other dialects.
  void take_search(std::string_view value) {
    searches_.clear();
    if (!is_object(value)) {
      if (is_said(value)) reading_.wrong("web_search_options", "an object", value);
      return;
    }
    canonical::ServerTool& search = searches_.emplace_back();
    json::each_member(value, [&](std::string_view key, std::string_view member) {
      const std::string_view place = key == "user_location" ? json::member(member, "approximate") : "";
      if (place.find('"') != place.npos && is_object(place)) {
        search.user_location = reading_.arena().concat({R"({"type":"approximate",)", place.substr(1)});
      } else if (key != "search_context_size" || !json::equals(json::escaped(member), "medium")) {
        reading_.lose("web_search_options", key, member);
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

  Reading& reading_;
  Request request_ = [] {
    Request request;
    request.usage_in_stream = false;  // this dialect's default
    return request;
  }();
  int64_t completion_tokens_ = -1;
  openai::Choice choice_;
  openai::Choice function_choice_;
  std::vector<Block> system_;
  std::vector<canonical::Message> messages_;
  std::vector<canonical::Tool> tools_;
  std::vector<canonical::Tool> functions_;
  std::vector<canonical::ServerTool> searches_;  // one, or none
  std::vector<Escaped> stop_;
};

}  // namespace

canonical::ReadResult read_request(std::string_view body, Arena& arena, canonical::Losses& losses) {
  return read_by<BodyReader>(body, arena, losses);
}

}  // namespace signalbox::dialects::openai_chat
