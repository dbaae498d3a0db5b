// Answers of Responses as deltas (translation.md sections 7 to 11); what becomes of items, item_reader.h says.
//
//   when it ends      at response.completed, .incomplete or .failed, or at an error. What follows is not read, and
//                     without any of them the answer was cut, [DONE] or not.
//   a whole answer    is what its last event would carry.
#include "dialects/openai_responses/decoder.h"

#include "dialects/decoding.h"
#include "dialects/openai_responses/event.h"
#include "dialects/openai_responses/item_reader.h"
#include "dialects/openai_responses/openai_responses.h"
#include "dialects/openai_responses/usage.h"
#include "json/walk.h"

namespace signalbox::dialects::openai_responses {
namespace {

using canonical::BlockKind;
using canonical::Deltas;
using canonical::StopReason;

enum class Act : uint8_t {
  piece,     // more of a part
  part_end,  // all of it
  content_end,
  item_begin,
  item_end,
  annotation,
  begin,
  complete,
  incomplete,
  fail,
  cancel,
  error,
};

// What an event does, and for those of parts, to what.
struct EventKind {
  std::string_view type;
  Act act;
  PartKind part{};
};

constexpr PartKind text{ItemKind::message, BlockKind::text};
constexpr PartKind refusal{ItemKind::message, BlockKind::refusal};
constexpr PartKind arguments{ItemKind::function_call, BlockKind::tool_call};
constexpr PartKind input{ItemKind::custom_call, BlockKind::tool_call};
constexpr PartKind summary{ItemKind::reasoning, BlockKind::thinking};
constexpr PartKind own_text{ItemKind::reasoning, BlockKind::thinking, true};

// The frequent ones first.
constexpr EventKind event_kinds[] = {{"response.output_text.delta", Act::piece, text},
                                     {"response.function_call_arguments.delta", Act::piece, arguments},
                                     {"response.reasoning_summary_text.delta", Act::piece, summary},
                                     {"response.reasoning_text.delta", Act::piece, own_text},
                                     {"response.custom_tool_call_input.delta", Act::piece, input},
                                     {"response.refusal.delta", Act::piece, refusal},
                                     {"response.output_text.done", Act::part_end, text},
                                     {"response.function_call_arguments.done", Act::part_end, arguments},
                                     {"response.reasoning_summary_text.done", Act::part_end, summary},
                                     {"response.reasoning_text.done", Act::part_end, own_text},
                                     {"response.custom_tool_call_input.done", Act::part_end, input},
                                     {"response.refusal.done", Act::part_end, refusal},
                                     {"response.content_part.done", Act::content_end},
                                     {"response.output_item.added", Act::item_begin},
                                     {"response.output_item.done", Act::item_end},
                                     {"response.output_text.annotation.added", Act::annotation},
                                     {"response.created", Act::begin},
                                     {"response.in_progress", Act::begin},
                                     {"response.queued", Act::begin},
                                     {"response.completed", Act::complete},
                                     {"response.incomplete", Act::incomplete},
                                     {"response.failed", Act::fail},
                                     {"response.cancelled", Act::cancel},
                                     {"error", Act::error}};

const EventKind* kind_of(std::string_view type) {
  for (const EventKind& kind : event_kinds)
    if (kind.type == type) return &kind;
  return nullptr;
}

// A Response's own word for how it ended counts more than the event that carries it.
Act ending_of(Escaped status, Act otherwise) {
  if (json::equals(status, "incomplete")) return Act::incomplete;
  if (json::equals(status, "failed")) return Act::fail;
  if (json::equals(status, "cancelled")) return Act::cancel;
  return otherwise;
}

class ResponsesDecoder final : public canonical::Decoder {
 public:
  explicit ResponsesDecoder(const canonical::DecodeContext& context) : context_(context), items_(context) {}

  void feed(const sse::Frame& frame, Deltas& out) override {
    if (ended_ || !frame.has_data) return;
    const std::string_view data = trimmed(frame.data);
    if (data.empty() || data == "[DONE]") return;
    if (cut_frame_) return fail({FaultKind::upstream_broken, "A frame of the answer is no JSON object."}, out);
    Event event;
    const EventRead read = events_.read(data, event);
    if (event.type.empty()) event.type = frame.event;
    if (read == EventRead::whole) return take(event, data, out);
    if (frame.event == "error") return fail_as_told({}, data, out);
    // Half a frame may be the last, where the connection broke; it then says nothing.
    cut_frame_ = read == EventRead::cut;
    if (!cut_frame_) fail({FaultKind::upstream_broken, "A frame of the answer is no JSON object."}, out);
  }

