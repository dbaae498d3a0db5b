// A canonical request as a generateContent body: the order of its members, and the plain ones. The model and
// whether the answer is streamed stand in the path.
//
// The order is fixed, and what grows with a conversation, the contents, comes last, so that a cache on
// prefixes holds. Source: the types of @google/genai; translation.md sections 2 and 5.
#include <algorithm>

#include "dialects/canonical/answer_bound.h"
#include "dialects/canonical/effort.h"
#include "dialects/canonical/stop_matcher.h"
#include "dialects/gemini/gemini.h"
#include "dialects/gemini/writing.h"

namespace signalbox::dialects::gemini {
namespace {

using canonical::Effort;

constexpr size_t stop_max = 5;

// The largest budget that a model takes (2.5 Pro; Flash's 24576 is said by its effort_levels), and the least
// that all take which think.
constexpr int64_t budget_tokens_max = 32768;
constexpr int64_t budget_tokens_min = 512;
// The levels that thinkingLevel has words for, as LaneFlags::effort_levels counts them: minimal to high.
constexpr uint8_t level_words = 0b0001'1110;

int64_t budget_of(Effort effort) {
  return effort == Effort::minimal ? budget_tokens_min : canonical::budget_of({effort, -1});
}

// What may be thought of `asked`, which asks for some, with an answer of `tokens` at most (-1: not said): thoughts
// count as part of the answer, and shall leave room for it.
int64_t budget_for(const canonical::Reasoning& asked, uint8_t levels, int64_t tokens) {
  const Effort said = canonical::clamped(canonical::effort_of(asked), levels);
  const int64_t wanted = asked.effort == Effort::unset ? asked.budget_tokens : budget_of(said);
  int64_t most = std::min(budget_of(canonical::clamped(Effort::max, levels)), budget_tokens_max);
  if (tokens >= 0) most = std::min(most, tokens - canonical::answer_tokens_min);
  return std::max(std::min(wanted, most), budget_tokens_min);
}

std::string_view level_of(Effort effort) {
  switch (effort) {
    case Effort::minimal: return "MINIMAL";
    case Effort::low: return "LOW";
    case Effort::medium: return "MEDIUM";
    default: return "HIGH";
  }
}

void write_thinking(const Writing& to, int64_t tokens) {
  const canonical::Reasoning& asked = to.request.reasoning;
  const Effort wanted = canonical::effort_of(asked);
  const EffortStyle style = to.flags().effort_style;
  if (wanted == Effort::unset && !asked.shown.value_or(false)) return;
  if (style == EffortStyle::none) {
    if (wanted > Effort::none) to.lose("reasoning");
    return;
  }
  json::Writer& w = to.w.key("thinkingConfig").begin_object();
  uint8_t levels = to.flags().effort_levels;
  if (style == EffortStyle::thinking_level) levels &= level_words;
  const Effort said = canonical::clamped(wanted, levels);
  // The model always thinks: as little as it can.
  if (wanted == Effort::none && said != Effort::none) to.lose("reasoning");
  if (style == EffortStyle::thinking_level) {
    if (said != Effort::unset) w.key("thinkingLevel").string(level_of(said));
  } else if (said == Effort::none) {
    w.key("thinkingBudget").number(0);
  } else if (said != Effort::unset) {
    w.key("thinkingBudget").number(wanted == Effort::none ? budget_of(said) : budget_for(asked, levels, tokens));
  }
  if (wanted != Effort::none && asked.shown.value_or(true)) w.key("includeThoughts").boolean(true);
  w.end_object();
}

void write_sampling(const Writing& to) {
  const canonical::Request& r = to.request;
  const auto write = [&](json::Name name, std::string_view number, std::string_view path, bool taken) {
    if (number.empty()) return;
    taken ? void(to.w.key(name).raw(number)) : to.lose(path);
  };
  const bool free = !to.flags().temperature_fixed;
  write("temperature", r.temperature, "temperature", free);
  write("topP", r.top_p, "top_p", free);
  write("topK", r.top_k, "top_k", free);
  write("presencePenalty", r.presence_penalty, "presence_penalty", true);
  write("frequencyPenalty", r.frequency_penalty, "frequency_penalty", true);
  const auto seed = json::to_int64(r.seed);
  write("seed", r.seed, "seed", seed && *seed >= INT32_MIN && *seed <= INT32_MAX);
}

void write_stop(const Writing& to) {
  const auto stop = to.request.stop;
  if (stop.empty()) return;
  to.w.key("stopSequences").begin_array();
  for (const Escaped text : stop.first(std::min(stop.size(), stop_max))) to.w.string(text);
  to.w.end_array();
  for (size_t i = stop_max; i < stop.size(); ++i) canonical::leave_stop(stop[i], to.context);
}

void write_generation(const Writing& to) {
  to.w.key("generationConfig").begin_object();
  const int64_t tokens = canonical::answer_tokens_max(to.request.max_tokens, to.context);
  if (tokens >= 0) to.w.key("maxOutputTokens").number(tokens);
  write_sampling(to);
  write_stop(to);
  write_thinking(to, tokens);
  write_format(to);
  to.w.end_object();
}

}  // namespace

void write_request(const canonical::Request& request, const canonical::WriteContext& context, std::string& body) {
  json::Writer w(body);
  const Writing to{{request, context, w}};
  w.begin_object();
  write_tools(to);
  write_system(to, format_instruction(to));
  write_generation(to);
  if (!request.verbosity.empty()) to.lose("verbosity");
  // Anthropic's two words are what holds here without a member.
  if (!request.service_tier.empty() && !json::equals(request.service_tier, "auto") &&
      !json::equals(request.service_tier, "standard_only"))
    to.lose("service_tier");
  write_contents(to);
  w.end_object();
}

}  // namespace signalbox::dialects::gemini
