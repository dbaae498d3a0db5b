// A canonical request as a Responses body: the order of its members, and the plain ones.
//
// The order is fixed, and what grows with a conversation, the input, comes last, as in a Chat body: the body of
// one turn without its last two bytes is the beginning of the next turn's.
#include <algorithm>

#include "dialects/canonical/answer_bound.h"
#include "dialects/canonical/effort.h"
#include "dialects/canonical/stop_matcher.h"
#include "dialects/openai_responses/openai_responses.h"
#include "dialects/openai_responses/writing.h"

namespace signalbox::dialects::openai_responses {
namespace {

using canonical::Effort;

// OpenAI refuses a smaller bound.
constexpr int64_t output_tokens_min = 16;

// A bound that is never raised would be the reason of a 400 for clients that ask for one token to see whether
// somebody answers; so it is raised to the least there is, and that is said.
void write_bound(const Writing& to) {
  const int64_t tokens = canonical::answer_tokens_max(to.request.max_tokens, to.context);  // -1: not said
  if (tokens < 0) return;
  if (tokens < output_tokens_min) to.lose("max_tokens");
  to.w.key("max_output_tokens").number(std::max(tokens, output_tokens_min));
}

// What the dialect has no member for.
void lose_unsaid(const Writing& to) {
  const canonical::Request& request = to.request;
  const auto is_zero = [](std::string_view number) { return number.find_first_not_of("-0.") == number.npos; };
  if (!request.top_k.empty()) to.lose("top_k");
  for (const Escaped text : request.stop) canonical::leave_stop(text, to.context);
  if (!request.seed.empty()) to.lose("seed");
  if (!is_zero(request.presence_penalty)) to.lose("presence_penalty");
  if (!is_zero(request.frequency_penalty)) to.lose("frequency_penalty");
}

void write_reasoning(const Writing& to) {
  const canonical::Reasoning& asked = to.request.reasoning;
  const Effort wanted = effort_of(asked);
  if (wanted == Effort::unset) return;
  if (to.flags().effort_style == EffortStyle::none) {
    // That a model which does not think shall not think is no loss.
    if (wanted > Effort::none) to.lose("reasoning");
    return;
  }
  const Effort said = clamped(wanted, to.flags().effort_levels);
  if (said == Effort::unset) return to.lose("reasoning");
  to.w.key("reasoning").begin_object().key("effort").string(word_of(said));
  if (said > Effort::none && asked.shown.value_or(true)) to.w.key("summary").string("auto");
  to.w.end_object();
}

void write_text(const Writing& to) {
  const StructuredOutput form = form_taken(to);
  lose_form_beyond(to, form);
  const Escaped verbosity = to.request.verbosity;
  if (form == StructuredOutput::none && verbosity.empty()) return;
  to.w.key("text").begin_object();
  if (form != StructuredOutput::none) {
    to.w.key("format");
    openai::write_form(to, form);
  }
  if (!verbosity.empty()) to.w.key("verbosity").string(verbosity);
  to.w.end_object();
}

// What an answer must bring with it because nothing is stored. Models that do not reason refuse to be asked for
// the state of it.
void write_include(const Writing& to) {
  const bool reasons = to.flags().effort_style != EffortStyle::none;
  const bool searches = searches_web(to);
  if (!reasons && !searches) return;
  to.w.key("include").begin_array();
  if (reasons) to.w.string("reasoning.encrypted_content");
  if (searches) to.w.string("web_search_call.action.sources");
  to.w.end_array();
}

}  // namespace

void write_request(const canonical::Request& request, const canonical::WriteContext& context, std::string& body) {
  json::Writer w(body);
  const Writing to{{request, context, w}, openai::Layout::flat};
  w.begin_object().key("model").string(context.model);
  write_tools(to);
  if (request.streamed) w.key("stream").boolean(true);
  w.key("store").boolean(false);
  write_include(to);
  write_bound(to);
  openai::write_sampling(to);
  lose_unsaid(to);
  write_reasoning(to);
  write_text(to);
  openai::write_service(to);
  write_input(to, openai::format_instruction(to));
  w.end_object();
}

}  // namespace signalbox::dialects::openai_responses
