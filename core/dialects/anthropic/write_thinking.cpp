// How much the model may think, in what form it is to answer, and how its words are chosen: what of these
// Anthropic does not take together is settled before anything is written (translation.md section 5, "To A").
#include <algorithm>

#include "dialects/anthropic/writing.h"
#include "dialects/canonical/answer_bound.h"
#include "dialects/canonical/envelope.h"
#include "json/escaped.h"

namespace signalbox::dialects::anthropic {
namespace {

using canonical::Block;
using canonical::Blocks;
using canonical::Effort;
using canonical::Message;
using canonical::OutputFormat;
using canonical::Request;
using canonical::Role;

// What is left for the answer beside a budget, where the bound is our own.
constexpr int64_t answer_tokens_wanted = 4096;
// The least that Anthropic takes as a budget of thinking.
constexpr int64_t budget_tokens_min = 1024;
// More than any model has; so that sums of it stay small.
constexpr int64_t budget_tokens_max = 1 << 20;

// A JSON number's value, near enough to compare it with a bound. Its text goes on, never this.
double value_of(std::string_view number) {
  size_t at = 0;
  const bool negative = !number.empty() && number[0] == '-';
  if (negative) ++at;
  // Digits that a double can hold exactly; further ones would only round the value over a bound.
  constexpr double digits_max = 1e14;
  double value = 0;
  int64_t exponent = 0;
  bool fraction = false;
  for (; at < number.size() && number[at] != 'e' && number[at] != 'E'; ++at) {
    if (number[at] == '.') {
      fraction = true;
    } else if (value < digits_max) {
      value = value * 10 + (number[at] - '0');
      if (fraction) --exponent;
    } else if (!fraction) {
      ++exponent;
    }
  }
  if (at < number.size()) {
    std::string_view digits = number.substr(at + 1);
    const bool down = !digits.empty() && digits[0] == '-';
    if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) digits.remove_prefix(1);
    int64_t written = 0;
    for (char digit : digits) written = std::min<int64_t>(written * 10 + (digit - '0'), 100'000'000);
    exponent += down ? -written : written;
  }
  // Beyond these the value is 0 or larger than everything, whatever the digits.
  exponent = std::clamp<int64_t>(exponent, -700, 400);
  for (; exponent > 0 && value != 0; --exponent) value *= 10;
  for (; exponent < 0 && value != 0; ++exponent) value /= 10;
  return negative ? -value : value;
}

// With a budget, Anthropic wants every assistant turn that is still going on to begin with its own
// thinking: the one that waits for tools, and the one that is to be continued.
bool thinking_may_resume(std::span<const Message> messages, const canonical::WriteContext& context) {
  if (messages.empty()) return true;
  size_t last = messages.size();
  while (last > 0 && messages[last - 1].role != Role::assistant) --last;
  if (last == 0) return true;
  if (last < messages.size() && !messages[last].blocks.first->as<canonical::ToolResult>()) return true;
  const Blocks& blocks = messages[last - 1].blocks;
  const auto begins = std::find_if(blocks.begin(), blocks.end(), [&](const Block& block) {
    const canonical::Thinking* thinking = block.as<canonical::Thinking>();
    return !thinking || is_native(*thinking, context);
  });
  return begins != blocks.end() && begins->as<canonical::Thinking>();
}

}  // namespace

bool is_native(const canonical::Thinking& thinking, const canonical::WriteContext& context) {
  const canonical::Provenance& from = thinking.from;
  return from.vendor == Dialect::anthropic && context.is_home_of(from) && !from.state.empty() &&
         !canonical::is_envelope(from.state);
}

