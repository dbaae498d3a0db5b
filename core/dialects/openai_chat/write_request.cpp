// A canonical request as a Chat body: the order of its members, and the plain ones.
//
// The order is fixed, and what grows with a conversation, the messages, comes last: the body of one turn
// without its last two bytes is the beginning of the next turn's, so a cache on prefixes holds whether it
// looks at the prompt or at bytes (once the context runs short, at the prompt only: the bound on the answer
// falls with every turn). Tools, large and the same for a whole session, come first.
#include <algorithm>
#include <array>

#include "dialects/canonical/answer_bound.h"
#include "dialects/canonical/effort.h"
#include "dialects/canonical/stop_matcher.h"
#include "dialects/openai_chat/openai_chat.h"
#include "dialects/openai_chat/writing.h"

namespace signalbox::dialects::openai_chat {
namespace {

using canonical::Effort;

constexpr size_t stop_max = 4;

// What a switch for thinking means when it is on: the same as asking for thinking without saying how much.
constexpr Effort effort_of_switch = Effort::high;

void write_stop(const Writing& to) {
  const auto stop = to.request.stop;
  if (stop.empty()) return;
  to.w.key("stop").begin_array();
  for (const Escaped text : stop.first(std::min(stop.size(), stop_max))) to.w.string(text);
  to.w.end_array();
  for (size_t i = stop_max; i < stop.size(); ++i) canonical::leave_stop(stop[i], to.context);
}

// All that a request says of tools, or, without tools, nothing, since an empty list with a choice is refused
// (CliRelay #739).
void write_tools(const Writing& to) {
  for (const canonical::ServerTool& tool : to.request.server_tools) to.lose(canonical::loss_of(tool.kind));
  if (to.request.tools.empty()) return;
  to.w.key("tools").begin_array();
  openai::write_functions(to);
  to.w.end_array();
  canonical::names_search(to.request) ? to.lose("tool_choice") : openai::write_choice(to);
  openai::write_parallel(to);
}

// Members of OpenAI's that its compatible servers may refuse are sent only where they ask for something; "verbosity",
// which only its newest models know, is not.
void write_randomness(const Writing& to) {
  const canonical::Request& request = to.request;
  const auto is_zero = [](std::string_view number) { return number.find_first_not_of("-0.") == number.npos; };
  if (!request.verbosity.empty()) to.lose("verbosity");
  if (!request.seed.empty()) to.w.key("seed").raw(request.seed);
  if (!is_zero(request.presence_penalty)) to.w.key("presence_penalty").raw(request.presence_penalty);
  if (!is_zero(request.frequency_penalty)) to.w.key("frequency_penalty").raw(request.frequency_penalty);
}

void write_format(const Writing& to) {
  const StructuredOutput form = form_taken(to);
  lose_form_beyond(to, form);
  if (form == StructuredOutput::none) return;
  to.w.key("response_format");
  openai::write_form(to, form);
}

}  // namespace

void write_request(const canonical::Request& request, const canonical::WriteContext& context, std::string& body) {
  json::Writer w(body);
  const Writing to{{request, context, w}, openai::Layout::nested};
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
  openai::write_sampling(to);
  if (!request.top_k.empty()) flags.top_k ? void(w.key("top_k").raw(request.top_k)) : to.lose("top_k");
  write_randomness(to);
  write_stop(to);
  write_reasoning(to, tokens);
  write_format(to);
  openai::write_service(to);
  write_messages(to, openai::format_instruction(to));
  w.end_object();
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
