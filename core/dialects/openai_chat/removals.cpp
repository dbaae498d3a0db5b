// What a Chat body must lose on its way to a Chat upstream: `extra_content` in which Gemini's clients of this
// dialect give a signature back, where it holds another vendor's state or Gemini has refused one (translation.md
// section 5), and members that the upstream does not know.
#include <vector>

#include "dialects/foreign_state.h"
#include "dialects/gemini_signature.h"
#include "dialects/listing.h"
#include "dialects/openai_chat/openai_chat.h"
#include "dialects/refused_members.h"
#include "json/walk.h"

namespace signalbox::dialects::openai_chat {
namespace {

constexpr std::string_view path = "messages.extra_content";
constexpr std::string_view sentinel_content = R"({"google":{"thought_signature":"skip_thought_signature_validator"}})";
constexpr std::string_view sentinel_member =
    R"(,"extra_content":{"google":{"thought_signature":"skip_thought_signature_validator"}})";

// The form of the answer and the bound on it are the request's meaning too.
constexpr std::string_view needed[] = {"model",      "messages", "max_tokens", "max_completion_tokens",
                                       "stream",     "tools",    "functions",  "response_format",
                                       "modalities", "audio"};
constexpr std::string_view substance[] = {
    "type",      "role",   "content", "text",       "image_url",    "url",        "input_audio", "data",
    "format",    "file",   "file_id", "file_data",  "tool_call_id", "tool_calls", "function",    "function_call",
    "arguments", "custom", "input",   "parameters", "description",  "schema",     "json_schema", "refusal"};
constexpr std::string_view clients_own[] = {"arguments", "parameters", "schema", "metadata", "logit_bias"};
// Calls and tools need their ids and names, messages do not.
constexpr std::string_view decorated[] = {"system", "developer", "user", "assistant", "tool"};
constexpr Kept kept = {needed, substance, clients_own, decorated};

// Which signatures go.
enum class Going : uint8_t { foreign, all };

class ExtraContentEdits {
 public:
  ExtraContentEdits(std::string_view body, Going going, std::vector<Edit>& edits)
      : body_(body), going_(going), edits_(edits) {}

  void run() {
    json::each_member(body_, [&](std::string_view key, std::string_view value) {
      if (json::equals(key, "messages"))
        json::each_element(value, [&](std::string_view message) { cut_from(message); });
    });
  }

 private:
  // Which part of a message it is; of its calls only the first must have a signature.
  enum class Part : uint8_t { message, first_call, call };

  bool goes(std::string_view extra_content) const {
    const std::string_view signature = json::member(json::member(extra_content, "google"), "thought_signature");
    return going_ == Going::foreign ? is_foreign_state(signature)
                                    : !signature.empty() && json::string_inside(signature) != gemini::sentinel;
  }

  // From a message or a call; what a message has of calls is looked at too.
  void cut_from(std::string_view object, Part part = Part::message) {
    const bool must_have = going_ == Going::all && part == Part::first_call;
    bool any = false, has = false;
    cut_members(body_, object, edits_, [&](std::string_view name, std::string_view value) {
      any = true;
      const bool is_extra = json::equals(name, "extra_content");
      has = has || is_extra;
      const bool cut = is_extra && goes(value);
      const size_t begin = offset_of(value);
      if (cut && must_have) edits_.push_back({path, begin, begin + value.size(), sentinel_content});
      if (part == Part::message && json::equals(name, "tool_calls")) cut_from_calls(value);
      return cut && !must_have ? path : std::string_view();
    });
    const size_t brace = offset_of(object) + object.size() - 1;
    if (must_have && any && !has) edits_.push_back({path, brace, brace, sentinel_member});
  }

  void cut_from_calls(std::string_view calls) {
    Part part = Part::first_call;
    json::each_element(calls, [&](std::string_view call) {
      cut_from(call, part);
      part = Part::call;
    });
  }

  size_t offset_of(std::string_view piece) const { return size_t(piece.data() - body_.data()); }

  std::string_view body_;
  const Going going_;
  std::vector<Edit>& edits_;
};

}  // namespace

std::span<const Edit> removals(std::string_view body, const Unwanted& unwanted, Arena& arena) {
  std::vector<Edit> edits;
  ExtraContentEdits(body, unwanted.thinking ? Going::all : Going::foreign, edits).run();
  return with_member_removals(body, edits, unwanted.members, kept, arena);
}

// Google's endpoint that speaks Chat refuses signatures in Gemini's words.
Refusal read_refusal(std::string_view body, const routing::UpstreamError& error, Arena& arena) {
  Refusal refusal = refused_members(body, error, kept, arena);
  refusal.thinking = !refusal.any() && error.status == 400 && gemini::refuses_signature(error.message);
  return refusal;
}

}  // namespace signalbox::dialects::openai_chat
