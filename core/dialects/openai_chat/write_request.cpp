// A canonical request as a Chat body: the order of its members, and the plain ones.
//
// The order is fixed, and what grows with a conversation, the messages, comes last: the body of one turn
// without its last two bytes is the beginning of the next turn's, so a cache on prefixes holds whether it
// looks at the prompt or at bytes (once the context runs short, at the prompt only: the bound on the answer
// falls with every turn). Tools, large and the same for a whole session, come first.
#include <algorithm>
#include <array>

#include "base/arena.h"
#include "base/sha256.h"
#include "dialects/canonical/answer_bound.h"
#include "dialects/canonical/effort.h"
#include "dialects/openai_chat/openai_chat.h"
#include "dialects/openai_chat/writing.h"

namespace signalbox::dialects::openai_chat {
namespace {

using canonical::Effort;

constexpr size_t stop_max = 4;

// What a switch for thinking means when it is on: the same as asking for thinking without saying how much.
constexpr Effort effort_of_switch = Effort::high;

// Reasoning models refuse these two, and 1, their default, is all that Anthropic allows beside thinking:
// leaving that out changes nothing.
void write_sampling(const Writing& to, std::string_view member, std::string_view number) {
  if (number.empty()) return;
  if (!to.flags().temperature_fixed && !asks_for_thinking(to)) {
    to.w.plain_key(member).raw(number);
  } else if (number != "1" && number != "1.0") {
    to.lose(member);
  }
}

void write_stop(const Writing& to) {
  const auto stop = to.request.stop;
  if (stop.empty()) return;
  to.w.key("stop").begin_array();
  for (const Escaped text : stop.first(std::min(stop.size(), stop_max))) to.w.string(text);
  to.w.end_array();
  if (stop.size() > stop_max) to.lose("stop_sequences");
}

void write_service_tier(const Writing& to) {
  const Escaped tier = to.request.service_tier;
  if (tier.empty()) return;
  if (json::equals(tier, "auto")) {
    to.w.key("service_tier").string("auto");
  } else if (json::equals(tier, "standard_only")) {
    to.w.key("service_tier").string("default");
  } else {
    to.lose("service_tier");
  }
}

// A hash, since what clients name sessions by holds ids of accounts and devices.
void write_cache_key(const Writing& to) {
  if (!to.flags().prompt_cache_key || to.request.session.empty()) return;
  static constexpr char digits[] = "0123456789abcdef";
  const Sha256 digest = base::sha256(to.request.session);
  std::string key = "sb-";
  for (size_t i = 0; i < 16; ++i) {
    key += digits[digest[i] >> 4];
    key += digits[digest[i] & 15];
  }
  to.w.key("prompt_cache_key").string(key);
}

}  // namespace

void write_request(const canonical::Request& request, const canonical::WriteContext& context, std::string& body) {
  json::Writer w(body);
  const Writing to{request, context, w};
  const LaneFlags& flags = context.flags;
  w.begin_object().key("model").string(context.model);
  write_tools(to);
  if (request.streamed) {
    w.key("stream").boolean(true);
    if (flags.stream_options) w.key("stream_options").begin_object().key("include_usage").boolean(true).end_object();
  }
  const int64_t tokens = canonical::answer_tokens_max(request.max_tokens, context);  // -1: the client did not say
  if (tokens >= 0) {
    const bool completion = flags.max_tokens_field == MaxTokensField::max_completion_tokens;
    (completion ? w.key("max_completion_tokens") : w.key("max_tokens")).number(tokens);
  }
  write_sampling(to, "temperature", request.temperature);
  write_sampling(to, "top_p", request.top_p);
  if (!request.top_k.empty()) flags.top_k ? void(w.key("top_k").raw(request.top_k)) : to.lose("top_k");
  write_stop(to);
  write_reasoning(to, tokens);
  write_format(to);
  write_service_tier(to);
  write_cache_key(to);
  write_messages(to, format_instruction(to));
  w.end_object();
}

bool asks_for_thinking(const Writing& to) {
  return to.flags().effort_style != EffortStyle::none && effort_of(to.request.reasoning) > Effort::none;
}

void write_reasoning(const Writing& to, int64_t output_tokens_max) {
  const canonical::Reasoning& asked = to.request.reasoning;
  const Effort wanted = effort_of(asked);
  if (wanted == Effort::unset) return;
  const EffortStyle style = to.flags().effort_style;
  const bool on = wanted > Effort::none;
  if (style == EffortStyle::none) {
    // That a model which does not think shall not think is no loss.
    if (on) to.lose("reasoning");
    return;
  }
  const bool and_effort = style == EffortStyle::thinking_effort;
  if (style == EffortStyle::thinking || and_effort) {
    to.w.key("thinking").begin_object().key("type").string(on ? "enabled" : "disabled").end_object();
    // An effort beside disabled would be heeded, and the next turn refused (CCR #1378).
    if (!on) return;
    const Effort said = and_effort ? clamped(wanted, to.flags().effort_levels) : Effort::unset;
    if (said != Effort::unset) {
      to.w.key("reasoning_effort").string(word_of(said));
    } else if (wanted != effort_of_switch) {
      to.lose("reasoning.effort");
    }
    return;
  }
  if (style == EffortStyle::enable_thinking) {
    to.w.key("enable_thinking").boolean(on);
    if (on) to.w.key("thinking_budget").number(budget_of(asked));
    return;
  }
  const bool exact = style == EffortStyle::reasoning && on && asked.effort == Effort::unset &&
                     (output_tokens_max < 0 || asked.budget_tokens < output_tokens_max);
  if (exact) {
    to.w.key("reasoning").begin_object().key("max_tokens").number(asked.budget_tokens).end_object();
    return;
  }
  const Effort said = clamped(wanted, to.flags().effort_levels);
  if (said == Effort::unset) return to.lose("reasoning");
  if (style == EffortStyle::reasoning) {
    to.w.key("reasoning").begin_object().key("effort").string(word_of(said)).end_object();
  } else {
    to.w.key("reasoning_effort").string(word_of(said));
  }
}

}  // namespace signalbox::dialects::openai_chat
