// What a 400 of the Messages API will not take. Such words decide what is left out of a request, and whoever
// answers can write them: so what stands where only the upstream's own word can stand is told from what a
// client may have put there, and what a request cannot be without is safe from both (removal.h).
#include "base/text.h"
#include "dialects/anthropic/removal.h"
#include "dialects/anthropic/request.h"

namespace signalbox::dialects::anthropic {
namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = base::lower(c);
  return lower;
}

// Whether `message` says that thinking in the history is not as Anthropic gave it.
bool refuses_thinking(std::string_view message) {
  const std::string text = lower_case(message);
  const auto says = [&](std::string_view words) { return text.find(words) != text.npos; };
  if (says("must start with a thinking block")) return true;
  if (says("signature") && says("field required")) return true;
  if (!says("thinking")) return false;
  return (says("invalid") && (says("signature") || says("redacted_thinking"))) || says("cannot be modified") ||
         (says("expected") && says("found"));
}

// Whether `message` says that a text is empty or has nothing but blanks. Only such texts go for it, so it
// does no harm in other mouths.
bool refuses_blank_texts(std::string_view message) {
  const std::string text = lower_case(message);
  const auto says = [&](std::string_view words) { return text.find(words) != text.npos; };
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

// `path` with '*' for every index of it.
std::string everywhere(std::string_view path) {
  std::string like;
  for (;;) {
    const std::string_view part = path.substr(0, path.find('.'));
    if (base::parse_decimal(part)) like += '*';
    else like += part;
    if (part.size() == path.size()) return like;
    like += '.';
    path.remove_prefix(part.size() + 1);
  }
}

}  // namespace

Refusal read_refusal(std::string_view body, const routing::UpstreamError& error, Arena& arena) {
  Refusal refusal;
  if (error.status != 400) return refusal;
  refusal.thinking = refuses_thinking(error.message);
  if (refusal.thinking) return refusal;
  refusal.blank_texts = refuses_blank_texts(error.message);
  if (refusal.blank_texts) return refusal;
  if (refuses_clearing(error.message)) {
    // This body's fault, and none of the member: nothing is learnt from it.
    refusal.member = "context_management";
    return refusal;
  }
  refusal.member = arena.copy(refused_member(error.message));
  if (refusal.member.empty()) return refusal;
  // A client may have named a member "x thinking", "thinking: Extra inputs are not permitted" or
  // "tools.0.strict": nothing is learnt from words that may be a client's.
  std::vector<Edit> edits;
  const size_t bytes = refusal.member.size() + extra_input.size();
  const bool by_the_upstream =
      error.message.size() == bytes && error.message.substr(0, refusal.member.size()) == refusal.member;
  if (by_the_upstream && append_member_removals(body, {&refusal.member, 1}, edits) == Found::in_parts)
    refusal.member_anywhere = arena.copy(everywhere(refusal.member));
  return refusal;
}

}  // namespace signalbox::dialects::anthropic
