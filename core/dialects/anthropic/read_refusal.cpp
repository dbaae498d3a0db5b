// What a 400 of the Messages API will not take. Such words decide what is left out of a request, and whoever
// answers can write them: so what stands where only the upstream's own word can stand is told from what a
// client may have put there, and what a request cannot be without is safe from both (member_removal.h).
#include "base/text.h"
#include "dialects/anthropic/request.h"
#include "dialects/foreign_state.h"
#include "dialects/refused_members.h"

namespace signalbox::dialects::anthropic {
namespace {

// Whether `message` says that thinking in the history is not as Anthropic gave it.
bool refuses_thinking(std::string_view message) {
  const auto says = [&](std::string_view words) { return dialects::says(message, words); };
  if (says("must start with a thinking block")) return true;
  if (says("signature") && says("field required")) return true;
  if (!says("thinking")) return false;
  return (says("invalid") && (says("signature") || says("redacted_thinking"))) || says("cannot be modified") ||
         (says("expected") && says("found"));
}

// Whether `message` says that a text is empty or has nothing but blanks. Only such texts go for it, so it
// does no harm in other mouths.
bool refuses_blank_texts(std::string_view message) {
  const auto says = [&](std::string_view words) { return dialects::says(message, words); };
  return says("text content blocks must") && (says("non-whitespace") || says("non-empty"));
}

// Whether `message` says that thinking cannot be cleared from a context without thinking.
bool refuses_clearing(std::string_view message) {
  return message.find("clear_thinking_") != message.npos && message.find("requires `thinking`") != message.npos;
}

constexpr std::string_view extra_input = ": Extra inputs are not permitted";

// The path that `message` calls an extra input; empty when it does not. Some servers put words around it.
std::string_view refused_member(std::string_view message) {
  const size_t colon = message.find(extra_input);
  if (colon == message.npos) return {};
  const auto in_path = [](char c) {
    const char low = base::lower(c);
    return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  };
  size_t begin = colon;
  while (begin > 0 && in_path(message[begin - 1])) --begin;
  return message.substr(begin, colon - begin);
}

constexpr std::string_view needed[] = {"model", "messages", "max_tokens", "stream", "system", "tools"};
constexpr std::string_view substance[] = {"type",        "role",         "content",    "text",     "source",
                                          "data",        "url",          "media_type", "input",    "tool_use_id",
                                          "description", "input_schema", "thinking",   "signature"};
constexpr std::string_view clients_own[] = {"input",  "input_schema", "input_examples", "schema",   "arguments",
                                            "source", "data",         "text",           "signature"};
// Calls and tools have ids and names from Anthropic, texts and results from some clients.
constexpr std::string_view decorated[] = {"text", "tool_result"};

}  // namespace

const Kept kept = {needed, substance, clients_own, decorated};

Refusal read_refusal(std::string_view body, const routing::UpstreamError& error, Arena& arena) {
  Refusal refusal;
  if (error.status != 400) return refusal;
  refusal.thinking = refuses_thinking(error.message);
  if (refusal.thinking) return refusal;
  refusal.blank_texts = refuses_blank_texts(error.message);
  if (refusal.blank_texts) return refusal;
  // This body's fault, and none of the member: nothing is learnt from it.
  if (refuses_clearing(error.message)) return of_this_request("context_management", arena);
  const std::string_view member = refused_member(error.message);
  if (member.empty()) return refusal;
  // A client may have named a member "x thinking", "thinking: Extra inputs are not permitted" or
  // "tools.0.strict": nothing is learnt from words that may be a client's.
  const size_t bytes = member.size() + extra_input.size();
  const bool by_the_upstream = error.message.size() == bytes && error.message.substr(0, member.size()) == member;
  return by_the_upstream ? of_all_requests(body, {&member, 1}, kept, arena) : of_this_request(member, arena);
}

}  // namespace signalbox::dialects::anthropic