ThinkingPlan plan_thinking(const Request& request, const canonical::WriteContext& context) {
  ThinkingPlan plan;
  plan.max_tokens = request.max_tokens;
  const bool bounded = plan.max_tokens >= 0;
  const int64_t most = context.output_tokens_max;
  const LaneFlags& flags = context.flags;
  if (!bounded) plan.max_tokens = most > 0 ? most : flags.output_tokens_default;
  plan.max_tokens = canonical::answer_tokens_max(plan.max_tokens, context);

  const Effort asked = canonical::effort_of(request.reasoning);
  if (asked == Effort::unset) return plan;
  if (flags.effort_style == EffortStyle::none) {
    if (asked != Effort::none) context.losses.add("reasoning");
    return plan;
  }
  plan.effort = canonical::clamped(asked, flags.effort_levels);
  const bool adaptive = flags.effort_style == EffortStyle::adaptive;
  if (asked == Effort::none && adaptive && plan.effort > Effort::none) {
    // The model always thinks, and refuses to be told off: as little as it can.
    context.losses.add("reasoning");
    plan.kind = ThinkingPlan::Kind::adaptive;
    return plan;
  }
  if (asked == Effort::none || plan.effort == Effort::unset || plan.effort == Effort::none) {
    plan.kind = ThinkingPlan::Kind::off;
    return plan;
  }
  if (adaptive) {
    plan.kind = ThinkingPlan::Kind::adaptive;
    return plan;
  }
  plan.budget =
      plan.effort == asked ? canonical::budget_of(request.reasoning) : canonical::budget_of({plan.effort, -1});
  plan.budget = std::clamp(plan.budget, budget_tokens_min, budget_tokens_max);
  // A bound of our own making grows with what it has to hold, as far as the model goes.
  if (!bounded && most <= 0) {
    const int64_t wanted = std::max(flags.output_tokens_default, answer_tokens_wanted + plan.budget);
    plan.max_tokens = canonical::answer_tokens_max(wanted, context);
  }
  // The bound is for both: something has to be left for the answer.
  plan.budget = std::min(plan.budget, std::max(plan.max_tokens - canonical::answer_tokens_min, budget_tokens_min));
  if (plan.budget >= plan.max_tokens || !thinking_may_resume(request.messages, context)) {
    context.losses.add("reasoning");
    plan.kind = ThinkingPlan::Kind::off;
    return plan;
  }
  plan.kind = ThinkingPlan::Kind::budget;
  return plan;
}

void write_thinking(Writing& to) {
  if (to.thinking.kind == ThinkingPlan::Kind::unsaid) return;
  to.w.key("thinking").begin_object().key("type");
  switch (to.thinking.kind) {
    case ThinkingPlan::Kind::budget: to.w.string("enabled").key("budget_tokens").number(to.thinking.budget); break;
    case ThinkingPlan::Kind::adaptive: to.w.string("adaptive"); break;
    default: to.w.string("disabled");
  }
  // Newer models, which are told nothing but the effort, show nothing unless asked. The others show what they think, and
  // many servers of theirs do not know the member.
  const std::optional<bool>& shown = to.request.reasoning.shown;
  const bool shown_unasked = to.thinking.kind == ThinkingPlan::Kind::budget;
  if (to.thinking.thinks() && shown && !(*shown && shown_unasked))
    to.w.key("display").string(*shown ? "summarized" : "omitted");
  to.w.end_object();
}

bool format_in_words(const Writing& to) {
  const OutputFormat& format = to.request.format;
  if (format.kind == OutputFormat::Kind::text) return false;
  return format.kind == OutputFormat::Kind::json_object || format.schema.empty() ||
         to.flags().structured_output != StructuredOutput::json_schema;
}

void write_output_config(Writing& to) {
  const OutputFormat& format = to.request.format;
  const bool schema = format.kind == OutputFormat::Kind::json_schema && !format_in_words(to);
  if (!schema && to.thinking.kind != ThinkingPlan::Kind::adaptive) return;
  to.w.key("output_config").begin_object();
  // Anthropic's words begin at low.
  if (to.thinking.kind == ThinkingPlan::Kind::adaptive)
    to.w.key("effort").string(canonical::word_of(std::max(to.thinking.effort, Effort::low)));
  if (schema) {
    to.w.key("format").begin_object().key("type").string("json_schema");
    to.w.key("schema").raw(format.schema).end_object();
  }
  to.w.end_object();
}

void write_sampling(Writing& to) {
  const bool fixed = to.flags().temperature_fixed;
  std::string_view temperature = to.request.temperature, top_p = to.request.top_p, top_k = to.request.top_k;
  const auto drop = [&](std::string_view& number, std::string_view name) {
    if (!number.empty()) to.lose(name);
    number = {};
  };
  if (fixed || to.thinking.thinks()) drop(temperature, "temperature");
  if (fixed || to.thinking.thinks()) drop(top_k, "top_k");
  // With thinking, Anthropic takes 0.95 to 1; and newer models take one of the two numbers only.
  if (fixed || (to.thinking.thinks() && !top_p.empty() && value_of(top_p) < 0.95) || !temperature.empty())
    drop(top_p, "top_p");
  if (!temperature.empty()) {
    const double value = value_of(temperature);
    to.w.key("temperature").raw(value < 0 ? "0" : value > 1 ? "1" : temperature);
  }
  if (!top_p.empty()) to.w.key("top_p").raw(top_p);
  if (!top_k.empty()) to.w.key("top_k").raw(top_k);
}

}  // namespace signalbox::dialects::anthropic
