// A Responses body as a canonical request (translation.md section 15, "R -> A/C/G"). One pass; what is not JSON is
// bad_json, a needed member of a wrong type, or one that means what only a store of answers could give, bad_request.
#include <optional>

#include "dialects/canonical/normal_form.h"
#include "dialects/openai_responses/openai_responses.h"
#include "dialects/openai_responses/reading.h"
#include "json/walk.h"

namespace signalbox::dialects::openai_responses {
namespace {

using canonical::Request;

// What stands for something that an earlier answer, or somebody's store, would have to say.
constexpr std::string_view stored_members[] = {"previous_response_id", "conversation", "prompt"};
// What says nothing of the answer: data about the client, and how to cut a prompt that is too long, which
// nobody here does.
constexpr std::string_view ignored_members[] = {"model", "truncation", "client_metadata", "prompt_cache_retention",
                                                "prompt_cache_options"};

class BodyReader {
 public:
  explicit BodyReader(Reading& reading) : reading_(reading) {}

  bool read(json::Reader& reader) {
    const auto read_long = [&](std::string_view key) { return read_list(key, reader); };
    return read_body(reader, reading_, "input", read_long, [&](std::string_view key, std::string_view value) {
      if (!take_plain(key, value) && !take_structured(key, value)) reading_.lose({}, key, value);
    });
  }

  Request finish() {
    Request& r = request_;
    if (!instructions_.empty()) input_.system.insert(input_.system.begin(), {canonical::Text{instructions_}, {}});
    r.system = reading_.keep_blocks(input_.system);
    r.messages = canonical::in_normal_form(reading_.keep(input_.messages), reading_.arena(), reading_.losses());
    tools_.functions.insert(tools_.functions.end(), input_.tools.functions.begin(), input_.tools.functions.end());
    tools_.servers.insert(tools_.servers.end(), input_.tools.servers.begin(), input_.tools.servers.end());
    r.tool_choice = openai::settle(choice_, reading_, tools_.functions, tools_.servers);
    for (canonical::ServerTool& tool : tools_.servers) tool.uses_max = tool_calls_max_;
    r.tools = reading_.keep(tools_.functions);
    r.server_tools = reading_.keep(tools_.servers);
    return r;
  }

 private:
  // The last list of a name is the one that counts.
  std::optional<bool> read_list(std::string_view key, json::Reader& reader) {
    if (key == "input") return input_ = {}, read_input(reader, reading_, input_);
    if (key == "tools") return tools_ = {}, read_tools(reader, reading_, tools_);
    return std::nullopt;
  }

  // Members that are one number, word or flag.
  bool take_plain(std::string_view key, std::string_view value) {
    Request& r = request_;
    for (const std::string_view ignored : ignored_members)
      if (key == ignored) return true;
    for (const std::string_view stored : stored_members) {
      if (key != stored) continue;
      if (is_said(value))
        reading_.wrong(key, "left out: nothing is kept here, so all of it must be in \"input\"", value);
      return true;
    }
    if (key == "instructions") return reading_.take_text(key, value, instructions_), true;
    if (key == "max_output_tokens") return reading_.take_count(key, value, r.max_tokens), true;
    if (key == "max_tool_calls") return reading_.take_count(key, value, tool_calls_max_), true;
    if (key == "temperature") return reading_.take_number(key, value, r.temperature), true;
    if (key == "top_p") return reading_.take_number(key, value, r.top_p), true;
    if (key == "stream") return reading_.take_flag(key, value, r.streamed), true;
    if (key == "parallel_tool_calls") return reading_.take_flag(key, value, r.parallel_tool_calls), true;
    if (key == "prompt_cache_key") return reading_.take_plain(key, value, r.session), true;
    if (key == "service_tier") return openai::read_service_tier(value, reading_, r.service_tier), true;
    if (key == "safety_identifier" || (key == "user" && r.user.empty()))
      return reading_.take_plain(key, value, r.user), true;
    if (key == "user") return true;  // the older name of the same
    if (key == "background") {
      bool background = false;
      reading_.take_flag(key, value, background);
      if (background) reading_.wrong(key, "false: nothing is kept here that could be asked for later", value);
      return true;
    }
    return false;
  }

  bool take_structured(std::string_view key, std::string_view value) {
    if (key == "tool_choice") return take_choice(value), true;
    if (key == "reasoning") return take_reasoning(value), true;
    if (key == "text") return take_text(value), true;
    if (key == "include") return take_include(value), true;
    if (key == "stream_options") {
      json::each_member(value, [&](std::string_view name, std::string_view member) {
        if (name != "include_obfuscation") reading_.lose("stream_options", name, member);  // about padding only
      });
      return true;
    }
    return false;
  }

  void take_choice(std::string_view value) {
    openai::read_choice(value, reading_, choice_);
    canonical::ToolChoice& choice = choice_.choice;
    choice.name = joined_name(reading_.plain(json::escaped(json::member(value, "namespace"))), choice.name, reading_);
  }

  void take_reasoning(std::string_view value) {
    if (is_said(value) && !is_object(value)) {
      reading_.wrong("reasoning", "an object", value);
      return;
    }
    json::each_member(value, [&](std::string_view key, std::string_view member) {
      if (key == "effort") {
        reading_.take_effort("reasoning.effort", member, request_.reasoning.effort);
      } else if (key == "summary" || key == "generate_summary") {
        Escaped word;
        reading_.take_text("reasoning.summary", member, word);
        if (!word.empty()) request_.reasoning.shown = !json::equals(word, "none");
      } else {
        reading_.lose("reasoning", key, member);
      }
    });
  }

  void take_text(std::string_view value) {
    if (is_said(value) && !is_object(value)) {
      reading_.wrong("text", "an object", value);
      return;
    }
    json::each_member(value, [&](std::string_view key, std::string_view member) {
      if (key == "verbosity") {
        reading_.take_text("text.verbosity", member, request_.verbosity);
      } else if (key != "format") {
        reading_.lose("text", key, member);
      } else if (is_said(member)) {
        openai::read_form("text.format", json::escaped(json::member(member, "type")), member, member, reading_,
                          request_.format);
      }
    });
  }

  // State and sources are in every answer that has some.
  void take_include(std::string_view value) {
    json::each_element(value, [&](std::string_view element) {
      const Escaped wish = json::escaped(element);
      for (const std::string_view given :
           {"reasoning.encrypted_content", "web_search_call.action.sources", "web_search_call.results"})
        if (json::equals(wish, given)) return;
      if (!wish.empty()) reading_.losses().add("include", reading_.plain(wish));
    });
  }

  Reading& reading_;
  Request request_;
  Input input_;
  Tools tools_;
  openai::Choice choice_;
  Escaped instructions_;
  int64_t tool_calls_max_ = -1;
};

}  // namespace

canonical::ReadResult read_request(std::string_view body, Arena& arena, canonical::Losses& losses) {
  return read_by<BodyReader>(body, arena, losses);
}

}  // namespace signalbox::dialects::openai_responses