  void feed_whole(std::string_view body, Deltas& out) override {
    if (ended_) return;
    if (trimmed(body).empty()) return fail({FaultKind::upstream_empty, {}}, out);
    if (!json::is_whole_object(body)) return fail({FaultKind::upstream_broken, "The answer is no JSON object."}, out);
    const ResponseObject response = read_response(body);
    if (response.output.empty() && response.error.empty() && ending_of(response.status, Act::complete) == Act::complete)
      return fail({FaultKind::upstream_broken, "The answer has no output."}, out);
    if (json::equals(response.status, "in_progress") || json::equals(response.status, "queued"))
      return fail({FaultKind::upstream_broken, "The answer is not finished."}, out);
    end(Act::complete, response, body, out);
  }

  void finish(Deltas& out) override {
    if (!ended_) fail({FaultKind::upstream_cut, {}}, out);
  }

 private:
  void take(const Event& event, std::string_view data, Deltas& out);
  void begin(Escaped id, Deltas& out);
  void end(Act how, const ResponseObject& response, std::string_view data, Deltas& out);
  StopReason stop_reason(Act how, Escaped incomplete_reason) const;
  void fail(Fault fault, Deltas& out);
  void fail_as_told(std::string_view error, std::string_view data, Deltas& out);

  canonical::DecodeContext context_;
  ItemReader items_;
  EventReader events_;
  bool begun_ = false;
  bool cut_frame_ = false;
  bool ended_ = false;
};

void ResponsesDecoder::take(const Event& event, std::string_view data, Deltas& out) {
  const EventKind* const kind = kind_of(event.type);
  if (!kind) return event.error.empty() ? void() : fail_as_told(event.error, data, out);
  switch (kind->act) {
    case Act::error: return fail_as_told(event.error, data, out);
    case Act::complete:
    case Act::incomplete:
    case Act::fail:
    case Act::cancel: return end(kind->act, read_response(event.response), event.response, out);
    case Act::begin: return begin(read_response(event.response).id, out);
    default: break;
  }
  begin({}, out);
  switch (kind->act) {
    case Act::piece: items_.piece(kind->part, event, out); break;
    case Act::part_end: items_.part_end(kind->part, event, event.whole, out); break;
    case Act::content_end: items_.content_end(event, out); break;
    case Act::item_begin: items_.item_begin(event, out); break;
    case Act::item_end: items_.item_end(event, out); break;
    case Act::annotation: context_.losses.add("annotations"); break;
    default: break;
  }
  if (items_.fault()) fail(items_.fault(), out);
}

void ResponsesDecoder::begin(Escaped id, Deltas& out) {
  if (begun_) return;
  begun_ = true;
  std::string plain;
  json::unescape(id, plain);
  out.push(canonical::AnswerBegin{out.keep(plain)});
}

StopReason ResponsesDecoder::stop_reason(Act how, Escaped incomplete_reason) const {
  if (how == Act::incomplete) {
    if (json::equals(incomplete_reason, "content_filter")) return StopReason::refusal;
    if (!json::equals(incomplete_reason, "max_output_tokens")) context_.losses.add("incomplete_details.reason");
    return StopReason::max_tokens;
  }
  if (items_.any_call()) return StopReason::tool_use;
  return items_.any_refusal() ? StopReason::refusal : StopReason::end_turn;
}

void ResponsesDecoder::end(Act how, const ResponseObject& response, std::string_view data, Deltas& out) {
  how = ending_of(response.status, how);
  if (!response.id.empty()) begin(response.id, out);
  if (!response.error.empty()) return fail_as_told(response.error, data, out);
  if (how == Act::fail) return fail({FaultKind::upstream_error, "The upstream broke off its answer."}, out);
  if (how == Act::cancel) return fail({FaultKind::upstream_error, "The upstream cancelled its answer."}, out);
  begin(response.id, out);
  items_.output(response.output, out);
  const Fault fault =
      items_.close(how == Act::incomplete ? canonical::Ending::truncated : canonical::Ending::complete, out);
  if (fault) return fail(fault, out);
  out.push(canonical::Stopped{stop_reason(how, response.incomplete_reason), {}});
  if (!response.usage.empty()) {
    Usage usage;
    read_usage(response.usage, usage);
    out.push(canonical::UsageSeen{usage});
  }
  out.push(canonical::AnswerEnd{});
  ended_ = true;
}

void ResponsesDecoder::fail(Fault fault, Deltas& out) {
  out.push(canonical::AnswerFailed{std::move(fault)});
  ended_ = true;
}

// The answer is an error, or has become one: `error` says which, `data` where that says nothing.
void ResponsesDecoder::fail_as_told(std::string_view error, std::string_view data, Deltas& out) {
  fail(fault_of(openai_responses_row, error.empty() ? data : error, context_), out);
}

}  // namespace

std::unique_ptr<canonical::Decoder> make_decoder(const canonical::DecodeContext& context) {
  return std::make_unique<ResponsesDecoder>(context);
}

}  // namespace signalbox::dialects::openai_responses
